//go:build e2e

package e2e

import (
	"fmt"
	"os"
	"slices"
	"strings"
	"testing"
	"time"
)

// The requirements of the controller, and their time limits.
const (
	handOverLimit  = 3 * time.Second
	costAnnotation = "controller.kubernetes.io/pod-deletion-cost"
	busyLabel      = "trackmydegree.io/busy"
	longJob        = 50 * time.Second // below the worker's timeout of the parser
	leaseName      = "lease/tmd-trackmydegree-controller"
)

// roundCount returns the number of repetitions of a random test: CI shows that it works, a developer's machine how
// reliably.
func roundCount(n int) int {
	if os.Getenv("CI") == "true" {
		return min(n, 3)
	}
	return n
}

// singleJobValues is slowValues with workers of one job each, so that the busy ones are known.
func singleJobValues() values {
	return slowValues().merge(values{"worker": values{"concurrency": 1}})
}

// controlledValues is singleJobValues with two controllers, of which one is active.
func controlledValues() values {
	return singleJobValues().merge(values{"controller": values{"enabled": true, "replicas": 2}})
}

// Six workers, two of them busy, and a scale-down to two: the busy ones stay, each time. Without the controller that
// is a matter of chance.
func testBusyWorkersSpared(t *testing.T) {
	unsparedRounds, sparedRounds := roundCount(10), roundCount(20)
	ensureReady(t, singleJobValues())
	kept, jobs := countSparedRounds(t, unsparedRounds, nil)
	requireDone(t, 2*time.Minute, jobs)
	t.Logf("FIGURE scale-down without the controller: both busy workers kept in %d of %d rounds", kept, unsparedRounds)

	ensureReady(t, controlledValues())
	kept, jobs = countSparedRounds(t, sparedRounds, func(round int, busy []string) {
		for _, name := range busy {
			took := waitForCluster(t, 10*time.Second, "a cost for "+name, func() (string, bool) {
				cost := annotationOf(t, name, costAnnotation)
				return "cost " + cost, cost != ""
			})
			if round == 0 {
				t.Logf("FIGURE deletion cost written within %.1f s after the job was seen to run", took.Seconds())
			}
		}
		if round == sparedRounds/2 { // another leader, without any state
			leader, _, _ := strings.Cut(requireKubectl(t, "get", leaseName, "--output", "jsonpath={.spec.holderIdentity}"), "_")
			requireKubectl(t, "delete", "pod", leader)
		}
	})
	requireOneAttempt(t, requireDone(t, 2*time.Minute, jobs))
	t.Logf("FIGURE scale-down with the controller: both busy workers kept in %d of %d rounds", kept, sparedRounds)
	if kept != sparedRounds {
		t.Errorf("busy workers were taken in %d of %d rounds", sparedRounds-kept, sparedRounds)
	}
	scaleWorkers(t, 1)
}

// countSparedRounds scales from six workers to two while two of them are busy, and returns in how many rounds these
// were kept. before is called with their pods when both are known to be busy.
func countSparedRounds(t *testing.T, rounds int, before func(round int, busy []string)) (kept int, jobs []job) {
	t.Helper()
	redis := openRedis(t)
	var until time.Time
	for round := range rounds {
		scaleWorkers(t, 6)
		if time.Until(until) < 20*time.Second {
			if len(jobs) > 0 {
				requireDone(t, 2*time.Minute, jobs)
			}
			jobs = uploadDocuments(t, 2, longJob)
			waitUntilParsing(t, 30*time.Second, jobs)
			until = time.Now().Add(longJob)
		}
		busy := redis.listBusyPods(t, jobs)
		if before != nil {
			before(round, busy)
		}
		requireKubectl(t, "scale", workerDeployment, "--replicas", "2")
		var left []string
		waitForCluster(t, 30*time.Second, "two workers that stay", func() (string, bool) {
			left = nil
			for name := range podNames(listPods(t, "worker")) {
				left = append(left, name)
			}
			return strings.Join(left, " "), len(left) == 2
		})
		slices.Sort(left)
		if slices.Equal(left, busy) {
			kept++
			continue
		}
		t.Logf("round %d: busy %v, left %v", round, busy, left)
		until = time.Time{} // a terminated worker ends its job first, and others are busy then
	}
	return kept, jobs
}

// listBusyPods returns the pods that run the jobs, sorted.
func (c redisClient) listBusyPods(t *testing.T, jobs []job) []string {
	t.Helper()
	var hosts []string
	waitForCluster(t, 10*time.Second, "a worker for each job", func() (string, bool) {
		held, err := c.HGetAll(t.Context(), "queue:holders").Result()
		if err != nil {
			t.Fatal(err)
		}
		hosts = nil
		for _, j := range jobs {
			if host, _, ok := strings.Cut(held[j.ID], ":"); ok {
				hosts = append(hosts, host)
			}
		}
		return fmt.Sprint(held), len(hosts) == len(jobs)
	})
	slices.Sort(hosts)
	return hosts
}

