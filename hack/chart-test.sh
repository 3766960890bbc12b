#!/usr/bin/env bash
# Tests of the chart that need no cluster: hack/chart-test.sh. Every values file of charts/trackmydegree/ci and of k8s/values
# is linted, rendered, checked against the schemas of Kubernetes and of the operators and against Pod Security "restricted",
# and scored; the unit tests follow.
set -euo pipefail
cd "$(dirname "$0")/.."
PATH=$PWD/.bin:$PATH
chart=charts/trackmydegree schemas=.cache/schemas
rendered=$(mktemp -d)
trap 'rm -rf "$rendered"' EXIT

chart-schemas "$schemas"

# The checks of kube-score that do not apply, and why:
#  container-image-pull-policy  Always: tags are versions, and an unavailable registry must not stop a pod from starting
#  statefulset-has-servicename  a headless Service: there is one pod, and clients use the address that outlives it
#  deployment-has-host-podantiaffinity  the pods spread by topology constraints, which count nodes and zones
#  deployment-replicas  a number of pods, which an autoscaler or an operator sets where it is absent
#  horizontalpodautoscaler-replicas  workers may scale to zero
score=(--ignore-test container-image-pull-policy --ignore-test statefulset-has-servicename
	--ignore-test deployment-has-host-podantiaffinity --ignore-test deployment-replicas
	--ignore-test horizontalpodautoscaler-replicas)

for values in "$chart"/ci/*-values.yaml k8s/values/*.yaml; do
	name=$(basename "$values" .yaml)
	echo "== $name"
	helm lint --strict --quiet "$chart" --values "$values"
	helm template tmd "$chart" --namespace degrees --values "$values" >"$rendered/$name.yaml"
	kubeconform -strict -summary -schema-location "$schemas/{{.ResourceKind}}{{.KindSuffix}}.json" "$rendered/$name.yaml"
	chart-restricted <"$rendered/$name.yaml"
	# Without policies and with the platform's users, on purpose: there is nothing to score.
	[[ $name == open-values ]] && continue
	# The budget of busy workers selects a label that the controller sets, which no pod template has.
	marked=()
	if grep -q trackmydegree.io/busy "$rendered/$name.yaml"; then
		marked=(--ignore-test deployment-has-poddisruptionbudget)
	fi
	kube-score score "$rendered/$name.yaml" --output-format ci --exit-one-on-warning "${score[@]}" "${marked[@]}" >"$rendered/score" ||
		{ grep -v -e '^\[OK\]' -e '^\[SKIPPED\]' "$rendered/score"; exit 1; }
done

helm-unittest --strict "$chart"
(cd hack/tools/chart && go test ./...)
# Publishes image and chart in a registry on loopback, and renders the chart from there.
(cd hack/tools/release && go test ./...)
