package repair_test

import (
	"context"
	"errors"
	"fmt"
	"io"
	"strings"
	"testing"
	"time"

	"github.com/alicebob/miniredis/v2"
	"pgregory.net/rapid"

	"github.com/trackmydegree/trackmydegree/internal/fault"
	"github.com/trackmydegree/trackmydegree/internal/job"
	"github.com/trackmydegree/trackmydegree/internal/submit"
)

// The failures that may happen at any step of a submission.
const (
	crashes  = "the process is killed"
	wiped    = "Redis is wiped"
	refuses  = "the step fails"            // before the step runs
	mute     = "the step's answer is lost" // after the step has run
	repeated = "the same key comes again"
	doubled  = "the same content comes again"
	swept    = "a sweep and a worker run"
)

var strikes = []string{crashes, wiped, refuses, mute, repeated, doubled, swept}

// strike is a failure at a step, before it or after it.
type strike struct {
	step  int
	after bool
	what  string
}

func (s strike) String() string {
	when := "before"
	if s.after {
		when = "after"
	}
	return fmt.Sprintf("%s step %d %s", when, s.step, s.what)
}

var errKilled = errors.New("killed")

// fate is a submission with failures.
type fate struct {
	e       *env
	strikes []strike
	answers job.ID // the failed job that the client answers; "" for a submission
	step    int
	diary   []string
	// accepted are the jobs whose ids a client received.
	accepted []job.ID
}

const content = "%PDF-1.7 the same document"

func (f *fate) request(r submit.Request, s *submit.Submitter) {
	got, err := s.SubmitFile(f.e.t.Context(), r, strings.NewReader(content))
	if err == nil {
		f.accepted = append(f.accepted, got.ID)
	}
}

// repeat sends the request again: with the same key or answer, or with the same content or another answer.
func (f *fate) repeat(what string) {
	switch s := f.e.submitter(); {
	case f.answers != "" && what == repeated:
		f.answer("D1", s)
	case f.answers != "":
		f.answer("D2", s)
	case what == repeated:
		f.request(submit.Request{Owner: "ann", IdempotencyKey: "k", Force: true}, s)
	default:
		f.request(submit.Request{Owner: "ann"}, s)
	}
}

// do runs a step and the failures around it.
func (f *fate) do(name string, broken fault.Code, step, undo func() error) error {
	n := f.step
	f.step++
	f.diary = append(f.diary, name)
	at := func(after bool) (err error) {
		for _, s := range f.strikes {
			if s.step != n || s.after != after {
				continue
			}
			switch s.what {
			case crashes:
				panic(errKilled)
			case wiped:
				f.e.wipe()
			case repeated, doubled:
				f.repeat(s.what)
			case swept:
				f.e.settle()
				f.e.work()
			case refuses, mute:
				err = fault.New(broken)
			}
		}
		return err
	}
	if err := at(false); err != nil {
		return err
	}
	if err := step(); err != nil {
		return err
	}
	if err := at(true); err != nil {
		_ = undo()
		return err
	}
	return nil
}

func stays() error { return nil }

func (f *fate) Save(ctx context.Context, t job.Ticket, r io.Reader, limit int64) (saved job.Saved, err error) {
	err = f.do("save", fault.StorageUnavailable, func() (err error) {
		saved, err = f.e.files.Save(ctx, t, r, limit)
		return err
	}, func() error { return f.e.files.Delete(ctx, t.ID) }) // after an error no file remains
	return saved, err
}

func (f *fate) Delete(ctx context.Context, id job.ID) error {
	return f.do("delete", fault.StorageUnavailable, func() error { return f.e.files.Delete(ctx, id) }, stays)
}

func (f *fate) AdmitJob(ctx context.Context, r job.Record, input []byte, terms submit.AdmissionPolicy) (holder job.ID, err error) {
	err = f.do("admit", fault.QueueUnavailable, func() (err error) {
		holder, err = f.e.records.AdmitJob(ctx, r, input, terms)
		return err
	}, stays)
	return holder, err
}

