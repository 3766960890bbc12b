//go:build load

package load

import (
	"fmt"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/trackmydegree/trackmydegree/internal/testenv"
)

const jwtSecret = "a-secret-for-measurements-only-0123456789"

// role is a running process of tmd.
type role struct {
	*testenv.Process
	base  string
	ready time.Duration // from start to a ready answer
}

// builtTMD returns the path of the build that is measured.
func builtTMD() string { return filepath.Join(testenv.RepoRoot(), ".bin", "tmd") }

// startRole runs a role of the build and waits for its readiness. The prefix goes before the command, as in
// taskset -c 0.
func startRole(t *testing.T, name string, port int, readyPort int, env []string, prefix ...string) *role {
	t.Helper()
	return startCommand(t, name, port, readyPort, env, append(prefix, builtTMD(), name))
}

func startCommand(t *testing.T, name string, port, readyPort int, env, args []string) *role {
	t.Helper()
	cmd := exec.Command(args[0], args[1:]...)
	cmd.Env = append([]string{"PATH=" + os.Getenv("PATH"), "HOME=" + t.TempDir(), "TMD_LOG_LEVEL=warn"}, env...)
	began := time.Now()
	r := &role{Process: testenv.StartProcess(t, cmd), base: "http://" + net.JoinHostPort("127.0.0.1", strconv.Itoa(port))}
	url := fmt.Sprintf("http://127.0.0.1:%d/readyz", readyPort)
	for {
		if res, err := http.Get(url); err == nil {
			res.Body.Close()
			if res.StatusCode == http.StatusOK {
				r.ready = time.Since(began)
				return r
			}
		}
		select {
		case <-r.Done():
			t.Fatalf("tmd %s ended at its start", name)
		case <-time.After(2 * time.Millisecond):
		}
		if time.Since(began) > time.Minute {
			t.Fatalf("tmd %s is not ready after a minute", name)
		}
	}
}

// system is an API, a worker and a parser of one build on a real Redis and a MongoDB server.
type system struct {
	tmd                 string // path of the build
	env                 []string
	api, worker, parser *role
	redis               *testenv.RedisServer
	*client
}

func startSystem(t *testing.T, apiPrefix ...string) *system {
	t.Helper()
	s := startWithoutWorker(t, builtTMD(), apiPrefix...)
	s.startWorker(t)
	return s
}

// startWithoutWorker starts the API and the parser of a build. Jobs wait for startWorker.
func startWithoutWorker(t *testing.T, tmd string, apiPrefix ...string) *system {
	t.Helper()
	s := &system{tmd: tmd, redis: testenv.StartRedis(t)}
	uploads, cache := t.TempDir(), wasmCache(t)
	s.env = []string{
		"REDIS_HOST=127.0.0.1", "REDIS_PORT=" + strconv.Itoa(s.redis.Port), "MONGODB_URI=" + testenv.NewMongoDatabase(t),
		"TMD_UPLOAD_DIR=" + uploads, "JWT_SECRET=" + jwtSecret, "NODE_ENV=production",
		"TMD_CACHE_DIR=" + cache, "TMD_RATE_LIMIT=0", "TMD_RATE_LIMIT_UPLOADS=0", "TMD_MAX_JOBS_PER_OWNER=0", "TMD_METRICS_ADDR=off",
	}
	seed := exec.Command(tmd, "seed")
	seed.Env = s.env
	if out, err := seed.CombinedOutput(); err != nil {
		t.Fatalf("seed: %v\n%s", err, out)
	}
	s.parser = s.startRole(t, "parser", "TMD_PARSER_PORT", nil, []string{"TMD_CACHE_DIR=" + cache, "TMD_METRICS_ADDR=off"})
	s.api = s.startRole(t, "api", "BACKEND_PORT", apiPrefix, s.env)
	s.client = newClient(s.api.base, newToken(t))
	return s
}

// startRole starts a role whose port is set by portName.
func (s *system) startRole(t *testing.T, name, portName string, prefix, env []string) *role {
	t.Helper()
	port := testenv.FreePort(t)
	env = append([]string{portName + "=" + strconv.Itoa(port)}, env...)
	return startCommand(t, name, port, port, env, append(prefix, s.tmd, name))
}

func (s *system) startWorker(t *testing.T) {
	t.Helper()
	s.worker = s.startWorkerOf(t, s.parser.base)
}

// startWorkerOf starts a worker of the parser at an address.
func (s *system) startWorkerOf(t *testing.T, parser string) *role {
	t.Helper()
	port := testenv.FreePort(t)
	return startCommand(t, "worker", port, port, append([]string{
		"PYTHON_UTILS_URL=" + parser, fmt.Sprintf("TMD_WORKER_HEALTH_ADDR=127.0.0.1:%d", port),
	}, s.env...), []string{s.tmd, "worker"})
}

func newToken(t *testing.T) string {
	t.Helper()
	cmd := exec.Command(builtTMD(), "token", "--sub", "load", "--ttl", "2h")
	cmd.Env = []string{"JWT_SECRET=" + jwtSecret}
	out, err := cmd.Output()
	if err != nil {
		t.Fatalf("token: %v", err)
	}
	return string(out[:len(out)-1])
}

// wasmCache is kept between runs: a start with the compilation cache is what operators see.
func wasmCache(t *testing.T) string {
	dir := testenv.WasmCache()
	if err := os.MkdirAll(dir, 0o755); err != nil {
		t.Fatal(err)
	}
	return dir
}

func readTranscript(t *testing.T) []byte {
	t.Helper()
	b, err := os.ReadFile(filepath.Join(testenv.RepoRoot(), "tests", "documents", "transcripts", "soen-coop.pdf"))
	if err != nil {
		t.Fatal(err)
	}
	return b
}

// runConcurrently runs n calls on width goroutines and returns their times; the first error fails the test.
func runConcurrently(t *testing.T, n, width int, call func(i int) error) []time.Duration {
	t.Helper()
	times := make([]time.Duration, n)
	var next atomic.Int64
	var failed atomic.Pointer[error]
	var wg sync.WaitGroup
	for range width {
		wg.Go(func() {
			for {
				i := int(next.Add(1)) - 1
				if i >= n || failed.Load() != nil {
					return
				}
				began := time.Now()
				if err := call(i); err != nil {
					failed.CompareAndSwap(nil, &err)
					return
				}
				times[i] = time.Since(began)
			}
		})
	}
	wg.Wait()
	if err := failed.Load(); err != nil {
		t.Fatal(*err)
	}
	return times
}

func reportFigure(t *testing.T, what string, value any, target string) {
	t.Helper()
	t.Logf("| %s | %v | %s |", what, value, target)
}

func cpuOf(t *testing.T, roles ...*role) time.Duration {
	t.Helper()
	var sum time.Duration
	for _, r := range roles {
		u, err := usageOf(r.Pid())
		if err != nil {
			t.Fatal(err)
		}
		sum += u.cpu
	}
	return sum
}
