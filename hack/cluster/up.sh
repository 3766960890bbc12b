#!/usr/bin/env bash
# Starts a single-node Kubernetes with KEDA on this machine, and waits until it is ready: hack/cluster/up.sh. Needs Linux,
# root, Go and the packages that hack/deps.sh cluster installs. down.sh ends it. README.md says what is inside.
set -euo pipefail
# shellcheck source=hack/cluster/env.sh
source "$(dirname "${BASH_SOURCE[0]}")/env.sh"
[ "$(id -u)" -eq 0 ] || { echo "cluster: a kubelet needs root: run this as root, or set KUBECONFIG to a cluster of yours" >&2; exit 1; }
pki=$CLUSTER_DIR/pki run=$CLUSTER_DIR/run
if [ -d "$run" ]; then
	echo "cluster: $CLUSTER_DIR is there already: end that cluster with hack/cluster/down.sh" >&2
	exit 1
fi
"$cluster_scripts/build.sh"

pods=10.244.0.0/24 services=10.96.0.0/16 first_service=10.96.0.1
etcd_client=http://127.0.0.1:23790 etcd_peer=http://127.0.0.1:23800
mkdir -p "$pki" "$run"/{log,pid,cni}

# start NAME COMMAND...: in the background, with a log; down.sh finds it by its id.
start() {
	local name=$1
	shift
	setsid nohup "$@" >"$run/log/$name" 2>&1 </dev/null &
	echo $! >"$run/pid/$name"
	echo "$*" >"$run/pid/$name.command"
}

# await SECONDS WHAT COMMAND...: until the command succeeds.
await() {
	local limit=$((SECONDS + $1)) what=$2
	shift 2
	until "$@" >/dev/null 2>&1; do
		if ((SECONDS >= limit)); then
			echo "cluster: $what is not ready; the logs are in $run/log" >&2
			exit 1
		fi
		sleep 0.3
	done
}

# --- Certificates: an authority for all, and a kubeconfig for each that speaks to the API server.

certificate() { # NAME SUBJECT [ALTERNATIVE NAMES]
	openssl req -newkey rsa:2048 -nodes -subj "$2" -keyout "$pki/$1.key" -out "$pki/$1.csr" 2>/dev/null
	openssl x509 -req -days 365 -in "$pki/$1.csr" -CA "$pki/ca.crt" -CAkey "$pki/ca.key" -CAcreateserial -out "$pki/$1.crt" \
		-extfile <(echo "extendedKeyUsage=serverAuth,clientAuth"; echo "subjectAltName=${3:-DNS:$1}") 2>/dev/null
}

kubeconfig() { # NAME
	cat >"$pki/$1.kubeconfig" <<-YAML
		apiVersion: v1
		kind: Config
		current-context: tmd
		contexts: [{name: tmd, context: {cluster: tmd, user: $1}}]
		clusters: [{name: tmd, cluster: {server: "https://127.0.0.1:6443", certificate-authority: $pki/ca.crt}}]
		users: [{name: $1, user: {client-certificate: $pki/$1.crt, client-key: $pki/$1.key}}]
	YAML
}

umask 077
openssl req -x509 -newkey rsa:2048 -nodes -days 365 -subj /CN=tmd-cluster -keyout "$pki/ca.key" -out "$pki/ca.crt" 2>/dev/null
openssl genrsa -out "$pki/sa.key" 2048 2>/dev/null
openssl rsa -in "$pki/sa.key" -pubout -out "$pki/sa.pub" 2>/dev/null
certificate apiserver /CN=kube-apiserver \
	"DNS:localhost,DNS:kubernetes,DNS:kubernetes.default,DNS:kubernetes.default.svc,IP:127.0.0.1,IP:$first_service,IP:$CLUSTER_HOST"
certificate aggregator /CN=aggregator
certificate kubelet /O=system:nodes/CN=system:node:node1 "DNS:node1,IP:$CLUSTER_HOST"
certificate controllers /CN=system:kube-controller-manager
certificate scheduler /CN=system:kube-scheduler
certificate proxy /CN=system:kube-proxy
certificate admin /O=system:masters/CN=admin
for user in admin controllers kubelet proxy scheduler; do kubeconfig "$user"; done
umask 022

