//go:build load

package load

import (
	"bytes"
	"context"
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

const secret = "a-secret-for-measurements-only-0123456789"

// role is a running process of tmd.
type role struct {
	*testenv.Process
	base  string
	ready time.Duration // from start to a ready answer
}

// start runs a role and waits for its readiness. The prefix goes before the command, as in taskset -c 0.
func start(t *testing.T, name string, port int, readyPort int, env []string, prefix ...string) *role {
	t.Helper()
	args := append(prefix, filepath.Join(testenv.Root(), ".bin", "tmd"), name)
	cmd := exec.Command(args[0], args[1:]...)
	cmd.Env = append([]string{"PATH=" + os.Getenv("PATH"), "HOME=" + t.TempDir(), "TMD_LOG_LEVEL=warn"}, env...)
	began := time.Now()
	r := &role{Process: testenv.Start(t, cmd), base: "http://" + net.JoinHostPort("127.0.0.1", strconv.Itoa(port))}
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

// system is an API, a worker and a parser on a real Redis and a MongoDB server.
type system struct {
	api, worker, parser *role
	redis               *testenv.RedisServer
	*client
}

func startSystem(t *testing.T, apiPrefix ...string) *system {
	t.Helper()
	s := &system{redis: testenv.Redis(t)}
	uploads, cache := t.TempDir(), wasmCache(t)
	env := []string{
		"REDIS_HOST=127.0.0.1", "REDIS_PORT=" + strconv.Itoa(s.redis.Port), "MONGODB_URI=" + testenv.Mongo(t),
		"TMD_UPLOAD_DIR=" + uploads, "JWT_SECRET=" + secret, "NODE_ENV=production",
		"TMD_CACHE_DIR=" + cache, "TMD_RATE_LIMIT=0", "TMD_RATE_LIMIT_UPLOADS=0", "TMD_MAX_JOBS_PER_OWNER=0", "TMD_METRICS_ADDR=off",
	}
	seed := exec.Command(filepath.Join(testenv.Root(), ".bin", "tmd"), "seed")
	seed.Env = env
	if out, err := seed.CombinedOutput(); err != nil {
		t.Fatalf("seed: %v\n%s", err, out)
	}
	parserPort, workerPort, apiPort := testenv.FreePort(t), testenv.FreePort(t), testenv.FreePort(t)
	s.parser = start(t, "parser", parserPort, parserPort, []string{
		"TMD_PARSER_PORT=" + strconv.Itoa(parserPort), "TMD_CACHE_DIR=" + cache, "TMD_METRICS_ADDR=off"})
	s.worker = start(t, "worker", workerPort, workerPort, append(env,
		fmt.Sprintf("PYTHON_UTILS_URL=http://127.0.0.1:%d", parserPort),
		fmt.Sprintf("TMD_WORKER_HEALTH_ADDR=127.0.0.1:%d", workerPort)))
	s.api = start(t, "api", apiPort, apiPort, append(env, "BACKEND_PORT="+strconv.Itoa(apiPort)), apiPrefix...)
	s.client = newClient(s.api.base, token(t))
	return s
}

func token(t *testing.T) string {
	t.Helper()
	cmd := exec.Command(filepath.Join(testenv.Root(), ".bin", "tmd"), "token", "--sub", "load", "--ttl", "2h")
	cmd.Env = []string{"JWT_SECRET=" + secret}
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

func transcript(t *testing.T) []byte {
	t.Helper()
	b, err := os.ReadFile(filepath.Join(testenv.Root(), "tests", "documents", "transcripts", "soen-coop.pdf"))
	if err != nil {
		t.Fatal(err)
	}
	return b
}

// each runs n calls on width goroutines and returns their times; the first error fails the test.
func each(t *testing.T, n, width int, call func(i int) error) []time.Duration {
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

func report(t *testing.T, what string, value any, target string) {
	t.Helper()
	t.Logf("| %s | %v | %s |", what, value, target)
}

// One user after the other on `tmd all`: upload, wait for the event, read the result.
func TestLoadWholePath(t *testing.T) {
	port := testenv.FreePort(t)
	all := start(t, "all", port, port, []string{"BACKEND_PORT=" + strconv.Itoa(port), "TMD_DATA_DIR=" + t.TempDir(),
		"TMD_CACHE_DIR=" + wasmCache(t), "TMD_RATE_LIMIT_UPLOADS=0"})
	c := newClient(all.base, "")
	body, contentType := form(transcript(t))
	path := func(int) error {
		id, err := c.upload(t.Context(), body, contentType)
		if err != nil {
			return err
		}
		if err := c.wait(t.Context(), id); err != nil {
			return err
		}
		_, err = c.result(t.Context(), id)
		return err
	}
	each(t, 10, 1, path)
	times := each(t, 200, 1, path)
	report(t, "whole path, median", percentile(times, 0.5), "80 ms")
	report(t, "whole path, p95", percentile(times, 0.95), "160 ms")
	report(t, "`tmd all`, start to ready", all.ready, "")
}

// 200 transcripts at once on one worker, beside polls of an uninvolved user.
func TestLoadBurst(t *testing.T) {
	s := startSystem(t)
	report(t, "start to ready: API", s.api.ready, "300 ms")
	report(t, "start to ready: worker", s.worker.ready, "300 ms")
	report(t, "start to ready: parser, compilation cached", s.parser.ready, "1 s")

	pdf := transcript(t)
	body, contentType := form(pdf)
	id, err := s.upload(t.Context(), body, contentType)
	if err != nil {
		t.Fatal(err)
	}
	if err := s.wait(t.Context(), id); err != nil {
		t.Fatal(err)
	}
	size, err := s.result(t.Context(), id)
	if err != nil {
		t.Fatal(err)
	}
	report(t, "result on the wire, bytes", size, "130,000")

	// What a parse alone costs, through the same service.
	parse := newClient(s.parser.base, "")
	parseOnce := func(int) error {
		res, err := parse.do(t.Context(), http.MethodPost, "/v1/parse", contentType, bytes.NewReader(body))
		if err != nil {
			return err
		}
		defer res.Body.Close()
		if res.StatusCode != http.StatusOK {
			return fmt.Errorf("parse: %s", res.Status)
		}
		return nil
	}
	each(t, 50, 2, parseOnce)
	before := cpu(t, s.parser)
	each(t, 200, 2, parseOnce)
	parseCPU := (cpu(t, s.parser) - before) / 200
	report(t, "CPU of a parse", parseCPU, "")

	// Beside each answer stands how late the poll's own timer fired: what any process waits for a core of this machine.
	poll := func(stop <-chan struct{}) (p polls) {
		for {
			const pause = 5 * time.Millisecond
			slept := time.Now()
			select {
			case <-stop:
				return p
			case <-time.After(pause):
			}
			began := time.Now()
			p.late = append(p.late, began.Sub(slept)-pause)
			if _, err := s.status(t.Context(), id); err != nil {
				t.Error(err)
				return p
			}
			p.answers = append(p.answers, time.Since(began))
		}
	}
	idleStop := make(chan struct{})
	time.AfterFunc(5*time.Second, func() { close(idleStop) })
	idle := poll(idleStop)

	const jobs = 200
	ids := make([]string, jobs)
	before = cpu(t, s.parser, s.worker)
	began := time.Now()
	each(t, jobs, 16, func(i int) error {
		var err error
		ids[i], err = s.upload(t.Context(), body, contentType)
		return err
	})
	// From here on the worker alone keeps the machine busy.
	busyStop, polled := make(chan struct{}), make(chan polls, 1)
	go func() { polled <- poll(busyStop) }()
	for _, id := range ids {
		if err := s.wait(t.Context(), id); err != nil {
			t.Fatal(err)
		}
	}
	took := time.Since(began)
	jobCPU := (cpu(t, s.parser, s.worker) - before) / jobs
	close(busyStop)
	busy := <-polled
	report(t, "jobs/s, 200 at once, one worker", fmt.Sprintf("%.1f", jobs/took.Seconds()), "45")
	report(t, "CPU of a job", jobCPU, "")
	report(t, "CPU of a job ÷ CPU of a parse", fmt.Sprintf("%.2f", float64(jobCPU)/float64(parseCPU)), "1.3")
	for _, p := range []struct {
		when string
		polls
	}{{"idle", idle}, {"burst", busy}} {
		report(t, "status p50, "+p.when, percentile(p.answers, 0.5), "")
		report(t, "status p99, "+p.when, percentile(p.answers, 0.99), "")
		report(t, "wake-up of a timer p99, "+p.when, percentile(p.late, 0.99), "")
	}
	report(t, "status p99, burst ÷ idle", fmt.Sprintf("%.2f", float64(percentile(busy.answers, 0.99))/float64(percentile(idle.answers, 0.99))), "2")
}

// polls are the times of status requests, and how late each began.
type polls struct{ answers, late []time.Duration }

// 200 users who upload and poll every 250 ms, for 30 s.
func TestLoadUsers(t *testing.T) {
	s := startSystem(t)
	body, contentType := form(transcript(t))
	ctx, cancel := context.WithTimeout(t.Context(), 30*time.Second)
	defer cancel()
	var done, timeouts atomic.Int64
	var mu sync.Mutex
	var waits []time.Duration
	var wg sync.WaitGroup
	for range 200 {
		wg.Go(func() {
			for ctx.Err() == nil {
				began := time.Now()
				id, err := s.upload(t.Context(), body, contentType)
				if err != nil {
					t.Error(err)
					return
				}
				for {
					state, err := s.status(t.Context(), id)
					if err != nil {
						t.Error(err)
						return
					}
					if state == "done" {
						break
					}
					if time.Since(began) > 25*time.Second { // the patience of the earlier system's load test
						timeouts.Add(1)
						break
					}
					time.Sleep(250 * time.Millisecond) //nolint:forbidigo // a user who polls
				}
				done.Add(1)
				mu.Lock()
				waits = append(waits, time.Since(began))
				mu.Unlock()
			}
		})
	}
	wg.Wait()
	report(t, "200 users for 30 s: jobs done", done.Load(), "")
	report(t, "200 users for 30 s: timeouts", timeouts.Load(), "0")
	report(t, "200 users for 30 s: upload to done, p95", percentile(waits, 0.95), "")
}

// The API alone on one core.
func TestLoadAPI(t *testing.T) {
	s := startSystem(t, "taskset", "-c", "0", "env", "GOMAXPROCS=1")
	body, contentType := form(transcript(t))
	id, err := s.upload(t.Context(), body, contentType)
	if err != nil {
		t.Fatal(err)
	}
	if err := s.wait(t.Context(), id); err != nil {
		t.Fatal(err)
	}
	rate := func(n int, call func(int) error) string {
		each(t, n/10, 16, call)
		began := time.Now()
		each(t, n, 16, call)
		return fmt.Sprintf("%.0f", float64(n)/time.Since(began).Seconds())
	}
	report(t, "done results/s, one core", rate(20_000, func(int) error {
		_, err := s.result(t.Context(), id)
		return err
	}), "2,000")

	// Uploads alone: nobody takes the jobs.
	s.worker.Kill()
	s.parser.Kill()
	pdf := make([]byte, 60_000)
	copy(pdf, "%PDF-1.7\n")
	body, contentType = form(pdf)
	wires := newWires(t, s.client, http.MethodPost, uploadPath, contentType, body, 16)
	report(t, "uploads/s of 60 kB, one core, concurrency 16", rate(15_000, func(int) error {
		return wires.send(http.StatusAccepted)
	}), "3,000")
}

// Resident memory after 1,000 jobs and after 10,000.
func TestLoadMemory(t *testing.T) {
	s := startSystem(t)
	body, contentType := form(transcript(t))
	run := func(n int) {
		each(t, n, 32, func(int) error {
			id, err := s.upload(t.Context(), body, contentType)
			if err != nil {
				return err
			}
			return s.wait(t.Context(), id)
		})
	}
	sizes := func(when string) {
		for _, r := range []struct {
			name   string
			role   *role
			target string
		}{{"worker", s.worker, "120 MiB"}, {"API", s.api, "60 MiB"}, {"parser", s.parser, "150 MiB"}} {
			u, err := usageOf(r.role.Pid())
			if err != nil {
				t.Fatal(err)
			}
			report(t, fmt.Sprintf("memory of the %s after %s jobs", r.name, when), fmt.Sprintf("%.1f MiB", float64(u.rss)/(1<<20)), r.target)
		}
	}
	run(1_000)
	sizes("1,000")
	run(9_000)
	sizes("10,000")
}

func cpu(t *testing.T, roles ...*role) time.Duration {
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
