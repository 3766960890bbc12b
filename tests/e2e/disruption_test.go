//go:build e2e

package e2e

import (
	"fmt"
	"strings"
	"testing"
	"time"
)

// recoveryLimit is how long a job of a worker that died may lie before it runs elsewhere.
const recoveryLimit = 10 * time.Second

// An API pod and a worker pod are replaced, and replaced back, under a constant load.
func testRolling(t *testing.T) {
	ready(t, slow())
	scale(t, 2)
	stop := load(t, 300*time.Millisecond, 500*time.Millisecond)
	before := names(append(pods(t, "api"), pods(t, "worker")...))
	install(t, slow().with(values{
		"api":    values{"podAnnotations": values{"e2e": "rolled"}},
		"worker": values{"podAnnotations": values{"e2e": "rolled"}},
	}))
	between := names(append(pods(t, "api"), pods(t, "worker")...))
	helm(t, "rollback", "tmd", "--timeout", "3m")
	settled(t)
	after := names(append(pods(t, "api"), pods(t, "worker")...))
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
	once(t, r.Jobs)
	scale(t, 1)
}

func names(all []pod) map[string]bool {
	set := map[string]bool{}
	for _, p := range all {
		set[p.Metadata.Name] = true
	}
	return set
}

// A worker that is told to end is unready at once, ends its job and goes.
func testDrain(t *testing.T) {
	ready(t, slow())
	scale(t, 1)
	worker := pods(t, "worker")[0]
	jobs := upload(t, 2, 12*time.Second)
	begun(t, 30*time.Second, jobs)
	kubectl(t, "delete", "pod", worker.Metadata.Name, "--wait=false")
	agent(t, "until", "-url", "http://"+worker.Status.PodIP+":8081/readyz", "-status", "503", "-limit", "5s")
	agent(t, "until", "-url", "http://"+worker.Status.PodIP+":8081/livez", "-status", "200", "-limit", "5s")
	once(t, finish(t, time.Minute, jobs))
	await(t, 30*time.Second, "the end of the drained pod", func() (string, bool) {
		out := kubectl(t, "get", "pod", worker.Metadata.Name, "--ignore-not-found", "--output", "name")
		return out, out == ""
	})
	settled(t)
}

// Two workers end without a word in the middle of their jobs: one is killed, the pod of the other is taken away by force.
// Others begin their jobs again within seconds, and that counts as no attempt.
func testKilledWorkers(t *testing.T) {
	ready(t, slow())
	scale(t, 2)
	workers := pods(t, "worker")
	jobs := upload(t, 4, 15*time.Second)
	begun(t, 30*time.Second, jobs)
	killed := time.Now()
	kill(t, workers[0], "worker")
	kubectl(t, "delete", "pod", workers[1].Metadata.Name, "--force", "--grace-period=0")
	jobs = finish(t, 2*time.Minute, jobs)
	parses, last := ledger(t), killed
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
	settled(t)
	for _, p := range pods(t, "worker") {
		if p.Metadata.Name == workers[0].Metadata.Name && p.container(t, "worker").RestartCount != 1 {
			t.Errorf("the killed container was started %d times again, want once", p.container(t, "worker").RestartCount)
		}
	}
	scale(t, 1)
}

// Worker and parser are containers of one pod. Either is killed, and the other stays as it is; jobs go on.
func testKilledBesideEachOther(t *testing.T) {
	ready(t, basic())
	scale(t, 1)
	for killed, other := range map[string]string{"parser": "worker", "worker": "parser"} {
		before := pods(t, "worker")[0]
		kill(t, before, killed)
		jobs := upload(t, 3, 0)
		var after pod
		await(t, time.Minute, "a new "+killed, func() (string, bool) {
			after = pods(t, "worker")[0]
			return fmt.Sprintf("%+v", after.Status.Containers), after.ready() && after.container(t, killed).RestartCount == before.container(t, killed).RestartCount+1
		})
		if after.Metadata.UID != before.Metadata.UID {
			t.Errorf("the pod was replaced after a kill of the %s", killed)
		}
		if after.container(t, other).RestartCount != before.container(t, other).RestartCount {
			t.Errorf("the %s started again when the %s was killed", other, killed)
		}
		finish(t, time.Minute, jobs)
	}
}

