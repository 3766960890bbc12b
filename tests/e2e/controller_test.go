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

// What the controller has to do, and how fast.
const (
	handOverLimit  = 3 * time.Second
	costAnnotation = "controller.kubernetes.io/pod-deletion-cost"
	busyLabel      = "trackmydegree.io/busy"
	longJob        = 50 * time.Second // under the patience of the worker with its parser
	leaseName      = "lease/tmd-trackmydegree-controller"
)

// How often what depends on luck is tried: CI shows that it works, a developer's machine how reliably.
func rounds(n int) int {
	if os.Getenv("CI") == "true" {
		return min(n, 3)
	}
	return n
}

// single is slow with workers of one job each, so that it is known who is busy.
func single() values {
	return slow().with(values{"worker": values{"concurrency": 1}})
}

// controlled is single with two controllers, of which one works.
func controlled() values {
	return single().with(values{"controller": values{"enabled": true, "replicas": 2}})
}

// Six workers, two of them busy, and a scale-down to two: the busy ones stay, each time. Without the controller it is luck.
func testBusyWorkersSpared(t *testing.T) {
	unsparedRounds, sparedRounds := rounds(10), rounds(20)
	ready(t, single())
	kept, jobs := spare(t, unsparedRounds, nil)
	finish(t, 2*time.Minute, jobs)
	t.Logf("FIGURE scale-down without the controller: both busy workers kept in %d of %d rounds", kept, unsparedRounds)

	ready(t, controlled())
	kept, jobs = spare(t, sparedRounds, func(round int, busy []string) {
		for _, name := range busy {
			took := await(t, 10*time.Second, "a cost for "+name, func() (string, bool) {
				cost := annotation(t, name, costAnnotation)
				return "cost " + cost, cost != ""
			})
			if round == 0 {
				t.Logf("FIGURE deletion cost written within %.1f s after the job was seen to run", took.Seconds())
			}
		}
		if round == sparedRounds/2 { // another leader, which has seen nothing
			leader, _, _ := strings.Cut(kubectl(t, "get", leaseName, "--output", "jsonpath={.spec.holderIdentity}"), "_")
			kubectl(t, "delete", "pod", leader)
		}
	})
	once(t, finish(t, 2*time.Minute, jobs))
	t.Logf("FIGURE scale-down with the controller: both busy workers kept in %d of %d rounds", kept, sparedRounds)
	if kept != sparedRounds {
		t.Errorf("busy workers were taken in %d of %d rounds", sparedRounds-kept, sparedRounds)
	}
	scale(t, 1)
}

