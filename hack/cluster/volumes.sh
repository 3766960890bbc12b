#!/usr/bin/env bash
# Prints the class "shared" and eight of its volumes, for clusters of a single node: hack/cluster/volumes.sh NODE FOLDER. The
# folders FOLDER/1 to FOLDER/8 of the node replace NFS, EFS or CephFS; the caller makes them.
set -euo pipefail
node=$1 folder=$2

cat <<-YAML
	apiVersion: storage.k8s.io/v1
	kind: StorageClass
	metadata: {name: shared}
	provisioner: kubernetes.io/no-provisioner
	volumeBindingMode: WaitForFirstConsumer
YAML
for number in $(seq 12); do
	cat <<-YAML
		---
		apiVersion: v1
		kind: PersistentVolume
		metadata: {name: shared-$number}
		spec:
		  storageClassName: shared
		  capacity: {storage: 5Gi}
		  accessModes: [ReadWriteMany, ReadWriteOnce]
		  persistentVolumeReclaimPolicy: Retain
		  # Not hostPath: Kubernetes applies fsGroup to local volumes only.
		  local: {path: $folder/$number}
		  nodeAffinity:
		    required:
		      nodeSelectorTerms: [{matchExpressions: [{key: kubernetes.io/hostname, operator: In, values: [$node]}]}]
	YAML
done
