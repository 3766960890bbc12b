#!/usr/bin/env bash
# Builds the programs of the cluster from Go modules into $CLUSTER_BIN: hack/cluster/build.sh [NAME...]. A program is built
# again when the files of its module under tools/ have changed. With an existing cluster only kubectl and crane are needed.
set -euo pipefail
# shellcheck source=hack/cluster/env.sh
source "$(dirname "${BASH_SOURCE[0]}")/env.sh"
mkdir -p "$CLUSTER_BIN"

# program NAME MODULE PACKAGE [LDFLAGS]
program() {
	local name=$1 module=$cluster_scripts/tools/$2 package=$3 ldflags=${4:-} stamp
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

[ $# -gt 0 ] || set -- kubectl crane etcd coredns keda-operator keda-adapter pause
for name in "$@"; do
	case $name in
	kubectl)
		# One program for all of Kubernetes: its name selects the component. The linker sets its version; without one
		# the API server reports 0.0.0, which charts refuse.
		release=$(cd "$cluster_scripts/tools/kube" && go list -m -f '{{.Version}}' k8s.io/kubernetes)
		minor=$(cut -d. -f2 <<<"$release")
		version=k8s.io/component-base/version
		program kube kube . "-X $version.gitVersion=$release -X $version.gitMajor=1 -X $version.gitMinor=$minor"
		ln -sf kube "$CLUSTER_BIN/kubectl"
		ln -sf kube "$CLUSTER_BIN/kube-apiserver"
		;;
	crane) program crane crane github.com/google/go-containerregistry/cmd/crane ;;
	etcd) program etcd etcd go.etcd.io/etcd/server/v3 ;;
	coredns) program coredns coredns github.com/coredns/coredns ;;
	keda-operator) program keda-operator keda github.com/kedacore/keda/v2/cmd/operator ;;
	keda-adapter) program keda-adapter keda github.com/kedacore/keda/v2/cmd/adapter ;;
	pause) program pause pause . ;;
	*)
		echo "cluster: there is no program $name" >&2
		exit 2
		;;
	esac
done
