//go:build e2e

package e2e

import (
	"fmt"
	"strings"
	"testing"
	"time"
)

// recoveryLimit is how long a job of a dead worker may wait before it runs elsewhere.
const recoveryLimit = 10 * time.Second

// An API pod and a worker pod are replaced twice under a constant load.
func testRolling(t *testing.T) {
	ensureReady(t, slowValues())
	scaleWorkers(t, 2)
	stop := startLoad(t, 300*time.Millisecond, 500*time.Millisecond)
	before := podNames(append(listPods(t, "api"), listPods(t, "worker")...))
	installRelease(t, slowValues().merge(values{
		"api":    values{"podAnnotations": values{"e2e": "rolled"}},
		"worker": values{"podAnnotations": values{"e2e": "rolled"}},
	}))
	between := podNames(append(listPods(t, "api"), listPods(t, "worker")...))
	runHelm(t, "rollback", "tmd", "--timeout", "3m")
	waitUntilSettled(t)
	after := podNames(append(listPods(t, "api"), listPods(t, "worker")...))
	r := stop()
	for name := range between {
		if before[name] || after[name] {
			t.Errorf("pod %s was not replaced", name)
		}
	}
	t.Logf("FIGURE rolling upgrade and rollback: %d requests, %d jobs, %d failures", r.Requests, len(r.Jobs), len(r.Failures))
	for _, f := range r.Failures {
		t.Errorf("failed request: %s", f)
	}
	for _, j := range r.Jobs {
		if j.Status != "done" {
			t.Errorf("job %s: %s %s", j.ID, j.Status, j.Error)
		}
	}
	requireOneAttempt(t, r.Jobs)
	scaleWorkers(t, 1)
}

func podNames(all []pod) map[string]bool {
	set := map[string]bool{}
	for _, p := range all {
		set[p.Metadata.Name] = true
	}
	return set
}

// A terminated worker is unready at once, and ends after its job.
func testDrain(t *testing.T) {
	ensureReady(t, slowValues())
	scaleWorkers(t, 1)
	worker := listPods(t, "worker")[0]
	jobs := uploadDocuments(t, 2, 12*time.Second)
	waitUntilParsing(t, 30*time.Second, jobs)
	requireKubectl(t, "delete", "pod", worker.Metadata.Name, "--wait=false")
	runAgent(t, "until", "-url", "http://"+worker.Status.PodIP+":8081/readyz", "-status", "503", "-limit", "5s")
	runAgent(t, "until", "-url", "http://"+worker.Status.PodIP+":8081/livez", "-status", "200", "-limit", "5s")
	requireOneAttempt(t, requireDone(t, time.Minute, jobs))
	waitForCluster(t, 30*time.Second, "the end of the drained pod", func() (string, bool) {
		out := requireKubectl(t, "get", "pod", worker.Metadata.Name, "--ignore-not-found", "--output", "name")
		return out, out == ""
	})
	waitUntilSettled(t)
}

// Two workers end without a shutdown while they run jobs: one is killed, the pod of the other is deleted by force.
// Other workers run their jobs again within seconds, and that counts as no attempt.
func testKilledWorkers(t *testing.T) {
	ensureReady(t, slowValues())
	scaleWorkers(t, 2)
	workers := listPods(t, "worker")
	jobs := uploadDocuments(t, 4, 15*time.Second)
	waitUntilParsing(t, 30*time.Second, jobs)
	killed := time.Now()
	killContainer(t, workers[0], "worker")
	requireKubectl(t, "delete", "pod", workers[1].Metadata.Name, "--force", "--grace-period=0")
	jobs = requireDone(t, 2*time.Minute, jobs)
	parses, last := loadLedger(t), killed
	for _, j := range jobs {
		all := parses[j.Document]
		if j.Attempt != 1 || len(all) < 2 {
			t.Errorf("job %s (%s): attempt %d, parsed %d times, want attempt 1, parsed again", j.ID, j.Document, j.Attempt, len(all))
			continue
		}
		if began := all[1].Began; began.After(last) {
			last = began
		}
	}
	atMost(t, "from the end of two workers to all of their jobs running elsewhere", last.Sub(killed), recoveryLimit)
	waitUntilSettled(t)
	for _, p := range listPods(t, "worker") {
		if p.Metadata.Name == workers[0].Metadata.Name && p.findContainer(t, "worker").RestartCount != 1 {
			t.Errorf("the killed container was started %d times again, want once", p.findContainer(t, "worker").RestartCount)
		}
	}
	scaleWorkers(t, 1)
}

// Worker and parser are containers of one pod. Either is killed, and the other keeps running; jobs continue.
func testKilledBesideEachOther(t *testing.T) {
	ensureReady(t, basicValues())
	scaleWorkers(t, 1)
	for killed, other := range map[string]string{"parser": "worker", "worker": "parser"} {
		before := listPods(t, "worker")[0]
		killContainer(t, before, killed)
		jobs := uploadDocuments(t, 3, 0)
		var after pod
		waitForCluster(t, time.Minute, "a new "+killed, func() (string, bool) {
			after = listPods(t, "worker")[0]
			return fmt.Sprintf("%+v", after.Status.Containers), after.isReady() && after.findContainer(t, killed).RestartCount == before.findContainer(t, killed).RestartCount+1
		})
		if after.Metadata.UID != before.Metadata.UID {
			t.Errorf("the pod was replaced after a kill of the %s", killed)
		}
		if after.findContainer(t, other).RestartCount != before.findContainer(t, other).RestartCount {
			t.Errorf("the %s started again when the %s was killed", other, killed)
		}
		requireDone(t, time.Minute, jobs)
	}
}

