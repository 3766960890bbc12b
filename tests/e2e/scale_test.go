//go:build e2e

package e2e

import (
	"fmt"
	"testing"
	"time"
)

// The time limits of the autoscaler.
const (
	firstJobLimit = 10 * time.Second
	burstLimit    = 20 * time.Second
	// scaleToZeroLimit is the cooldown of two minutes, plus the reaction time of KEDA.
	scaleToZeroLimit = 4 * time.Minute
)

// Without an autoscaler the operator sets the number of workers, and an upgrade does not change it.
func testScaleByHand(t *testing.T) {
	ensureReady(t, basicValues())
	scaleWorkers(t, 3)
	installRelease(t, slowValues())
	if wanted, up := countReplicas(t); wanted != 3 || up != 3 {
		t.Errorf("after an upgrade: %d workers wanted, %d ready, want the 3 of kubectl scale", wanted, up)
	}
	requireDone(t, time.Minute, uploadDocuments(t, 6, time.Second))
	scaleWorkers(t, 1)
}

func testAutoscaling(t *testing.T) {
	ensureReady(t, scaledValues())
	none := func(what string) {
		t.Helper()
		took := waitForCluster(t, scaleToZeroLimit, what, func() (string, bool) {
			wanted, _ := countReplicas(t)
			return fmt.Sprintf("%d workers wanted", wanted), wanted == 0 && len(allPods(t, "worker")) == 0
		})
		t.Logf("FIGURE %s: %.1f s", what, took.Seconds())
	}
	none("no worker after the upgrade")

	first := uploadDocuments(t, 1, time.Second)
	waitUntilParsing(t, time.Minute, first)
	took := loadLedger(t)[first[0].Document][0].Began.Sub(first[0].Sent)
	atMost(t, "from zero to the first job", took, firstJobLimit)

	// 60 uploads, two for each worker: 30 would be wanted, 10 is the maximum. Four of them run much longer than the
	// rest: two workers are wanted then, and a deleted worker with a long job ends it first.
	began := time.Now()
	jobs := uploadDocuments(t, 4, 90*time.Second)
	jobs = append(jobs, uploadDocuments(t, 56, 5*time.Second)...)
	waitForCluster(t, time.Minute, "ten workers wanted", func() (string, bool) {
		wanted, up := countReplicas(t)
		return fmt.Sprintf("%d wanted, %d ready", wanted, up), wanted == 10
	})
	t.Logf("FIGURE burst: ten workers wanted after %.1f s", time.Since(began).Seconds())
	waitForCluster(t, time.Minute, "ten workers ready", func() (string, bool) {
		wanted, up := countReplicas(t)
		return fmt.Sprintf("%d wanted, %d ready", wanted, up), up == 10
	})
	atMost(t, "from one worker to ten", time.Since(began), burstLimit)
	seen := ""
	waitForCluster(t, 2*time.Minute, "two workers wanted for the four long jobs that are left", func() (string, bool) {
		wanted, _ := countReplicas(t)
		seen += fmt.Sprintf(" %.0fs:%d", time.Since(began).Seconds(), wanted)
		return seen, wanted == 2
	})
	requireOneAttempt(t, requireDone(t, 3*time.Minute, append(first, jobs...)))
	none("from the last job to no worker")

	t.Run("Retry", testRetryKeepsAWorker)
	t.Run("Paused", testPaused)
}

// No worker runs a job that waits for a retry, but only a worker returns it to the queue.
func testRetryKeepsAWorker(t *testing.T) {
	redis := openRedis(t)
	// Longer than all of KEDA's delays. The queue moves the entry only when its time has come, and the test removes
	// it before.
	redis.addMember(t, "asynq:{courseProcessor}:retry", "e2e-waits", time.Now().Add(time.Hour))
	waitForCluster(t, time.Minute, "a worker for a job that waits", func() (string, bool) {
		_, up := countReplicas(t)
		return fmt.Sprintf("%d ready", up), up == 1
	})
	calm := time.Now()
	waitForCluster(t, scaleToZeroLimit, "a calm time longer than the cooldown and the window of scaling down", func() (string, bool) {
		if wanted, _ := countReplicas(t); wanted != 1 {
			t.Fatalf("%d workers wanted after %s of waiting, want 1", wanted, time.Since(calm))
		}
		return "", time.Since(calm) > 140*time.Second
	})
	redis.removeMember(t, "asynq:{courseProcessor}:retry", "e2e-waits")
	waitForCluster(t, scaleToZeroLimit, "no worker when nothing waits", func() (string, bool) {
		wanted, _ := countReplicas(t)
		return fmt.Sprintf("%d wanted", wanted), wanted == 0
	})
}

func testPaused(t *testing.T) {
	const object = "scaledobject/tmd-trackmydegree-worker"
	requireKubectl(t, "annotate", object, "autoscaling.keda.sh/paused-replicas=3", "--overwrite")
	waitForCluster(t, time.Minute, "the three workers of the annotation", func() (string, bool) {
		_, up := countReplicas(t)
		return fmt.Sprintf("%d ready", up), up == 3
	})
	requireDone(t, time.Minute, uploadDocuments(t, 3, time.Second))
	if wanted, _ := countReplicas(t); wanted != 3 {
		t.Errorf("%d workers wanted while paused, want 3", wanted)
	}
	requireKubectl(t, "annotate", object, "autoscaling.keda.sh/paused-replicas-")
	waitForCluster(t, scaleToZeroLimit, "no worker after the pause", func() (string, bool) {
		wanted, _ := countReplicas(t)
		return fmt.Sprintf("%d wanted", wanted), wanted == 0
	})
	requireOneAttempt(t, requireDone(t, time.Minute, uploadDocuments(t, 1, 0)))
}
