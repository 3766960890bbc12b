//go:build e2e

package e2e

import (
	"maps"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

// servers are a Redis and a MongoDB outside of the release, as in production: those of the chart are single pods, and
// an upgrade that replaces them interrupts the service. Their data is in memory, because they are not restarted and the
// disk of a busy machine is slow. They request a processor: pods without requests get the least of a busy one.
const servers = `
apiVersion: apps/v1
kind: Deployment
metadata: {name: e2e-${name}, namespace: ${namespace}}
spec:
  selector: {matchLabels: {app: e2e-${name}}}
  template:
    metadata: {labels: {app: e2e-${name}}}
    spec:
      terminationGracePeriodSeconds: 1
      automountServiceAccountToken: false
      securityContext: {runAsNonRoot: true, runAsUser: 65532, runAsGroup: 65532, fsGroup: 65532, seccompProfile: {type: RuntimeDefault}}
      containers:
        - name: server
          image: ${image}
          args: [${args}]
          ports: [{containerPort: ${port}}]
          securityContext: {allowPrivilegeEscalation: false, readOnlyRootFilesystem: true, capabilities: {drop: [ALL]}}
          resources: {requests: {cpu: 500m}}
          readinessProbe: {tcpSocket: {port: ${port}}, periodSeconds: 1}
          volumeMounts: [{name: data, mountPath: /data}, {name: data, mountPath: /tmp}]
      volumes: [{name: data, emptyDir: {medium: Memory}}]
---
apiVersion: v1
kind: Service
metadata: {name: e2e-${name}, namespace: ${namespace}}
spec:
  selector: {app: e2e-${name}}
  ports: [{port: ${port}}]
`

// testUpgradeFromPublished upgrades from each published version of charts/versions.txt, with the image and the chart of
// its revision, as docs/operations.md says, while documents arrive. No request fails and no job is lost.
func testUpgradeFromPublished(t *testing.T) {
	text, err := os.ReadFile(filepath.Join(env.root, "charts", "versions.txt"))
	if err != nil {
		t.Fatal(err)
	}
	for line := range strings.Lines(string(text)) {
		if fields := strings.Fields(line); len(fields) == 3 && fields[0] != "#" {
			t.Run(fields[0], func(t *testing.T) { upgradeFrom(t, fields[0], fields[1]) })
		}
	}
}

func upgradeFrom(t *testing.T, version, revision string) {
	tree := checkOutRevision(t, revision)
	old := env.registry + "/trackmydegree:" + env.tag + "-" + version
	push := exec.Command(filepath.Join(tree, "hack", "cluster", "push.sh"), old, "--project")
	push.Stdout, push.Stderr = os.Stderr, os.Stderr
	if err := push.Run(); err != nil {
		t.Fatalf("the image of %s: %v", version, err)
	}
	removeRelease(t)
	startServer(t, "redis", "6379", `--dir, /data, --save, "", --protected-mode, "no"`)
	startServer(t, "mongodb", "27017", `-listen, ":27017", -dir, /data`)
	chart := filepath.Join(tree, "charts", "trackmydegree")
	v := basicValues().merge(values{
		"image":   values{"tag": env.tag + "-" + version},
		"redis":   values{"enabled": false},
		"mongodb": values{"enabled": false},
		"secret": values{
			"redisJobURL": "redis://e2e-redis:6379/1", "redisCacheURL": "redis://e2e-redis:6379/0",
			"mongodbURI": "mongodb://e2e-mongodb:27017/trackmydegree",
		},
	})
	v["api"] = knownValues(t, chart, "api", v["api"].(values))
	runHelm(t, "install", "tmd", chart, "--values", writeValues(t, v), "--timeout", "3m")
	waitUntilSettled(t)
	agentsStarted, madeToken = false, ""
	startAgents(t)
	runAgent(t, "until", "-url", apiService+"/readyz", "-status", "200", "-limit", "1m")

	want := saveTimelines(t, 1)
	stop := startLoad(t, 500*time.Millisecond, 0)
	began := time.Now()
	runHelm(t, "upgrade", "tmd", filepath.Join(env.root, "charts", "trackmydegree"), "--reset-then-reuse-values", "--timeout", "3m",
		"--set", "image.tag="+env.tag)
	waitUntilSettled(t)
	runAgent(t, "until", "-url", apiService+"/readyz", "-status", "200", "-limit", "1m")
	t.Logf("FIGURE upgrade from %s: until all pods are replaced and ready %.0f s", version, time.Since(began).Seconds())
	report := stop()
	t.Logf("FIGURE upgrade from %s: %d of %d requests failed, %d jobs", version, len(report.Failures), report.Requests, len(report.Jobs))
	if len(report.Failures) > 0 {
		t.Errorf("%d of %d requests failed during the upgrade:\n%s", len(report.Failures), report.Requests, strings.Join(report.Failures, "\n"))
	}
	requireDone(t, 2*time.Minute, report.Jobs)
	got := listTimelines(t)
	if len(got) != len(want) || got[0].ID != want[0].ID {
		t.Errorf("after the upgrade the saved timelines are %v, want %v", got, want)
	}
}

// startServer starts a server outside of the release, and deletes it after the test.
func startServer(t *testing.T, name, port, args string) {
	t.Helper()
	t.Cleanup(func() { requireKubectl(t, "delete", "deployment,service", "e2e-"+name, "--ignore-not-found") })
	applyManifest(t, servers, map[string]string{"namespace": namespace, "name": name, "port": port, "args": args, "image": env.imageRef("e2e-" + name)})
	requireKubectl(t, "rollout", "status", "deployment/e2e-"+name, "--timeout", "90s")
}

// checkOutRevision returns a worktree of the revision, in which its scripts build its programs.
func checkOutRevision(t *testing.T, revision string) string {
	t.Helper()
	tree := filepath.Join(t.TempDir(), "tree")
	if _, err := runCommand(t.Context(), nil, "git", "-C", env.root, "worktree", "add", "--quiet", "--detach", tree, revision); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if out, err := exec.Command("git", "-C", env.root, "worktree", "remove", "--force", tree).CombinedOutput(); err != nil {
			t.Errorf("remove the worktree: %v\n%s", err, out)
		}
	})
	return tree
}

// removeRelease removes the release of an earlier chapter with its volumes, and the agents, which use one of them.
func removeRelease(t *testing.T) {
	t.Helper()
	requireKubectl(t, "delete", "pod/e2e-client", "deployment/e2e-parser", "--ignore-not-found")
	if _, err := runCommand(t.Context(), nil, "helm", "--namespace", namespace, "uninstall", "tmd", "--wait", "--ignore-not-found"); err != nil {
		t.Fatal(err)
	}
	requireKubectl(t, "delete", "pvc", "--all", "--timeout", "60s")
}

// knownValues returns those of the values below a key that the chart of an earlier version has.
func knownValues(t *testing.T, chart, key string, given values) values {
	t.Helper()
	text, err := os.ReadFile(filepath.Join(chart, "values.schema.json"))
	if err != nil {
		t.Fatal(err)
	}
	var schema struct {
		Properties map[string]struct{ Properties map[string]any }
	}
	decodeJSON(t, string(text), &schema)
	known := maps.Clone(given)
	maps.DeleteFunc(known, func(name string, _ any) bool {
		_, ok := schema.Properties[key].Properties[name]
		return !ok
	})
	return known
}
