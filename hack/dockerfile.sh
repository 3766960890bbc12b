#!/usr/bin/env bash
# Builds the Dockerfile without Docker and without a daemon, by buildah, and checks the image:
#
#   hack/dockerfile.sh [GO_IMAGE]      GO_IMAGE is the toolchain's image, as in the Dockerfile
#   hack/dockerfile.sh --toolchain     without a registry: an image of Debian (debootstrap) with the Go of this machine
#
# It needs root, and from Debian: buildah, and debootstrap for --toolchain. The image is localhost/trackmydegree:VERSION in
# $BUILDAH_STORE (.cache/buildah), and an OCI archive in dist/trackmydegree.oci.tar.
set -euo pipefail
cd "$(dirname "$0")/.."
store=${BUILDAH_STORE:-$PWD/.cache/buildah}
version=${VERSION:-$(git describe --tags --always --dirty 2>/dev/null || echo dev)}
name=localhost/trackmydegree:$version
# vfs needs no support of the kernel, and chroot no namespaces: both work in a container and on CI.
buildah=(buildah --root "$store/storage" --runroot "$store/run" --storage-driver vfs)
arguments=(--build-arg "VERSION=$version" --build-arg "REVISION=$(git rev-parse HEAD 2>/dev/null || echo unknown)")

# build_toolchain makes the stand-in of golang:1.26. The modules of this machine are its proxy, so that the build
# needs no network; go.sum verifies them.
build_toolchain() {
	local root=$store/debian suite mirror container
	suite=$(sed -n 's/^VERSION_CODENAME=//p' /etc/os-release)
	mirror=$(sed -nE 's/^URIs: *(\S*debian)$/\1/p; s/^deb (\[.*\] )?(\S*debian) .*/\2/p' $(find /etc/apt -name '*.list' -o -name '*.sources') | head -n 1)
	if [ ! -e "$root/etc/ssl/certs/ca-certificates.crt" ]; then
		rm -rf "$root"
		debootstrap --variant=minbase --include=ca-certificates,git "$suite" "$root" "${mirror:-http://deb.debian.org/debian}" >"$store/debootstrap.log" ||
			{ tail -n 20 "$store/debootstrap.log" >&2; exit 1; }
	fi
	container=$("${buildah[@]}" from scratch)
	"${buildah[@]}" copy --quiet "$container" "$root" / >/dev/null
	"${buildah[@]}" copy --quiet "$container" "$(go env GOROOT)" /usr/local/go >/dev/null
	"${buildah[@]}" config --env PATH=/usr/local/go/bin:/usr/sbin:/usr/bin:/sbin:/bin --env GOTOOLCHAIN=local \
		--env GOPROXY=file:///modules --env GOSUMDB=off "$container"
	"${buildah[@]}" commit --quiet --rm "$container" localhost/go-toolchain >/dev/null
	go mod download
	arguments+=(--build-arg GO_IMAGE=localhost/go-toolchain --volume "$(go env GOMODCACHE)/cache/download:/modules:ro")
}

# check_image shows what was built, and fails when it is not what the Dockerfile says.
check_image() {
	local root user entrypoint size
	container=$("${buildah[@]}" from --pull-never "$name")
	trap '"${buildah[@]}" rm "$container" >/dev/null' EXIT
	root=$("${buildah[@]}" mount "$container")
	user=$("${buildah[@]}" inspect --type image --format '{{.OCIv1.Config.User}}' "$name")
	entrypoint=$("${buildah[@]}" inspect --type image --format '{{.OCIv1.Config.Entrypoint}}' "$name")
	size=$(du -sm "$root" | cut -f1)
	echo "user $user, entrypoint $entrypoint, $size MB"
	[ "$user" = 65532:65532 ] && [ "$entrypoint" = "[/tmd]" ] || { echo "dockerfile: other user or entrypoint" >&2; exit 1; }
	[ ! -e "$root/bin/sh" ] || { echo "dockerfile: the image has a shell" >&2; exit 1; }
	# As the user of the image, in its root.
	"${buildah[@]}" run --isolation chroot "$container" -- /tmd version
	"${buildah[@]}" run --isolation chroot "$container" -- /tmd-controller --version
	"${buildah[@]}" copy --quiet "$container" charts/trackmydegree/files/transcript.pdf /tmp/transcript.pdf >/dev/null
	# The seed of the cache is what saves a new worker the compilation of PDFium.
	[ -n "$(ls -A "$root/usr/share/tmd/cache")" ] || { echo "dockerfile: the cache is empty" >&2; exit 1; }
	"${buildah[@]}" run --isolation chroot "$container" -- /tmd parse /tmp/transcript.pdf >"$store/facts.json"
	grep -q '"courses"\|"terms"' "$store/facts.json" || { echo "dockerfile: tmd parse found nothing" >&2; exit 1; }
	echo "tmd parse read the transcript"
}

command -v buildah >/dev/null || { echo "dockerfile: please install buildah" >&2; exit 1; }
mkdir -p "$store" dist
case ${1:-} in
--toolchain) build_toolchain ;;
"") ;;
*) arguments+=(--build-arg "GO_IMAGE=$1") ;;
esac
"${buildah[@]}" build --isolation chroot --format oci "${arguments[@]}" --tag "$name" .
check_image
"${buildah[@]}" push --quiet "$name" "oci-archive:dist/trackmydegree.oci.tar:$version"
echo "built $name"
