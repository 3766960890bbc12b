package admin_test

import (
	"context"
	"io"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/trackmydegree/trackmydegree/internal/admin"
	"github.com/trackmydegree/trackmydegree/internal/fault"
	"github.com/trackmydegree/trackmydegree/internal/job"
	"github.com/trackmydegree/trackmydegree/internal/testenv"
)

func succeed(context.Context, job.Record) error { return nil }

// A dead job of each kind runs again under its id and ends for its owner. Its history is kept until then.
func TestRetryOfADeadJob(t *testing.T) {
	conform(t, func(t *testing.T, e *env) {
		for _, kind := range []job.Kind{job.File, job.Form, job.TimelineData} {
			id := e.die(kind, fault.Internal, true)
			e.settle() // repair neither deletes what is kept nor restores the job
			d, err := e.FindJob(t.Context(), id)
			must(t, err)
			if d.State != admin.Dead || d.Code != fault.Internal || d.Owner != "ann" || len(d.History) != 1 || (d.Kept != nil) != (kind == job.File) {
				t.Errorf("%s: %+v", kind, d)
			}
			must(t, e.RetryJob(t.Context(), id))
			if d, err = e.FindJob(t.Context(), id); err != nil || d.State != admin.Pending || d.Attempt != 0 || len(d.History) != 1 || d.Status != job.Queued {
				t.Errorf("%s: %+v, %v", kind, d, err)
			}
			wantCode(t, "a second time", e.RetryJob(t.Context(), id), fault.Conflict)
			w := &worker{outcome: succeed}
			stop := e.work(w)
			<-w.ended
			e.idle()
			stop()
			if s := e.state(id); s != job.Done {
				t.Errorf("%s: %s", kind, s)
			}
			wantCode(t, "one that is done", e.RetryJob(t.Context(), id), fault.Conflict)
			life := lifeOf(t, e, id)
			want := "accepted queued claimed started failed retried queued claimed started done"
			if life != want {
				t.Errorf("%s: the life is %q, want %q", kind, life, want)
			}
			if left := e.fileNames(); len(left) > 0 {
				t.Errorf("%s: left: %v", kind, left)
			}
		}
		wantCode(t, "nobody", e.RetryJob(t.Context(), newID()), fault.JobNotFound)
	})
}

// lifeOf returns the names of the events of a job's life.
func lifeOf(t *testing.T, e *env, id job.ID) string {
	t.Helper()
	d, err := e.FindJob(t.Context(), id)
	must(t, err)
	var names []string
	for _, event := range d.Life {
		names = append(names, string(event.What))
	}
	return strings.Join(names, " ")
}

// Without its document a job stays dead, and the error says why.
func TestRetryWithoutTheDocument(t *testing.T) {
	conform(t, func(t *testing.T, e *env) {
		id := e.die(job.File, fault.TooComplex, false)
		err := e.RetryJob(t.Context(), id)
		wantCode(t, "retry", err, fault.Conflict)
		if text := fault.From(err).Message(); !strings.Contains(text, "upload it once more") || !strings.Contains(text, "TMD_KEEP_FAILED_UPLOADS") {
			t.Errorf("%q", text)
		}
		if d, err := e.FindJob(t.Context(), id); err != nil || d.State != admin.Dead || d.Kept == nil || *d.Kept {
			t.Errorf("%+v, %v", d, err)
		}
	})
}

// A job that dies again has the history of both lives, and can be retried again.
func TestDeadAgain(t *testing.T) {
	conform(t, func(t *testing.T, e *env) {
		id := e.die(job.File, fault.Timeout, true)
		for lives := 2; lives <= 3; lives++ {
			must(t, e.RetryJob(t.Context(), id))
			w := &worker{keep: true, outcome: func(context.Context, job.Record) error { return fault.New(fault.Internal) }}
			stop := e.work(w)
			<-w.ended
			e.idle()
			stop()
			if d, err := e.FindJob(t.Context(), id); err != nil || d.State != admin.Dead || len(d.History) != lives || !*d.Kept {
				t.Errorf("%+v, %v", d, err)
			}
		}
	})
}

// A job that waits for its next attempt can run at once.
func TestRetryOfAWaitingJob(t *testing.T) {
	conform(t, func(t *testing.T, e *env) {
		id := e.submit(job.Form, job.High)
		waiting := &postponing{e: e, told: make(chan struct{}, 1)}
		stop := e.serve(waiting)
		<-waiting.told
		testenv.Eventually(t, "the job waits", func() bool {
			d, err := e.FindJob(t.Context(), id)
			return err == nil && d.State == admin.Retry
		})
		stop()
		must(t, e.RetryJob(t.Context(), id))
		if d, err := e.FindJob(t.Context(), id); err != nil || d.State != admin.Pending {
			t.Errorf("%+v, %v", d, err)
		}
		w := &worker{outcome: succeed}
		e.work(w)
		<-w.ended
		e.idle()
		if s := e.state(id); s != job.Done {
			t.Errorf("%s", s)
		}
	})
}

