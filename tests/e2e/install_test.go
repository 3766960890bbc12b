//go:build e2e

package e2e

import (
	"path/filepath"
	"strings"
	"testing"
	"time"
)

// installLimit is the time limit of an install until all pods are ready.
const installLimit = time.Minute

func testInstall(t *testing.T) {
	began := time.Now()
	installRelease(t, basicValues())
	atMost(t, "from the install to all ready", time.Since(began), installLimit)
	startAgents(t)
}

// ensureReady installs the release with the values, and the agents.
func ensureReady(t *testing.T, v values) {
	t.Helper()
	if !agentsStarted {
		// The agents need the release's volume, and workers are not ready without the agent that is their parser.
		installRelease(t, basicValues())
		startAgents(t)
	}
	installRelease(t, v)
}

// The namespace enforces the level: otherwise no pod of the release would exist.
func testPodSecurity(t *testing.T) {
	ensureReady(t, basicValues())
	_, err := tryKubectl(t, "run", "ordinary", "--image", env.imageRef("e2e-agent"), "--dry-run=server")
	if err == nil || !strings.Contains(err.Error(), `violates PodSecurity "restricted`) {
		t.Errorf("an ordinary pod: %v, want a refusal: the namespace does not enforce anything", err)
	}
	// The API server reports violations of existing pods when the level is set again.
	out, err := runCommand(t.Context(), nil, "bash", "-c",
		"kubectl label --overwrite --dry-run=server namespace "+namespace+" pod-security.kubernetes.io/enforce-version=latest pod-security.kubernetes.io/enforce=restricted 2>&1")
	if err != nil || strings.Contains(out, "Warning") {
		t.Errorf("pods violate the level: %v\n%s", err, out)
	}
	for _, component := range []string{"api", "worker", "redis", "mongodb"} {
		if len(listPods(t, component)) == 0 {
			t.Errorf("there is no pod of %s", component)
		}
	}
}

// Without a worker the document stays on the volume, where the API's pod wrote it. A worker's pod reads it, and it is
// deleted.
func testUpload(t *testing.T) {
	ensureReady(t, basicValues())
	scaleWorkers(t, 0)
	jobs := uploadDocuments(t, 1, 0)
	if s := loadStatuses(t, jobs[0]); s.Status != "queued" {
		t.Errorf("without a worker the job is %s, want queued", s.Status)
	}
	if files := runAgent(t, "list", "/uploads"); !strings.Contains(files, jobs[0].ID) {
		t.Errorf("on the volume:\n%s\nwant a file of job %s", files, jobs[0].ID)
	}
	scaleWorkers(t, 1)
	requireDone(t, time.Minute, jobs)
	// Files are deleted some seconds after the end of their job.
	waitForCluster(t, 30*time.Second, "a volume without the document", func() (string, bool) {
		files := runAgent(t, "list", "/uploads")
		return files, files == ""
	})
}

func testHelmTest(t *testing.T) {
	ensureReady(t, basicValues())
	out := runHelm(t, "test", "tmd", "--timeout", "2m")
	if !strings.Contains(out, "Succeeded") {
		t.Errorf("helm test:\n%s", out)
	}
}

func testUninstall(t *testing.T) {
	requireKubectl(t, "delete", "pod/e2e-client", "deployment/e2e-parser", "--ignore-not-found")
	runHelm(t, "uninstall", "tmd", "--wait", "--timeout", "3m")
	// The volumes of Redis and MongoDB stay, and that of backups, as the notes and the docs say.
	waitForCluster(t, time.Minute, "a namespace without the release", func() (string, bool) {
		left := requireKubectl(t, "get", "all,secrets,configmaps,networkpolicies,poddisruptionbudgets,scaledobjects,triggerauthentications", "--selector", "app.kubernetes.io/instance=tmd", "--output", "name")
		return left, left == ""
	})
	for claim := range strings.FieldsSeq(requireKubectl(t, "get", "pvc", "--output", "name")) {
		if name := filepath.Base(claim); !strings.HasPrefix(name, "data-tmd-trackmydegree-") && name != "tmd-trackmydegree-backup" {
			t.Errorf("%s stayed", claim)
		}
	}
}
