package timeline_test

import (
	"context"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
	"pgregory.net/rapid"

	"github.com/trackmydegree/trackmydegree/internal/audit"
	"github.com/trackmydegree/trackmydegree/internal/cataloguetest"
	"github.com/trackmydegree/trackmydegree/internal/fault"
	"github.com/trackmydegree/trackmydegree/internal/term"
	"github.com/trackmydegree/trackmydegree/internal/testenv"
	"github.com/trackmydegree/trackmydegree/internal/timeline"
	"github.com/trackmydegree/trackmydegree/internal/timelinetest"
)

// listResults returns the timelines of all documents that give one.
func listResults(tb testing.TB) map[string]*timeline.Result {
	tb.Helper()
	out := map[string]*timeline.Result{}
	for _, kind := range []string{"transcripts", "letters"} {
		paths, err := filepath.Glob(filepath.Join(testenv.RepoRoot(), "tests", "documents", kind, "*.expected.json"))
		if err != nil || len(paths) < 3 {
			tb.Fatalf("%d documents, %v", len(paths), err)
		}
		for _, path := range paths {
			if doc, ok := timelinetest.ReadFacts(tb, path); ok {
				if r, err := timelinetest.Builder().FromDocument(doc, now); err == nil {
					out[strings.TrimSuffix(filepath.Base(path), ".expected.json")] = r
				}
			}
		}
	}
	return out
}

func subjectOf(tb testing.TB, r *timeline.Result) *timeline.AuditSubject {
	tb.Helper()
	return timelinetest.Must(timelinetest.Builder().NewAuditSubject(r.ToSaved(), now))(tb)
}

// The audit of a stored result agrees with the result.
func TestNewAuditSubject(t *testing.T) {
	t.Parallel()
	for name, r := range listResults(t) {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := subjectOf(t, r)
			got := s.Program.Audit(s.Record)
			if got.Degree.ID != r.Degree.ID || got.Calendar != cataloguetest.Embedded().Calendar() {
				t.Errorf("got %+v of %q, want %s of %q", got.Degree, got.Calendar, r.Degree.ID, cataloguetest.Embedded().Calendar())
			}
			progress := timeline.Credits{
				CreditsRequired: got.Totals.Required.Float(), Completed: got.Totals.Completed.Float(), InProgress: got.Totals.InProgress.Float(),
				Planned: got.Totals.Planned.Float(), Remaining: got.Totals.Remaining.Float(),
			}
			if diff := cmp.Diff(r.Progress.Overall, progress); diff != "" {
				t.Errorf("totals (-want +got):\n%s", diff)
			}
			if diff := cmp.Diff(r.Remarks, got.Remarks, cmpopts.EquateEmpty()); diff != "" {
				t.Errorf("remarks (-want +got):\n%s", diff)
			}
		})
	}
	saved := timelinetest.BuildFromFacts(t, "transcripts/soen-regular").ToSaved()
	saved.DegreeID = "gone"
	if _, err := timelinetest.Builder().NewAuditSubject(saved, now); fault.CodeOf(err) != fault.DegreeNotFound {
		t.Errorf("a degree that is gone: got %v, want degree_not_found", err)
	}
}

func TestUnderDegree(t *testing.T) {
	t.Parallel()
	r := timelinetest.BuildFromFacts(t, "transcripts/soen-coop")
	r.Pins = map[string]string{"COMP 248": r.Pools[0].ID}
	s := subjectOf(t, r)
	if same, err := s.UnderDegree(r.Degree.ID); err != nil || same != s {
		t.Errorf("its own degree: got %v, %v; want the record as it is", same, err)
	}
	programs := s.ComparePrograms()
	if len(programs) != len(cataloguetest.Embedded().StandaloneDegrees()) {
		t.Errorf("got %d programs, want one for each degree", len(programs))
	}
	ranked := audit.CompareDegrees(context.Background(), programs, s.Record)
	for _, line := range ranked[:3] {
		other := timelinetest.Must(s.UnderDegree(line.Degree.ID))(t)
		if got := other.Program.Audit(other.Record).Totals; line.Degree.ID != r.Degree.ID && got != line.Totals {
			t.Errorf("%s: got %+v, want %+v as in the comparison", line.Degree.ID, got, line.Totals)
		}
	}
	for _, id := range []string{"", "no such degree", "COOP_Co-op Work Terms"} {
		if _, err := s.UnderDegree(id); fault.CodeOf(err) != fault.DegreeNotFound {
			t.Errorf("degree %q: got %v, want degree_not_found", id, err)
		}
	}
}