func annotationOf(t *testing.T, pod, name string) string {
	t.Helper()
	return requireKubectl(t, "get", "pod", pod, "--output", "jsonpath={.metadata.annotations."+strings.ReplaceAll(name, ".", `\.`)+"}")
}

func labelOf(t *testing.T, pod, name string) string {
	t.Helper()
	return requireKubectl(t, "get", "pod", pod, "--output", "jsonpath={.metadata.labels."+strings.ReplaceAll(name, ".", `\.`)+"}")
}

// The pod of a busy worker is deleted by force: its job runs elsewhere as soon as Kubernetes knows.
func testHandOver(t *testing.T) {
	ensureReady(t, controlledValues())
	redis, killedRounds := openRedis(t), roundCount(20)
	var took []time.Duration
	for range killedRounds {
		scaleWorkers(t, 3)
		jobs := uploadDocuments(t, 1, 6*time.Second)
		waitUntilParsing(t, 30*time.Second, jobs)
		victim := redis.listBusyPods(t, jobs)[0]
		killed := time.Now()
		requireKubectl(t, "delete", "pod", victim, "--force", "--grace-period=0")
		var again time.Time
		waitForCluster(t, 30*time.Second, "the job on another worker", func() (string, bool) {
			parses := loadLedger(t)[jobs[0].Document]
			if len(parses) > 1 {
				again = parses[1].Began
			}
			return fmt.Sprint(len(parses), " parses"), len(parses) > 1
		})
		took = append(took, again.Sub(killed))
		requireDone(t, time.Minute, jobs)
	}
	slices.Sort(took)
	p95 := took[(killedRounds*95+99)/100-1]
	t.Logf("FIGURE hand-over after a forced kill: median %.1f s, p95 %.1f s, most %.1f s of %d",
		took[killedRounds/2].Seconds(), p95.Seconds(), took[killedRounds-1].Seconds(), killedRounds)
	atMost(t, "p95 of the hand-over after a forced kill", p95, handOverLimit)
	scaleWorkers(t, 1)
}

// A pod with a long job is not evicted; an idle one is, and the busy one after its job.
func testEvictionGuard(t *testing.T) {
	ensureReady(t, controlledValues().merge(values{"controller": values{"drainGuard": values{"afterSeconds": 5}}}))
	scaleWorkers(t, 2)
	jobs := uploadDocuments(t, 1, 30*time.Second)
	waitUntilParsing(t, 30*time.Second, jobs)
	busy := openRedis(t).listBusyPods(t, jobs)[0]
	waitForCluster(t, 20*time.Second, "a mark on the busy pod", func() (string, bool) {
		value := labelOf(t, busy, busyLabel)
		return value, value == "true"
	})
	// The controller of disruption budgets sees the mark a moment later.
	waitForCluster(t, 10*time.Second, "a budget that selects the busy pod", func() (string, bool) {
		healthy := requireKubectl(t, "get", "poddisruptionbudget", "tmd-trackmydegree-worker", "--output", "jsonpath={.status.currentHealthy}")
		return healthy + " pods are guarded", healthy == "1"
	})
	if err := evictPod(t, busy); err == nil || !strings.Contains(err.Error(), "disruption budget") {
		t.Errorf("eviction of a busy pod: %v, want a refusal", err)
	}
	for name := range podNames(listPods(t, "worker")) {
		if name == busy {
			continue
		}
		if err := evictPod(t, name); err != nil {
			t.Errorf("eviction of an idle pod: %v", err)
		}
	}
	requireOneAttempt(t, requireDone(t, time.Minute, jobs))
	waitForCluster(t, 30*time.Second, "an eviction after the job", func() (string, bool) {
		err := evictPod(t, busy)
		return fmt.Sprint(err), err == nil
	})
	waitUntilSettled(t)
	scaleWorkers(t, 1)
}

func evictPod(t *testing.T, pod string) error {
	t.Helper()
	eviction := fmt.Sprintf(`{"apiVersion":"policy/v1","kind":"Eviction","metadata":{"name":%q,"namespace":%q}}`, pod, namespace)
	_, err := runCommand(t.Context(), strings.NewReader(eviction), "kubectl", "create", "--filename", "-",
		"--raw", "/api/v1/namespaces/"+namespace+"/pods/"+pod+"/eviction")
	return err
}
