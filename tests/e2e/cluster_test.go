//go:build e2e

package e2e

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"runtime"
	"slices"
	"strings"
	"testing"
	"time"
)

const (
	namespace = "tmd-e2e"
	// toolsNamespace does not enforce Pod Security: the pod that kills processes of others is in it.
	toolsNamespace = "tmd-e2e-tools"
)

// environment is the cluster under test, and the images that were pushed to it.
type environment struct {
	root         string
	registry     string
	storageClass string
	tag          string // of the images built by this run
	own          bool   // started and stopped by this run
}

var env environment

func TestMain(m *testing.M) {
	_, file, _, _ := runtime.Caller(0)
	env.root = filepath.Join(filepath.Dir(file), "..", "..")
	os.Exit(requireCommand(m))
}

func requireCommand(m *testing.M) int {
	if err := env.prepareCluster(); err != nil {
		fmt.Fprintln(os.Stderr, "e2e:", err)
		return 1
	}
	code := m.Run()
	switch {
	case os.Getenv("E2E_KEEP") != "":
		fmt.Fprintln(os.Stderr, "e2e: the cluster stays, as E2E_KEEP says")
	case env.own:
		if err := env.runScript("hack/cluster/down.sh"); err != nil {
			fmt.Fprintln(os.Stderr, "e2e: end the cluster:", err)
		}
	default:
		_, _ = runCommand(context.Background(), nil, "kubectl", "delete", "namespace", "--wait=false", "--ignore-not-found", namespace, toolsNamespace)
	}
	return code
}

// prepareCluster finds or starts the cluster and brings the images to it.
func (e *environment) prepareCluster() error {
	bin := os.Getenv("CLUSTER_BIN")
	if bin == "" {
		cache, err := os.UserCacheDir()
		if err != nil {
			return err
		}
		bin = filepath.Join(cache, "tmd-cluster", "bin")
	}
	os.Setenv("PATH", bin+":"+filepath.Join(e.root, ".bin")+":"+os.Getenv("PATH"))
	e.registry = orDefault(os.Getenv("CLUSTER_REGISTRY"), "127.0.0.1:5001")
	e.storageClass = orDefault(os.Getenv("E2E_STORAGE_CLASS"), "shared")
	if os.Getenv("KUBECONFIG") == "" {
		e.own = true
		if err := e.runScript("hack/cluster/up.sh"); err != nil {
			return err
		}
		os.Setenv("KUBECONFIG", filepath.Join(orDefault(os.Getenv("CLUSTER_DIR"), "/var/tmp/tmd-cluster"), "pki", "admin.kubeconfig"))
	} else if err := e.runScript("hack/cluster/build.sh", "kubectl", "crane"); err != nil {
		return err
	}
	return e.buildImages()
}

// buildImages builds the images and pushes them. Their tag is new each time, because nodes cache images.
func (e *environment) buildImages() error {
	e.tag = "e2e-" + time.Now().UTC().Format("20060102-150405")
	folder, err := os.MkdirTemp("", "tmd-e2e")
	if err != nil {
		return err
	}
	defer os.RemoveAll(folder)
	agent := filepath.Join(folder, "agent")
	build := exec.Command("go", "build", "-buildvcs=false", "-trimpath", "-o", agent, "./e2e/agent")
	build.Dir, build.Stderr = filepath.Join(e.root, "tests"), os.Stderr
	build.Env = append(os.Environ(), "CGO_ENABLED=0")
	if err := build.Run(); err != nil {
		return fmt.Errorf("build the agent: %w", err)
	}
	project := []string{"--project"}
	if archive := os.Getenv("IMAGE_ARCHIVE"); archive != "" {
		if !filepath.IsAbs(archive) {
			archive = filepath.Join(e.root, archive)
		}
		project = []string{"--archive", archive}
	}
	if err := e.pushImage("trackmydegree", project...); err != nil {
		return err
	}
	// The fake parser returns the facts that the real one found.
	pdf := filepath.Join(e.root, "charts", "trackmydegree", "files", "transcript.pdf")
	parse := exec.Command("go", "run", "-buildvcs=false", "./cmd/tmd", "parse", pdf)
	parse.Dir, parse.Stderr = e.root, os.Stderr
	found, err := parse.Output()
	if err != nil {
		return fmt.Errorf("parse the transcript: %w", err)
	}
	facts := filepath.Join(folder, "facts.json")
	if err := os.WriteFile(facts, found, 0o644); err != nil {
		return err
	}
	if err := e.pushImage("e2e-agent", agent, facts+":/facts.json", pdf+":/transcript.pdf"); err != nil {
		return err
	}
	redis, err := exec.LookPath("redis-server")
	if err != nil {
		return fmt.Errorf("%w: run hack/deps.sh cluster", err)
	}
	if err := e.pushImage("e2e-redis", redis); err != nil {
		return err
	}
	return e.pushImage("e2e-mongodb", filepath.Join(e.root, ".bin", "ferretdb"))
}

