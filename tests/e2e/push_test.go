//go:build e2e

package e2e

import (
	"bufio"
	"context"
	"encoding/json"
	"fmt"
	"os/exec"
	"strings"
	"testing"
	"time"
)

// pushLimit is the time limit from an upload to the Deployment's scale, from zero.
const pushLimit = time.Second

// pushScaledValues is scaledValues with the controller as KEDA's scaler.
func pushScaledValues() values {
	return scaledValues().merge(values{
		"controller": values{"enabled": true},
		"worker":     values{"autoscaling": values{"trigger": "push"}},
	})
}

func testPush(t *testing.T) {
	ensureReady(t, pushScaledValues())
	if left := requireKubectl(t, "get", "triggerauthentications", "--output", "name"); left != "" {
		t.Errorf("KEDA still has credentials: %s", left)
	}
	waitForCluster(t, time.Minute, "a stream from KEDA to the controller", func() (string, bool) {
		for _, p := range listPods(t, "controller") {
			var answer struct{ Body string }
			decodeJSON(t, runAgent(t, "get", "-url", "http://"+p.Status.PodIP+":9090/metrics"), &answer)
			if strings.Contains(answer.Body, "tmd_scaler_streams 1") {
				return "", true
			}
		}
		return "none", false
	})
	none := func() {
		t.Helper()
		waitForCluster(t, scaleToZeroLimit, "no worker", func() (string, bool) {
			wanted, _ := countReplicas(t)
			return fmt.Sprintf("%d workers wanted", wanted), wanted == 0 && len(allPods(t, "worker")) == 0
		})
	}
	for range 3 {
		none()
		next := watchScale(t)
		jobs := uploadDocuments(t, 1, time.Second)
		took := next("1").Sub(jobs[0].Sent)
		t.Logf("FIGURE push: one worker wanted %.2f s after the upload", took.Seconds())
		atMost(t, "from zero to a worker that is wanted", took, pushLimit)
		requireOneAttempt(t, requireDone(t, time.Minute, jobs))
	}
	// Above one the HorizontalPodAutoscaler scales, by the controller's number.
	jobs := uploadDocuments(t, 24, 5*time.Second)
	waitForCluster(t, time.Minute, "ten workers wanted", func() (string, bool) {
		wanted, up := countReplicas(t)
		return fmt.Sprintf("%d wanted, %d ready", wanted, up), wanted == 10
	})
	requireOneAttempt(t, requireDone(t, 3*time.Minute, jobs))
	none()

	// The controller restarts: KEDA polls every two seconds, and reopens the stream.
	requireKubectl(t, "rollout", "restart", "deployment/tmd-trackmydegree-controller")
	jobs = uploadDocuments(t, 1, 0)
	requireKubectl(t, "rollout", "status", "deployment/tmd-trackmydegree-controller", "--timeout", "60s")
	requireOneAttempt(t, requireDone(t, time.Minute, jobs))
}

// watchScale watches the wanted number of workers. The returned function waits for a number, and returns when it was
// seen.
func watchScale(t *testing.T) (next func(want string) time.Time) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), 2*time.Minute)
	t.Cleanup(cancel)
	cmd := exec.CommandContext(ctx, "kubectl", "--namespace", namespace, "get", workerDeployment, "--watch", "--output", `jsonpath={.spec.replicas}{"\n"}`)
	out, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	lines := bufio.NewScanner(out)
	if !lines.Scan() { // the present number: the watch is established
		t.Fatal("the watch printed nothing")
	}
	return func(want string) time.Time {
		t.Helper()
		defer func() { cancel(); _ = cmd.Wait() }()
		for lines.Scan() {
			if lines.Text() == want {
				return time.Now()
			}
		}
		t.Fatalf("the scale did not become %s", want)
		return time.Time{}
	}
}

// The canary tests the autoscaling from zero, and detects a wrong key.
func testCanary(t *testing.T) {
	ensureReady(t, scaledValues().merge(values{"controller": values{
		"enabled": true,
		"canary":  values{"enabled": true, "intervalSeconds": 60, "holdSeconds": 10, "limitSeconds": 45},
	}}))
	ends := func(want string) {
		t.Helper()
		took := waitForCluster(t, 4*time.Minute, "a canary that ends with "+want, func() (string, bool) {
			var s struct {
				Last struct{ Outcome string }
			}
			text := requireKubectl(t, "get", "configmap/tmd-trackmydegree-canary", "--output", "jsonpath={.data.status}")
			if text == "" {
				return "no run yet", false
			}
			if err := json.Unmarshal([]byte(text), &s); err != nil {
				t.Fatal(err)
			}
			return text, s.Last.Outcome == want
		})
		t.Logf("FIGURE canary: %s after %.0f s", want, took.Seconds())
	}
	ends("Proven")
	requireKubectl(t, "patch", "scaledobject/tmd-trackmydegree-worker", "--type", "json", "--patch",
		`[{"op": "replace", "path": "/spec/triggers/0/metadata/listName", "value": "asynq:{courseprocessor}:pending"}]`)
	ends("WrongKeys")
	if events := requireKubectl(t, "get", "events", "--field-selector", "reason=AutoscalingNotVerified", "--output", "name"); events == "" {
		t.Error("there is no event of it")
	}
}
