package commands_test

import (
	"net/http"
	"net/http/httptest"
	"net/http/httputil"
	"net/url"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/trackmydegree/trackmydegree/internal/testenv"
	"github.com/trackmydegree/trackmydegree/internal/testenv/testkit"
)

// parserLink is the connection from workers to the parser. The test can close it: then calls wait, or fail.
type parserLink struct {
	*httptest.Server
	mu      sync.Mutex
	closed  chan struct{} // calls wait for its end; nil: open
	broken  bool
	waiting chan struct{} // receives each waiting call
}

func newParserLink(t *testing.T, parser string) *parserLink {
	target, err := url.Parse(parser)
	if err != nil {
		t.Fatal(err)
	}
	proxy := httputil.NewSingleHostReverseProxy(target)
	w := &parserLink{waiting: make(chan struct{}, 16)}
	w.Server = httptest.NewServer(http.HandlerFunc(func(rw http.ResponseWriter, r *http.Request) {
		w.mu.Lock()
		closed, broken := w.closed, w.broken
		w.mu.Unlock()
		if r.Method == http.MethodPost && closed != nil {
			w.waiting <- struct{}{}
			select {
			case <-closed:
			case <-r.Context().Done():
				return
			}
		}
		if broken {
			http.Error(rw, "broken", http.StatusBadGateway)
			return
		}
		proxy.ServeHTTP(rw, r)
	}))
	t.Cleanup(w.Close)
	return w
}

// holdCalls makes calls wait until the returned function is called.
func (w *parserLink) holdCalls() (release func()) {
	w.mu.Lock()
	defer w.mu.Unlock()
	closed := make(chan struct{})
	w.closed = closed
	return sync.OnceFunc(func() {
		w.mu.Lock()
		defer w.mu.Unlock()
		w.closed = nil
		close(closed)
	})
}

func (w *parserLink) setBroken(broken bool) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.broken = broken
}

