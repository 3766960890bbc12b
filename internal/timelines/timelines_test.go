package timelines_test

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/uuid"
	"github.com/redis/go-redis/v9"
	"go.uber.org/goleak"

	"github.com/trackmydegree/trackmydegree/internal/boltstore"
	"github.com/trackmydegree/trackmydegree/internal/catalogue"
	"github.com/trackmydegree/trackmydegree/internal/fault"
	"github.com/trackmydegree/trackmydegree/internal/job"
	"github.com/trackmydegree/trackmydegree/internal/jobstore"
	"github.com/trackmydegree/trackmydegree/internal/resultcodec"
	"github.com/trackmydegree/trackmydegree/internal/testenv"
	"github.com/trackmydegree/trackmydegree/internal/timeline"
	"github.com/trackmydegree/trackmydegree/internal/timelines"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

const owner = "ann"

// now is a Monday in the fall term of 2026.
func now() time.Time { return time.Date(2026, 11, 23, 10, 0, 0, 0, time.UTC) }

// env is an editor on a real Redis and the embedded store. Its ports can be made to fail.
type env struct {
	*timelines.Editor
	jobs      *jobstore.Store
	store     *boltstore.Store
	catalogue *catalogue.Catalogue

	// before is called before each Replace, to change something meanwhile or to fail.
	before func(id job.ID) error
}

func (e *env) LoadResult(ctx context.Context, id job.ID) (job.Record, []byte, error) {
	return e.jobs.LoadResult(ctx, id)
}

func (e *env) ReplaceResult(ctx context.Context, id job.ID, version int64, s job.Stored) (int64, error) {
	if e.before != nil {
		if err := e.before(id); err != nil {
			return 0, err
		}
	}
	return e.jobs.ReplaceResult(ctx, id, version, s)
}

func (e *env) Current(context.Context) (*catalogue.Catalogue, error) { return e.catalogue, nil }

var shared = sync.OnceValues(func() (*catalogue.Catalogue, error) {
	d, err := catalogue.Load()
	if err != nil {
		return nil, err
	}
	return catalogue.New(d)
})

func open(t *testing.T) *env {
	t.Helper()
	c, err := shared()
	if err != nil {
		t.Fatal(err)
	}
	o, err := redis.ParseURL(testenv.Redis(t).URL(1))
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
	e := &env{jobs: jobstore.New(jobstore.Deps{Redis: client, Clock: now, Logger: slog.New(slog.DiscardHandler)}), store: store, catalogue: c}
	e.Editor = timelines.New(timelines.Deps{Jobs: e, Timelines: store, Catalogue: e, Clock: now})
	return e
}

const softwareEngineering = "BEng in Software Engineering"

// record stores a queued job of the owner.
func (e *env) record(t *testing.T) job.ID {
	t.Helper()
	id := job.ID(uuid.NewString())
	if err := e.jobs.Create(t.Context(), job.Record{ID: id, Kind: job.Form, Owner: owner, State: job.Queued, CreatedAt: now(), UpdatedAt: now()}, nil); err != nil {
		t.Fatal(err)
	}
	return id
}

