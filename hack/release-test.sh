#!/usr/bin/env bash
# Publishes the release in a registry on loopback and verifies it from there: hack/release-test.sh. RELEASE_DIST names a
# release that is built for RELEASE_REGISTRY already; without it one is built.
set -euo pipefail
cd "$(dirname "$0")/.."
PATH=$PWD/.bin:$PATH
work=$(mktemp -d)
port=${RELEASE_PORT:-5055}
mkdir "$work/blobs"
crane registry serve --address "127.0.0.1:$port" --disk "$work/blobs" >"$work/registry.log" 2>&1 &
registry=$!
trap 'kill "$registry"; rm -rf "$work"' EXIT
export RELEASE_REGISTRY=127.0.0.1:$port/trackmydegree RELEASE_PLAIN_HTTP=1 COSIGN_PASSWORD=test
version=$(sed -n 's/^version: //p' charts/trackmydegree/Chart.yaml)

# refuse MESSAGE COMMAND...: the command must fail.
refuse() {
	local message=$1
	shift
	if "$@" >"$work/refused" 2>&1; then
		echo "release-test: $message" >&2
		exit 1
	fi
}

if [ -z "${RELEASE_DIST:-}" ]; then
	export RELEASE_DIST=$work/dist
	hack/release.sh build
fi
for name in release other; do
	(cd "$work" && cosign generate-key-pair --output-key-prefix "$name" 2>/dev/null)
done
COSIGN_KEY=$work/release.key hack/release.sh publish
COSIGN_PUBLIC_KEY=$work/release.pub hack/release.sh verify
refuse "another key verifies the release" env COSIGN_PUBLIC_KEY="$work/other.pub" hack/release.sh verify

# Image and platforms.
crane manifest --insecure "$RELEASE_REGISTRY/trackmydegree:$version" | tr -d ' \n' >"$work/index"
for architecture in amd64 arm64; do
	grep -q "\"architecture\":\"$architecture\"" "$work/index" || { echo "release-test: no image for $architecture" >&2; exit 1; }
done

# An air gap: everything that the chart names is mirrored, and the chart names the mirror afterwards.
chart=(oci://"$RELEASE_REGISTRY"/charts/trackmydegree --plain-http --version "$version" --values "$work/values.yaml")
cat >"$work/values.yaml" <<-VALUES
	redis: {image: {registry: 127.0.0.1:$port, repository: library/redis, tag: "8"}}
	mongodb: {image: {registry: 127.0.0.1:$port, repository: library/mongo, tag: "8"}}
VALUES
for name in redis mongo; do
	crane copy --insecure "$RELEASE_REGISTRY/trackmydegree:$version" "127.0.0.1:$port/library/$name:8" 2>/dev/null
done
MIRROR_PLAIN_HTTP=1 hack/images.sh mirror "127.0.0.1:$port/mirror" "${chart[@]}" >"$work/mirrored" 2>"$work/mirror.log" || { cat "$work/mirror.log" >&2; exit 1; }
hack/images.sh list "${chart[@]}" --set "global.imageRegistry=127.0.0.1:$port/mirror" | sed 's/@sha256:.*//' | diff - "$work/mirrored" ||
	{ echo "release-test: the mirror has other images than the chart names" >&2; exit 1; }
[ "$(crane digest --insecure "127.0.0.1:$port/mirror/trackmydegree/trackmydegree:$version")" = "$(<"$RELEASE_DIST/image.digest")" ] ||
	{ echo "release-test: the mirrored image has another digest" >&2; exit 1; }

# The last: a changed file of the release is noticed before it is published.
echo >>"$RELEASE_DIST/provenance.json"
refuse "a changed file is published" env COSIGN_KEY="$work/release.key" hack/release.sh publish
echo "release-test: published, verified and mirrored"