// The queue and the results outlive Redis' pod.
func testRedis(t *testing.T) {
	ready(t, slow())
	scale(t, 1)
	done := finish(t, time.Minute, upload(t, 2, 0))
	scale(t, 0)
	waiting := upload(t, 5, 0)
	uid := pods(t, "redis")[0].Metadata.UID
	kubectl(t, "delete", "pod", "tmd-trackmydegree-redis-0")
	await(t, time.Minute, "a new pod of Redis", func() (string, bool) {
		all := pods(t, "redis")
		return fmt.Sprint(len(all)), len(all) == 1 && all[0].ready() && all[0].Metadata.UID != uid
	})
	settled(t)
	// While Redis was away no API was ready; its Service leads to them again a moment after they are.
	agent(t, "until", "-url", apiService+"/readyz", "-status", "200", "-limit", "30s")
	finish(t, 10*time.Second, done)
	for _, j := range waiting {
		if s := status(t, j); s.Status != "queued" {
			t.Errorf("job %s is %q after Redis came back, want queued", j.ID, s.Status)
		}
	}
	scale(t, 1)
	once(t, finish(t, time.Minute, waiting))
}

// While the parser is away, a job waits to be tried again, and says so; then it is done. An outage is no fault of the job's
// and takes none of its attempts.
func testParserAway(t *testing.T) {
	ready(t, slow())
	scale(t, 1)
	lead := func(app string) {
		kubectl(t, "patch", "service", "e2e-parser", "--patch", `{"spec":{"selector":{"app":"`+app+`"}}}`)
	}
	lead("nobody")
	t.Cleanup(func() { lead("e2e-parser") })
	// Connections that are kept do not ask the Service: they end with the pod.
	kubectl(t, "delete", "pod", "--selector", "app=e2e-parser")
	kubectl(t, "rollout", "status", "deployment/e2e-parser", "--timeout", "60s")
	jobs := upload(t, 1, 0)
	await(t, 20*time.Second, "a job that waits to be tried again", func() (string, bool) {
		s := status(t, jobs[0])
		return s.Status, s.Status == "retrying" && s.Error == "parser_unavailable"
	})
	lead("e2e-parser")
	if ended := finish(t, time.Minute, jobs); ended[0].Attempt != 1 {
		t.Errorf("the job was done by attempt %d, want the first", ended[0].Attempt)
	}
}

func testProbes(t *testing.T) {
	ready(t, slow())
	all := pods(t, "api")
	// MongoDB is away: nobody is sent to the API, and nobody restarts it for that.
	kubectl(t, "scale", "statefulset/tmd-trackmydegree-mongodb", "--replicas=0")
	await(t, time.Minute, "an API that is not ready", func() (string, bool) {
		up := 0
		for _, p := range pods(t, "api") {
			if p.ready() {
				up++
			}
		}
		return fmt.Sprintf("%d ready", up), up == 0
	})
	agent(t, "until", "-url", "http://"+all[0].Status.PodIP+":8000/readyz", "-status", "503", "-limit", "5s")
	agent(t, "until", "-url", "http://"+all[0].Status.PodIP+":8000/livez", "-status", "200", "-limit", "5s")
	kubectl(t, "scale", "statefulset/tmd-trackmydegree-mongodb", "--replicas=1")
	settled(t)
	now := pods(t, "api")
	if len(now) != len(all) {
		t.Errorf("%d pods of the API, there were %d", len(now), len(all))
	}
	for _, p := range now {
		if n := p.container(t, "api").RestartCount; n != 0 {
			t.Errorf("the API started %d times again", n)
		}
	}

	// Told to end, a pod of the API is out of the Service at once, while it still answers.
	leaving := now[0]
	kubectl(t, "delete", "pod", leaving.Metadata.Name, "--wait=false")
	took := await(t, 4*time.Second, "an endpoint that is not ready", func() (string, bool) {
		out := kubectl(t, "get", "endpointslices", "--selector", "kubernetes.io/service-name=tmd-trackmydegree-api",
			"--output", `jsonpath={range .items[*].endpoints[?(@.conditions.ready==true)]}{.addresses[0]}{"\n"}{end}`)
		for address := range strings.FieldsSeq(out) {
			if address == leaving.Status.PodIP {
				return out, false
			}
		}
		return out, true
	})
	agent(t, "until", "-url", "http://"+leaving.Status.PodIP+":8000/livez", "-status", "200", "-limit", "2s")
	t.Logf("FIGURE endpoint of a deleted API pod gone within %.1f s", took.Seconds())
	settled(t)
}
