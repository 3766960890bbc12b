//go:build e2e

package e2e

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"
)

// A new digest behind a tag is rolled out, one component after the other, and a broken one is rolled back. The
// controller runs outside of the cluster here: the registry of these tests is on this machine's loopback, which no
// pod reaches.
func testImages(t *testing.T) {
	tag := env.tag + "-moving"
	moving := env.registry + "/trackmydegree:" + tag
	// mutate makes the tag name another image, built from the project's.
	mutate := func(how ...string) (digest string) {
		t.Helper()
		runCrane(t, append([]string{"mutate", "--insecure", env.imageRef("trackmydegree"), "--tag", moving}, how...)...)
		return runCrane(t, "digest", "--insecure", moving)
	}
	first := mutate("--label", "e2e=first")
	release := basicValues().merge(values{"image": values{"tag": tag}})
	ensureReady(t, release)
	scaleWorkers(t, 1) // an autoscaler of an earlier chapter may have left none, and without a pod the image is never proven
	startController(t, "TMD_IMAGES=true", "TMD_IMAGES_SCHEDULE=* * * * *", "TMD_IMAGES_DEADLINE=3m",
		"TMD_RELEASE_SELECTOR=app.kubernetes.io/instance=tmd")

	fresh := mutate("--label", "e2e=fresh")
	if fresh == first {
		t.Fatal("both images have one digest")
	}
	stop := startLoad(t, 500*time.Millisecond, 0)
	began := time.Now()
	runs := func(component string) string {
		return requireKubectl(t, "get", "deployment/tmd-trackmydegree-"+component, "--output", "jsonpath={.spec.template.spec.containers[0].image}")
	}
	waitForCluster(t, 5*time.Minute, "the new digest everywhere, and proven", func() (string, bool) {
		saw := "worker " + runs("worker") + ", api " + runs("api") + ", under way: " + listRollouts(t)
		return saw, runs("worker") == moving+"@"+fresh && runs("api") == moving+"@"+fresh && listRollouts(t) == ""
	})
	t.Logf("FIGURE image update: from the push to proven everywhere %.0f s, up to 60 of them until the schedule's time", time.Since(began).Seconds())
	report := stop()
	if len(report.Failures) > 0 {
		t.Errorf("%d of %d requests failed during the update: %s", len(report.Failures), report.Requests, report.Failures[0])
	}
	requireDone(t, time.Minute, report.Jobs)

	broken := mutate("--label", "e2e=broken", "--entrypoint", "/tmd,no-such-command")
	began = time.Now()
	waitForCluster(t, 6*time.Minute, "the way back from the broken digest", func() (string, bool) {
		bad := requireKubectl(t, "get", "deployment/tmd-trackmydegree-worker", "--output", `jsonpath={.metadata.annotations.trackmydegree\.io/image-bad}`)
		saw := "worker " + runs("worker") + ", bad: " + bad + ", under way: " + listRollouts(t)
		if runs("api") != moving+"@"+fresh {
			t.Fatalf("the API runs %s", runs("api"))
		}
		return saw, strings.Contains(bad, broken) && runs("worker") == moving+"@"+fresh && listRollouts(t) == ""
	})
	t.Logf("FIGURE image update: from the push of a broken image to the old one %.0f s", time.Since(began).Seconds())
	waitUntilSettled(t)
	requireDone(t, time.Minute, uploadDocuments(t, 2, 0))
	for _, reason := range []string{"ImageUpdated", "ImageRolledBack", "ImageRestored"} {
		if events := requireKubectl(t, "get", "events", "--field-selector", "reason="+reason, "--output", "name"); events == "" {
			t.Errorf("there is no event %s", reason)
		}
	}
	// Helm owns the Deployments as before: an upgrade meets no conflict.
	installRelease(t, release.merge(values{"image": values{"tag": env.tag}}))
	if got := runs("worker"); got != env.imageRef("trackmydegree") {
		t.Errorf("after helm upgrade the worker runs %s", got)
	}
}

// listRollouts returns the rollouts under way.
func listRollouts(t *testing.T) string {
	t.Helper()
	return requireKubectl(t, "get", "deployments", "--output", `jsonpath={.items[*].metadata.annotations.trackmydegree\.io/image-rollout}`)
}

func runCrane(t *testing.T, args ...string) string {
	t.Helper()
	out, err := runCommand(t.Context(), nil, "crane", args...)
	if err != nil {
		t.Fatal(err)
	}
	return out
}

// startController runs the controller on this machine until the test ends, with only these settings.
func startController(t *testing.T, settings ...string) {
	t.Helper()
	program := filepath.Join(t.TempDir(), "tmd-controller")
	build := exec.Command("go", "build", "-buildvcs=false", "-o", program, "./cmd/tmd-controller")
	build.Dir, build.Stderr = env.root, os.Stderr
	if err := build.Run(); err != nil {
		t.Fatal(err)
	}
	log, err := os.Create(filepath.Join(t.TempDir(), "controller.log"))
	if err != nil {
		t.Fatal(err)
	}
	cmd := exec.Command(program)
	cmd.Stdout, cmd.Stderr = log, log
	cmd.SysProcAttr = &syscall.SysProcAttr{Pdeathsig: syscall.SIGKILL}
	cmd.Env = append([]string{
		"PATH=" + os.Getenv("PATH"), "KUBECONFIG=" + os.Getenv("KUBECONFIG"), "TMD_NAMESPACE=" + namespace, "TMD_LEADER_ELECTION=false",
		"TMD_DELETION_COST=false", "TMD_HAND_OVER=false", "TMD_DRAIN_GUARD=false",
		"REDIS_JOB_URL=redis://127.0.0.1:1/1", // not used
		"TMD_CONTROLLER_HEALTH_ADDR=off", "TMD_METRICS_ADDR=off",
	}, settings...)
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	ended := make(chan error, 1)
	go func() { ended <- cmd.Wait() }()
	t.Cleanup(func() {
		_ = cmd.Process.Signal(syscall.SIGTERM)
		if err := <-ended; err != nil {
			t.Errorf("the controller: %v", err)
		}
		if b, err := os.ReadFile(log.Name()); err == nil && t.Failed() {
			t.Logf("the controller said:\n%s", b)
		}
		log.Close()
	})
	select {
	case err := <-ended:
		ended <- fmt.Errorf("ended at once: %w", err)
		t.FailNow()
	case <-time.After(2 * time.Second):
	}
}
