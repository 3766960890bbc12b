//go:build e2e

package e2e

import (
	"bufio"
	"context"
	"io"
	"os/exec"
	"strconv"
	"strings"
	"testing"
	"time"
)

const (
	apiService    = "http://tmd-trackmydegree-api:8000"
	parserService = "http://e2e-parser:15001"
)

// agents are the pods of the agent. The one that uploads also mounts the upload folder; the one that kills sees the
// processes of its node, so there is one on each node.
const agents = `
apiVersion: v1
kind: Pod
metadata: {name: e2e-client, namespace: ${namespace}}
spec:
  terminationGracePeriodSeconds: 1
  automountServiceAccountToken: false
  securityContext: {runAsNonRoot: true, runAsUser: 65532, runAsGroup: 65532, fsGroup: 65532, seccompProfile: {type: RuntimeDefault}}
  containers:
    - name: agent
      image: ${image}
      args: [idle]
      securityContext: {allowPrivilegeEscalation: false, readOnlyRootFilesystem: true, capabilities: {drop: [ALL]}}
      volumeMounts: [{name: uploads, mountPath: /uploads, readOnly: true}]
  volumes: [{name: uploads, persistentVolumeClaim: {claimName: tmd-trackmydegree-uploads}}]
---
apiVersion: apps/v1
kind: Deployment
metadata: {name: e2e-parser, namespace: ${namespace}}
spec:
  strategy: {type: Recreate}
  selector: {matchLabels: {app: e2e-parser}}
  template:
    metadata: {labels: {app: e2e-parser}}
    spec:
      terminationGracePeriodSeconds: 1
      automountServiceAccountToken: false
      securityContext: {runAsNonRoot: true, runAsUser: 65532, seccompProfile: {type: RuntimeDefault}}
      containers:
        - name: agent
          image: ${image}
          args: [parser]
          ports: [{containerPort: 15001}]
          securityContext: {allowPrivilegeEscalation: false, readOnlyRootFilesystem: true, capabilities: {drop: [ALL]}}
          readinessProbe: {httpGet: {path: /health, port: 15001}, periodSeconds: 1}
---
apiVersion: v1
kind: Service
metadata: {name: e2e-parser, namespace: ${namespace}}
spec:
  selector: {app: e2e-parser}
  ports: [{port: 15001}]
---
apiVersion: apps/v1
kind: DaemonSet
metadata: {name: e2e-killer, namespace: ${toolsNamespace}}
spec:
  selector: {matchLabels: {app: e2e-killer}}
  template:
    metadata: {labels: {app: e2e-killer}}
    spec:
      hostPID: true
      terminationGracePeriodSeconds: 1
      automountServiceAccountToken: false
      containers:
        - name: agent
          image: ${image}
          args: [idle]
          securityContext: {runAsUser: 0}
`

var agentsStarted bool

// startAgents starts the agents of this run and waits for them. The claim of the uploads must exist.
func startAgents(t *testing.T) {
	t.Helper()
	if agentsStarted {
		return
	}
	agentsStarted = true
	// A pod of an earlier run cannot be changed.
	requireKubectl(t, "delete", "pod", "e2e-client", "--ignore-not-found")
	applyManifest(t, agents, map[string]string{"namespace": namespace, "toolsNamespace": toolsNamespace, "image": env.imageRef("e2e-agent")})
	requireKubectl(t, "wait", "--for=condition=Ready", "pod/e2e-client", "--timeout", "60s")
	requireKubectl(t, "rollout", "status", "deployment/e2e-parser", "--timeout", "60s")
	requireKubectl(t, "--namespace", toolsNamespace, "rollout", "status", "daemonset/e2e-killer", "--timeout", "60s")
	// A Service routes to its pods a moment after they are ready.
	runAgent(t, "until", "-url", parserService+"/health", "-status", "200", "-limit", "20s")
}

// runAgent runs a command of the agent in the cluster.
func runAgent(t *testing.T, args ...string) string {
	t.Helper()
	return requireKubectl(t, append([]string{"exec", "e2e-client", "--", "/agent"}, args...)...)
}

// job is an upload and its outcome, as the agent reports it.
type job struct {
	ID       string
	Document string
	Sent     time.Time
	Status   string
	Attempt  int
	Error    string
}

var madeToken string

// userToken is created once by the program itself, as in the chart's notes: its signing key lives as long as the
// release.
func userToken(t *testing.T) string {
	t.Helper()
	if madeToken == "" {
		madeToken = requireKubectl(t, "exec", "deployment/tmd-trackmydegree-api", "--", "/tmd", "token", "--sub", "e2e", "--force")
	}
	return madeToken
}

// uploadDocuments uploads documents through the Service. Their names begin with the test's, so that the ledger of the
// fake parser distinguishes them.
func uploadDocuments(t *testing.T, count int, delay time.Duration) []job {
	t.Helper()
	var jobs []job
	decodeJSON(t, runAgent(t, "upload", "-url", apiService, "-token", userToken(t), "-name", documentName(t), "-n", strconv.Itoa(count), "-delay", delay.String()), &jobs)
	return jobs
}