// A deleted job is removed from every store and does not return.
func TestDelete(t *testing.T) {
	conform(t, func(t *testing.T, e *env) {
		ctx := t.Context()
		gone := []job.ID{e.die(job.File, fault.Internal, true), e.die(job.Form, fault.Internal, true), e.submit(job.File, job.Low)}
		for _, id := range gone {
			must(t, e.DeleteJob(ctx, id))
			wantCode(t, "again", e.DeleteJob(ctx, id), fault.JobNotFound)
		}
		e.settle()
		if left := e.fileNames(); len(left) > 0 {
			t.Errorf("files left: %v", left)
		}
		for _, key := range e.redis.Keys(ctx, "*").Val() {
			for _, id := range gone {
				if strings.Contains(key, string(id)) {
					t.Errorf("%s is left", key)
				}
			}
		}
		if jobs, _, err := e.ListJobs(ctx, admin.Filter{}, admin.Page{}); err != nil || len(jobs) > 0 {
			t.Errorf("%+v, %v", jobs, err)
		}
	})
}

// A worker that runs a deleted job writes nothing more, and its task ends.
func TestDeleteOfARunningJob(t *testing.T) {
	conform(t, func(t *testing.T, e *env) {
		ctx := t.Context()
		id := e.submit(job.File, job.Normal)
		began, end := make(chan struct{}), make(chan struct{})
		w := &worker{outcome: func(context.Context, job.Record) error { close(began); <-end; return nil }}
		e.work(w)
		<-began
		if d, err := e.FindJob(ctx, id); err != nil || d.State != admin.Active || d.Worker != "worker-1" {
			t.Errorf("%+v, %v", d, err)
		}
		wantCode(t, "retry", e.RetryJob(ctx, id), fault.Conflict)
		must(t, e.DeleteJob(ctx, id))
		close(end)
		e.idle()
		wantCode(t, "show", second(e.FindJob(ctx, id)), fault.JobNotFound)
		if left := e.fileNames(); len(left) > 0 {
			t.Errorf("files left: %v", left)
		}
		for _, key := range e.redis.Keys(ctx, "*").Val() {
			if strings.Contains(key, string(id)) {
				t.Errorf("%s is left", key)
			}
		}
	})
}

// A retry that is interrupted at any step leaves a job that repair restarts, or one that is still dead: the job is
// never lost.
func TestARetryThatIsCutOff(t *testing.T) {
	for _, kind := range []job.Kind{job.File, job.Form} {
		for _, step := range []string{"revive", "restore", "queue"} {
			t.Run(string(kind)+" before "+step, func(t *testing.T) {
				conform(t, func(t *testing.T, e *env) {
					ctx := t.Context()
					id := e.die(kind, fault.Internal, true)
					cut := cutOff{env: e, at: step}
					deps := e.deps()
					deps.Tasks, deps.Jobs, deps.Uploads = cutTasks{e.tasks, cut}, cutJobs{e.records, cut}, cutUploads{e.files, cut}
					o := testenv.Must(admin.New(deps))
					wantCode(t, "retry", o.RetryJob(ctx, id), fault.StorageUnavailable)
					e.settle()
					e.settle()
					d, err := e.FindJob(ctx, id)
					must(t, err)
					// Without its document the job cannot run, so repair fails it.
					if wantDead := step == "revive" || step == "restore" && kind == job.File; wantDead != (d.State == admin.Dead) {
						t.Errorf("%+v", d)
					}
					if d.State == admin.Dead {
						must(t, e.RetryJob(ctx, id))
					}
					w := &worker{outcome: succeed}
					e.work(w)
					<-w.ended
					e.idle()
					if s := e.state(id); s != job.Done {
						t.Errorf("%s", s)
					}
					if left := e.fileNames(); len(left) > 0 {
						t.Errorf("left: %v", left)
					}
				})
			})
		}
	}
}

// The document of a dead job is deleted after its retention, or when Redis has lost the dead job.
func TestWhatIsKeptEnds(t *testing.T) {
	conform(t, func(t *testing.T, e *env) {
		ctx := t.Context()
		old, young := e.die(job.File, fault.Internal, true), e.die(job.File, fault.Internal, true)
		e.settle()
		if got := e.fileNames(); len(got) != 2 {
			t.Fatalf("kept: %v", got)
		}
		must(t, e.redis.Del(ctx, "job:dead:"+string(old)).Err()) // what Redis does after job.DeadTTL
		e.settle()
		if got := e.fileNames(); !slices.Equal(got, []string{string(young) + ".failed.pdf"}) {
			t.Errorf("kept: %v", got)
		}
		e.clock.Advance(job.DeadTTL)
		e.settle()
		if n := e.redis.ZCard(ctx, "job:dead").Val(); n != 0 {
			t.Errorf("%d ids of dead jobs are left", n)
		}
		must(t, e.redis.FlushAll(ctx).Err())
		e.settle()
		if got := e.fileNames(); len(got) != 0 {
			t.Errorf("kept: %v", got)
		}
	})
}

