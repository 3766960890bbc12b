package timeline_test

import (
	"context"
	"encoding/json"
	"maps"
	"slices"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
	"pgregory.net/rapid"

	"github.com/trackmydegree/trackmydegree/internal/audit"
	"github.com/trackmydegree/trackmydegree/internal/timeline"
	"github.com/trackmydegree/trackmydegree/internal/timelinetest"
)

func TestCompareResults(t *testing.T) {
	t.Parallel()
	before := edited(t)
	if err := timelinetest.Builder().AddGraduation(context.Background(), before, now); err != nil {
		t.Fatal(err)
	}
	after := apply(t, before, changes(
		timeline.Change{Op: timeline.RemoveTerm, Term: "WINTER 2027", Courses: timeline.ReturnCourses},
		timeline.Change{Op: timeline.MarkCourse, Course: "MATH 203", As: timeline.MarkTransferred},
		timeline.Change{Op: timeline.PlaceCourse, Course: "SOEN 341", Term: "FALL 2026"},
	))
	after.Graduation = before.Graduation
	d := timeline.CompareResults(before, after)
	if diff := cmp.Diff([]string{"WINTER 2027"}, d.RemovedTerms); diff != "" {
		t.Errorf("removed terms (-want +got):\n%s", diff)
	}
	if len(d.Semesters) != 1 || d.Semesters[0].Term != "FALL 2026" {
		t.Errorf("got changed terms %+v, want FALL 2026", d.Semesters)
	}
	if diff := cmp.Diff([]string{"COMP 352"}, d.RemovedCourses); diff != "" {
		t.Errorf("removed courses (-want +got):\n%s", diff)
	}
	if c, ok := d.Courses["SOEN 341"]; !ok || c.CatalogueEntry == nil || c.Title == "" || c.State.Status != timeline.InProgress {
		t.Errorf("got %+v, want SOEN 341 whole and in progress", c)
	}
	if got := d.Credits.Overall.Gained; got.InProgress != 4 || got.Planned != -3 || got.Remaining != -1 {
		t.Errorf("got gained %+v, want 4 credits in progress and 3 no longer planned", got)
	}
	if !slices.ContainsFunc(d.Remarks.Appeared, func(r audit.Remark) bool { return r.Course == "SOEN 341" }) || d.Graduation != nil {
		t.Errorf("got remarks %+v and graduation %v, want one of SOEN 341 and no change", d.Remarks.Appeared, d.Graduation)
	}
	if b, err := json.Marshal(d); err != nil || len(b) > 10_000 {
		t.Errorf("got %d bytes and %v, want less than 10 kB", len(b), err)
	}
	same := timeline.CompareResults(before, apply(t, before, timeline.Patch{}))
	same.Credits, same.Graduation = timeline.CreditsDelta{}, nil
	if diff := cmp.Diff(&timeline.Delta{Remarks: timeline.ListDelta[audit.Remark]{Appeared: []audit.Remark{}, Gone: []audit.Remark{}}}, same); diff != "" {
		t.Errorf("nothing changed (-want +got):\n%s", diff)
	}
}

// applyDelta brings a slim view up to date, as a page does.
func applyDelta(slim *timeline.Result, d *timeline.Delta) *timeline.Result {
	r := *slim
	r.Courses = maps.Clone(slim.Courses)
	for code, c := range d.Courses {
		x := r.Courses[code]
		if e := c.CatalogueEntry; e != nil {
			x = timeline.Course{ID: e.ID, Title: e.Title, Credits: e.Credits, OfferedIn: e.OfferedIn, Rules: e.Rules, InCatalogue: e.InCatalogue}
		}
		x.State, x.Counts = c.State, c.Counts
		r.Courses[code] = x
	}
	for _, code := range d.RemovedCourses {
		delete(r.Courses, code)
	}
	r.Semesters = slices.DeleteFunc(slices.Clone(slim.Semesters), func(s timeline.Semester) bool {
		return slices.Contains(d.RemovedTerms, s.Term) || slices.ContainsFunc(d.Semesters, func(x timeline.Semester) bool { return x.Term == s.Term })
	})
	r.Semesters = append(r.Semesters, d.Semesters...)
	r.Progress.Overall = d.Credits.Overall.Credits
	r.Remarks = slices.Clone(slim.Remarks)
	for _, gone := range d.Remarks.Gone { // once for each: two remarks may be equal
		if i := slices.IndexFunc(r.Remarks, func(x audit.Remark) bool { return cmp.Equal(x, gone) }); i >= 0 {
			r.Remarks = slices.Delete(r.Remarks, i, i+1)
		}
	}
	r.Remarks = append(r.Remarks, d.Remarks.Appeared...)
	return &r
}

// Whatever an edit changes, a page that has the slim view from before and the delta has the slim view from after.
func TestAnyDelta(t *testing.T) {
	t.Parallel()
	byTerm := cmpopts.SortSlices(func(a, b timeline.Semester) bool { return a.Term < b.Term })
	byRemark := cmpopts.SortSlices(func(a, b audit.Remark) bool {
		return string(a.Code)+a.Course+a.Term+a.Pool+a.Message < string(b.Code)+b.Course+b.Term+b.Pool+b.Message
	})
	rapid.Check(t, func(t *rapid.T) {
		before, err := smallBuilder().FromDocument(genDocument(t), now)
		encoded(t, before, err)
		after, err := smallBuilder().ApplyPatch(before, genPatch(t, before), now)
		encoded(t, after, err)
		d := timeline.CompareResults(before.SlimView(), after)
		b, err := json.Marshal(d)
		if err != nil {
			t.Fatal(err)
		}
		var sent timeline.Delta
		if err := json.Unmarshal(b, &sent); err != nil {
			t.Fatal(err)
		}
		want, got := after.SlimView(), applyDelta(before.SlimView(), &sent)
		if diff := cmp.Diff(want.Courses, got.Courses, cmpopts.EquateEmpty()); diff != "" {
			t.Fatalf("courses (-want +got):\n%s", diff)
		}
		if diff := cmp.Diff(want.Semesters, got.Semesters, byTerm, cmpopts.EquateEmpty()); diff != "" {
			t.Fatalf("terms (-want +got):\n%s", diff)
		}
		if diff := cmp.Diff(want.Remarks, got.Remarks, byRemark, cmpopts.EquateEmpty()); diff != "" {
			t.Fatalf("remarks (-want +got):\n%s", diff)
		}
		if want.Progress.Overall != got.Progress.Overall {
			t.Fatalf("got %+v, want %+v", got.Progress.Overall, want.Progress.Overall)
		}
		if diff := cmp.Diff(before.ToSaved(), before.SlimView().ToSaved()); diff != "" {
			t.Fatalf("saved from the slim view (-want +got):\n%s", diff)
		}
	})
}