// The roles in their own processes, on a real Redis and a MongoDB server.
func TestRoles(t *testing.T) {
	t.Parallel()
	whole := t // what a step starts for later steps ends with the whole test
	redis, mongo, uploads, reports := testenv.StartRedis(t), testenv.NewMongoDatabase(t), t.TempDir(), newSentry(t)
	env := []string{
		"REDIS_HOST=127.0.0.1", "REDIS_PORT=" + strconv.Itoa(redis.Port), "MONGODB_URI=" + mongo, "JWT_SECRET=" + jwtSecret,
		"TMD_UPLOAD_DIR=" + uploads, "NODE_ENV=test", "TMD_RATE_LIMIT=0", "SENTRY_DSN=" + reports.dsnURL(),
	}
	t.Run("seed", func(t *testing.T) {
		none := noServer()
		first, second := none.runCommand(t, env, "seed"), none.runCommand(t, env, "seed")
		if first.code != 0 || !strings.Contains(first.out, "degrees: ") || !strings.Contains(first.out, " new") {
			t.Errorf("%+v", first)
		}
		if second.code != 0 || !strings.Contains(second.out, "nothing changed") {
			t.Errorf("%+v", second)
		}
	})

	parserPort := testenv.FreePort(t)
	startParser := func() *server {
		return startRole(whole, "parser", parserPort, "TMD_PARSER_PORT="+strconv.Itoa(parserPort), "TMD_PARSER_DEADLINE=5s")
	}
	parser := startParser()
	way := newParserLink(t, parser.Base)
	startWorker := func(more ...string) *server {
		port := testenv.FreePort(t)
		return startRole(whole, "worker", port, append(append([]string{
			"TMD_WORKER_HEALTH_ADDR=127.0.0.1:" + strconv.Itoa(port), "PYTHON_UTILS_URL=" + way.URL}, env...), more...)...)
	}
	const patience = 5 * time.Second
	worker := startWorker("TMD_SHUTDOWN_GRACE=20s", "TMD_OUTAGE_PATIENCE="+patience.String())
	apiPort := testenv.FreePort(t)
	api := startRole(t, "api", apiPort, append([]string{"BACKEND_PORT=" + strconv.Itoa(apiPort), "TMD_SHUTDOWN_DELAY=1s"}, env...)...)
	made := api.runCommand(t, env, "token", "--sub", "alice")
	if made.code != 0 {
		t.Fatalf("%+v", made)
	}
	token := strings.TrimSpace(made.out)
	auth := []string{"TMD_TOKEN=" + token}

	t.Run("a transcript becomes a timeline and its file goes", func(t *testing.T) {
		got := api.runCommand(t, auth, "upload", "--json", testkit.DocumentPath("transcripts/soen-coop"))
		if got.code != 0 {
			t.Fatalf("%+v", got)
		}
		if u := decodeUploads(t, got)[0]; u.Result == nil || !u.Result.IsCoop || u.Result.Courses["CWT 300"].Status.Status != "completed" {
			t.Errorf("%+v", u)
		}
		testenv.Eventually(t, "its files are gone", func() bool { return countFiles(t, uploads) == 0 })
	})
	t.Run("a caller without a token is refused", func(t *testing.T) {
		if got := api.runCommand(t, nil, "upload", testkit.DocumentPath("transcripts/soen-coop")); got.code != 4 {
			t.Errorf("%+v", got)
		}
	})
	t.Run("a hostile document fails with its code", func(t *testing.T) {
		got := api.runCommand(t, auth, "upload", "--json", testkit.DocumentPath("hostile/nested-forms"))
		if u := decodeUploads(t, got)[0]; got.code != 1 || u.Error == nil || u.Error.Code != "too_complex" && u.Error.Code != "no_text" {
			t.Errorf("%+v", got)
		}
		testenv.Eventually(t, "its files are gone", func() bool { return countFiles(t, uploads) == 0 })
	})
	t.Run("without a parser the job is retried, and done when it is back", func(t *testing.T) {
		parser.Signal(syscall.SIGTERM)
		if code := parser.ExitCode(); code != 0 {
			t.Errorf("the parser's exit code is %d", code)
		}
		accepted := time.Now()
		j := api.submitDocument(t, token, testkit.DocumentPath("transcripts/soen-regular"))
		j = api.waitForState(t, token, j.JobID, "retrying")
		if j.Error == nil || j.Error.Code != "parser_unavailable" {
			t.Errorf("%+v", j)
		}
		if n := countFiles(t, uploads); n != 1 { // with its ticket
			t.Errorf("%d files while the job is retried", n)
		}
		parser = startParser()
		// An outage uses up no attempt; on a very slow machine it lasted longer than the patience.
		if j = api.waitForState(t, token, j.JobID, "done"); j.Attempt != 1 && time.Since(accepted) < patience {
			t.Errorf("%+v", j)
		}
		testenv.Eventually(t, "its files are gone", func() bool { return countFiles(t, uploads) == 0 })
	})
	t.Run("the last failure is reported and the file goes", func(t *testing.T) {
		way.setBroken(true)
		defer way.setBroken(false)
		j := api.submitDocument(t, token, testkit.DocumentPath("transcripts/soen-regular"))
		j = api.waitForState(t, token, j.JobID, "failed")
		if j.Attempt != 3 || j.Error == nil || j.Error.Code != "parser_unavailable" {
			t.Errorf("%+v", j)
		}
		testenv.Eventually(t, "its files are gone", func() bool { return countFiles(t, uploads) == 0 })
		testenv.Eventually(t, "a report of the job", func() bool {
			_, ok := reports.findReport(j.JobID, `"role":"worker"`, `"code":"parser_unavailable"`, `"attempt":"3"`)
			return ok
		})
	})
	t.Run("a blip of Redis leaves a busy worker ready", func(t *testing.T) {
		release := way.holdCalls()
		defer release()
		j := api.submitDocument(t, token, testkit.DocumentPath("transcripts/soen-regular"))
		<-way.waiting
		redis.Kill()
		queueIs := func(want string) func() bool {
			return func() bool {
				var health struct {
					Dependencies []struct{ Name, Status string }
				}
				worker.getJSON(t, "", "/health", &health)
				for _, d := range health.Dependencies {
					if d.Name == "queue" {
						return d.Status == want
					}
				}
				return false
			}
		}
		testenv.Eventually(t, "the worker sees that Redis is unavailable", queueIs("down"))
		if got := worker.ProbeStatus("/readyz"); got != http.StatusOK {
			t.Errorf("/readyz answers %d", got)
		}
		redis.Restart(whole)
		testenv.Eventually(t, "the worker sees that Redis is back", queueIs("ok"))
		testenv.Eventually(t, "the API sees that Redis is back", func() bool { return api.ProbeStatus("/readyz") == http.StatusOK })
		release()
		api.waitForState(t, token, j.JobID, "done")
	})
	t.Run("a job whose worker is killed runs on another, and is not counted", func(t *testing.T) {
		release := way.holdCalls()
		defer release()
		j := api.submitDocument(t, token, testkit.DocumentPath("transcripts/soen-regular"))
		<-way.waiting
		worker.Kill()
		worker = startWorker("TMD_SHUTDOWN_GRACE=20s")
		<-way.waiting
		release()
		if j = api.waitForState(t, token, j.JobID, "done"); j.Attempt != 1 {
			t.Errorf("%+v", j)
		}
		testenv.Eventually(t, "the document is gone", func() bool { return countFiles(t, uploads) == 0 })
	})
	t.Run("a worker that is stopped ends its job first", func(t *testing.T) {
		release := way.holdCalls()
		defer release()
		j := api.submitDocument(t, token, testkit.DocumentPath("transcripts/soen-regular"))
		<-way.waiting
		worker.Signal(syscall.SIGTERM)
		testenv.Eventually(t, "the worker is no longer ready", func() bool { return worker.ProbeStatus("/readyz") == http.StatusServiceUnavailable })
		if got := worker.ProbeStatus("/livez"); got != http.StatusOK {
			t.Errorf("/livez answers %d", got)
		}
		release()
		if code := worker.ExitCode(); code != 0 {
			t.Errorf("exit code %d", code)
		}
		if j = api.waitForState(t, token, j.JobID, "done"); j.Attempt != 1 {
			t.Errorf("%+v", j)
		}
	})
	t.Run("a job that outlasts the grace goes to another worker and is not counted", func(t *testing.T) {
		release := way.holdCalls()
		defer release()
		leaving := startWorker("TMD_SHUTDOWN_GRACE=3s")
		j := api.submitDocument(t, token, testkit.DocumentPath("transcripts/soen-regular"))
		<-way.waiting
		leaving.Signal(syscall.SIGTERM)
		if code := leaving.ExitCode(); code != 0 {
			t.Errorf("exit code %d", code)
		}
		api.waitForState(t, token, j.JobID, "queued")
		release()
		worker = startWorker()
		if j = api.waitForState(t, token, j.JobID, "done"); j.Attempt != 1 {
			t.Errorf("%+v", j)
		}
	})
	t.Run("a second signal ends a process at once", func(t *testing.T) {
		release := way.holdCalls()
		defer release()
		api.submitDocument(t, token, testkit.DocumentPath("transcripts/soen-regular"))
		<-way.waiting
		worker.Signal(syscall.SIGTERM)
		testenv.Eventually(t, "the worker drains", func() bool { return worker.ProbeStatus("/readyz") == http.StatusServiceUnavailable })
		// A signal that arrives before the handler of the first is removed counts as the same signal.
		testenv.Eventually(t, "the worker ends", func() bool {
			worker.Signal(syscall.SIGTERM)
			select {
			case <-worker.Done():
				return true
			default:
				return false
			}
		})
		if code := worker.ExitCode(); code == 0 {
			t.Error("exit code 0")
		}
	})
	t.Run("the API works without workers, and serves on while load balancers notice its end", func(t *testing.T) {
		j := api.submitDocument(t, token, testkit.DocumentPath("transcripts/soen-regular"))
		api.waitForState(t, token, j.JobID, "queued")
		api.Signal(syscall.SIGTERM)
		testenv.Eventually(t, "the API is no longer ready", func() bool { return api.ProbeStatus("/readyz") == http.StatusServiceUnavailable })
		if s := api.waitForState(t, token, j.JobID, "queued"); s.JobID != j.JobID {
			t.Errorf("%+v", s)
		}
		// A kept connection would be closed while a request is being sent.
		res, err := http.Get(api.Base + "/livez")
		if err != nil {
			t.Fatal(err)
		}
		res.Body.Close()
		if !res.Close {
			t.Error("the API keeps connections while it ends")
		}
		if code := api.ExitCode(); code != 0 {
			t.Errorf("exit code %d", code)
		}
	})
}