func (e *environment) imageRef(name string) string { return e.registry + "/" + name + ":" + e.tag }

func (e *environment) pushImage(name string, what ...string) error {
	return e.runScript("hack/cluster/push.sh", append([]string{e.imageRef(name)}, what...)...)
}

// runScript runs a script of the project and prints its output.
func (e *environment) runScript(name string, args ...string) error {
	cmd := exec.Command(filepath.Join(e.root, name), args...)
	cmd.Stdout, cmd.Stderr = os.Stderr, os.Stderr
	if err := cmd.Run(); err != nil {
		return fmt.Errorf("%s: %w", name, err)
	}
	return nil
}

func orDefault(a, b string) string {
	if a != "" {
		return a
	}
	return b
}

// token matches a token in a command line, to hide it.
var token = regexp.MustCompile(`(-token )\S+`)

// runCommand runs a program and returns its output. An error contains its standard error.
func runCommand(ctx context.Context, in io.Reader, name string, args ...string) (string, error) {
	cmd := exec.CommandContext(ctx, name, args...)
	var out, said bytes.Buffer
	cmd.Stdin, cmd.Stdout, cmd.Stderr = in, &out, &said
	if err := cmd.Run(); err != nil {
		shown := token.ReplaceAllString(strings.Join(args, " "), "$1…")
		return out.String(), fmt.Errorf("%s %s: %w\n%s%s", name, shown, err, said.String(), out.String())
	}
	return strings.TrimSpace(out.String()), nil
}

// tryKubectl runs kubectl in the namespace of the release.
func tryKubectl(t *testing.T, args ...string) (string, error) {
	// The command does not end with the test, because cleanups run after that.
	return runCommand(context.WithoutCancel(t.Context()), nil, "kubectl", append([]string{"--namespace", namespace}, args...)...)
}

// requireKubectl is tryKubectl that must succeed.
func requireKubectl(t *testing.T, args ...string) string {
	t.Helper()
	out, err := tryKubectl(t, args...)
	if err != nil {
		t.Fatal(err)
	}
	return out
}

// applyManifest applies a manifest, in which ${…} are placeholders for values.
func applyManifest(t *testing.T, manifest string, values map[string]string) {
	t.Helper()
	manifest = os.Expand(manifest, func(name string) string {
		value, ok := values[name]
		if !ok {
			t.Fatalf("manifest: no value for %s", name)
		}
		return value
	})
	if _, err := runCommand(t.Context(), strings.NewReader(manifest), "kubectl", "apply", "--filename", "-"); err != nil {
		t.Fatal(err)
	}
}

