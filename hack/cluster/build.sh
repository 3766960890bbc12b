#!/usr/bin/env bash
# Builds the programs of the cluster from Go modules into $CLUSTER_BIN: hack/cluster/build.sh [NAME...]. A program is built
# again when the files of its module under tools/ have changed. With an existing cluster only kubectl and crane are needed.
# CLUSTER_KUBERNETES=v1.37.2 builds that version of Kubernetes instead of the one of tools/kube.
set -euo pipefail
# shellcheck source=hack/cluster/env.sh
source "$(dirname "${BASH_SOURCE[0]}")/env.sh"
mkdir -p "$CLUSTER_BIN"

# program NAME FOLDER PACKAGE [LDFLAGS]
program() {
	local name=$1 module=$2 package=$3 ldflags=${4:-} stamp
	stamp=$(find "$module" -type f | LC_ALL=C sort | xargs cat | sha256sum | cut -c1-16)
	if [ -x "$CLUSTER_BIN/$name" ] && [ "$(cat "$CLUSTER_BIN/.$name.stamp" 2>/dev/null)" = "$stamp" ]; then
		return
	fi
	echo "cluster: building $name" >&2
	# An interrupted build leaves no incomplete program.
	(cd "$module" && CGO_ENABLED=0 go build -buildvcs=false -trimpath -ldflags "-s -w $ldflags" -o "$CLUSTER_BIN/.$name.new" "$package")
	mv "$CLUSTER_BIN/.$name.new" "$CLUSTER_BIN/$name"
	echo "$stamp" >"$CLUSTER_BIN/.$name.stamp"
}

# kubernetes_module prints the folder of the module of Kubernetes: that of tools/, or a copy of it in the version of
# CLUSTER_KUBERNETES. A copy replaces the same parts as the go.mod of that version, with their releases.
kubernetes_module() {
	local tools=$cluster_scripts/tools/kube version=${CLUSTER_KUBERNETES:-} folder parts part original
	if [ -z "$version" ]; then
		echo "$tools"
		return
	fi
	folder=$CLUSTER_BIN/.kubernetes-$version
	if [ ! -e "$folder/.complete" ] || ! cmp -s "$tools/main.go" "$folder/main.go"; then
		rm -rf "$folder"
		cp -r "$tools" "$folder"
		original=$(cd "$folder" && go mod download -json "k8s.io/kubernetes@$version" | sed -n 's/^.*"GoMod": "\(.*\)",*$/\1/p')
		parts=v0.${version#v1.}
		(
			cd "$folder"
			for part in $(sed -n 's#^\s*\(replace \)\{0,1\}\(k8s.io/[a-z-]*\) => .*#\2#p' go.mod); do
				go mod edit -dropreplace="$part"
			done
			for part in $(sed -n 's#^\s*\(replace \)\{0,1\}\(k8s.io/[a-z-]*\) => ./staging/src/.*#\2#p' "$original"); do
				go mod edit -replace="$part=$part@$parts"
			done
			go mod edit -require="k8s.io/kubernetes@$version" -require="k8s.io/component-base@$parts"
			go mod tidy && touch .complete
		) >&2
	fi
	[ -e "$folder/.complete" ] && echo "$folder"
}

[ $# -gt 0 ] || set -- kubectl crane etcd coredns keda-operator keda-adapter pause
for name in "$@"; do
	case $name in
	kubectl)
		# One program for all of Kubernetes: its name selects the component. The linker sets its version; without one
		# the API server reports 0.0.0, which charts refuse.
		kubernetes=$(kubernetes_module)
		release=$(cd "$kubernetes" && go list -m -f '{{.Version}}' k8s.io/kubernetes)
		minor=$(cut -d. -f2 <<<"$release")
		version=k8s.io/component-base/version
		program kube "$kubernetes" . "-X $version.gitVersion=$release -X $version.gitMajor=1 -X $version.gitMinor=$minor"
		ln -sf kube "$CLUSTER_BIN/kubectl"
		ln -sf kube "$CLUSTER_BIN/kube-apiserver"
		;;
	crane) program crane "$cluster_scripts/tools/crane" github.com/google/go-containerregistry/cmd/crane ;;
	etcd) program etcd "$cluster_scripts/tools/etcd" go.etcd.io/etcd/server/v3 ;;
	coredns) program coredns "$cluster_scripts/tools/coredns" github.com/coredns/coredns ;;
	keda-operator) program keda-operator "$cluster_scripts/tools/keda" github.com/kedacore/keda/v2/cmd/operator ;;
	keda-adapter) program keda-adapter "$cluster_scripts/tools/keda" github.com/kedacore/keda/v2/cmd/adapter ;;
	pause) program pause "$cluster_scripts/tools/pause" . ;;
	*)
		echo "cluster: there is no program $name" >&2
		exit 2
		;;
	esac
done