# --- This machine's address for pods. A bridge, because not every kernel has dummy links.

ip link show tmd-host >/dev/null 2>&1 || ip link add tmd-host type bridge
ip address replace "$CLUSTER_HOST/32" dev tmd-host
ip link set tmd-host up
sysctl -qw net.ipv4.ip_forward=1

# --- The control plane.

start registry crane registry serve --address "$CLUSTER_REGISTRY"
# The cluster does not survive a crash of the machine, so etcd does not wait for the disk.
start etcd etcd --data-dir "$run/etcd" --unsafe-no-fsync \
	--listen-client-urls "$etcd_client" --advertise-client-urls "$etcd_client" \
	--listen-peer-urls "$etcd_peer" --initial-advertise-peer-urls "$etcd_peer" --initial-cluster "default=$etcd_peer"
# Aggregation is for external metrics, KEDA's or the controller's; allow-privileged is for the pod that kills processes of others.
# Kubernetes before 1.37 scales to zero by a HorizontalPodAutoscaler with this feature gate only.
gates=HPAScaleToZero=true
start apiserver kube kube-apiserver --feature-gates "$gates" --etcd-servers "$etcd_client" \
	--bind-address 0.0.0.0 --secure-port 6443 --advertise-address "$CLUSTER_HOST" --service-cluster-ip-range "$services" \
	--client-ca-file "$pki/ca.crt" --tls-cert-file "$pki/apiserver.crt" --tls-private-key-file "$pki/apiserver.key" \
	--service-account-issuer https://kubernetes.default.svc \
	--service-account-key-file "$pki/sa.pub" --service-account-signing-key-file "$pki/sa.key" \
	--authorization-mode Node,RBAC --enable-admission-plugins NodeRestriction --allow-privileged \
	--kubelet-client-certificate "$pki/admin.crt" --kubelet-client-key "$pki/admin.key" --kubelet-preferred-address-types InternalIP \
	--enable-aggregator-routing --proxy-client-cert-file "$pki/aggregator.crt" --proxy-client-key-file "$pki/aggregator.key" \
	--requestheader-client-ca-file "$pki/ca.crt" --requestheader-allowed-names aggregator \
	--requestheader-username-headers X-Remote-User --requestheader-group-headers X-Remote-Group \
	--requestheader-extra-headers-prefix X-Remote-Extra-
await 90 "the API server" kubectl get --raw /readyz

as() { # NAME: the flags with which a component is that user, alone
	echo --kubeconfig "$pki/$1.kubeconfig" --authentication-kubeconfig "$pki/$1.kubeconfig" \
		--authorization-kubeconfig "$pki/$1.kubeconfig" --leader-elect=false
}
# shellcheck disable=SC2046 # as gives many words
start controllers kube kube-controller-manager --feature-gates "$gates" $(as controllers) --use-service-account-credentials \
	--root-ca-file "$pki/ca.crt" --service-account-private-key-file "$pki/sa.key" \
	--cluster-signing-cert-file "$pki/ca.crt" --cluster-signing-key-file "$pki/ca.key" --service-cluster-ip-range "$services"
# shellcheck disable=SC2046
start scheduler kube kube-scheduler $(as scheduler)

# --- The node.

"$cluster_scripts/push.sh" pause:1 "$CLUSTER_BIN/pause" >/dev/null
# restrict_oom_score_adj: without CAP_SYS_RESOURCE, as within another container, runc may not lower a process's score.
cat >"$run/containerd.toml" <<TOML
version = 2
root = "$run/containerd/root"
state = "$run/containerd/state"
[grpc]
  address = "$run/containerd.sock"
[plugins."io.containerd.grpc.v1.cri"]
  sandbox_image = "$CLUSTER_REGISTRY/pause:1"
  restrict_oom_score_adj = true
  [plugins."io.containerd.grpc.v1.cri".cni]
    bin_dir = "/usr/lib/cni"
    conf_dir = "$run/cni"
TOML
cat >"$run/cni/pods.conflist" <<JSON
{
  "cniVersion": "1.0.0",
  "name": "tmd-pods",
  "plugins": [
    {
      "type": "bridge", "bridge": "tmd-pods", "isGateway": true, "ipMasq": true, "hairpinMode": true,
      "ipam": {"type": "host-local", "ranges": [[{"subnet": "$pods"}]], "routes": [{"dst": "0.0.0.0/0"}]}
    },
    {"type": "portmap", "capabilities": {"portMappings": true}}
  ]
}
JSON
start containerd containerd --config "$run/containerd.toml"
await 30 containerd ctr --address "$run/containerd.sock" version

