//go:build load

package load

import (
	"context"
	"fmt"
	"net/http"
	"strconv"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/trackmydegree/trackmydegree/internal/apiclient"
	"github.com/trackmydegree/trackmydegree/internal/job"
	"github.com/trackmydegree/trackmydegree/internal/testenv"
)

// One user after the other on `tmd all`: upload, wait for the event, read the result.
func TestLoadWholePath(t *testing.T) {
	port := testenv.FreePort(t)
	all := startRole(t, "all", port, port, []string{"BACKEND_PORT=" + strconv.Itoa(port), "TMD_DATA_DIR=" + t.TempDir(),
		"TMD_CACHE_DIR=" + wasmCache(t), "TMD_RATE_LIMIT_UPLOADS=0"})
	c := newClient(all.base, "")
	form := apiclient.NewDocumentForm(readTranscript(t))
	path := func(int) error { return c.runPath(t.Context(), form) }
	runConcurrently(t, 10, 1, path)
	times := runConcurrently(t, 200, 1, path)
	reportFigure(t, "whole path, median", percentileOf(times, 0.5), "80 ms")
	reportFigure(t, "whole path, p95", percentileOf(times, 0.95), "160 ms")
	reportFigure(t, "`tmd all`, start to ready", all.ready, "")
}

// 200 transcripts at once on one worker, during status requests of another user.
func TestLoadBurst(t *testing.T) {
	s := startSystem(t)
	reportFigure(t, "start to ready: API", s.api.ready, "300 ms")
	reportFigure(t, "start to ready: worker", s.worker.ready, "300 ms")
	reportFigure(t, "start to ready: parser, compilation cached", s.parser.ready, "1 s")

	form := apiclient.NewDocumentForm(readTranscript(t))
	id, err := s.upload(t.Context(), form)
	if err != nil {
		t.Fatal(err)
	}
	if err := s.waitUntilDone(t.Context(), id); err != nil {
		t.Fatal(err)
	}
	size, err := s.readResult(t.Context(), id)
	if err != nil {
		t.Fatal(err)
	}
	reportFigure(t, "result on the wire, bytes", size, "130,000")

	// The time of a parse alone, through the same service.
	parse := newClient(s.parser.base, "")
	parseOnce := func(int) error {
		res, err := parse.Open(t.Context(), apiclient.Request{
			Method: http.MethodPost, Path: "/v1/parse", ContentType: form.ContentType, Body: form.Body,
		})
		if err != nil {
			return err
		}
		defer res.Body.Close()
		if res.StatusCode != http.StatusOK {
			return fmt.Errorf("parse: %s", res.Status)
		}
		return nil
	}
	runConcurrently(t, 50, 2, parseOnce)
	before := cpuOf(t, s.parser)
	runConcurrently(t, 200, 2, parseOnce)
	parseCPU := (cpuOf(t, s.parser) - before) / 200
	reportFigure(t, "CPU of a parse", parseCPU, "")

	idleStop := make(chan struct{})
	time.AfterFunc(5*time.Second, func() { close(idleStop) })
	idle := s.pollStatus(t, id, idleStop)

	const jobs = 200
	ids := make([]job.ID, jobs)
	before = cpuOf(t, s.parser, s.worker)
	began := time.Now()
	runConcurrently(t, jobs, 16, func(i int) error {
		var err error
		ids[i], err = s.upload(t.Context(), form)
		return err
	})
	// The API has accepted everything: from here on only the worker keeps the machine busy.
	busyStop, polled := make(chan struct{}), make(chan polls, 1)
	go func() { polled <- s.pollStatus(t, id, busyStop) }()
	for _, id := range ids {
		if err := s.waitUntilDone(t.Context(), id); err != nil {
			t.Fatal(err)
		}
	}
	took := time.Since(began)
	jobCPU := (cpuOf(t, s.parser, s.worker) - before) / jobs
	close(busyStop)
	busy := <-polled
	reportFigure(t, "jobs/s, 200 at once, one worker", fmt.Sprintf("%.1f", jobs/took.Seconds()), "45")
	reportFigure(t, "CPU of a job", jobCPU, "")
	reportFigure(t, "CPU of a job ÷ CPU of a parse", fmt.Sprintf("%.2f", float64(jobCPU)/float64(parseCPU)), "1.3")
	for _, p := range []struct {
		when string
		polls
	}{{"idle", idle}, {"burst", busy}} {
		reportFigure(t, "status p50, "+p.when, percentileOf(p.answers, 0.5), "")
		reportFigure(t, "status p99, "+p.when, percentileOf(p.answers, 0.99), "")
		reportFigure(t, "wake-up of a timer p99, "+p.when, percentileOf(p.late, 0.99), "")
	}
	reportFigure(t, "status p99, burst ÷ idle", fmt.Sprintf("%.2f", float64(percentileOf(busy.answers, 0.99))/float64(percentileOf(idle.answers, 0.99))), "2")
}

