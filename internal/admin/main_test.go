package admin_test

import (
	"bytes"
	"context"
	"io"
	"log/slog"
	"os"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/alicebob/miniredis/v2"
	"github.com/google/uuid"
	"github.com/prometheus/client_golang/prometheus"
	"github.com/redis/go-redis/v9"
	"go.uber.org/goleak"

	"github.com/trackmydegree/trackmydegree/internal/admin"
	"github.com/trackmydegree/trackmydegree/internal/fault"
	"github.com/trackmydegree/trackmydegree/internal/filestore"
	"github.com/trackmydegree/trackmydegree/internal/job"
	"github.com/trackmydegree/trackmydegree/internal/jobstore"
	"github.com/trackmydegree/trackmydegree/internal/queue"
	"github.com/trackmydegree/trackmydegree/internal/queueadmin"
	"github.com/trackmydegree/trackmydegree/internal/queuetest"
	"github.com/trackmydegree/trackmydegree/internal/redisurl"
	"github.com/trackmydegree/trackmydegree/internal/repair"
	"github.com/trackmydegree/trackmydegree/internal/submit"
	"github.com/trackmydegree/trackmydegree/internal/testenv"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// env is an operator and repair on real stores.
type env struct {
	*admin.Service
	t       testing.TB
	clock   *testenv.Clock
	redis   redis.UniversalClient
	dir     string
	files   *filestore.Store
	records *jobstore.Store
	tasks   *queuetest.Queue
	sweeper *repair.Repairer
	log     bytes.Buffer // of the operator
}

func open(t testing.TB, url string) *env {
	t.Helper()
	client, err := redisurl.Open(url, redisurl.WithTimeout(20*time.Second))
	must(t, err)
	t.Cleanup(func() { client.Close() })
	e := &env{t: t, clock: testenv.NewClock(time.Now()), redis: client, dir: t.TempDir()}
	e.files, err = filestore.New(filestore.Config{Dir: e.dir})
	must(t, err)
	t.Cleanup(func() { e.files.Close() })
	quiet := slog.New(slog.DiscardHandler)
	e.records = testenv.Must(jobstore.New(jobstore.Deps{Redis: client, Clock: e.clock.Now, Logger: quiet, Host: "here"}))
	e.tasks = queuetest.NewQueue(t, client)
	e.Service = testenv.Must(admin.New(e.deps()))
	e.sweeper = testenv.Must(repair.New(repair.Deps{
		Uploads: e.files, Jobs: e.records, Queue: e.tasks, Holder: "one", Clock: e.clock.Now, Logger: quiet, Registerer: prometheus.NewRegistry(),
	}))
	return e
}

// deps are the dependencies of the operator.
func (e *env) deps() admin.Deps {
	return admin.Deps{
		Queue: e.tasks, Tasks: e.tasks, Intake: e.tasks, Jobs: e.records, Uploads: e.files, Audit: queueadmin.NewAuditTrail(e.redis),
		Clock: e.clock.Now, Logger: slog.New(slog.NewTextHandler(&e.log, nil)),
	}
}

// conform runs a test on a real Redis and on the in-memory Redis of `tmd all`.
func conform(t *testing.T, test func(t *testing.T, e *env)) {
	t.Parallel()
	t.Run("redis", func(t *testing.T) { t.Parallel(); test(t, open(t, testenv.StartRedis(t).URL(1))) })
	t.Run("miniredis", func(t *testing.T) { t.Parallel(); test(t, open(t, "redis://"+miniredis.RunT(t).Addr()+"/1")) })
}

func must(t testing.TB, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

func wantCode(t testing.TB, what string, err error, want fault.Code) {
	t.Helper()
	if fault.CodeOf(err) != want {
		t.Errorf("%s: %v, want %s", what, err, want)
	}
}

func newID() job.ID { return job.ID(uuid.NewString()) }

var pdf = []byte("%PDF-1.7 a document")

// submit accepts a job, as the API does.
func (e *env) submit(kind job.Kind, p job.Priority) job.ID {
	e.t.Helper()
	ctx, now := e.t.Context(), e.clock.Now().UTC()
	ticket := job.Ticket{ID: newID(), Kind: kind, Owner: "ann", Priority: p, CreatedAt: now}
	var body io.Reader
	if kind == job.File {
		body = bytes.NewReader(pdf)
	} else {
		ticket.Input = []byte(`{"degree":"x"}`)
	}
	_, err := e.files.Save(ctx, ticket, body, 1<<20)
	must(e.t, err)
	_, err = e.records.AdmitJob(ctx, job.Record{
		ID: ticket.ID, Kind: kind, Owner: "ann", Priority: p, State: job.Queued, CreatedAt: now, UpdatedAt: now,
	}, ticket.Input, submit.AdmissionPolicy{})
	must(e.t, err)
	must(e.t, e.tasks.Enqueue(ctx, job.Task{ID: ticket.ID, Kind: kind, Priority: p}))
	return ticket.ID
}

// worker runs jobs as the executor does; the test chooses the outcome of each.
type worker struct {
	e       *env
	keep    bool
	outcome func(ctx context.Context, r job.Record) error
	ended   chan struct{} // receives a value for each job that ended
}

func (w *worker) Process(ctx context.Context, d job.Delivery) error {
	r, input, err := w.e.records.BeginAttempt(ctx, d.ID, d.Attempt)
	if fault.CodeOf(err) == fault.JobNotFound {
		return nil
	}
	if err != nil {
		return err
	}
	if r.State.IsFinal() {
		w.e.t.Errorf("a job that has ended is delivered again: %s", r.State)
		return nil
	}
	if r.Kind == job.File {
		f, err := w.e.files.Open(ctx, d.ID)
		if err != nil {
			return err
		}
		b, err := io.ReadAll(f)
		f.Close()
		if err != nil || !bytes.Equal(b, pdf) {
			w.e.t.Errorf("the document is %q, %v", b, err)
		}
	} else if len(input) == 0 {
		w.e.t.Error("a job without its input")
	}
	cause := w.outcome(ctx, r)
	detached := context.WithoutCancel(ctx)
	defer func() { w.ended <- struct{}{} }()
	if cause == nil {
		if err := w.e.records.CompleteJob(detached, d.ID, r.Fence, job.Stored{Full: []byte("full"), Slim: []byte("slim")}); err != nil {
			return err
		}
		return w.e.files.Delete(detached, d.ID)
	}
	if err := w.e.records.FailJob(detached, d.ID, r.Fence, *job.FailureOf(cause)); err != nil {
		return err
	}
	if w.keep && r.Kind == job.File {
		err = w.e.files.KeepDocument(detached, d.ID)
	} else {
		err = w.e.files.Delete(detached, d.ID)
	}
	must(w.e.t, err)
	return fault.New(fault.Corrupt) // the queue does not retry it
}

// postponing postpones each job.
type postponing struct {
	e    *env
	told chan struct{}
}

func (p *postponing) Process(ctx context.Context, d job.Delivery) error {
	r, _, err := p.e.records.BeginAttempt(ctx, d.ID, d.Attempt)
	must(p.e.t, err)
	cause := fault.New(fault.ParserUnavailable)
	must(p.e.t, p.e.records.ScheduleRetry(ctx, d.ID, r.Fence, *job.FailureOf(cause), p.e.clock.Now().Add(time.Hour)))
	p.told <- struct{}{}
	return &job.Postponement{After: time.Hour, Cause: cause}
}

// work runs a worker until the returned function is called.
func (e *env) work(w *worker) (stop func()) {
	e.t.Helper()
	w.e, w.ended = e, make(chan struct{}, 100)
	return e.serve(w)
}

func (e *env) serve(h queue.Handler) (stop func()) {
	e.t.Helper()
	server := queuetest.NewServer(e.t, queuetest.Deps{
		Redis: e.redis, Handler: h, Host: "worker-1", Grace: time.Second, Clock: time.Now,
		Logger: slog.New(slog.DiscardHandler), Registerer: prometheus.NewRegistry(),
	})
	ctx, cancel := context.WithCancel(context.Background())
	done := make(chan error, 1)
	go func() { done <- server.Run(ctx) }()
	stop = sync.OnceFunc(func() {
		cancel()
		must(e.t, <-done)
	})
	e.t.Cleanup(stop)
	return stop
}

// die submits a job and makes it fail.
func (e *env) die(kind job.Kind, code fault.Code, keep bool) job.ID {
	e.t.Helper()
	w := &worker{keep: keep, outcome: func(context.Context, job.Record) error { return fault.New(code) }}
	id := e.submit(kind, job.Normal)
	stop := e.work(w)
	<-w.ended
	e.idle()
	stop()
	return id
}

// idle waits until no task is left.
func (e *env) idle() {
	e.t.Helper()
	testenv.Eventually(e.t, "the queues are empty", func() bool {
		s, err := e.CurrentStats(e.t.Context())
		return err == nil && s.RemainingJobs() == 0
	})
}

func (e *env) state(id job.ID) job.State {
	e.t.Helper()
	r, err := e.records.LoadRecord(e.t.Context(), id)
	must(e.t, err)
	return r.State
}

func (e *env) fileNames() []string {
	e.t.Helper()
	entries, err := os.ReadDir(e.dir)
	must(e.t, err)
	var names []string
	for _, f := range entries {
		names = append(names, f.Name())
	}
	slices.Sort(names)
	return names
}

// settle runs repair often enough to fix everything that can be fixed.
func (e *env) settle() {
	e.t.Helper()
	e.clock.Advance(10 * time.Second)
	for range 3 {
		e.clock.Advance(5 * time.Second)
		must(e.t, e.sweeper.RepairOnce(e.t.Context()))
	}
}
