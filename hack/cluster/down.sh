#!/usr/bin/env bash
# Ends the processes that up.sh started, by their recorded ids, and nothing else. It deletes the state and keeps the programs.
set -uo pipefail
# shellcheck source=hack/cluster/env.sh
source "$(dirname "${BASH_SOURCE[0]}")/env.sh"
run=$CLUSTER_DIR/run

stop() {
	local pid
	pid=$(cat "$run/pid/$1" 2>/dev/null) || return 0
	# After a restart of the machine the id may belong to another process.
	tr '\0' ' ' <"/proc/$pid/cmdline" 2>/dev/null | grep -qF "$(cat "$run/pid/$1.command")" || return 0
	kill "$pid" 2>/dev/null
	for _ in $(seq 50); do
		kill -0 "$pid" 2>/dev/null || return 0
		sleep 0.1
	done
	kill -KILL "$pid" 2>/dev/null
}

# The kubelet first: otherwise it would restart the containers.
stop kubelet
if [ -S "$run/containerd.sock" ]; then
	ctr=(ctr --address "$run/containerd.sock" --namespace k8s.io)
	for task in $("${ctr[@]}" tasks list --quiet 2>/dev/null); do
		"${ctr[@]}" tasks delete --force "$task" >/dev/null 2>&1
	done
fi
stop proxy
kube kube-proxy --config "$run/proxy.yaml" --cleanup >/dev/null 2>&1
for name in coredns containerd scheduler controllers apiserver etcd registry; do stop "$name"; done

# The mounts of containers and volumes, deepest first.
awk -v below="$run/" 'index($2, below) == 1 {print $2}' /proc/mounts | sort -r | xargs -r umount --lazy
# Network namespaces of this cluster's pods, as the CNI library recorded them; then the bridges.
for ns in $(grep -oh 'netns/cni-[0-9a-f-]*' /var/lib/cni/results/tmd-pods-* 2>/dev/null | sort -u); do
	ip netns delete "${ns#netns/}" 2>/dev/null
done
rm -rf /var/lib/cni/results/tmd-pods-* /var/lib/cni/networks/tmd-pods
ip link delete tmd-pods 2>/dev/null
ip link delete tmd-host 2>/dev/null
rm -rf "$CLUSTER_DIR"
