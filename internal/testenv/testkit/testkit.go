// Package testkit runs the roles of tmd in their own processes, for tests of the whole system. The test program must
// act as tmd when it runs under that name.
package testkit

import (
	"io"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"testing"
	"time"

	"github.com/trackmydegree/trackmydegree/internal/testenv"
)

// JWTSecret signs the tokens of tests.
const JWTSecret = "0123456789abcdef0123456789abcdef"

// probeTimeout is far above the time of a probe: only a hang exceeds it.
const probeTimeout = 15 * time.Second

// Command returns the test program as tmd. Later variables override those of every test.
func Command(tb testing.TB, env []string, args ...string) *exec.Cmd {
	tb.Helper()
	self, err := os.Executable()
	if err != nil {
		tb.Fatal(err)
	}
	return &exec.Cmd{Path: self, Args: append([]string{"tmd"}, args...), Env: append([]string{
		"TMD_CACHE_DIR=" + testenv.WasmCache(), "TMD_METRICS_ADDR=off",
	}, env...)}
}

// Role is a role of tmd in its own process.
type Role struct {
	*testenv.Process
	Name string
	Base string // the URL of the port with its probes
}

// StartRole starts a role and waits until it is ready. The role ends with the test.
func StartRole(tb testing.TB, name string, port int, env ...string) *Role {
	tb.Helper()
	began := time.Now()
	r := &Role{Process: testenv.StartProcess(tb, Command(tb, env, name)), Name: name, Base: "http://127.0.0.1:" + strconv.Itoa(port)}
	testenv.Eventually(tb, "tmd "+name+" is ready", func() bool {
		r.RequireAlive(tb)
		return r.ProbeStatus("/readyz") == http.StatusOK
	})
	tb.Logf("tmd %s: ready after %v", name, time.Since(began).Round(time.Millisecond))
	return r
}

// RequireAlive fails the test if the process has ended.
func (r *Role) RequireAlive(tb testing.TB) {
	tb.Helper()
	select {
	case <-r.Done():
		tb.Fatalf("tmd %s ended with exit code %d", r.Name, r.ExitCode())
	default:
	}
}

// ProbeStatus returns the status of a GET of the path, and 0 if nothing answers.
func (r *Role) ProbeStatus(path string) int {
	client := http.Client{Timeout: probeTimeout, Transport: http.DefaultTransport}
	resp, err := client.Get(r.Base + path)
	if err != nil {
		return 0
	}
	defer resp.Body.Close()
	_, _ = io.Copy(io.Discard, resp.Body)
	return resp.StatusCode
}

// DocumentPath returns the path of a document of the test set, as in "transcripts/soen-coop".
func DocumentPath(name string) string {
	return filepath.Join(testenv.RepoRoot(), "tests", "documents", filepath.FromSlash(name)+".pdf")
}