// A timeline with a plan agrees with the plan's own audit, and a second plan finds nothing left to choose.
func TestToPatch(t *testing.T) {
	t.Parallel()
	results := listResults(t)
	names := []string{}
	for name := range results {
		names = append(names, name)
	}
	slices.Sort(names)
	rapid.Check(t, func(rt *rapid.T) {
		name := rapid.SampledFrom(names).Draw(rt, "document")
		r := results[name]
		s := subjectOf(t, r)
		q := audit.PlanRequest{
			MaxCredits: audit.Quarters(float64(rapid.IntRange(12, 19).Draw(rt, "credits"))), Summers: rapid.Bool().Draw(rt, "summers"),
		}
		first, err := s.Program.Plan(context.Background(), s.Record, q)
		if err != nil {
			rt.Skipf("%s: %v", name, fault.From(err).Fields)
		}
		for _, at := range first.Terms {
			for _, c := range at.Courses {
				if !c.Placeholder && c.Because != audit.PlacedWork && rapid.IntRange(0, 5).Draw(rt, c.Code) == 0 {
					q.Keep = append(q.Keep, audit.KeptCourse{Code: c.Code, Term: termOfPlanned(first, c.Code)})
				}
			}
		}
		plan, err := s.Program.Plan(context.Background(), s.Record, q)
		if err != nil {
			rt.Skipf("%s: %v", name, fault.From(err).Fields)
		}
		taken, err := timelinetest.Builder().ApplyPatch(r, s.ToPatch(r.Semesters, plan, q.From), now)
		if err != nil {
			rt.Fatal(timelinetest.DescribeFault(err))
		}
		for _, remark := range taken.Remarks {
			if remark.Level == audit.Error && !remark.Waived && !hasRemark(r, remark.Code, remark.Course) {
				rt.Errorf("%s: %s %s: %s", name, remark.Code, remark.Term, remark.Message)
			}
		}
		if diff := cmp.Diff(plan.Audit.Totals.Remaining.Float(), taken.Progress.Overall.Remaining); diff != "" {
			rt.Errorf("%s: remaining (-want +got):\n%s", name, diff)
		}
		for _, kept := range q.Keep {
			if !slices.ContainsFunc(taken.Semesters, func(x timeline.Semester) bool {
				return x.Term == kept.Term && slices.ContainsFunc(x.Courses, func(c timeline.Sitting) bool { return c.Code == kept.Code })
			}) {
				rt.Errorf("%s: %s was to stay in %s", name, kept.Code, kept.Term)
			}
		}
	})
}

// termOfPlanned returns the term of a course in a plan.
func termOfPlanned(p *audit.Plan, code string) string {
	for _, a := range p.Attempts {
		if a.Code == code && a.Status == audit.Planned {
			return a.Term.UpperLabel()
		}
	}
	return ""
}

func TestToPatchKeepsWhatIsNoPlan(t *testing.T) {
	t.Parallel()
	r := timelinetest.BuildFromFacts(t, "transcripts/soen-regular")
	s := subjectOf(t, r)
	plan := timelinetest.Must(s.Program.Plan(context.Background(), s.Record, audit.PlanRequest{}))(t)
	taken := timelinetest.Must(timelinetest.Builder().ApplyPatch(r, s.ToPatch(r.Semesters, plan, ""), now))(t)
	for i, semester := range r.Semesters {
		at := timelinetest.Must(term.Parse(semester.Term))(t)
		if at.PositionAt(now) != term.Future && !cmp.Equal(semester.Courses, taken.Semesters[i].Courses) {
			t.Errorf("%s changed: %v, want %v", semester.Term, taken.Semesters[i].Courses, semester.Courses)
		}
	}
	again := subjectOf(t, taken)
	second := timelinetest.Must(again.Program.Plan(context.Background(), again.Record, audit.PlanRequest{}))(t)
	if second.Length != plan.Length || second.Graduation != plan.Graduation {
		t.Errorf("planned again: %d terms to %s, want %d to %s", second.Length, second.Graduation, plan.Length, plan.Graduation)
	}
}

// Audits of stored results read the slim view: it is saved as the whole result is.
func TestSlimViewIsSavedAsTheWhole(t *testing.T) {
	t.Parallel()
	for name, r := range listResults(t) {
		if diff := cmp.Diff(r.ToSaved(), r.SlimView().ToSaved()); diff != "" {
			t.Errorf("%s (-whole +slim):\n%s", name, diff)
		}
		slim := r.SlimView()
		if !cmp.Equal(slim.Remarks, r.Remarks) || !cmp.Equal(slim.Warnings, r.Warnings) {
			t.Errorf("%s: the slim view lacks remarks or warnings", name)
		}
		for code, c := range r.Courses {
			if len(c.Counts) > 0 && !cmp.Equal(slim.Courses[code].Counts, c.Counts) {
				t.Errorf("%s: the slim view lacks what %s counts", name, code)
			}
		}
	}
}
