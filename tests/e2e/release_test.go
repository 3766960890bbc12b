//go:build e2e

package e2e

import (
	"encoding/json"
	"maps"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"time"
)

// values are values of the chart.
type values map[string]any

// merge returns v with other values over it, maps merged.
func (v values) merge(over values) values {
	merged := maps.Clone(v)
	for key, value := range over {
		below, isMap := merged[key].(values)
		above, wantsMap := value.(values)
		if isMap && wantsMap {
			value = below.merge(above)
		}
		merged[key] = value
	}
	return merged
}

// basicValues are the chart's defaults with the images of this run; nothing is kept for the next release, and one
// user has no rate limit. The parser is each worker's sidecar.
func basicValues() values {
	image := func(name string) values {
		return values{"registry": env.registry, "repository": name, "tag": env.tag}
	}
	volume := values{"storageClass": env.storageClass, "size": "1Gi"}
	return values{
		"image":   image("trackmydegree"),
		"secret":  values{"keep": false},
		"uploads": values{"storageClass": env.storageClass, "size": "1Gi", "keep": false},
		"redis":   values{"image": image("e2e-redis"), "persistence": volume},
		"mongodb": values{"image": image("e2e-mongodb"), "persistence": volume, "args": []string{"-listen", ":27017", "-dir", "/data/db"}, "auth": false},
		"api":     values{"rateLimit": 0, "uploadRateLimit": 0, "maxJobsPerOwner": 0},
	}
}

// slowValues is basicValues with the fake parser, which takes as long as a document says.
func slowValues() values {
	return basicValues().merge(values{
		"parser": values{"mode": "external", "url": "http://e2e-parser:15001"},
		"worker": values{"parserTimeoutSeconds": 110, "jobTimeoutSeconds": 120, "drainSeconds": 130},
	})
}

// scaledValues is slowValues under KEDA, from zero. It scales up by the chart's default, and so is the cooldown: the
// chart refuses a shorter one with minReplicas 0. Above zero it scales down faster.
func scaledValues() values {
	return slowValues().merge(values{"worker": values{"autoscaling": values{
		"enabled": true, "minReplicas": 0,
		"behavior": values{"scaleDown": values{
			"stabilizationWindowSeconds": 5,
			"policies":                   []values{{"type": "Percent", "value": 100, "periodSeconds": 5}},
		}},
	}}})
}

// installRelease installs or upgrades the release and waits until all of it is ready.
func installRelease(t *testing.T, v values) {
	t.Helper()
	runHelm(t, "upgrade", "--install", "tmd", filepath.Join(env.root, "charts", "trackmydegree"), "--reset-values", "--values", writeValues(t, v), "--timeout", "3m")
	waitUntilSettled(t)
}

// waitUntilSettled waits until no pod is being replaced and all are ready.
func waitUntilSettled(t *testing.T) {
	t.Helper()
	for name := range strings.FieldsSeq(requireKubectl(t, "get", "deployments,statefulsets", "--selector", "app.kubernetes.io/instance=tmd", "--output", "name")) {
		requireKubectl(t, "rollout", "status", name, "--timeout", "150s")
	}
}

func runHelm(t *testing.T, args ...string) string {
	t.Helper()
	out, err := runCommand(t.Context(), nil, "helm", append([]string{"--namespace", namespace}, args...)...)
	if err != nil {
		t.Fatal(err)
	}
	return out
}

// writeValues writes values into a file of the test.
func writeValues(t *testing.T, v values) string {
	t.Helper()
	b, err := json.Marshal(v)
	if err != nil {
		t.Fatal(err)
	}
	file := filepath.Join(t.TempDir(), "values.json")
	if err := os.WriteFile(file, b, 0o600); err != nil {
		t.Fatal(err)
	}
	return file
}

const workerDeployment = "deployment/tmd-trackmydegree-worker"

// scaleWorkers sets the number of workers by hand and waits until they are ready, and the others deleted.
func scaleWorkers(t *testing.T, workers int) {
	t.Helper()
	requireKubectl(t, "scale", workerDeployment, "--replicas", strconv.Itoa(workers))
	waitForCluster(t, time.Minute, "workers by kubectl scale", func() (string, bool) {
		ready := 0
		// A terminating pod takes jobs until it receives the signal, so it must be gone.
		all := allPods(t, "worker")
		for _, p := range all {
			if p.isReady() {
				ready++
			}
		}
		return strconv.Itoa(ready) + " ready", ready == workers && len(all) == workers
	})
}

// countReplicas returns how many workers are wanted and how many are ready.
func countReplicas(t *testing.T) (wanted, ready int) {
	t.Helper()
	var d struct {
		Spec   struct{ Replicas int }
		Status struct{ ReadyReplicas int }
	}
	decodeJSON(t, requireKubectl(t, "get", workerDeployment, "--output", "json"), &d)
	return d.Spec.Replicas, d.Status.ReadyReplicas
}
