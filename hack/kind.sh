#!/usr/bin/env bash
# Starts and deletes a kind cluster for make e2e: hack/kind.sh up [MINOR] | down. It needs Docker, kind and helm.
#
# MINOR is a Kubernetes version such as 1.33; kind's own default without one. The cluster has a registry on
# 127.0.0.1:5001, a storage class "shared" that offers ReadWriteMany, and KEDA. Its kubeconfig is .cache/kind.kubeconfig.
set -euo pipefail
cd "$(dirname "$0")/.."
name=tmd
registry=tmd-registry
export KUBECONFIG=$PWD/.cache/kind.kubeconfig

up() {
	local image=()
	[ -z "${1:-}" ] || image=(--image "kindest/node:v$1.0")
	mkdir -p .cache
	# A registry on this machine that the node reaches by its container's name: https://kind.sigs.k8s.io/docs/user/local-registry/
	docker inspect "$registry" >/dev/null 2>&1 ||
		docker run -d --restart=always -p 127.0.0.1:5001:5000 --network bridge --name "$registry" registry:2
	kind create cluster --name "$name" "${image[@]}" --wait 3m --config - <<-YAML
		kind: Cluster
		apiVersion: kind.x-k8s.io/v1alpha4
		containerdConfigPatches:
		  - |-
		    [plugins."io.containerd.grpc.v1.cri".registry]
		      config_path = "/etc/containerd/certs.d"
	YAML
	local node
	for node in $(kind get nodes --name "$name"); do
		docker exec "$node" mkdir -p /etc/containerd/certs.d/127.0.0.1:5001
		docker exec -i "$node" tee /etc/containerd/certs.d/127.0.0.1:5001/hosts.toml >/dev/null <<<"[host.\"http://$registry:5000\"]"
	done
	docker network connect kind "$registry" 2>/dev/null || true
	docker exec "$name-control-plane" mkdir -p -m 0750 /var/shared/{1..12}
	hack/cluster/volumes.sh "$name-control-plane" /var/shared | kubectl apply -f -
	helm upgrade --install keda keda --repo https://kedacore.github.io/charts --namespace keda --create-namespace --wait
}

down() {
	kind delete cluster --name "$name"
	docker rm -f "$registry" >/dev/null
}

case ${1:-} in
up) up "${2:-}" ;;
down) down ;;
*)
	echo "usage: hack/kind.sh up [MINOR] | down" >&2
	exit 2
	;;
esac