func (f *fate) WithdrawJob(ctx context.Context, id job.ID) (found bool, err error) {
	err = f.do("withdraw", fault.QueueUnavailable, func() (err error) {
		found, err = f.e.records.WithdrawJob(ctx, id)
		return err
	}, stays)
	return found, err
}

func (f *fate) CheckQuota(ctx context.Context, owner string, limit int) error {
	return f.do("room", fault.QueueUnavailable, func() error { return f.e.records.CheckQuota(ctx, owner, limit) }, stays)
}

func (f *fate) ClaimKey(ctx context.Context, claim string, id job.ID) (holder job.ID, claimed bool, err error) {
	err = f.do("claim", fault.QueueUnavailable, func() (err error) {
		holder, claimed, err = f.e.records.ClaimKey(ctx, claim, id)
		return err
	}, stays)
	return holder, claimed, err
}

func (f *fate) ReleaseKey(ctx context.Context, claim string, id job.ID) error {
	return f.do("release", fault.QueueUnavailable, func() error { return f.e.records.ReleaseKey(ctx, claim, id) }, stays)
}

func (f *fate) AnswerJob(ctx context.Context, a submit.Answer, maxOpenJobs int) (r job.Record, t job.Ticket, err error) {
	err = f.do("answer", fault.QueueUnavailable, func() (err error) {
		r, t, err = f.e.records.AnswerJob(ctx, a, maxOpenJobs)
		return err
	}, stays)
	return r, t, err
}

func (f *fate) RequeueArchived(ctx context.Context, t job.Task) error {
	return f.do("requeue", fault.QueueUnavailable, func() error { return f.e.tasks.RequeueArchived(ctx, t) }, stays)
}

func (f *fate) Enqueue(ctx context.Context, t job.Task) error {
	return f.do("enqueue", fault.QueueUnavailable, func() error { return f.e.tasks.Enqueue(ctx, t) }, stays)
}

// run submits a document with failures. Afterwards every job whose id a client received has exactly one result, every
// other job at most one, and no file, record or task remains.
func (f *fate) run(t testing.TB) {
	t.Helper()
	f.begin(t)
	f.survive(func(s *submit.Submitter) { f.request(submit.Request{Owner: "ann", IdempotencyKey: "k"}, s) })
	f.check(t)
}

// begin empties Redis, and sets the clock.
func (f *fate) begin(t testing.TB) {
	t.Helper()
	e := f.e
	e.t = t
	e.wipe()
	clear(e.results)
	e.clock.Set(time.Now())
}

// survive calls send with the submitter of a process that may be killed.
func (f *fate) survive(send func(*submit.Submitter)) {
	defer func() {
		if v := recover(); v != nil && v != errKilled { //nolint:errorlint // a value of this test
			panic(v)
		}
	}()
	send(f.e.submitter(func(d *submit.Deps) { d.Uploads, d.Jobs, d.Queue, d.MaxJobs = f, f, f, 10 }))
}

// check lets repair and a worker run, and looks at what came of it.
func (f *fate) check(t testing.TB) {
	t.Helper()
	e := f.e
	for range 2 {
		e.settle()
		e.work()
	}
	e.clock.Advance(time.Hour) // for the temporary file of a crash during Save
	e.settle()
	most := f.mostResults()
	for _, id := range f.accepted {
		if n := e.results[id]; n < 1 || n > most {
			t.Errorf("an accepted job has %d results", n)
		}
	}
	for id, n := range e.results {
		if n > most {
			t.Errorf("%s has %d results", id, n)
		}
	}
	e.quiet()
	if t.Failed() {
		t.Logf("%v; the steps: %v", f.strikes, f.diary)
	}
}

// mostResults is how many results a job may have. The record of an answered job comes before its ticket: when it is
// done in between and Redis then loses the result, the job runs once more.
func (f *fate) mostResults() int {
	n := 1
	for _, s := range f.strikes {
		if f.answers != "" && s.what == wiped {
			n++
		}
	}
	return n
}