// waitForCluster waits for a condition of the cluster, which returns its last observation.
func waitForCluster(t *testing.T, limit time.Duration, what string, condition func() (saw string, ok bool)) time.Duration {
	t.Helper()
	began, last := time.Now(), ""
	for {
		saw, ok := condition()
		if ok {
			return time.Since(began)
		}
		last = saw
		if time.Since(began) > limit {
			t.Fatalf("%s: not within %s; seen last: %s", what, limit, last)
		}
		select {
		case <-t.Context().Done():
			t.Fatalf("%s: the test ended; seen last: %s", what, last)
		case <-time.After(200 * time.Millisecond):
		}
	}
}

// atMost logs a duration, and fails the test when it exceeds its limit. CI only logs it: the speed of its machine is
// unknown.
func atMost(t *testing.T, what string, took, limit time.Duration) {
	t.Helper()
	t.Logf("FIGURE %s: %.1f s (limit %s)", what, took.Seconds(), limit)
	if took > limit && os.Getenv("CI") != "true" {
		t.Errorf("%s took %s, want %s at most", what, took, limit)
	}
}

// pod is the part of a pod that the tests read.
type pod struct {
	Metadata struct {
		Name              string     `json:"name"`
		UID               string     `json:"uid"`
		DeletionTimestamp *time.Time `json:"deletionTimestamp"`
	} `json:"metadata"`
	Status struct {
		PodIP      string `json:"podIP"`
		Phase      string `json:"phase"`
		Conditions []struct {
			Type   string `json:"type"`
			Status string `json:"status"`
		} `json:"conditions"`
		Init       []container `json:"initContainerStatuses"`
		Containers []container `json:"containerStatuses"`
	} `json:"status"`
}

type container struct {
	Name         string `json:"name"`
	ContainerID  string `json:"containerID"`
	RestartCount int    `json:"restartCount"`
	Ready        bool   `json:"ready"`
}

func (p pod) isReady() bool {
	for _, c := range p.Status.Conditions {
		if c.Type == "Ready" {
			return c.Status == "True" && p.Metadata.DeletionTimestamp == nil
		}
	}
	return false
}

// findContainer returns a container of the pod, sidecars included.
func (p pod) findContainer(t *testing.T, name string) container {
	t.Helper()
	for _, c := range append(p.Status.Init, p.Status.Containers...) {
		if c.Name == name {
			return c
		}
	}
	t.Fatalf("pod %s has no container %s", p.Metadata.Name, name)
	return container{}
}

// listPods returns the pods of a component of the release, without the terminating ones.
func listPods(t *testing.T, component string) []pod {
	t.Helper()
	return slices.DeleteFunc(allPods(t, component), func(p pod) bool { return p.Metadata.DeletionTimestamp != nil })
}

// allPods returns the pods of a component of the release.
func allPods(t *testing.T, component string) []pod {
	t.Helper()
	var list struct{ Items []pod }
	decodeJSON(t, requireKubectl(t, "get", "pods", "--selector", "app.kubernetes.io/instance=tmd,app.kubernetes.io/component="+component, "--output", "json"), &list)
	return list.Items
}

func decodeJSON(t *testing.T, s string, v any) {
	t.Helper()
	if err := json.Unmarshal([]byte(s), v); err != nil {
		t.Fatalf("decode: %v\n%s", err, s)
	}
}

// printDiagnosis prints the state of the cluster after a failed test.
func printDiagnosis(t *testing.T) {
	t.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), 30*time.Second)
	defer cancel()
	for _, args := range [][]string{
		{"get", "pods,deployments,scaledobjects,hpa,pvc", "--output", "wide"},
		{"get", "events", "--sort-by", ".lastTimestamp"},
		{"logs", "--selector", "app.kubernetes.io/instance=tmd", "--all-containers", "--prefix", "--tail", "30", "--max-log-requests", "50"},
	} {
		out, err := runCommand(ctx, nil, "kubectl", append([]string{"--namespace", namespace}, args...)...)
		if err != nil {
			out += err.Error()
		}
		const most = 12_000
		if len(out) > most {
			out = "…" + out[len(out)-most:]
		}
		t.Logf("kubectl %s\n%s", strings.Join(args, " "), out)
	}
}
