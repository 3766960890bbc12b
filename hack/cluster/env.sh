# The addresses of the test cluster. The scripts of this folder source it; source it as well to use kubectl and helm.
# shellcheck shell=bash
cluster_scripts=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
export CLUSTER_BIN=${CLUSTER_BIN:-${XDG_CACHE_HOME:-$HOME/.cache}/tmd-cluster/bin}
# On a disk, not in memory: images and volumes are below it.
export CLUSTER_DIR=${CLUSTER_DIR:-/var/tmp/tmd-cluster}
# The registry of images. It is on loopback, because containerd and crane use plain HTTP only there.
export CLUSTER_REGISTRY=${CLUSTER_REGISTRY:-127.0.0.1:5001}
# This machine, as pods see it.
export CLUSTER_HOST=10.245.0.1
export KUBECONFIG=$CLUSTER_DIR/pki/admin.kubeconfig
# helm is built by hack/deps.sh, with the other tools of the chart.
export PATH=$CLUSTER_BIN:$(cd "$cluster_scripts/../.." && pwd)/.bin:$PATH
