//go:build e2e

package e2e

import (
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"testing"
	"time"
)

const (
	externalMetrics = "apiservice/v1beta1.external.metrics.k8s.io"
	// hpaStartLimit is the autoscaler's period of 15 s and the start of a pod.
	hpaStartLimit = 40 * time.Second
	// hpaZeroLimit is the window of scaling down, which these values make 5 s, and two of the autoscaler's periods.
	hpaZeroLimit = 90 * time.Second
	// outage is how long Redis is unavailable: longer than any window of the autoscaler.
	outage = 2 * time.Minute
)

// hpaValues scale from zero without KEDA. The cluster of the tests is older than Kubernetes 1.37 and has the gate on.
func hpaValues() values {
	return scaledValues().merge(values{
		"controller": values{"enabled": true, "replicas": 2},
		"worker":     values{"autoscaling": values{"scaler": "hpa", "scaleToZeroGate": true}},
	})
}

// Without KEDA's metrics server a HorizontalPodAutoscaler scales the workers to zero and back, by the controller's
// metric, and an unavailable Redis changes no number.
func testWithoutKEDA(t *testing.T) {
	ensureReady(t, slowValues())
	// No cleanup of the test: those run after its context has ended.
	defer removeKEDA(t)()
	ensureReady(t, hpaValues())
	waitForCluster(t, time.Minute, "the API server forwards to the controller", func() (string, bool) {
		out, err := tryKubectl(t, "wait", "--for=condition=Available", externalMetrics, "--timeout=1s")
		return fmt.Sprint(out, err), err == nil
	})
	waitForWorkers(t, hpaZeroLimit+time.Minute, "no worker after the upgrade", 0)

	var colds []time.Duration
	for range 2 {
		next := watchScale(t)
		jobs := uploadDocuments(t, 1, time.Second)
		wanted := next("1").Sub(jobs[0].Sent)
		waitUntilParsing(t, hpaStartLimit, jobs)
		cold := loadLedger(t)[jobs[0].Document][0].Began.Sub(jobs[0].Sent)
		colds = append(colds, cold)
		t.Logf("FIGURE zero without KEDA: one worker wanted %.1f s after the upload, the job begun after %.1f s", wanted.Seconds(), cold.Seconds())
		requireOneAttempt(t, requireDone(t, time.Minute, jobs))
		took := waitForWorkers(t, hpaZeroLimit, "no worker after the last job", 0)
		t.Logf("FIGURE zero without KEDA: no worker %.1f s after the job", took.Seconds())
	}
	for _, cold := range colds {
		atMost(t, "from zero to the first job", cold, hpaStartLimit)
	}
	redis := openRedis(t)
	measured, err := redis.LRange(t.Context(), "queue:startups", 0, -1).Result()
	if err != nil || len(measured) < len(colds) {
		t.Errorf("measured starts %v, %v, want %d or more", measured, err, len(colds))
	}
	t.Logf("FIGURE zero without KEDA: starts in milliseconds as workers measured them: %v", measured)

	t.Run("RedisUnavailableAtZero", func(t *testing.T) {
		holdsDuringOutage(t, 0)
		requireOneAttempt(t, requireDone(t, 2*time.Minute, uploadDocuments(t, 1, 0)))
	})
	t.Run("RedisUnavailableAtTwo", func(t *testing.T) {
		// Four jobs want two workers, and still run when Redis returns.
		jobs := uploadDocuments(t, 4, 100*time.Second)
		waitForWorkers(t, hpaStartLimit, "two workers", 2)
		waitUntilParsing(t, time.Minute, jobs)
		holdsDuringOutage(t, 2)
		requireDone(t, 5*time.Minute, jobs)
		waitForWorkers(t, hpaZeroLimit, "no worker after the outage", 0)
	})
}

// waitForWorkers waits until a number of workers is wanted and no other pod of one is left.
func waitForWorkers(t *testing.T, limit time.Duration, what string, workers int) time.Duration {
	t.Helper()
	return waitForCluster(t, limit, what, func() (string, bool) {
		wanted, _ := countReplicas(t)
		return fmt.Sprintf("%d workers wanted", wanted), wanted == workers && len(allPods(t, "worker")) == workers
	})
}

// holdsDuringOutage removes Redis for minutes and checks that the number of workers stays all the time.
func holdsDuringOutage(t *testing.T, workers int) {
	t.Helper()
	requireKubectl(t, "scale", "statefulset/tmd-trackmydegree-redis", "--replicas=0")
	began := time.Now()
	looks := time.NewTicker(time.Second)
	defer looks.Stop()
	for time.Since(began) < outage {
		if wanted, _ := countReplicas(t); wanted != workers {
			t.Errorf("%d workers are wanted %s after the loss of Redis, want %d", wanted, time.Since(began).Round(time.Second), workers)
			break
		}
		<-looks.C
	}
	var hpa struct {
		Status struct {
			Conditions []struct{ Type, Status, Reason, Message string }
		}
	}
	decodeJSON(t, requireKubectl(t, "get", "hpa/tmd-trackmydegree-worker-hpa", "--output", "json"), &hpa)
	t.Logf("FIGURE zero without KEDA: %d workers stayed for %.0f s without Redis; the autoscaler says %+v", workers, time.Since(began).Seconds(), hpa.Status.Conditions)
	requireKubectl(t, "scale", "statefulset/tmd-trackmydegree-redis", "--replicas=1")
	waitUntilSettled(t)
	runAgent(t, "until", "-url", apiService+"/readyz", "-status", "200", "-limit", "30s")
}

// removeKEDA removes KEDA's APIService and stops its operator, which would write its own authority into the one of the
// chart: a cluster has one server of external metrics. The returned function removes the chart's and restores both.
func removeKEDA(t *testing.T) (restore func()) {
	t.Helper()
	out, err := tryKubectl(t, "get", externalMetrics, "--output", "json")
	if err != nil {
		return func() {} // a cluster without
	}
	var o map[string]any
	decodeJSON(t, out, &o)
	for _, field := range []string{"resourceVersion", "uid", "creationTimestamp", "managedFields"} {
		delete(o["metadata"].(map[string]any), field)
	}
	delete(o, "status")
	kept, err := json.Marshal(o)
	if err != nil {
		t.Fatal(err)
	}
	file := filepath.Join(t.TempDir(), "apiservice.json")
	if err := os.WriteFile(file, kept, 0o600); err != nil {
		t.Fatal(err)
	}
	scaleOperator := func(replicas string) {
		requireKubectl(t, "--namespace", "keda", "scale", "deployment/keda-operator", "--replicas="+replicas)
		requireKubectl(t, "--namespace", "keda", "rollout", "status", "deployment/keda-operator", "--timeout", "60s")
	}
	scaleOperator("0")
	requireKubectl(t, "delete", externalMetrics)
	return func() {
		installRelease(t, slowValues())
		requireKubectl(t, "create", "--filename", file)
		scaleOperator("1")
	}
}
