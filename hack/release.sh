#!/usr/bin/env bash
# Builds, publishes and verifies a release, without Docker:
#
#   hack/release.sh build               writes dist/: programs, image (OCI layout, amd64 and arm64), chart, SBOM, provenance, checksums
#   hack/release.sh publish             pushes dist/ to $RELEASE_REGISTRY and signs what is there
#   hack/release.sh verify [VERSION]    verifies the signatures in $RELEASE_REGISTRY, pulls the chart and renders it
#   hack/release.sh record              prints the version's line for charts/versions.txt
#
# RELEASE_REGISTRY is where image and chart belong (ghcr.io/trackmydegree): the chart that build writes names the image there.
# COSIGN_KEY signs: a file, or a reference to a KMS. COSIGN_PUBLIC_KEY verifies. Without them the signature is that of the
# workflow's identity (keyless), which COSIGN_IDENTITY and COSIGN_ISSUER verify. RELEASE_PLAIN_HTTP=1 is for a registry on loopback.
set -euo pipefail
cd "$(dirname "$0")/.."
PATH=$PWD/.bin:$PATH
chart=charts/trackmydegree
dist=${RELEASE_DIST:-$PWD/dist}
registry=${RELEASE_REGISTRY:-ghcr.io/trackmydegree}
repository=https://github.com/${GITHUB_REPOSITORY:-trackmydegree/trackmydegree}
image=$registry/trackmydegree
charts=$registry/charts/trackmydegree
version=$(sed -n 's/^version: //p' "$chart/Chart.yaml")
architectures=(amd64 arm64)
plain=() crane=(crane) cosign=()
if [ -n "${RELEASE_PLAIN_HTTP:-}" ]; then
	plain=(--plain-http) crane=(crane --insecure) cosign=(--allow-insecure-registry --allow-http-registry)
fi

# Signatures by key stay out of the public log of transparency, so that an installation without the internet can verify
# them. Keyless signatures need the log: the certificate is valid for minutes.
sign=(--yes) verify=()
if [ -n "${COSIGN_KEY:-}" ]; then
	sign+=(--key "$COSIGN_KEY" --use-signing-config=false --tlog-upload=false)
fi
if [ -n "${COSIGN_PUBLIC_KEY:-}" ]; then
	verify=(--key "$COSIGN_PUBLIC_KEY" --insecure-ignore-tlog=true)
else
	verify=(--certificate-identity-regexp "${COSIGN_IDENTITY:-^$repository/.github/workflows/release.yml@refs/tags/v}"
		--certificate-oidc-issuer "${COSIGN_ISSUER:-https://token.actions.githubusercontent.com}")
fi

build() {
	local revision created arch root digest roots=()
	grep -qx "appVersion: $version" "$chart/Chart.yaml" || { echo "release: version and appVersion of the chart differ" >&2; exit 1; }
	revision=$(git rev-parse HEAD)
	created=$(TZ=UTC git log -1 --format=%cd --date=format-local:%Y-%m-%dT%H:%M:%SZ)
	rm -rf "$dist"
	mkdir -p "$dist"
	work=$(mktemp -d)
	trap 'chmod -R u+w "$work"; rm -rf "$work"' EXIT
	for arch in "${architectures[@]}"; do
		root=$work/$arch
		VERSION=$version GOARCH=$arch hack/rootfs.sh "$root"
		roots+=("linux/$arch=$root")
		tar -C "$root" --sort=name --mtime="$created" --owner=0 --group=0 --numeric-owner -cf - tmd tmd-controller |
			gzip -n >"$dist/tmd_${version}_linux_$arch.tar.gz"
	done
	digest=$(release image -dockerfile Dockerfile -arg "VERSION=$version" -arg "REVISION=$revision" -created "$created" -o "$dist/image" "${roots[@]}")
	echo "$digest" >"$dist/image.digest"
	release sbom -name trackmydegree -version "$version" -created "$created" -o "$dist/trackmydegree.spdx.json" \
		"$work/amd64/tmd" "$work/amd64/tmd-controller"
	release provenance -revision "$revision" -repository "$repository" -created "$created" -o "$dist/provenance.json" \
		-builder "${GITHUB_SERVER_URL:+$repository/actions}${GITHUB_SERVER_URL:-$repository/blob/main/hack/release.sh}"
	release chart -chart "$chart" -changelog CHANGELOG.md -image "$image" -digest "$digest" -o "$work/trackmydegree"
	helm package "$work/trackmydegree" --destination "$dist" >/dev/null
	cp hack/images.sh "$dist/"
	(cd "$dist" && sha256sum -- *.tgz *.tar.gz *.json image.digest images.sh >checksums.txt)
	echo "release: $dist has $version, image $digest"
}

