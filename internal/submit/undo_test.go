package submit_test

import (
	"context"
	"errors"
	"io"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/trackmydegree/trackmydegree/internal/fault"
	"github.com/trackmydegree/trackmydegree/internal/job"
	"github.com/trackmydegree/trackmydegree/internal/submit"
)

// After any failure nothing is left, even when the client disconnects.
func TestNothingIsLeftHalfDone(t *testing.T) {
	t.Parallel()
	down := fault.New(fault.QueueUnavailable)
	for failing, undone := range map[string][]string{
		"claim":   {"claim"},
		"room":    {"claim", "room", "release"},
		"save":    {"claim", "room", "save", "release"},
		"admit":   {"claim", "room", "save", "admit", "withdraw", "delete files", "release"},
		"enqueue": {"claim", "room", "save", "admit", "enqueue", "withdraw", "delete files", "release"},
	} {
		t.Run(failing, func(t *testing.T) {
			t.Parallel()
			w := newWorld()
			w.maxJobs = 3
			w.fails[failing] = down
			ctx, gone := context.WithCancel(t.Context())
			w.onFail = gone
			_, err := w.submitter().SubmitFile(ctx, submit.Request{Owner: "ann", IdempotencyKey: "k"}, strings.NewReader("%PDF-"))
			if fault.CodeOf(err) != fault.QueueUnavailable {
				t.Errorf("%v", err)
			}
			if diff := cmp.Diff(undone, w.diary); diff != "" {
				t.Errorf("steps (-want +got):\n%s", diff)
			}
			if len(w.files)+len(w.records)+len(w.claims) != 0 {
				t.Errorf("left: %v %v %v", w.files, w.records, w.claims)
			}
		})
	}
}

// mute is the Redis of a queue that accepts data and never answers.
type mute struct{ *world }

func (mute) WithdrawJob(ctx context.Context, _ job.ID) (bool, error) {
	<-ctx.Done()
	return false, fault.Wrap(fault.QueueUnavailable, ctx.Err())
}

// A client waits only once for a queue that does not answer.
func TestUndoingDoesNotWaitForTheQueue(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		w := newWorld()
		w.fails["admit"] = fault.New(fault.QueueUnavailable)
		s := w.submitter(func(d *submit.Deps) { d.Jobs = mute{w} })
		began := time.Now() // the bubble's clock
		_, err := s.SubmitFile(t.Context(), submit.Request{Owner: "ann"}, strings.NewReader("%PDF-"))
		if fault.CodeOf(err) != fault.QueueUnavailable || time.Since(began) > 500*time.Millisecond {
			t.Errorf("%v after %v", err, time.Since(began))
		}
	})
}

// slow is a queue that does each step, and takes its time for it, or all the time until the deadline.
type slow struct {
	*world
	takes time.Duration
}

