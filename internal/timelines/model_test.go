package timelines_test

import (
	"context"
	"maps"
	"slices"
	"testing"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"github.com/trackmydegree/trackmydegree/internal/catalogue"
	"github.com/trackmydegree/trackmydegree/internal/cataloguetest"
	"github.com/trackmydegree/trackmydegree/internal/fault"
	"github.com/trackmydegree/trackmydegree/internal/job"
	"github.com/trackmydegree/trackmydegree/internal/resultcodec"
	"github.com/trackmydegree/trackmydegree/internal/timeline"
	"github.com/trackmydegree/trackmydegree/internal/timelines"
	"github.com/trackmydegree/trackmydegree/internal/timelinetest"
)

// memoryJob is one done job in memory.
type memoryJob struct {
	record   job.Record
	stored   job.Stored
	editions *catalogue.Editions
}

func (m *memoryJob) LoadResult(ctx context.Context, id job.ID) (job.Record, []byte, error) {
	return m.LoadWithResult(ctx, id, false)
}

func (m *memoryJob) LoadWithResult(_ context.Context, _ job.ID, slim bool) (job.Record, []byte, error) {
	if slim {
		return m.record, m.stored.Slim, nil
	}
	return m.record, m.stored.Full, nil
}

func (m *memoryJob) ReplaceResult(_ context.Context, _ job.ID, version int64, s job.Stored) (int64, error) {
	if version != m.record.Version {
		return 0, fault.New(fault.PreconditionFailed)
	}
	m.record.Version++
	m.stored = s
	return m.record.Version, nil
}

func (m *memoryJob) CurrentEditions(context.Context) (*catalogue.Editions, error) {
	return m.editions, nil
}

// noTimelines is a store that no edit of a job reads.
type noTimelines struct{ timelines.Timelines }

// editModel is what a student thinks a timeline is: terms with courses, and marks. It holds nothing of how the editor
// works.
type editModel struct {
	version int64
	terms   map[string][]string
	done    map[string]string // completed course → the term in which it was
	marks   map[timeline.Mark][]string
}

// The terms of the model, in the order of time; FALL 2026 is under way.
var (
	pastTerms   = []string{"FALL 2025", "WINTER 2026", "SUMMER 2026"}
	futureTerms = []string{"WINTER 2027", "SUMMER 2027", "FALL 2027", "FALL/WINTER 2027-28"}
	allTerms    = slices.Concat(pastTerms, []string{"FALL 2026"}, futureTerms)
	allCourses  = []string{"COMP 248", "COMP 249", "HIST 203"}
)

func (m *editModel) holders(course string) []string {
	var out []string
	for _, label := range allTerms {
		if slices.Contains(m.terms[label], course) {
			out = append(out, label)
		}
	}
	return out
}

// drop removes a course from a term, and what was completed there.
func (m *editModel) drop(course, label string) {
	m.terms[label] = slices.DeleteFunc(m.terms[label], func(c string) bool { return c == course })
	if m.done[course] == label {
		delete(m.done, course)
	}
}

