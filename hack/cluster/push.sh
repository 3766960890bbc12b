#!/usr/bin/env bash
# Builds an image without Docker and pushes it, to $CLUSTER_REGISTRY unless the name contains a registry:
#
#   hack/cluster/push.sh NAME:TAG FILE[:/PATH]...   the files, with the shared libraries that they need; the first is the entrypoint
#   hack/cluster/push.sh NAME:TAG --project         the image of the Dockerfile, without its first stage
#   hack/cluster/push.sh NAME:TAG --archive FILE    an OCI archive, such as the one of hack/dockerfile.sh
#
# It prints the name under which nodes pull it.
set -euo pipefail
# shellcheck source=hack/cluster/env.sh
source "$(dirname "${BASH_SOURCE[0]}")/env.sh"
[ $# -ge 2 ] || { sed -n '2,8s/^# \{0,1\}//p' "$0" >&2; exit 2; }
repository=$(cd "$cluster_scripts/../.." && pwd)
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
root=$work/root
mkdir -p "$root/tmp"
chmod 1777 "$root/tmp"

image=$1
shift
# As in Docker, the part before the first slash is a registry when it has a dot or a port.
case ${image%%/*} in
"$image") image=$CLUSTER_REGISTRY/$image ;;
*.* | *:*) ;;
*) image=$CLUSTER_REGISTRY/$image ;;
esac

if [ "$1" = --archive ]; then
	mkdir "$work/layout"
	tar -xf "$2" -C "$work/layout"
	crane push --insecure "$work/layout" "$image" >"$work/log" 2>&1 || { cat "$work/log" >&2; exit 1; }
	echo "$image"
	exit
fi

platform=linux/$(go env GOARCH)
config=(--set-platform "$platform")
if [ "$1" = --project ]; then
	"$repository/hack/rootfs.sh" "$root" >&2
	# The configuration of the image is in the Dockerfile only.
	instruction() { sed -n "s/^$1 //p" "$repository/Dockerfile" | tail -n 1; }
	config+=(--env "$(instruction ENV)" --user "$(instruction USER)" --entrypoint "$(instruction ENTRYPOINT | tr -d '[]" ')")
else
	config+=(--user 65532:65532)
	first=
	for pair in "$@"; do
		file=${pair%%:*} path=/$(basename "${pair%%:*}")
		[[ $pair == *:* ]] && path=${pair#*:}
		[ -f "$file" ] || { echo "push: there is no file $file" >&2; exit 2; }
		install -D "$file" "$root$path"
		# ldd reports a static program on standard error.
		while read -r library; do
			[ -e "$root$library" ] || install -D "$library" "$root$library"
		done < <(ldd "$file" 2>/dev/null | grep -o '/[^ )]*' || true)
		first=${first:-$path}
	done
	config+=(--entrypoint "$first")
fi

tar -C "$root" --sort=name --mtime=@0 --owner=0 --group=0 --numeric-owner -cf "$work/layer.tar" .
# crane prints each step on standard error; the output matters only after a failure.
{
	crane append --insecure --oci-empty-base --platform "$platform" --new_layer "$work/layer.tar" --new_tag "$image" &&
		crane mutate --insecure "$image" "${config[@]}" --tag "$image"
} >"$work/log" 2>&1 || { cat "$work/log" >&2; exit 1; }
echo "$image"
