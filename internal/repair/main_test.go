package repair_test

import (
	"bytes"
	"context"
	"log/slog"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/alicebob/miniredis/v2"
	"github.com/google/uuid"
	"github.com/hibiken/asynq"
	"github.com/prometheus/client_golang/prometheus"
	"github.com/redis/go-redis/v9"
	"go.uber.org/goleak"

	"github.com/trackmydegree/trackmydegree/internal/fault"
	"github.com/trackmydegree/trackmydegree/internal/filestore"
	"github.com/trackmydegree/trackmydegree/internal/job"
	"github.com/trackmydegree/trackmydegree/internal/jobstore"
	"github.com/trackmydegree/trackmydegree/internal/queuemodel"
	"github.com/trackmydegree/trackmydegree/internal/queuetest"
	"github.com/trackmydegree/trackmydegree/internal/redisurl"
	"github.com/trackmydegree/trackmydegree/internal/repair"
	"github.com/trackmydegree/trackmydegree/internal/submit"
	"github.com/trackmydegree/trackmydegree/internal/testenv"
	"github.com/trackmydegree/trackmydegree/internal/timeline"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// env is submission, repair and a worker on real stores.
type env struct {
	t       testing.TB
	clock   *testenv.Clock
	redis   redis.UniversalClient
	dir     string
	files   *filestore.Store
	records *jobstore.Store
	tasks   *queuetest.Queue
	inspect *asynq.Inspector
	metrics *prometheus.Registry
	log     *strings.Builder
	sweeper *repair.Repairer
	results map[job.ID]int // number of results of each job
}

func open(t testing.TB, url string) *env {
	t.Helper()
	client, err := redisurl.Open(url, redisurl.WithTimeout(20*time.Second))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { client.Close() })
	e := &env{t: t, clock: testenv.NewClock(time.Now()), redis: client, dir: folder(t), metrics: prometheus.NewRegistry(), log: &strings.Builder{}, results: map[job.ID]int{}}
	if e.files, err = filestore.New(filestore.Config{Dir: e.dir}); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { e.files.Close() })
	e.records = testenv.Must(jobstore.New(jobstore.Deps{Redis: client, Clock: e.clock.Now, Logger: slog.New(slog.DiscardHandler)}))
	e.tasks = queuetest.NewQueue(t, client)
	e.inspect = asynq.NewInspectorFromRedisClient(client)
	e.sweeper = e.newSweeper("one", e.metrics)
	return e
}

// folder is in memory where possible: a test of many submissions should not wait for the disk.
func folder(t testing.TB) string {
	t.Helper()
	dir, err := os.MkdirTemp("/dev/shm", "tmd-sweep-")
	if err != nil {
		return t.TempDir()
	}
	t.Cleanup(func() { os.RemoveAll(dir) })
	return dir
}

// onBoth runs a test on a real Redis and on the in-memory Redis of `tmd all`.
func onBoth(t *testing.T, test func(*testing.T, *env)) {
	t.Parallel()
	t.Run("redis", func(t *testing.T) { t.Parallel(); test(t, open(t, testenv.StartRedis(t).URL(1))) })
	t.Run("miniredis", func(t *testing.T) {
		t.Parallel()
		test(t, open(t, "redis://"+miniredis.RunT(t).Addr()+"/1"))
	})
}

func (e *env) deps(holder string, metrics *prometheus.Registry) repair.Deps {
	return repair.Deps{
		Uploads: e.files, Jobs: e.records, Queue: e.tasks, Holder: holder, Clock: e.clock.Now,
		Logger: slog.New(slog.NewTextHandler(e.log, nil)), Registerer: metrics,
	}
}

func (e *env) newSweeper(holder string, metrics *prometheus.Registry) *repair.Repairer {
	return testenv.Must(repair.New(e.deps(holder, metrics)))
}

// submitter returns a submitter on the stores; change may alter its dependencies.
func (e *env) submitter(change ...func(*submit.Deps)) *submit.Submitter {
	d := submit.Deps{
		Uploads: e.files, Jobs: e.records, Queue: e.tasks, Clock: e.clock.Now,
		NewID: newID, Logger: slog.New(slog.DiscardHandler),
	}
	for _, c := range change {
		c(&d)
	}
	return testenv.Must(submit.New(d))
}

func newID() job.ID { return job.ID(uuid.NewString()) }

func (e *env) must(err error) {
	e.t.Helper()
	if err != nil {
		e.t.Fatal(err)
	}
}

// pdf is a small document, another one each time.
func pdf() *bytes.Reader { return bytes.NewReader([]byte("%PDF-1.7\n" + uuid.NewString())) }

// file, form, load and plan submit a job.
func (e *env) file(r submit.Request) job.ID {
	e.t.Helper()
	got, err := e.submitter().SubmitFile(e.t.Context(), r, pdf())
	e.must(err)
	return got.ID
}

func (e *env) form(owner string) job.ID {
	e.t.Helper()
	got, err := e.submitter().SubmitForm(e.t.Context(), submit.Request{Owner: owner}, timeline.Form{Degree: "BEng " + uuid.NewString(), FirstTerm: "Fall 2026"})
	e.must(err)
	return got.ID
}

func (e *env) load(owner string) job.ID {
	e.t.Helper()
	got, err := e.submitter().SubmitTimeline(e.t.Context(), submit.Request{Owner: owner}, uuid.NewString())
	e.must(err)
	return got.ID
}

func (e *env) plan(owner string) job.ID {
	e.t.Helper()
	in := timeline.PlanInput{Timeline: timeline.Saved{DegreeID: "BEng " + uuid.NewString()}}
	got, err := e.submitter().SubmitPlan(e.t.Context(), submit.Request{Owner: owner}, in)
	e.must(err)
	return got.ID
}

