#!/usr/bin/env bash
# Makes the root of the image in a folder: hack/rootfs.sh FOLDER. The Dockerfile runs this, and so does whoever has no
# Docker: what is in the image is written down once.
#
# The image needs no base: the programs are static and carry their time zones. What is here besides is what a base would
# have been taken for: the list of certificate authorities, a name for the user, and a /tmp.
set -euo pipefail
cd "$(dirname "$0")/.."
root=$1
version=${VERSION:-$(git describe --tags --always --dirty 2>/dev/null || echo dev)}
mkdir -p "$root"/{etc/ssl/certs,usr/share/tmd/cache,var/lib/tmd/uploads,tmp}

module=github.com/trackmydegree/trackmydegree/internal
# grpcnotrace leaves out gRPC's own tracing, with which the linker could drop nothing of what is never called: 56 MB a
# program become 39.
CGO_ENABLED=0 go build -buildvcs=false -trimpath -tags grpcnotrace \
	-ldflags "-s -w -X $module/program.version=$version" -o "$root/" ./cmd/...

# Compiling PDFium takes seconds and 340 MB, on each new worker: it is done once, here. Reading a document for it shows as
# well that the program does its work. On a processor with other features than this one it is compiled anew.
TMD_CACHE_DIR=$root/usr/share/tmd/cache "$root/tmd" parse charts/trackmydegree/files/transcript.pdf >/dev/null

cp /etc/ssl/certs/ca-certificates.crt "$root/etc/ssl/certs/"
echo 'tmd:x:65532:65532:TrackMyDegree:/tmp:/' >"$root/etc/passwd"
echo 'tmd:x:65532:' >"$root/etc/group"
chmod -R a+rX "$root"
chmod 1777 "$root/tmp"
# The folder of uploads, for a container without a volume.
chown 65532:65532 "$root/var/lib/tmd/uploads" 2>/dev/null || chmod 1777 "$root/var/lib/tmd/uploads"