publish() {
	local digest pushed
	digest=$(<"$dist/image.digest")
	(cd "$dist" && sha256sum --check --quiet checksums.txt)
	"${crane[@]}" push "$dist/image" "$image:$version" --index >/dev/null 2>"$dist/.push" || { cat "$dist/.push" >&2; exit 1; }
	[ "$("${crane[@]}" digest "$image:$version")" = "$digest" ] || { echo "release: the registry has another image" >&2; exit 1; }
	helm push "${plain[@]}" "$dist/trackmydegree-$version.tgz" "oci://${charts%/*}" 2>"$dist/.push" || { cat "$dist/.push" >&2; exit 1; }
	rm "$dist/.push"
	pushed=$("${crane[@]}" digest "$charts:$version")
	# --recursive signs the image of each architecture, too: a node verifies the one that it pulls.
	cosign sign "${sign[@]}" "${cosign[@]}" --recursive "$image@$digest"
	cosign sign "${sign[@]}" "${cosign[@]}" "$charts@$pushed"
	cosign attest "${sign[@]}" "${cosign[@]}" --type spdxjson --predicate "$dist/trackmydegree.spdx.json" "$image@$digest"
	cosign attest "${sign[@]}" "${cosign[@]}" --type slsaprovenance1 --predicate "$dist/provenance.json" "$image@$digest"
	cosign sign-blob "${sign[@]}" --bundle "$dist/checksums.txt.sigstore.json" "$dist/checksums.txt" >/dev/null
	echo "release: published $image:$version and oci://$charts:$version"
}

verify() {
	local rendered digest
	version=${1:-$version}
	work=$(mktemp -d)
	trap 'rm -rf "$work"' EXIT
	digest=$("${crane[@]}" digest "$image:$version")
	# cosign reports on standard error.
	{
		cosign verify "${verify[@]}" "${cosign[@]}" "$image@$digest" &&
			cosign verify "${verify[@]}" "${cosign[@]}" "$charts@$("${crane[@]}" digest "$charts:$version")" &&
			cosign verify-attestation "${verify[@]}" "${cosign[@]}" --type spdxjson "$image@$digest" &&
			cosign verify-attestation "${verify[@]}" "${cosign[@]}" --type slsaprovenance1 "$image@$digest"
	} >/dev/null 2>"$work/cosign.log" || { cat "$work/cosign.log" >&2; exit 1; }
	helm pull "${plain[@]}" "oci://$charts" --version "$version" --destination "$work" >/dev/null
	rendered=$(helm template tmd "$work/trackmydegree-$version.tgz")
	grep -q "image: \"\?$image:$version@$digest" <<<"$rendered" || { echo "release: the chart does not name $image:$version@$digest" >&2; exit 1; }
	echo "release: verified $image:$version@$digest and its chart"
}

record() {
	echo "$version $(git rev-parse HEAD) $(cat "$chart/values.yaml" "$chart/values.schema.json" | sha256sum | cut -d' ' -f1)"
}

case ${1:-} in
build) build ;;
publish) publish ;;
verify) verify "${2:-}" ;;
record) record ;;
*)
	sed -n '2,12s/^# \{0,1\}//p' "$0" >&2
	exit 2
	;;
esac