// Each failure at each step, on both kinds of Redis.
func TestEachStepOfASubmission(t *testing.T) {
	onBoth(t, func(t *testing.T, e *env) {
		whole := &fate{e: e}
		whole.run(t)
		if len(whole.accepted) != 1 || whole.step < 5 {
			t.Fatalf("%d steps, %v", whole.step, whole.diary)
		}
		runs := 0
		for _, what := range strikes {
			for _, after := range []bool{false, true} {
				// The undoing of a submission has steps of its own.
				for step := range whole.step {
					f := &fate{e: e, strikes: []strike{{step, after, what}}}
					f.run(t)
					runs++
					if what != refuses && what != mute {
						continue
					}
					for undoing := whole.step; undoing < f.step; undoing++ {
						(&fate{e: e, strikes: []strike{{step, after, what}, {undoing, after, crashes}}}).run(t)
						runs++
					}
				}
			}
			if t.Failed() {
				return
			}
		}
		t.Logf("%d lives", runs)
	})
}

// A failure happens, and the same or a later step fails as well: then the submission undoes work that other requests
// may depend on.
func TestMishapsBeforeFailures(t *testing.T) {
	t.Parallel()
	e := open(t, "redis://"+miniredis.RunT(t).Addr()+"/1")
	const steps = 5
	for _, first := range []string{wiped, repeated, doubled, swept} {
		for _, failure := range []string{refuses, mute} {
			for at := range 2 * steps {
				for later := at; later < 2*steps; later++ {
					f := &fate{e: e, strikes: []strike{{at / 2, at%2 == 1, first}, {later / 2, later%2 == 1, failure}}}
					if f.run(t); t.Failed() {
						return
					}
				}
			}
		}
	}
}

// Failures at several steps.
func TestManyMishaps(t *testing.T) {
	t.Parallel()
	e := open(t, "redis://"+miniredis.RunT(t).Addr()+"/1")
	rapid.Check(t, func(rt *rapid.T) {
		f := &fate{e: e}
		for range rapid.IntRange(1, 4).Draw(rt, "mishaps") {
			f.strikes = append(f.strikes, strike{
				rapid.IntRange(0, 8).Draw(rt, "step"), rapid.Bool().Draw(rt, "after"), rapid.SampledFrom(strikes).Draw(rt, "what"),
			})
		}
		f.run(recorder{t, rt})
	})
}

// recorder is a test whose failures are those of a property.
type recorder struct {
	testing.TB
	rt *rapid.T
}

func (r recorder) Errorf(format string, args ...any) { r.rt.Errorf(format, args...) }
func (r recorder) Fatalf(format string, args ...any) { r.rt.Fatalf(format, args...) }
func (r recorder) Fatal(args ...any)                 { r.rt.Fatal(args...) }
func (r recorder) Logf(format string, args ...any)   { r.rt.Logf(format, args...) }
func (r recorder) Failed() bool                      { return r.rt.Failed() }

// A document or a ticket alone, after a crash during Save, is no job.
func TestAKillInTheMiddleOfSave(t *testing.T) {
	onBoth(t, func(t *testing.T, e *env) {
		ticket, err := job.Ticket{ID: newID(), Kind: job.File, Owner: "ann", CreatedAt: time.Now()}.Encode()
		e.must(err)
		for n := 0; n <= len(ticket); n += 7 {
			e.put(string(newID())+".json", string(ticket[:n]), 0)
		}
		e.put(string(newID())+".ABCDEFGH.tmp", "%PDF-1.7 hal", 0)
		e.settle()
		if open, err := e.records.ListOpen(t.Context(), 0, 10); err != nil || len(open) != 0 {
			t.Errorf("%v, %v", open, err)
		}
		e.clock.Advance(time.Hour)
		e.settle()
		e.quiet()
	})
}