// done stores a done job with the timeline of an empty form.
func (e *env) done(t *testing.T) job.ID {
	t.Helper()
	r, err := timeline.NewBuilder(e.catalogue).FromForm(timeline.Form{Degree: softwareEngineering, FirstTerm: "FALL 2026"}, now())
	if err != nil {
		t.Fatal(err)
	}
	s, err := resultcodec.Result(r)
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

// result reads what a job holds.
func (e *env) result(t *testing.T, id job.ID) (job.Record, *timeline.Result) {
	t.Helper()
	record, packed, err := e.jobs.LoadResult(t.Context(), id)
	if err != nil {
		t.Fatal(err)
	}
	r, err := resultcodec.Open(packed)
	if err != nil {
		t.Fatal(err)
	}
	return record, r
}

func (e *env) list(t *testing.T) []timeline.Saved {
	t.Helper()
	ts, _, err := e.List(t.Context(), owner, "", 0)
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

	version, err := e.Edit(ctx, owner, id, before.Version, timeline.Patch{Exemptions: &[]string{"MATH 203"}})
	if err != nil {
		t.Fatal(err)
	}
	after, r := e.result(t, id)
	if version <= before.Version || after.Version != version {
		t.Errorf("version %d came back, the record has %d, before %d", version, after.Version, before.Version)
	}
	if s := r.Courses["MATH 203"].State; s.Status != timeline.Completed || s.Via != timeline.ViaExemption {
		t.Errorf("the exempted course is %+v", s)
	}
	if _, packed, err := e.jobs.LoadWithResult(ctx, id, true); err != nil {
		t.Error(err)
	} else if slim, err := resultcodec.Open(packed); err != nil || slim.Courses["MATH 203"].State.Via != timeline.ViaExemption || len(slim.Courses) >= len(r.Courses) {
		t.Errorf("the slim view was not edited as well (%v)", err)
	}

	_, err = e.Edit(ctx, owner, id, before.Version, named("late"))
	wantCode(t, "an edit of an old version", err, fault.PreconditionFailed)
	_, err = e.Edit(ctx, owner, id, 0, timeline.Patch{Exemptions: &[]string{"no course at all!"}})
	wantCode(t, "a patch with a fault", err, fault.InvalidForm)
	if _, r := e.result(t, id); r.TimelineName != "" {
		t.Error("a refused edit was stored")
	}
	if _, err := e.Edit(ctx, owner, id, 0, named("mine")); err != nil {
		t.Error(err)
	}
	if _, r := e.result(t, id); r.TimelineName != "mine" || r.Courses["MATH 203"].State.Status != timeline.Completed {
		t.Error("the second edit did not keep the first")
	}
}

// What cannot be edited or saved cannot be told apart from what is not there, unless it is one's own.
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
	mine, err := e.Save(ctx, owner, done, "mine")
	if err != nil {
		t.Fatal(err)
	}
	for _, tt := range tests {
		what := fmt.Sprintf("%s of %q", tt.id, tt.who)
		_, err := e.Edit(ctx, tt.who, tt.id, 0, named("x"))
		wantCode(t, "edit "+what, err, tt.want)
		_, err = e.Save(ctx, tt.who, tt.id, "x")
		wantCode(t, "save "+what, err, tt.want)
		if tt.who == owner {
			_, err = e.Update(ctx, owner, mine.ID, 0, nil, &tt.id)
			wantCode(t, "replace with "+what, err, tt.want)
		}
	}
	name := "stolen"
	_, err = e.Update(ctx, "bob", mine.ID, 0, &name, nil)
	wantCode(t, "rename of another's", err, fault.TimelineNotFound)
	_, err = e.Get(ctx, "bob", mine.ID)
	wantCode(t, "get of another's", err, fault.TimelineNotFound)
	wantCode(t, "delete of another's", e.Delete(ctx, "bob", mine.ID, 0), fault.TimelineNotFound)
	if got, err := e.Get(ctx, owner, mine.ID); err != nil || got.Name != "mine" {
		t.Errorf("afterwards it is %q (%v)", got.Name, err)
	}
}