// The queue and the results survive a restart of Redis' pod.
func testRedis(t *testing.T) {
	ensureReady(t, slowValues())
	scaleWorkers(t, 1)
	done := requireDone(t, time.Minute, uploadDocuments(t, 2, 0))
	scaleWorkers(t, 0)
	waiting := uploadDocuments(t, 5, 0)
	uid := listPods(t, "redis")[0].Metadata.UID
	requireKubectl(t, "delete", "pod", "tmd-trackmydegree-redis-0")
	waitForCluster(t, time.Minute, "a new pod of Redis", func() (string, bool) {
		all := listPods(t, "redis")
		return fmt.Sprint(len(all)), len(all) == 1 && all[0].isReady() && all[0].Metadata.UID != uid
	})
	waitUntilSettled(t)
	// While Redis was unavailable no API was ready; its Service routes to them again a moment after they are.
	runAgent(t, "until", "-url", apiService+"/readyz", "-status", "200", "-limit", "30s")
	requireDone(t, 10*time.Second, done)
	for _, j := range waiting {
		if s := loadStatuses(t, j); s.Status != "queued" {
			t.Errorf("job %s is %q after Redis came back, want queued", j.ID, s.Status)
		}
	}
	scaleWorkers(t, 1)
	requireOneAttempt(t, requireDone(t, time.Minute, waiting))
}

// While the parser is unavailable, a job waits for its next run, and its status says so; then it is done. An outage
// uses up none of its attempts.
func testParserAway(t *testing.T) {
	ensureReady(t, slowValues())
	scaleWorkers(t, 1)
	lead := func(app string) {
		requireKubectl(t, "patch", "service", "e2e-parser", "--patch", `{"spec":{"selector":{"app":"`+app+`"}}}`)
	}
	lead("nobody")
	t.Cleanup(func() { lead("e2e-parser") })
	// Kept connections do not use the Service: they end with the pod.
	requireKubectl(t, "delete", "pod", "--selector", "app=e2e-parser")
	requireKubectl(t, "rollout", "status", "deployment/e2e-parser", "--timeout", "60s")
	jobs := uploadDocuments(t, 1, 0)
	waitForCluster(t, 20*time.Second, "a job that waits to be tried again", func() (string, bool) {
		s := loadStatuses(t, jobs[0])
		return s.Status, s.Status == "retrying" && s.Error == "parser_unavailable"
	})
	lead("e2e-parser")
	if ended := requireDone(t, time.Minute, jobs); ended[0].Attempt != 1 {
		t.Errorf("the job was done by attempt %d, want the first", ended[0].Attempt)
	}
}

func testProbes(t *testing.T) {
	ensureReady(t, slowValues())
	all := listPods(t, "api")
	// MongoDB is unavailable: the API receives no requests, and no pod is restarted because of that.
	requireKubectl(t, "scale", "statefulset/tmd-trackmydegree-mongodb", "--replicas=0")
	waitForCluster(t, time.Minute, "an API that is not ready", func() (string, bool) {
		up := 0
		for _, p := range listPods(t, "api") {
			if p.isReady() {
				up++
			}
		}
		return fmt.Sprintf("%d ready", up), up == 0
	})
	runAgent(t, "until", "-url", "http://"+all[0].Status.PodIP+":8000/readyz", "-status", "503", "-limit", "5s")
	runAgent(t, "until", "-url", "http://"+all[0].Status.PodIP+":8000/livez", "-status", "200", "-limit", "5s")
	requireKubectl(t, "scale", "statefulset/tmd-trackmydegree-mongodb", "--replicas=1")
	waitUntilSettled(t)
	now := listPods(t, "api")
	if len(now) != len(all) {
		t.Errorf("%d pods of the API, there were %d", len(now), len(all))
	}
	for _, p := range now {
		if n := p.findContainer(t, "api").RestartCount; n != 0 {
			t.Errorf("the API started %d times again", n)
		}
	}

	// A terminated pod of the API leaves the Service at once, while it still answers.
	leaving := now[0]
	requireKubectl(t, "delete", "pod", leaving.Metadata.Name, "--wait=false")
	took := waitForCluster(t, 4*time.Second, "an endpoint that is not ready", func() (string, bool) {
		out := requireKubectl(t, "get", "endpointslices", "--selector", "kubernetes.io/service-name=tmd-trackmydegree-api",
			"--output", `jsonpath={range .items[*].endpoints[?(@.conditions.ready==true)]}{.addresses[0]}{"\n"}{end}`)
		for address := range strings.FieldsSeq(out) {
			if address == leaving.Status.PodIP {
				return out, false
			}
		}
		return out, true
	})
	runAgent(t, "until", "-url", "http://"+leaving.Status.PodIP+":8000/livez", "-status", "200", "-limit", "2s")
	t.Logf("FIGURE endpoint of a deleted API pod gone within %.1f s", took.Seconds())
	waitUntilSettled(t)
}
