#!/usr/bin/env bash
# Builds the root of the image in a folder: hack/rootfs.sh FOLDER. The Dockerfile runs it, and builds without Docker do
# as well, so the contents of the image are defined once.
#
# The image needs no base: the programs are static and carry their time zones. The other files are those
# that a base would provide: the list of certificate authorities, a name for the user, and a /tmp.
set -euo pipefail
cd "$(dirname "$0")/.."
root=$1
version=${VERSION:-$(git describe --tags --always --dirty 2>/dev/null || echo dev)}
mkdir -p "$root"/{etc/ssl/certs,usr/share/tmd/cache,var/lib/tmd/uploads,tmp}

module=github.com/trackmydegree/trackmydegree/internal
# grpcnotrace omits gRPC's tracing, because of which the linker could not drop unused code: a program has 39 MB instead
# of 56.
CGO_ENABLED=0 go build -buildvcs=false -trimpath -tags grpcnotrace \
	-ldflags "-s -w -X $module/program.version=$version" -o "$root/" ./cmd/...

# Compiling PDFium takes seconds and 340 MB, on each new worker: it is done once, here. Reading a document for it also
# tests the program. On a processor with other features than this one it is compiled again. A program for another
# architecture runs by emulation (qemu-user-static), and without that its image has no compilation.
runner=()
if [ "$(go env GOARCH)" != "$(go env GOHOSTARCH)" ]; then
	emulated=$(go env GOARCH)
	emulator=qemu-${emulated/arm64/aarch64}-static
	# The parser starts itself again as its child, which the kernel runs only by a registered emulator (binfmt_misc).
	command -v "$emulator" >/dev/null && [ -e "/proc/sys/fs/binfmt_misc/${emulator%-static}" ] && runner=("$emulator") || runner=(true)
	[ "${runner[0]}" != true ] || echo "rootfs: without a registered $emulator the image for $emulated compiles PDFium on each new worker" >&2
fi
TMD_CACHE_DIR=$root/usr/share/tmd/cache "${runner[@]}" "$root/tmd" parse charts/trackmydegree/files/transcript.pdf >/dev/null

cp /etc/ssl/certs/ca-certificates.crt "$root/etc/ssl/certs/"
echo 'tmd:x:65532:65532:TrackMyDegree:/tmp:/' >"$root/etc/passwd"
echo 'tmd:x:65532:' >"$root/etc/group"
chmod -R a+rX "$root"
chmod 1777 "$root/tmp"
# The folder of uploads, for a container without a volume.
chown 65532:65532 "$root/var/lib/tmd/uploads" 2>/dev/null || chmod 1777 "$root/var/lib/tmd/uploads"