func (s slow) wait(ctx context.Context) error {
	select {
	case <-time.After(s.takes):
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}

func (s slow) ClaimKey(ctx context.Context, claim string, id job.ID) (job.ID, bool, error) {
	if err := s.wait(ctx); err != nil {
		return "", false, err
	}
	return s.world.ClaimKey(ctx, claim, id)
}

func (s slow) CheckQuota(ctx context.Context, owner string, limit int) error {
	if err := s.wait(ctx); err != nil {
		return err
	}
	return s.world.CheckQuota(ctx, owner, limit)
}

func (s slow) AdmitJob(ctx context.Context, r job.Record, input []byte, terms submit.AdmissionPolicy) (job.ID, error) {
	if err := s.wait(ctx); err != nil {
		return "", err
	}
	return s.world.AdmitJob(ctx, r, input, terms)
}

func (s slow) Enqueue(ctx context.Context, t job.Task) error {
	if err := s.wait(ctx); err != nil {
		return err
	}
	return s.world.Enqueue(ctx, t)
}

func (s slow) WithdrawJob(ctx context.Context, id job.ID) (bool, error) {
	if err := s.wait(ctx); err != nil {
		return false, err
	}
	return s.world.WithdrawJob(ctx, id)
}

func (s slow) ReleaseKey(ctx context.Context, claim string, id job.ID) error {
	if err := s.wait(ctx); err != nil {
		return err
	}
	return s.world.ReleaseKey(ctx, claim, id)
}

// Even when each step is slow, a client has its answer within two seconds of its last byte.
func TestASlowQueueIsNotWaitedForAtEachStep(t *testing.T) {
	t.Parallel()
	for _, takes := range []time.Duration{100 * time.Millisecond, 700 * time.Millisecond, 900 * time.Millisecond, 1500 * time.Millisecond, time.Hour} {
		synctest.Test(t, func(t *testing.T) {
			w := newWorld()
			w.maxJobs = 5
			s := w.submitter(func(d *submit.Deps) { d.Jobs, d.Queue = slow{w, takes}, slow{w, takes} })
			began := time.Now() // the bubble's clock
			var last time.Time  // byte of the body
			body := readerFunc(func([]byte) (int, error) { last = time.Now(); return 0, io.EOF })
			_, err := s.SubmitFile(t.Context(), submit.Request{Owner: "ann", IdempotencyKey: "k"}, body)
			took := time.Since(began)
			if !last.IsZero() {
				took = max(last.Sub(began), time.Since(last))
			}
			if took > 2*time.Second {
				t.Errorf("steps of %v: %v after %v", takes, err, took)
			}
			if takes == time.Hour && fault.CodeOf(err) != fault.Timeout || takes < time.Second/2 && err != nil {
				t.Errorf("steps of %v: %v", takes, err)
			}
		})
	}
}

// A job whose record may exist, and cannot be withdrawn for certain, keeps its files and its claim. It is a complete
// job, which repair restores, and a repeated request receives it.
func TestWhatCannotBeUndoneGoesOn(t *testing.T) {
	t.Parallel()
	lost := func(w *world) { clear(w.records) } // by a Redis that was wiped
	for name, c := range map[string]struct {
		fails   []string
		prepare func(*world)
	}{
		"Redis cannot be reached":             {[]string{"enqueue", "withdraw"}, nil},
		"Redis is lost before its answer":     {[]string{"admit", "withdraw"}, nil},
		"Redis was wiped":                     {[]string{"enqueue"}, lost},
		"Redis was wiped before its answer":   {[]string{"admit"}, lost},
		"another request was given the job":   {[]string{"enqueue"}, func(w *world) { w.shared["id-1"] = true }},
		"a worker has begun":                  {[]string{"enqueue"}, func(w *world) { w.records["id-1"] = job.Record{State: job.Processing} }},
		"given to another before its answer":  {[]string{"admit"}, func(w *world) { w.shared["id-1"] = true }},
		"begun by a worker before its answer": {[]string{"admit"}, func(w *world) { w.records["id-1"] = job.Record{State: job.Done} }},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := newWorld()
			for _, step := range c.fails {
				w.fails[step] = fault.New(fault.QueueUnavailable)
			}
			w.onFail = func() {
				if c.prepare != nil {
					c.prepare(w)
				}
			}
			s := w.submitter()
			request := submit.Request{Owner: "ann", IdempotencyKey: "k"}
			if _, err := s.SubmitFile(t.Context(), request, strings.NewReader("%PDF-")); err == nil {
				t.Fatal("accepted")
			}
			if len(w.files) != 1 || len(w.claims) != 1 {
				t.Fatalf("one without the other: %v, %v", w.files, w.claims)
			}
			clear(w.fails)
			if got, err := s.SubmitFile(t.Context(), request, strings.NewReader("%PDF-")); err != nil || got != (submit.Receipt{ID: "id-1", Existing: true}) {
				t.Errorf("%+v, %v", got, err)
			}
		})
	}
}

// A client that disconnected while its document was being stored has no job.
func TestAClientThatLeft(t *testing.T) {
	t.Parallel()
	w := newWorld()
	ctx, leave := context.WithCancel(t.Context())
	s := w.submitter(func(d *submit.Deps) { d.Uploads = leaving{w, leave} })
	if _, err := s.SubmitFile(ctx, submit.Request{Owner: "ann", IdempotencyKey: "k"}, strings.NewReader("%PDF-")); !errors.Is(err, context.Canceled) {
		t.Errorf("%v", err)
	}
	if diff := cmp.Diff([]string{"claim", "save", "delete files", "release"}, w.diary); diff != "" {
		t.Error(diff)
	}
	if len(w.files)+len(w.records)+len(w.claims) != 0 {
		t.Errorf("left: %v %v %v", w.files, w.records, w.claims)
	}
}

type leaving struct {
	*world
	leave func()
}

func (l leaving) Save(ctx context.Context, t job.Ticket, r io.Reader, limit int64) (job.Saved, error) {
	defer l.leave()
	return l.world.Save(ctx, t, r, limit)
}
