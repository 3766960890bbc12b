//go:build e2e

package e2e

import (
	"path/filepath"
	"strings"
	"testing"
	"time"
)

// installLimit is what an install may take until all is ready.
const installLimit = time.Minute

func testInstall(t *testing.T) {
	began := time.Now()
	install(t, basic())
	atMost(t, "from the install to all ready", time.Since(began), installLimit)
	startAgents(t)
}

// ready brings the release into a form, and the agents with it.
func ready(t *testing.T, v values) {
	t.Helper()
	if !agentsStarted {
		// The agents need the release's volume, and workers are not ready without the agent that is their parser.
		install(t, basic())
		startAgents(t)
	}
	install(t, v)
}

// The namespace enforces it, so that no pod of the release would be there otherwise.
func testPodSecurity(t *testing.T) {
	ready(t, basic())
	_, err := try(t, "run", "ordinary", "--image", env.image("e2e-agent"), "--dry-run=server")
	if err == nil || !strings.Contains(err.Error(), `violates PodSecurity "restricted`) {
		t.Errorf("an ordinary pod: %v, want a refusal: the namespace does not enforce anything", err)
	}
	// The API server tells of pods that are there when the level is set anew.
	out, err := command(t.Context(), nil, "bash", "-c",
		"kubectl label --overwrite --dry-run=server namespace "+namespace+" pod-security.kubernetes.io/enforce-version=latest pod-security.kubernetes.io/enforce=restricted 2>&1")
	if err != nil || strings.Contains(out, "Warning") {
		t.Errorf("pods violate the level: %v\n%s", err, out)
	}
	for _, component := range []string{"api", "worker", "redis", "mongodb"} {
		if len(pods(t, component)) == 0 {
			t.Errorf("there is no pod of %s", component)
		}
	}
}

// While there is no worker the document lies on the volume: the API's pod wrote it. A worker's pod reads it, and it goes.
func testUpload(t *testing.T) {
	ready(t, basic())
	scale(t, 0)
	jobs := upload(t, 1, 0)
	if s := status(t, jobs[0]); s.Status != "queued" {
		t.Errorf("without a worker the job is %s, want queued", s.Status)
	}
	if files := agent(t, "list", "/uploads"); !strings.Contains(files, jobs[0].ID) {
		t.Errorf("on the volume:\n%s\nwant a file of job %s", files, jobs[0].ID)
	}
	scale(t, 1)
	finish(t, time.Minute, jobs)
	// Files outlive their job by seconds.
	await(t, 30*time.Second, "a volume without the document", func() (string, bool) {
		files := agent(t, "list", "/uploads")
		return files, files == ""
	})
}

func testHelmTest(t *testing.T) {
	ready(t, basic())
	out := helm(t, "test", "tmd", "--timeout", "2m")
	if !strings.Contains(out, "Succeeded") {
		t.Errorf("helm test:\n%s", out)
	}
}

func testUninstall(t *testing.T) {
	kubectl(t, "delete", "pod/e2e-client", "deployment/e2e-parser", "--ignore-not-found")
	helm(t, "uninstall", "tmd", "--wait", "--timeout", "3m")
	// The volumes of Redis and MongoDB stay, as notes and docs say.
	await(t, time.Minute, "a namespace without the release", func() (string, bool) {
		left := kubectl(t, "get", "all,secrets,configmaps,networkpolicies,poddisruptionbudgets,scaledobjects,triggerauthentications", "--selector", "app.kubernetes.io/instance=tmd", "--output", "name")
		return left, left == ""
	})
	for claim := range strings.FieldsSeq(kubectl(t, "get", "pvc", "--output", "name")) {
		if name := filepath.Base(claim); !strings.HasPrefix(name, "data-tmd-trackmydegree-") {
			t.Errorf("%s stayed", claim)
		}
	}
}