// polls are the times of status requests, and how late each began.
type polls struct{ answers, late []time.Duration }

// pollStatus asks for the state of a job every 5 ms. Each sample also holds how late the poll's own timer fired: the
// time that any process waits for a core here.
func (s *system) pollStatus(t *testing.T, id job.ID, stop <-chan struct{}) (p polls) {
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
		if _, err := s.loadState(t.Context(), id); err != nil {
			t.Error(err)
			return p
		}
		p.answers = append(p.answers, time.Since(began))
	}
}

// 200 users who upload and poll every 250 ms, for 30 s.
func TestLoadUsers(t *testing.T) {
	s := startSystem(t)
	form := apiclient.NewDocumentForm(readTranscript(t))
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
				id, err := s.upload(t.Context(), form)
				if err != nil {
					t.Error(err)
					return
				}
				for {
					state, err := s.loadState(t.Context(), id)
					if err != nil {
						t.Error(err)
						return
					}
					if state == job.Done {
						break
					}
					if time.Since(began) > 25*time.Second { // the limit of the load test of the earlier system
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
	reportFigure(t, "200 users for 30 s: jobs done", done.Load(), "")
	reportFigure(t, "200 users for 30 s: timeouts", timeouts.Load(), "0")
	reportFigure(t, "200 users for 30 s: upload to done, p95", percentileOf(waits, 0.95), "")
}

// The API alone on one core.
func TestLoadAPI(t *testing.T) {
	s := startSystem(t, "taskset", "-c", "0", "env", "GOMAXPROCS=1")
	form := apiclient.NewDocumentForm(readTranscript(t))
	id, err := s.upload(t.Context(), form)
	if err != nil {
		t.Fatal(err)
	}
	if err := s.waitUntilDone(t.Context(), id); err != nil {
		t.Fatal(err)
	}
	rate := func(n int, call func(int) error) string {
		runConcurrently(t, n/10, 16, call)
		began := time.Now()
		runConcurrently(t, n, 16, call)
		return fmt.Sprintf("%.0f", float64(n)/time.Since(began).Seconds())
	}
	reportFigure(t, "done results/s, one core", rate(20_000, func(int) error {
		_, err := s.readResult(t.Context(), id)
		return err
	}), "2,000")

	// Uploads alone, with nothing that runs the jobs.
	s.worker.Kill()
	s.parser.Kill()
	pdf := make([]byte, 60_000)
	copy(pdf, "%PDF-1.7\n")
	wires := newUploadWires(t, s.client, apiclient.NewDocumentForm(pdf), 16)
	reportFigure(t, "uploads/s of 60 kB, one core, concurrency 16", rate(15_000, func(int) error {
		return wires.sendRequest(http.StatusAccepted)
	}), "3,000")
}

// Resident memory after 1,000 jobs and after 10,000.
func TestLoadMemory(t *testing.T) {
	s := startSystem(t)
	form := apiclient.NewDocumentForm(readTranscript(t))
	run := func(n int) {
		runConcurrently(t, n, 32, func(int) error {
			id, err := s.upload(t.Context(), form)
			if err != nil {
				return err
			}
			return s.waitUntilDone(t.Context(), id)
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
			reportFigure(t, fmt.Sprintf("memory of the %s after %s jobs", r.name, when), fmt.Sprintf("%.1f MiB", float64(u.rss)/(1<<20)), r.target)
		}
	}
	run(1_000)
	sizes("1,000")
	run(9_000)
	sizes("10,000")
}