// round runs repair once, after the usual pause.
func (e *env) round() {
	e.t.Helper()
	e.clock.Advance(5 * time.Second)
	e.must(e.sweeper.RepairOnce(e.t.Context()))
}

// settle runs enough rounds, far enough apart, to repair everything that can be repaired.
func (e *env) settle() {
	e.t.Helper()
	e.clock.Advance(10 * time.Second)
	e.round()
	e.round()
}

// work runs every waiting task, as a worker does.
func (e *env) work() {
	e.t.Helper()
	ctx := e.t.Context()
	for _, name := range queuemodel.QueueNames() {
		e.must(e.redis.SAdd(ctx, "asynq:queues", name).Err()) // a wiped Redis has lost the names that the inspector reads
		waiting, err := e.inspect.ListPendingTasks(name, asynq.PageSize(1000))
		e.must(err)
		for _, task := range waiting {
			id := job.ID(task.ID)
			r, input, err := e.records.BeginAttempt(ctx, id, 1)
			switch {
			case fault.CodeOf(err) == fault.JobNotFound:
			case err != nil:
				e.t.Fatal(err)
			case r.State.IsFinal():
				e.must(e.files.Delete(ctx, id))
			default:
				e.end(r, input)
			}
			e.must(e.inspect.DeleteTask(name, task.ID))
		}
	}
}

// end completes a job, or fails it when its document is missing.
func (e *env) end(r job.Record, input []byte) {
	e.t.Helper()
	ctx := e.t.Context()
	if r.FromFacts {
		if facts, err := e.records.LoadFacts(ctx, r.ID); err != nil || string(facts) != "facts" {
			e.t.Errorf("%s has the facts %q, %v", r.ID, facts, err)
		}
	} else if r.Kind == job.File {
		f, err := e.files.Open(ctx, r.ID)
		if err != nil {
			// It may have a result already, from a life that Redis has lost.
			if e.results[r.ID] == 0 {
				e.t.Errorf("the document of %s is gone: %v", r.ID, err)
			}
			e.must(e.records.FailJob(ctx, r.ID, r.Fence, *job.FailureOf(err)))
			return
		}
		f.Close()
	} else if len(input) == 0 {
		e.t.Errorf("%s has no input", r.ID)
	}
	e.must(e.records.CompleteJob(ctx, r.ID, r.Fence, job.Stored{Full: []byte("full"), Slim: []byte("slim")}))
	e.results[r.ID]++
	e.must(e.files.Delete(ctx, r.ID))
}

// state is the state of a job, "" when it has no record.
func (e *env) state(id job.ID) job.State {
	e.t.Helper()
	r, err := e.records.LoadRecord(e.t.Context(), id)
	if fault.CodeOf(err) == fault.JobNotFound {
		return ""
	}
	e.must(err)
	return r.State
}

// names lists the folder.
func (e *env) names() []string {
	e.t.Helper()
	entries, err := os.ReadDir(e.dir)
	e.must(err)
	var names []string
	for _, entry := range entries {
		names = append(names, entry.Name())
	}
	return names
}

// put writes a file into the folder, with a modification time age ago.
func (e *env) put(name, content string, age time.Duration) {
	e.t.Helper()
	path := filepath.Join(e.dir, name)
	e.must(os.WriteFile(path, []byte(content), 0o600))
	at := e.clock.Now().Add(-age)
	e.must(os.Chtimes(path, at, at))
}

// quiet checks that no file, no open job and no task remains.
func (e *env) quiet() {
	e.t.Helper()
	ctx := e.t.Context()
	if left := e.names(); len(left) != 0 {
		e.t.Errorf("files: %v", left)
	}
	if open, err := e.records.ListOpen(ctx, 0, 100); err != nil || len(open) != 0 {
		e.t.Errorf("open: %v, %v", open, err)
	}
	for _, d := range e.depths() {
		if d.Backlog() != 0 {
			e.t.Errorf("tasks: %+v", d)
		}
	}
	for _, key := range e.redis.Keys(ctx, "job:open:*").Val() {
		e.t.Errorf("the index of an owner stays: %v", e.redis.ZRange(ctx, key, 0, -1).Val())
	}
	for _, key := range e.redis.Keys(ctx, "job:content:*").Val() {
		// The index entry of a lost record stays, and is harmless.
		if id := job.ID(e.redis.Get(ctx, key).Val()); e.state(id) != "" && !e.state(id).IsFinal() {
			e.t.Errorf("the content is claimed by %s, which is %q", id, e.state(id))
		}
	}
}

func (e *env) depths() []queuemodel.Depth {
	e.t.Helper()
	depths, err := e.tasks.ReadDepths(e.t.Context())
	e.must(err)
	return depths
}

// healed returns the counters of repair, without zeros.
func (e *env) healed() map[string]int {
	e.t.Helper()
	families, err := e.metrics.Gather()
	e.must(err)
	counts := map[string]int{}
	for _, f := range families {
		if f.GetName() != "tmd_sweep_healed_total" {
			continue
		}
		for _, m := range f.GetMetric() {
			if n := int(m.GetCounter().GetValue()); n != 0 {
				counts[m.GetLabel()[0].GetValue()] = n
			}
		}
	}
	return counts
}

// loseTask deletes a task from the queue.
func (e *env) loseTask(id job.ID) {
	e.t.Helper()
	for _, name := range queuemodel.QueueNames() {
		if err := e.inspect.DeleteTask(name, string(id)); err == nil {
			return
		}
	}
	e.t.Fatal("no such task")
}

func (e *env) wipe() {
	e.t.Helper()
	e.must(e.redis.FlushAll(context.Background()).Err())
}