// applyChange applies a change as the documentation describes it, and reports whether it is accepted.
func (m *editModel) applyChange(c timeline.Change) bool {
	_, hasTerm := m.terms[c.Term]
	isFuture := func(label string) bool { return slices.Contains(futureTerms, label) }
	switch c.Op {
	case timeline.AddTerm:
		if hasTerm {
			return false
		}
		m.terms[c.Term] = nil
	case timeline.RemoveTerm:
		if !hasTerm || len(m.terms[c.Term]) > 0 && c.Courses == "" {
			return false
		}
		for _, course := range slices.Clone(m.terms[c.Term]) {
			m.drop(course, c.Term)
		}
		delete(m.terms, c.Term)
	case timeline.RenameTerm:
		_, taken := m.terms[c.To]
		if !hasTerm || taken {
			return false
		}
		for _, course := range m.terms[c.Term] {
			if m.done[course] == c.Term && isFuture(c.To) {
				return false
			}
		}
		for _, course := range m.terms[c.Term] {
			if m.done[course] == c.Term {
				m.done[course] = c.To
			}
		}
		m.terms[c.To] = m.terms[c.Term]
		delete(m.terms, c.Term)
	case timeline.PlaceCourse:
		if !hasTerm || slices.Contains(pastTerms, c.Term) || slices.Contains(m.terms[c.Term], c.Course) {
			return false
		}
		m.terms[c.Term] = append(m.terms[c.Term], c.Course)
	case timeline.MoveCourse:
		holders := m.holders(c.Course)
		_, hasTo := m.terms[c.To]
		if len(holders) != 1 || !hasTo || slices.Contains(m.terms[c.To], c.Course) || m.done[c.Course] != "" && isFuture(c.To) {
			return false
		}
		done := m.done[c.Course] != ""
		m.drop(c.Course, holders[0])
		m.terms[c.To] = append(m.terms[c.To], c.Course)
		if done {
			m.done[c.Course] = c.To
		}
	case timeline.RemoveCourse:
		holders := m.holders(c.Course)
		if len(holders) != 1 {
			return false
		}
		m.drop(c.Course, holders[0])
	case timeline.MarkCourse:
		if c.As != timeline.MarkCompleted {
			if !slices.Contains(m.marks[c.As], c.Course) {
				m.marks[c.As] = append(m.marks[c.As], c.Course)
			}
			return true
		}
		if !hasTerm || isFuture(c.Term) {
			return false
		}
		if !slices.Contains(m.terms[c.Term], c.Course) {
			m.terms[c.Term] = append(m.terms[c.Term], c.Course)
		}
		m.done[c.Course] = c.Term
	case timeline.UnmarkCourse:
		i := slices.Index(m.marks[c.As], c.Course)
		if i < 0 {
			return false
		}
		m.marks[c.As] = slices.Delete(m.marks[c.As], i, i+1)
	}
	return true
}

// clone copies the model, so that a list that is refused leaves no trace.
func (m *editModel) clone() *editModel {
	out := &editModel{version: m.version, terms: map[string][]string{}, done: map[string]string{}, marks: map[timeline.Mark][]string{}}
	for k, v := range m.terms {
		out.terms[k] = slices.Clone(v)
	}
	for k, v := range m.done {
		out.done[k] = v
	}
	for k, v := range m.marks {
		out.marks[k] = slices.Clone(v)
	}
	return out
}

// genModelChange makes a change, three times in four about terms that the timeline has and courses that are in them.
func genModelChange(t *rapid.T, m *editModel) timeline.Change {
	label, course := rapid.SampledFrom(allTerms), rapid.SampledFrom(allCourses)
	if known := slices.Sorted(maps.Keys(m.terms)); len(known) > 0 && rapid.IntRange(0, 3).Draw(t, "known terms") > 0 {
		label = rapid.SampledFrom(known)
	}
	if done := slices.Sorted(maps.Keys(m.done)); len(done) > 0 && rapid.Bool().Draw(t, "completed course") {
		course, label = rapid.SampledFrom(done), rapid.OneOf(label, rapid.SampledFrom(slices.Sorted(maps.Values(m.done))))
	}
	c := timeline.Change{Op: rapid.SampledFrom([]timeline.ChangeOp{
		timeline.AddTerm, timeline.RemoveTerm, timeline.RenameTerm, timeline.PlaceCourse, timeline.PlaceCourse, timeline.PlaceCourse,
		timeline.RenameTerm, timeline.MoveCourse, timeline.MoveCourse, timeline.RemoveCourse, timeline.MarkCourse, timeline.MarkCourse,
		timeline.UnmarkCourse,
	}).Draw(t, "op")}
	switch c.Op {
	case timeline.AddTerm:
		c.Term = label.Draw(t, "term")
	case timeline.RemoveTerm:
		c.Term, c.Courses = label.Draw(t, "term"), rapid.SampledFrom([]string{"", timeline.ReturnCourses}).Draw(t, "courses")
	case timeline.RenameTerm:
		c.Term, c.To = label.Draw(t, "term"), rapid.SampledFrom(allTerms).Draw(t, "to")
	case timeline.PlaceCourse:
		c.Course, c.Term = course.Draw(t, "course"), label.Draw(t, "term")
	case timeline.MoveCourse:
		c.Course, c.To = course.Draw(t, "course"), label.Draw(t, "to")
	case timeline.RemoveCourse:
		c.Course = course.Draw(t, "course")
	case timeline.MarkCourse:
		c.Course, c.As = course.Draw(t, "course"), rapid.SampledFrom([]timeline.Mark{timeline.MarkCompleted, timeline.MarkDeficient}).Draw(t, "as")
		if c.As == timeline.MarkCompleted {
			c.Term = label.Draw(t, "term")
		}
	case timeline.UnmarkCourse:
		c.Course, c.As = course.Draw(t, "course"), timeline.MarkDeficient
	}
	return c
}