# Kubernetes 1.34 still takes cgroup v1 when asked. The eviction thresholds are low, because the machine has other load.
cat >"$run/kubelet.yaml" <<YAML
apiVersion: kubelet.config.k8s.io/v1beta1
kind: KubeletConfiguration
containerRuntimeEndpoint: unix://$run/containerd.sock
tlsCertFile: $pki/kubelet.crt
tlsPrivateKeyFile: $pki/kubelet.key
authentication: {anonymous: {enabled: false}, webhook: {enabled: true}, x509: {clientCAFile: $pki/ca.crt}}
authorization: {mode: Webhook}
clusterDomain: cluster.local
clusterDNS: [$CLUSTER_HOST]
cgroupDriver: cgroupfs
enforceNodeAllocatable: []
failCgroupV1: false
failSwapOn: false
maxPods: 200
evictionHard: {memory.available: 100Mi, nodefs.available: 1%, imagefs.available: 1%}
YAML
start kubelet kube kubelet --config "$run/kubelet.yaml" --kubeconfig "$pki/kubelet.kubeconfig" --root-dir "$run/kubelet" \
	--hostname-override node1 --node-ip "$CLUSTER_HOST"
cat >"$run/proxy.yaml" <<YAML
apiVersion: kubeproxy.config.k8s.io/v1alpha1
kind: KubeProxyConfiguration
mode: nftables
hostnameOverride: node1
clusterCIDR: $pods
clientConnection: {kubeconfig: $pki/proxy.kubeconfig}
# Zero does not change the kernel's table, for which permission may be missing.
conntrack: {maxPerCore: 0, min: 0}
YAML
start proxy kube kube-proxy --config "$run/proxy.yaml"
cat >"$run/Corefile" <<COREFILE
.:53 {
	bind $CLUSTER_HOST
	errors
	kubernetes cluster.local in-addr.arpa {
		kubeconfig $pki/admin.kubeconfig
	}
	cache 5
}
COREFILE
start coredns coredns -conf "$run/Corefile"
await 60 "the node" kubectl wait --for=condition=Ready node/node1 --timeout=1s

# --- Volumes: folders of this node, in the class "shared", which replaces NFS, EFS or CephFS. Root owns them, so a pod can
# write to one only with the right fsGroup.

mkdir -p -m 0750 "$run"/volumes/{1..12}
"$cluster_scripts/volumes.sh" node1 "$run/volumes" | kubectl apply -f - >/dev/null

# --- KEDA: the manifests of its module, with images of its programs.

manifests=$(cd "$cluster_scripts/tools/keda" && go mod download -json github.com/kedacore/keda/v2 | sed -n 's/.*"Dir": "\(.*\)".*/\1/p')/config
operator=$("$cluster_scripts/push.sh" keda:1 "$CLUSTER_BIN/keda-operator:/keda")
adapter=$("$cluster_scripts/push.sh" keda-adapter:1 "$CLUSTER_BIN/keda-adapter:/keda-adapter")
cp -r "$manifests" "$run/keda"
chmod -R u+w "$run/keda"
mkdir "$run/keda/here"
cat >"$run/keda/here/kustomization.yaml" <<YAML
resources: [../crd, ../general, ../manager, ../metrics-server, ../rbac, ../service_account]
images:
  - {name: ghcr.io/kedacore/keda, newName: ${operator%:*}, newTag: "${operator##*:}"}
  - {name: ghcr.io/kedacore/keda-metrics-apiserver, newName: ${adapter%:*}, newTag: "${adapter##*:}"}
YAML
kubectl kustomize "$run/keda/here" | kubectl apply --server-side -f - >/dev/null
await 120 KEDA kubectl -n keda wait --for=condition=Available deployment --all --timeout=1s
await 60 "KEDA's metrics" kubectl wait --for=condition=Available apiservice/v1beta1.external.metrics.k8s.io --timeout=1s
echo "cluster: ready; source hack/cluster/env.sh"