func TestStatsAndQueues(t *testing.T) {
	conform(t, func(t *testing.T, e *env) {
		ctx := t.Context()
		e.die(job.Form, fault.Internal, false)
		e.submit(job.Form, job.High)
		must(t, e.PauseQueues(ctx, "courseProcessor-low"))
		must(t, e.PauseIntake(ctx))
		s, err := e.CurrentStats(ctx)
		must(t, err)
		if s.Dead != 1 || s.RemainingJobs() != 1 || s.Draining.IsZero() || s.Queues[0].Paused || !s.Queues[2].Paused {
			t.Errorf("%+v", s)
		}
		must(t, e.PauseQueues(ctx))
		must(t, e.ResumeQueues(ctx, "courseProcessor-high"))
		must(t, e.ResumeIntake(ctx))
		if s, err = e.CurrentStats(ctx); err != nil || s.Queues[0].Paused || !s.Queues[1].Paused || !s.Queues[2].Paused || !s.Draining.IsZero() {
			t.Errorf("%+v, %v", s, err)
		}
		must(t, e.ResumeQueues(ctx))
		if s, err = e.CurrentStats(ctx); err != nil || s.Queues[1].Paused {
			t.Errorf("%+v, %v", s, err)
		}
		wantCode(t, "pause", e.PauseQueues(ctx, "x"), fault.NotFound)
		wantCode(t, "resume", e.ResumeQueues(ctx, "courseProcessor", "x"), fault.NotFound)
	})
}

// The queues of a list, and the tasks of each state.
func TestListOfRealQueues(t *testing.T) {
	conform(t, func(t *testing.T, e *env) {
		ctx := t.Context()
		dead := e.die(job.Form, fault.TooComplex, false)
		e.clock.Advance(time.Hour)
		low := e.submit(job.File, job.Low)
		e.clock.Advance(time.Hour)
		high := e.submit(job.Form, job.High)
		for name, c := range map[string]struct {
			f    admin.Filter
			want []job.ID
		}{
			"all":      {admin.Filter{}, []job.ID{dead, low, high}},
			"dead":     {admin.Filter{States: []admin.State{admin.Dead}}, []job.ID{dead}},
			"code":     {admin.Filter{Code: fault.TooComplex}, []job.ID{dead}},
			"kind":     {admin.Filter{Kind: job.Form}, []job.ID{dead, high}},
			"queue":    {admin.Filter{Queue: "courseProcessor-low"}, []job.ID{low}},
			"its own":  {admin.Filter{Queue: "courseProcessor"}, []job.ID{dead}},
			"old":      {admin.Filter{OlderThan: 30 * time.Minute}, []job.ID{dead, low}},
			"young":    {admin.Filter{NewerThan: 90 * time.Minute}, []job.ID{low, high}},
			"between":  {admin.Filter{OlderThan: 30 * time.Minute, NewerThan: 90 * time.Minute}, []job.ID{low}},
			"pending":  {admin.Filter{States: []admin.State{admin.Pending, admin.Active}}, []job.ID{low, high}},
			"no match": {admin.Filter{Code: fault.TooComplex, Kind: job.File}, nil},
		} {
			jobs, next, err := e.ListJobs(ctx, c.f, admin.Page{})
			must(t, err)
			var got []job.ID
			for _, j := range jobs {
				got = append(got, j.ID)
			}
			if d := cmp.Diff(c.want, got); d != "" || next != "" {
				t.Errorf("%s: %s", name, d)
			}
		}
	})
}

// cutOff makes a retry fail before a step.
type cutOff struct {
	*env
	at string
}

func (c cutOff) before(step string) error {
	if step == c.at {
		return fault.New(fault.StorageUnavailable)
	}
	return nil
}

type (
	cutJobs struct {
		admin.Jobs
		cutOff
	}
	cutUploads struct {
		admin.Uploads
		cutOff
	}
	cutTasks struct {
		admin.Tasks
		cutOff
	}
)

func (c cutJobs) RetryDead(ctx context.Context, d job.Dead) (job.Record, error) {
	if err := c.before("revive"); err != nil {
		return job.Record{}, err
	}
	return c.Jobs.RetryDead(ctx, d)
}

func (c cutUploads) RestoreDocument(ctx context.Context, t job.Ticket) error {
	if err := c.before("restore"); err != nil {
		return err
	}
	return c.Uploads.RestoreDocument(ctx, t)
}

func (c cutUploads) Save(ctx context.Context, t job.Ticket, r io.Reader, limit int64) (job.Saved, error) {
	if err := c.before("restore"); err != nil {
		return job.Saved{}, err
	}
	return c.Uploads.Save(ctx, t, r, limit)
}

func (c cutTasks) RequeueArchived(ctx context.Context, t job.Task) error {
	if err := c.before("queue"); err != nil {
		return err
	}
	return c.Tasks.RequeueArchived(ctx, t)
}

func second[T any](_ T, err error) error { return err }