// checkModel compares what is stored with the model.
func checkModel(t *rapid.T, m *editModel, r *timeline.Result) {
	got := map[string][]string{}
	for _, s := range r.Semesters {
		codes := []string{}
		for _, c := range s.Courses {
			codes = append(codes, c.Code)
		}
		got[s.Term] = codes
	}
	want := map[string][]string{}
	for label, courses := range m.terms {
		want[label] = append([]string{}, courses...)
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Fatalf("terms (-want +got):\n%s", diff)
	}
	for _, course := range allCourses {
		state := r.Courses[course].State
		done := m.done[course]
		if (done != "") != (state.Status == timeline.Completed) || done != "" && *state.Semester != done {
			t.Fatalf("%s is %+v, want it completed in %q", course, state, done)
		}
		if done == "" && len(m.holders(course)) == 0 && state.Semester != nil {
			t.Fatalf("%s is %+v and is in no term", course, state)
		}
	}
	owed := slices.Clone(r.Pools[len(r.Pools)-2].Courses)
	if diff := cmp.Diff(append([]string{}, m.marks[timeline.MarkDeficient]...), owed); diff != "" {
		t.Fatalf("deficiencies (-want +got):\n%s", diff)
	}
}

// Edits in any order, at the version that is stored, at an earlier one and at any: the model and the editor agree on
// what is accepted, what is a conflict, and what the timeline is afterwards.
func TestModelOfEdits(t *testing.T) {
	t.Parallel()
	builder := timelinetest.Builder()
	rapid.Check(t, func(t *rapid.T) {
		r, err := builder.FromForm(timeline.Form{Degree: softwareEngineering, FirstTerm: "FALL 2025", LastTerm: "WINTER 2027"}, now())
		if err != nil {
			t.Fatal(err)
		}
		stored, err := resultcodec.EncodeResult(r)
		if err != nil {
			t.Fatal(err)
		}
		jobs := &memoryJob{record: job.Record{ID: "j", Owner: owner, State: job.Done, Version: 3}, stored: stored, editions: cataloguetest.EmbeddedEditions()}
		editor, err := timelines.New(timelines.Deps{Jobs: jobs, Timelines: noTimelines{}, Catalogue: jobs, Clock: now})
		if err != nil {
			t.Fatal(err)
		}
		model := &editModel{version: 3, terms: map[string][]string{}, done: map[string]string{}, marks: map[timeline.Mark][]string{}}
		for _, label := range []string{"FALL 2025", "WINTER 2026", "SUMMER 2026", "FALL 2026", "WINTER 2027"} {
			model.terms[label] = nil
		}
		for range rapid.IntRange(12, 18).Draw(t, "edits") {
			next, accepted := model.clone(), true
			var p timeline.Patch
			for range rapid.SampledFrom([]int{1, 1, 1, 2, 3}).Draw(t, "changes") {
				c := genModelChange(t, next)
				p.Changes = append(p.Changes, c)
				accepted = next.applyChange(c) && accepted
			}
			version := rapid.SampledFrom([]int64{0, model.version, model.version, model.version, model.version - 1}).Draw(t, "version")
			edited, err := editor.EditResult(context.Background(), owner, "j", version, p)
			want := fault.Code("")
			switch {
			case version != 0 && version != model.version:
				want = fault.PreconditionFailed
			case !accepted:
				want = fault.InvalidForm
			default:
				next.version++
				model = next
			}
			if got := fault.CodeOf(err); got != want {
				t.Fatalf("%+v at %d: got %q (%v), want %q", p.Changes, version, got, fault.From(err).Fields, want)
			}
			if err == nil && edited.Record.Version != model.version || jobs.record.Version != model.version {
				t.Fatalf("version %d, stored %d, want %d", edited.Record.Version, jobs.record.Version, model.version)
			}
			slim, err := resultcodec.DecodeResult(jobs.stored.Slim)
			if err != nil {
				t.Fatal(err)
			}
			checkModel(t, model, slim)
		}
	})
}