// spare scales from six workers to two while two of them are busy, and returns in how many rounds these were kept. before is
// called with their pods when both are known to be busy.
func spare(t *testing.T, rounds int, before func(round int, busy []string)) (kept int, jobs []job) {
	t.Helper()
	redis := openRedis(t)
	var until time.Time
	for round := range rounds {
		scale(t, 6)
		if time.Until(until) < 20*time.Second {
			if len(jobs) > 0 {
				finish(t, 2*time.Minute, jobs)
			}
			jobs = upload(t, 2, longJob)
			begun(t, 30*time.Second, jobs)
			until = time.Now().Add(longJob)
		}
		busy := redis.holders(t, jobs)
		if before != nil {
			before(round, busy)
		}
		kubectl(t, "scale", workerDeployment, "--replicas", "2")
		var left []string
		await(t, 30*time.Second, "two workers that stay", func() (string, bool) {
			left = nil
			for name := range names(pods(t, "worker")) {
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
		until = time.Time{} // who is told to end ends its job first, and others are busy then
	}
	return kept, jobs
}

// holders returns the pods that run the jobs, sorted.
func (c redisClient) holders(t *testing.T, jobs []job) []string {
	t.Helper()
	var hosts []string
	await(t, 10*time.Second, "a worker for each job", func() (string, bool) {
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

func annotation(t *testing.T, pod, name string) string {
	t.Helper()
	return kubectl(t, "get", "pod", pod, "--output", "jsonpath={.metadata.annotations."+strings.ReplaceAll(name, ".", `\.`)+"}")
}

func label(t *testing.T, pod, name string) string {
	t.Helper()
	return kubectl(t, "get", "pod", pod, "--output", "jsonpath={.metadata.labels."+strings.ReplaceAll(name, ".", `\.`)+"}")
}

// The pod of a busy worker is taken away by force: its job runs elsewhere as soon as Kubernetes knows.
func testHandOver(t *testing.T) {
	ready(t, controlled())
	redis, killedRounds := openRedis(t), rounds(20)
	var took []time.Duration
	for range killedRounds {
		scale(t, 3)
		jobs := upload(t, 1, 6*time.Second)
		begun(t, 30*time.Second, jobs)
		victim := redis.holders(t, jobs)[0]
		killed := time.Now()
		kubectl(t, "delete", "pod", victim, "--force", "--grace-period=0")
		var again time.Time
		await(t, 30*time.Second, "the job on another worker", func() (string, bool) {
			parses := ledger(t)[jobs[0].Document]
			if len(parses) > 1 {
				again = parses[1].Began
			}
			return fmt.Sprint(len(parses), " parses"), len(parses) > 1
		})
		took = append(took, again.Sub(killed))
		finish(t, time.Minute, jobs)
	}
	slices.Sort(took)
	p95 := took[(killedRounds*95+99)/100-1]
	t.Logf("FIGURE hand-over after a forced kill: median %.1f s, p95 %.1f s, most %.1f s of %d",
		took[killedRounds/2].Seconds(), p95.Seconds(), took[killedRounds-1].Seconds(), killedRounds)
	atMost(t, "p95 of the hand-over after a forced kill", p95, handOverLimit)
	scale(t, 1)
}

// A pod that has been running a job for a while is not evicted; an idle one is, and the busy one after its job.
func testEvictionGuard(t *testing.T) {
	ready(t, controlled().with(values{"controller": values{"drainGuard": values{"afterSeconds": 5}}}))
	scale(t, 2)
	jobs := upload(t, 1, 30*time.Second)
	begun(t, 30*time.Second, jobs)
	busy := openRedis(t).holders(t, jobs)[0]
	await(t, 20*time.Second, "a mark on the busy pod", func() (string, bool) {
		value := label(t, busy, busyLabel)
		return value, value == "true"
	})
	// The budget's own controller sees the mark a moment later.
	await(t, 10*time.Second, "a budget that selects the busy pod", func() (string, bool) {
		healthy := kubectl(t, "get", "poddisruptionbudget", "tmd-trackmydegree-worker", "--output", "jsonpath={.status.currentHealthy}")
		return healthy + " pods are guarded", healthy == "1"
	})
	if err := evict(t, busy); err == nil || !strings.Contains(err.Error(), "disruption budget") {
		t.Errorf("eviction of a busy pod: %v, want a refusal", err)
	}
	for name := range names(pods(t, "worker")) {
		if name == busy {
			continue
		}
		if err := evict(t, name); err != nil {
			t.Errorf("eviction of an idle pod: %v", err)
		}
	}
	once(t, finish(t, time.Minute, jobs))
	await(t, 30*time.Second, "an eviction after the job", func() (string, bool) {
		err := evict(t, busy)
		return fmt.Sprint(err), err == nil
	})
	settled(t)
	scale(t, 1)
}

func evict(t *testing.T, pod string) error {
	t.Helper()
	eviction := fmt.Sprintf(`{"apiVersion":"policy/v1","kind":"Eviction","metadata":{"name":%q,"namespace":%q}}`, pod, namespace)
	_, err := command(t.Context(), strings.NewReader(eviction), "kubectl", "create", "--filename", "-",
		"--raw", "/api/v1/namespaces/"+namespace+"/pods/"+pod+"/eviction")
	return err
}