var uploads int

// documentName is new with each call: a test may upload several times.
func documentName(t *testing.T) string {
	uploads++
	return strings.ReplaceAll(t.Name(), "/", ".") + "." + strconv.Itoa(uploads)
}

// requireDone waits until each job is done, and fails the test for each that is not.
func requireDone(t *testing.T, limit time.Duration, jobs []job) []job {
	t.Helper()
	args := []string{"wait", "-url", apiService, "-token", userToken(t), "-limit", limit.String()}
	for _, j := range jobs {
		args = append(args, j.ID)
	}
	var ended []job
	decodeJSON(t, runAgent(t, args...), &ended)
	for n := range ended {
		ended[n].Document, ended[n].Sent = jobs[n].Document, jobs[n].Sent
		if ended[n].Status != "done" {
			t.Errorf("job %s: %s, attempt %d, %s", ended[n].ID, ended[n].Status, ended[n].Attempt, ended[n].Error)
		}
	}
	return ended
}

// loadStatuses returns the present status of a job from the API.
func loadStatuses(t *testing.T, j job) job {
	t.Helper()
	var jobs []job
	decodeJSON(t, runAgent(t, "status", "-url", apiService, "-token", userToken(t), j.ID), &jobs)
	return jobs[0]
}

// parse is a line of the fake parser's ledger.
type parse struct {
	Document     string
	Began, Ended time.Time
}

// loadLedger returns the parses of each document.
func loadLedger(t *testing.T) map[string][]parse {
	t.Helper()
	var answer struct{ Body string }
	decodeJSON(t, runAgent(t, "get", "-url", parserService+"/ledger"), &answer)
	var all []parse
	decodeJSON(t, answer.Body, &all)
	of := map[string][]parse{}
	for _, p := range all {
		of[p.Document] = append(of[p.Document], p)
	}
	return of
}

// waitUntilParsing waits until the fake parser is reading all the documents.
func waitUntilParsing(t *testing.T, limit time.Duration, jobs []job) {
	t.Helper()
	waitForCluster(t, limit, "jobs that run", func() (string, bool) {
		parses, running := loadLedger(t), 0
		for _, j := range jobs {
			if len(parses[j.Document]) > 0 {
				running++
			}
		}
		return strconv.Itoa(running) + " run", running == len(jobs)
	})
}

// requireOneAttempt fails the test for each job that was not done by exactly one attempt: nothing lost, nothing
// repeated.
func requireOneAttempt(t *testing.T, jobs []job) {
	t.Helper()
	parses := loadLedger(t)
	for _, j := range jobs {
		if j.Attempt != 1 || len(parses[j.Document]) != 1 {
			t.Errorf("job %s (%s): attempt %d, parsed %d times, want once", j.ID, j.Document, j.Attempt, len(parses[j.Document]))
		}
	}
}

// report is the outcome of a load.
type report struct {
	Requests int
	Failures []string
	Jobs     []job
}

// startLoad uploads constantly until the returned function is called, which waits for the last job.
func startLoad(t *testing.T, every, delay time.Duration) (stop func() report) {
	t.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), 8*time.Minute)
	t.Cleanup(cancel)
	cmd := exec.CommandContext(ctx, "kubectl", "--namespace", namespace, "exec", "--stdin", "e2e-client", "--", "/agent", "load",
		"-url", apiService, "-token", userToken(t), "-name", documentName(t), "-every", every.String(), "-delay", delay.String())
	in, err := cmd.StdinPipe()
	if err != nil {
		t.Fatal(err)
	}
	out, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	return func() report {
		t.Helper()
		in.Close()
		b, err := io.ReadAll(bufio.NewReader(out))
		if err := cmd.Wait(); err != nil {
			t.Fatalf("load: %v\n%s", err, b)
		}
		if err != nil {
			t.Fatal(err)
		}
		var r report
		decodeJSON(t, string(b), &r)
		return r
	}
}

// killContainer sends SIGKILL to the first process of a container.
func killContainer(t *testing.T, p pod, name string) {
	t.Helper()
	_, id, ok := strings.Cut(p.findContainer(t, name).ContainerID, "://")
	if !ok {
		t.Fatalf("container %s of %s has no id", name, p.Metadata.Name)
	}
	node := requireKubectl(t, "get", "pod", p.Metadata.Name, "--output", "jsonpath={.spec.nodeName}")
	killer := requireKubectl(t, "--namespace", toolsNamespace, "get", "pods", "--selector", "app=e2e-killer", "--field-selector", "spec.nodeName="+node, "--output", "name")
	requireKubectl(t, "--namespace", toolsNamespace, "exec", killer, "--", "/agent", "kill", id)
}
