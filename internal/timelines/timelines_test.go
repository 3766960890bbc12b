package timelines_test

import (
	"context"
	"fmt"
	"log/slog"
	"sync"
	"testing"
	"time"

	"github.com/google/uuid"
	"github.com/redis/go-redis/v9"
	"go.uber.org/goleak"

	"github.com/trackmydegree/trackmydegree/internal/boltstore"
	"github.com/trackmydegree/trackmydegree/internal/catalogue"
	"github.com/trackmydegree/trackmydegree/internal/cataloguetest"
	"github.com/trackmydegree/trackmydegree/internal/fault"
	"github.com/trackmydegree/trackmydegree/internal/job"
	"github.com/trackmydegree/trackmydegree/internal/jobstore"
	"github.com/trackmydegree/trackmydegree/internal/resultcodec"
	"github.com/trackmydegree/trackmydegree/internal/submit"
	"github.com/trackmydegree/trackmydegree/internal/testenv"
	"github.com/trackmydegree/trackmydegree/internal/timeline"
	"github.com/trackmydegree/trackmydegree/internal/timelines"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

const owner = "ann"

// now is a Monday in the fall term of 2026.
func now() time.Time { return time.Date(2026, 11, 23, 10, 0, 0, 0, time.UTC) }

// env is an editor on a real Redis and the embedded store. The test can make its ports fail.
type env struct {
	*timelines.Editor
	jobs     *jobstore.Store
	store    *boltstore.Store
	editions *catalogue.Editions

	// before is called before each ReplaceResult, to change something or to fail.
	before func(id job.ID) error
}

func (e *env) LoadResult(ctx context.Context, id job.ID) (job.Record, []byte, error) {
	return e.jobs.LoadResult(ctx, id)
}

func (e *env) LoadWithResult(ctx context.Context, id job.ID, slim bool) (job.Record, []byte, error) {
	return e.jobs.LoadWithResult(ctx, id, slim)
}

func (e *env) ReplaceResult(ctx context.Context, id job.ID, version int64, s job.Stored) (int64, error) {
	if e.before != nil {
		if err := e.before(id); err != nil {
			return 0, err
		}
	}
	return e.jobs.ReplaceResult(ctx, id, version, s)
}

func (e *env) CurrentEditions(context.Context) (*catalogue.Editions, error) {
	return e.editions, nil
}

func open(t *testing.T) *env {
	t.Helper()
	o, err := redis.ParseURL(testenv.StartRedis(t).URL(1))
	if err != nil {
		t.Fatal(err)
	}
	client := redis.NewClient(o)
	t.Cleanup(func() { client.Close() })
	store, err := boltstore.Open(boltstore.Config{Dir: t.TempDir()})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { store.Close() })
	e := &env{jobs: testenv.Must(jobstore.New(jobstore.Deps{Redis: client, Clock: now, Logger: slog.New(slog.DiscardHandler)})), store: store, editions: cataloguetest.EmbeddedEditions()}
	e.Editor = testenv.Must(timelines.New(timelines.Deps{Jobs: e, Timelines: store, Catalogue: e, Clock: now}))
	return e
}

const softwareEngineering = "BEng in Software Engineering"

// record stores a queued job of the owner.
func (e *env) record(t *testing.T) job.ID {
	t.Helper()
	id := job.ID(uuid.NewString())
	record := job.Record{ID: id, Kind: job.Form, Owner: owner, State: job.Queued, CreatedAt: now(), UpdatedAt: now()}
	if _, err := e.jobs.AdmitJob(t.Context(), record, nil, submit.AdmissionPolicy{}); err != nil {
		t.Fatal(err)
	}
	return id
}

// done stores a done job with the timeline of an empty form.
func (e *env) done(t *testing.T) job.ID {
	t.Helper()
	r, err := timeline.NewBuilder(e.editions.Latest()).FromForm(timeline.Form{Degree: softwareEngineering, FirstTerm: "FALL 2026"}, now())
	if err != nil {
		t.Fatal(err)
	}
	s, err := resultcodec.EncodeResult(r)
	if err != nil {
		t.Fatal(err)
	}
	id := e.record(t)
	begun, _, err := e.jobs.BeginAttempt(t.Context(), id, 1)
	if err != nil {
		t.Fatal(err)
	}
	if err := e.jobs.CompleteJob(t.Context(), id, begun.Fence, s); err != nil {
		t.Fatal(err)
	}
	return id
}

// result reads the result of a job.
func (e *env) result(t *testing.T, id job.ID) (job.Record, *timeline.Result) {
	t.Helper()
	record, packed, err := e.jobs.LoadResult(t.Context(), id)
	if err != nil {
		t.Fatal(err)
	}
	r, err := resultcodec.DecodeResult(packed)
	if err != nil {
		t.Fatal(err)
	}
	return record, r
}

func (e *env) list(t *testing.T) []timeline.Saved {
	t.Helper()
	ts, _, err := e.ListTimelines(t.Context(), owner, "", 0)
	if err != nil {
		t.Fatal(err)
	}
	return ts
}

func wantCode(t *testing.T, what string, err error, want fault.Code) {
	t.Helper()
	if got := fault.CodeOf(err); got != want {
		t.Errorf("%s: %q (%v), want %q", what, got, err, want)
	}
}

func named(name string) timeline.Patch { return timeline.Patch{TimelineName: &name} }