// Edits that name no version are all made, each on top of the others.
func TestConcurrentEdits(t *testing.T) {
	t.Parallel()
	e, ctx := open(t), t.Context()
	id := e.done(t)
	fall := "FALL 2026"
	codes := []string{"COMP 232", "COMP 248", "ENGR 201", "ENGR 213"}
	var wg sync.WaitGroup
	for _, code := range codes {
		wg.Go(func() {
			_, err := e.Edit(ctx, owner, id, 0, timeline.Patch{Courses: map[string]timeline.State{code: {Status: timeline.Planned, Semester: &fall}}})
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
	_, err := e.Edit(ctx, owner, id, 0, named("never"))
	wantCode(t, "edit", err, fault.Conflict)
	if overtaken < 2 {
		t.Errorf("tried %d times", overtaken)
	}
	record, _ := e.result(t, id)
	overtaken = 0
	_, err = e.Edit(ctx, owner, id, record.Version, named("never"))
	wantCode(t, "edit of a version", err, fault.PreconditionFailed)
	if overtaken != 1 {
		t.Errorf("an edit of a version was tried %d times", overtaken)
	}
}

func TestSave(t *testing.T) {
	t.Parallel()
	e, ctx := open(t), t.Context()
	id := e.done(t)
	if _, err := e.Edit(ctx, owner, id, 0, timeline.Patch{Deficiencies: &[]string{"MATH 204"}}); err != nil {
		t.Fatal(err)
	}

	first, err := e.Save(ctx, owner, id, "  my plan ")
	if err != nil {
		t.Fatal(err)
	}
	if first.Name != "my plan" || first.Owner != owner || first.DegreeID == "" || len(first.Semesters) == 0 || first.Version != 1 ||
		!cmp.Equal(first.Deficiencies, []string{"MATH 204"}) {
		t.Errorf("saved %+v", first)
	}
	record, r := e.result(t, id)
	if r.ID != first.ID || r.TimelineName != "my plan" {
		t.Errorf("the result names timeline %q %q", r.ID, r.TimelineName)
	}

	// Again: the same timeline, in place, under its name; the record is as it was.
	again, err := e.Save(ctx, owner, id, "")
	if err != nil {
		t.Fatal(err)
	}
	if again.ID != first.ID || again.Version != 2 || again.Name != "my plan" {
		t.Errorf("saved again as %s version %d %q", again.ID, again.Version, again.Name)
	}
	if got, _ := e.result(t, id); got.Version != record.Version {
		t.Error("saving what needs no id raised the version of the record")
	}

	// A timeline that was deleted meanwhile is made anew.
	if err := e.Delete(ctx, owner, first.ID, 0); err != nil {
		t.Fatal(err)
	}
	anew, err := e.Save(ctx, owner, id, "anew")
	if err != nil {
		t.Fatal(err)
	}
	if _, r := e.result(t, id); r.ID != anew.ID || anew.ID == first.ID {
		t.Errorf("the result names %s, the new timeline is %s", r.ID, anew.ID)
	}
	if n := len(e.list(t)); n != 1 {
		t.Errorf("%d timelines, want 1", n)
	}

	unnamed, err := e.Save(ctx, owner, e.done(t), "")
	if err != nil || unnamed.Name != softwareEngineering {
		t.Errorf("without any name it is called %q (%v)", unnamed.Name, err)
	}
	_, err = e.Save(ctx, owner, id, strings.Repeat("é", timelines.MaxName+1))
	wantCode(t, "a long name", err, fault.InvalidForm)
	if _, err = e.Save(ctx, owner, id, strings.Repeat("é", timelines.MaxName)); err != nil {
		t.Errorf("the longest name: %v", err)
	}
	_, err = e.Save(ctx, owner, id, "\xff")
	wantCode(t, "a name that is no text", err, fault.InvalidForm)
}

// Two saves of one result at the same time make one timeline.
func TestConcurrentSaves(t *testing.T) {
	t.Parallel()
	e, ctx := open(t), t.Context()
	id := e.done(t)
	var wg sync.WaitGroup
	for i := range 4 {
		wg.Go(func() {
			if _, err := e.Save(ctx, owner, id, fmt.Sprintf("plan %d", i)); err != nil {
				t.Error(err)
			}
		})
	}
	wg.Wait()
	ts := e.list(t)
	_, r := e.result(t, id)
	if len(ts) != 1 || ts[0].ID != r.ID {
		t.Errorf("%d timelines; the result names %s", len(ts), r.ID)
	}
}

// When the id cannot be written back, the timeline is taken back too: the next save makes it.
func TestASaveThatFailsHalfway(t *testing.T) {
	t.Parallel()
	e := open(t)
	id := e.done(t)
	ctx, cancel := context.WithCancel(t.Context())
	down := fault.Wrap(fault.QueueUnavailable, errors.New("down"))
	e.before = func(job.ID) error { cancel(); return down } // the client goes away as well
	_, err := e.Save(ctx, owner, id, "plan")
	wantCode(t, "save", err, fault.QueueUnavailable)
	if n := len(e.list(t)); n != 0 {
		t.Errorf("%d timelines were left", n)
	}
	e.before = nil
	if _, err := e.Save(t.Context(), owner, id, "plan"); err != nil {
		t.Error(err)
	}
	if n := len(e.list(t)); n != 1 {
		t.Errorf("%d timelines, want 1", n)
	}
}

func TestANameIsOneLine(t *testing.T) {
	t.Parallel()
	e, ctx := open(t), t.Context()
	id := e.done(t)
	kept, err := e.Save(ctx, owner, id, " Plan à 🎓 \n")
	if err != nil || kept.Name != "Plan à 🎓" {
		t.Fatalf("%q, %v", kept.Name, err)
	}
	for _, name := range []string{"a\nb", "a\x00b", "a\x1b[31mb", "a\u2028b", "a\u0085b", "a\tb"} {
		_, err := e.Save(ctx, owner, id, name)
		wantCode(t, "save as "+strconv.Quote(name), err, fault.InvalidForm)
		_, err = e.Update(ctx, owner, kept.ID, 0, &name, nil)
		wantCode(t, "rename to "+strconv.Quote(name), err, fault.InvalidForm)
	}
}

func TestUpdate(t *testing.T) {
	t.Parallel()
	e, ctx := open(t), t.Context()
	first, err := e.Save(ctx, owner, e.done(t), "plan")
	if err != nil {
		t.Fatal(err)
	}
	name := "renamed"
	got, err := e.Update(ctx, owner, first.ID, first.Version, &name, nil)
	if err != nil {
		t.Fatal(err)
	}
	want := first
	want.Name, want.Version, want.UpdatedAt = name, 2, got.UpdatedAt
	if d := cmp.Diff(want, got); d != "" {
		t.Errorf("renamed (-want +got):\n%s", d)
	}
	_, err = e.Update(ctx, owner, first.ID, first.Version, &name, nil)
	wantCode(t, "rename of an old version", err, fault.PreconditionFailed)

	other := e.done(t)
	if _, err := e.Edit(ctx, owner, other, 0, timeline.Patch{Exemptions: &[]string{"MATH 203"}}); err != nil {
		t.Fatal(err)
	}
	got, err = e.Update(ctx, owner, first.ID, 0, nil, &other)
	if err != nil {
		t.Fatal(err)
	}
	if got.ID != first.ID || got.Version != 3 || got.Name != name || !cmp.Equal(got.Exemptions, []string{"MATH 203"}) {
		t.Errorf("replaced: %s version %d %q, exemptions %v", got.ID, got.Version, got.Name, got.Exemptions)
	}

	empty := " "
	for what, f := range map[string]func() error{
		"nothing":     func() error { _, err := e.Update(ctx, owner, first.ID, 0, nil, nil); return err },
		"empty name":  func() error { _, err := e.Update(ctx, owner, first.ID, 0, &empty, nil); return err },
		"empty name+": func() error { _, err := e.Update(ctx, owner, first.ID, 0, &empty, &other); return err },
	} {
		wantCode(t, what, f(), fault.InvalidForm)
	}
	_, err = e.Update(ctx, owner, "0123456789abcdef01234567", 0, &name, nil)
	wantCode(t, "what is not there", err, fault.TimelineNotFound)
	if err := e.Delete(ctx, owner, first.ID, 2); fault.CodeOf(err) != fault.PreconditionFailed {
		t.Errorf("delete of an old version: %v", err)
	}
	if err := e.Delete(ctx, owner, first.ID, 3); err != nil {
		t.Error(err)
	}
}

func FuzzCursor(f *testing.F) {
	f.Add("")
	f.Add(timelines.Position{UpdatedAt: now(), ID: "0123456789abcdef01234567"}.Cursor())
	f.Fuzz(func(t *testing.T, s string) {
		p, err := timelines.ParseCursor(s)
		if err != nil {
			wantCode(t, "a bad cursor", err, fault.BadRequest)
			return
		}
		if p.Cursor() != s {
			t.Errorf("%q is read as %q", s, p.Cursor())
		}
	})
}
