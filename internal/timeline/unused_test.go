package timeline_test

import (
	"slices"
	"testing"

	"github.com/trackmydegree/trackmydegree/internal/timeline"
	"github.com/trackmydegree/trackmydegree/internal/timelinetest"
)

const (
	mechanicalPrinted = "Bachelor of Engineering, Mechanical Engineering"
	listedCode        = "MIAE 221"
	formerCode        = "MECH 221"
)

func isUnused(r *timeline.Result, code string) bool {
	return slices.ContainsFunc(r.Pools, func(p timeline.Pool) bool { return p.ID == timeline.UnusedPoolID && slices.Contains(p.Courses, code) })
}

// A course that no pool lists counts for its equivalent of a pool. Together with it, the course is unused and its
// sitting says why.
func TestUnusedWithAnEquivalent(t *testing.T) {
	t.Parallel()
	alone := timelinetest.Must(timelinetest.Builder().FromDocument(timelinetest.NewTranscript(mechanicalPrinted, "Fall 2024: "+formerCode+" B"), now))(t)
	if isUnused(alone, formerCode) || alone.Courses[formerCode].Counts == nil || alone.Courses[formerCode].Counts[0].For != listedCode ||
		!slices.Equal(remarks(alone, formerCode), []string{"FALL 2024: "}) {
		t.Errorf("alone: unused %v, counts %+v, %q; want it to count for %s", isUnused(alone, formerCode), alone.Courses[formerCode].Counts, remarks(alone, formerCode), listedCode)
	}
	both := timelinetest.Must(timelinetest.Builder().FromDocument(timelinetest.NewTranscript(mechanicalPrinted, "Fall 2024: "+listedCode+" B", "Winter 2027: "+formerCode), now))(t)
	if len(both.Courses[listedCode].Counts) == 0 {
		t.Fatalf("%s counts nowhere", listedCode)
	}
	if !isUnused(both, formerCode) || !slices.Equal(remarks(both, formerCode), []string{"WINTER 2027: does not count together with its equivalent " + listedCode}) {
		t.Errorf("together: unused %v, %q; want it unused and why", isUnused(both, formerCode), remarks(both, formerCode))
	}
	again := apply(t, both, timeline.Patch{Changes: []timeline.Change{{Op: timeline.RemoveCourse, Course: listedCode}}})
	if isUnused(again, formerCode) {
		t.Errorf("without %s, %s is still unused: %q", listedCode, formerCode, remarks(again, formerCode))
	}
}