func TestEdit(t *testing.T) {
	t.Parallel()
	e, ctx := open(t), t.Context()
	id := e.done(t)
	before, _ := e.result(t, id)

	edited, err := e.EditResult(ctx, owner, id, before.Version, timeline.Patch{Exemptions: &[]string{"MATH 203"}})
	if err != nil {
		t.Fatal(err)
	}
	after, r := e.result(t, id)
	if version := edited.Record.Version; version <= before.Version || after.Version != version {
		t.Errorf("version %d came back, the record has %d, before %d", version, after.Version, before.Version)
	}
	if s := r.Courses["MATH 203"].State; s.Status != timeline.Completed || s.Via != timeline.ViaExemption {
		t.Errorf("the exempted course is %+v", s)
	}
	if _, packed, err := e.jobs.LoadWithResult(ctx, id, true); err != nil {
		t.Error(err)
	} else if slim, err := resultcodec.DecodeResult(packed); err != nil || slim.Courses["MATH 203"].State.Via != timeline.ViaExemption || len(slim.Courses) >= len(r.Courses) {
		t.Errorf("the slim view was not edited as well (%v)", err)
	}

	_, err = e.EditResult(ctx, owner, id, before.Version, named("late"))
	wantCode(t, "an edit of an old version", err, fault.PreconditionFailed)
	_, err = e.EditResult(ctx, owner, id, 0, timeline.Patch{Exemptions: &[]string{"no course at all!"}})
	wantCode(t, "a patch with a fault", err, fault.InvalidForm)
	if _, r := e.result(t, id); r.TimelineName != "" {
		t.Error("a refused edit was stored")
	}
	if _, err := e.EditResult(ctx, owner, id, 0, named("mine")); err != nil {
		t.Error(err)
	}
	if _, r := e.result(t, id); r.TimelineName != "mine" || r.Courses["MATH 203"].State.Status != timeline.Completed {
		t.Error("the second edit did not keep the first")
	}
}

// A job that cannot be edited or saved gives the same error as a missing one, unless it is the owner's.
func TestWhoseJobAndWhichState(t *testing.T) {
	t.Parallel()
	e, ctx := open(t), t.Context()
	done, queued := e.done(t), e.record(t)
	absent := job.ID(uuid.NewString())
	tests := []struct {
		who  string
		id   job.ID
		want fault.Code
	}{
		{"bob", done, fault.JobNotFound}, {"", done, fault.JobNotFound}, {"bob", queued, fault.JobNotFound},
		{owner, absent, fault.JobNotFound}, {owner, "no id", fault.JobNotFound}, {owner, queued, fault.Conflict},
	}
	mine, err := e.SaveResult(ctx, owner, done, "mine")
	if err != nil {
		t.Fatal(err)
	}
	for _, tt := range tests {
		what := fmt.Sprintf("%s of %q", tt.id, tt.who)
		_, err := e.EditResult(ctx, tt.who, tt.id, 0, named("x"))
		wantCode(t, "edit "+what, err, tt.want)
		_, err = e.SaveResult(ctx, tt.who, tt.id, "x")
		wantCode(t, "save "+what, err, tt.want)
		if tt.who == owner {
			_, err = e.UpdateTimeline(ctx, owner, mine.ID, 0, nil, &tt.id)
			wantCode(t, "replace with "+what, err, tt.want)
		}
	}
	name := "stolen"
	_, err = e.UpdateTimeline(ctx, "bob", mine.ID, 0, &name, nil)
	wantCode(t, "rename of another's", err, fault.TimelineNotFound)
	_, err = e.FindTimeline(ctx, "bob", mine.ID)
	wantCode(t, "get of another's", err, fault.TimelineNotFound)
	wantCode(t, "delete of another's", e.DeleteTimeline(ctx, "bob", mine.ID, 0), fault.TimelineNotFound)
	if got, err := e.FindTimeline(ctx, owner, mine.ID); err != nil || got.Name != "mine" {
		t.Errorf("afterwards it is %q (%v)", got.Name, err)
	}
}

// Concurrent edits without a version all take effect, one on top of the other.
func TestConcurrentEdits(t *testing.T) {
	t.Parallel()
	e, ctx := open(t), t.Context()
	id := e.done(t)
	fall := "FALL 2026"
	codes := []string{"COMP 232", "COMP 248", "ENGR 201", "ENGR 213"}
	var wg sync.WaitGroup
	for _, code := range codes {
		wg.Go(func() {
			_, err := e.EditResult(ctx, owner, id, 0, timeline.Patch{Courses: map[string]timeline.State{code: {Status: timeline.Planned, Semester: &fall}}})
			if err != nil {
				t.Errorf("%s: %v", code, err)
			}
		})
	}
	wg.Wait()
	_, r := e.result(t, id)
	for _, code := range codes {
		if r.Courses[code].State.Semester == nil {
			t.Errorf("the edit of %s was lost", code)
		}
	}
}

func TestAnEditThatIsAlwaysOvertaken(t *testing.T) {
	t.Parallel()
	e, ctx := open(t), t.Context()
	id := e.done(t)
	overtaken := 0
	e.before = func(id job.ID) error {
		overtaken++
		record, packed, err := e.jobs.LoadResult(ctx, id)
		if err != nil {
			return err
		}
		_, err = e.jobs.ReplaceResult(ctx, id, record.Version, job.Stored{Full: packed, Slim: packed})
		return err
	}
	_, err := e.EditResult(ctx, owner, id, 0, named("never"))
	wantCode(t, "edit", err, fault.Conflict)
	if overtaken < 2 {
		t.Errorf("tried %d times", overtaken)
	}
	record, _ := e.result(t, id)
	overtaken = 0
	_, err = e.EditResult(ctx, owner, id, record.Version, named("never"))
	wantCode(t, "edit of a version", err, fault.PreconditionFailed)
	if overtaken != 1 {
		t.Errorf("an edit of a version was tried %d times", overtaken)
	}
}
