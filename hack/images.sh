#!/usr/bin/env bash
# The images of an installation, for a cluster without the internet:
#
#   images.sh list [ARGUMENT...]               prints the images that `helm template ARGUMENT...` names, one a line
#   images.sh mirror REGISTRY [ARGUMENT...]    copies each of them, all architectures, to REGISTRY; needs crane
#
# The arguments are those of the installation: oci://ghcr.io/trackmydegree/charts/trackmydegree --version 0.2.0 --values values.yaml.
# Without arguments it is the chart of this repository. Install with --set global.imageRegistry=REGISTRY afterwards.
# MIRROR_PLAIN_HTTP=1 is for a registry on loopback.
set -euo pipefail

list_images() {
	if [ $# -eq 0 ]; then
		set -- "$(dirname "$0")/../charts/trackmydegree"
	fi
	# The keys of containers stand alone on their line; an image in a text of a ConfigMap has other words around it.
	helm template tmd "$@" | sed -nE 's/^ *(- )?image: "?([^" ]+)"?$/\2/p' | LC_ALL=C sort -u
}

# name_mirrored IMAGE: the image without its registry, which is the part before the first slash when it has a dot or a port.
name_mirrored() {
	local first=${1%%/*}
	case $first in
	"$1") echo "library/$1" ;;
	*.* | *:* | localhost) echo "${1#*/}" ;;
	*) echo "$1" ;;
	esac
}

mirror_images() {
	local registry=${1%/} image to crane=(crane)
	shift
	[ -z "${MIRROR_PLAIN_HTTP:-}" ] || crane+=(--insecure)
	# The list is whole before the first copy: a chart that cannot be rendered copies nothing.
	local images
	images=$(list_images "$@")
	for image in $images; do
		to=$registry/$(name_mirrored "$image")
		# A name that has a tag and a digest is copied by the digest to the tag.
		case $image in
		*:*@sha256:*) to=${to%@sha256:*} ;;
		esac
		"${crane[@]}" copy "$image" "$to"
		echo "$to"
	done
}

case ${1:-} in
list) list_images "${@:2}" ;;
mirror)
	[ $# -ge 2 ] || { echo "usage: images.sh mirror REGISTRY [ARGUMENT...]" >&2; exit 2; }
	mirror_images "${@:2}"
	;;
*)
	sed -n '2,9s/^# \{0,1\}//p' "$0" >&2
	exit 2
	;;
esac