// An error that stops a start is reported at once, on standard error and to Sentry.
func TestARoleThatCannotStart(t *testing.T) {
	t.Parallel()
	reports := newSentry(t)
	none := noServer()
	got := none.runCommand(t, []string{"SENTRY_DSN=" + reports.dsnURL(), "BACKEND_PORT=eighty", "REDIS_HOST=r"}, "api")
	if got.code != 2 || !strings.Contains(got.err, "3 settings are wrong") {
		t.Errorf("%+v", got)
	}
	if _, ok := reports.findReport(`"start: settings"`, "BACKEND_PORT, JWT_SECRET, MONGODB_URI"); !ok {
		t.Error("no report of the settings")
	}

	taken := httptest.NewServer(nil)
	defer taken.Close()
	_, port, _ := strings.Cut(strings.TrimPrefix(taken.URL, "http://"), ":")
	got = none.runCommand(t, []string{"SENTRY_DSN=" + reports.dsnURL(), "BACKEND_PORT=" + port, "TMD_METRICS_ADDR=off", "TMD_DATA_DIR=" + t.TempDir()}, "all")
	if got.code != 1 || !strings.Contains(got.err, "address already in use: stop what listens there, or set BACKEND_PORT") {
		t.Errorf("%+v", got)
	}
	if _, ok := reports.findReport(`"role":"all"`, "listen tcp: address already in use"); !ok {
		t.Error("no report of the port")
	}
}
