package repair_test

import (
	"slices"
	"testing"
	"time"

	"github.com/trackmydegree/trackmydegree/internal/fault"
	"github.com/trackmydegree/trackmydegree/internal/job"
	"github.com/trackmydegree/trackmydegree/internal/submit"
)

// The degree that was given for a document is restored with its record.
func TestAGivenDegreeIsRestored(t *testing.T) {
	onBoth(t, func(t *testing.T, e *env) {
		id := e.file(submit.Request{Owner: "ann", Degree: "BEng in Software Engineering"})
		e.wipe()
		e.settle()
		_, input, err := e.records.BeginAttempt(t.Context(), id, 1)
		e.must(err)
		if got, err := job.DecodeInput(job.File, input); err != nil || got.Degree != "BEng in Software Engineering" {
			t.Errorf("got %+v, %v, want the degree", got, err)
		}
	})
}

// failAnswerable fails a job of a document for want of a degree, as a worker does, and lets its files go.
func (e *env) failAnswerable() job.ID {
	e.t.Helper()
	ctx := e.t.Context()
	id := e.file(submit.Request{Owner: "ann"})
	r, _, err := e.records.BeginAttempt(ctx, id, 1)
	e.must(err)
	kept := job.KeptFacts{Sealed: []byte("facts"), Until: e.clock.Now().Add(job.AnswerTTL)}
	e.must(e.records.FailAnswerable(ctx, id, r.Fence, *job.FailureOf(fault.New(fault.DegreeMissing)), kept))
	e.must(e.redis.SAdd(ctx, "asynq:queues", "courseProcessor").Err()) // lost with a wiped Redis
	e.must(e.inspect.ArchiveTask("courseProcessor", string(id)))
	e.must(e.files.Delete(ctx, id))
	return id
}

// answer sends an answer as the API does.
func (f *fate) answer(degree string, s *submit.Submitter) {
	r, err := s.AnswerJob(f.e.t.Context(), submit.Answer{ID: f.answers, Owner: "ann", Degree: degree})
	if err == nil && !slices.Contains(f.accepted, r.ID) {
		f.accepted = append(f.accepted, r.ID)
	}
}

// runAnswer answers a failed job with failures.
func (f *fate) runAnswer(t testing.TB) {
	t.Helper()
	f.begin(t)
	f.answers = f.e.failAnswerable()
	f.survive(func(s *submit.Submitter) { f.answer("D1", s) })
	f.check(t)
}

// Each failure at each step of an answer, and each pair of them: a job whose answer was accepted has one result.
func TestEachStepOfAnAnswer(t *testing.T) {
	onBoth(t, func(t *testing.T, e *env) {
		whole := &fate{e: e}
		whole.runAnswer(t)
		if len(whole.accepted) != 1 || whole.step != 3 {
			t.Fatalf("got %d accepted in the steps %v, want one in 3", len(whole.accepted), whole.diary)
		}
		var all []strike
		for _, what := range strikes {
			for at := range 2 * whole.step {
				all = append(all, strike{at / 2, at%2 == 1, what})
			}
		}
		for _, first := range all {
			(&fate{e: e, strikes: []strike{first}}).runAnswer(t)
			for _, second := range all {
				if t.Failed() {
					return
				}
				if second.step > first.step {
					(&fate{e: e, strikes: []strike{first, second}}).runAnswer(t)
				}
			}
		}
	})
}

// An open job that runs from facts is restored from its ticket, and never fails for want of its document.
func TestAnAnsweredJobIsRestored(t *testing.T) {
	onBoth(t, func(t *testing.T, e *env) {
		id := e.failAnswerable()
		_, err := e.submitter().AnswerJob(t.Context(), submit.Answer{ID: id, Owner: "ann", Degree: "D1"})
		e.must(err)
		e.loseTask(id)
		e.settle()
		if got := e.state(id); got != job.Queued {
			t.Errorf("without its task the job is %q, want queued", got)
		}
		e.wipe()
		e.settle()
		r, input, err := e.records.BeginAttempt(t.Context(), id, 1)
		e.must(err)
		facts, err := e.records.LoadFacts(t.Context(), id)
		e.must(err)
		if !r.FromFacts || string(input) != `{"degree":"D1"}` || string(facts) != "facts" {
			t.Errorf("got %+v with the input %s and the facts %s", r, input, facts)
		}
	})
}

// A crash before the answer is accepted leaves the failed job as it was: the owner can answer it still.
func TestAFailedJobStaysAnswerable(t *testing.T) {
	onBoth(t, func(t *testing.T, e *env) {
		id := e.failAnswerable()
		f := &fate{e: e, answers: id, strikes: []strike{{0, false, crashes}}}
		f.survive(func(s *submit.Submitter) { f.answer("D1", s) })
		e.clock.Advance(time.Minute)
		e.settle()
		if r, err := e.records.LoadRecord(t.Context(), id); err != nil || !r.CanBeAnswered(e.clock.Now()) {
			t.Errorf("got %+v, %v, want a job that can be answered", r, err)
		}
	})
}
