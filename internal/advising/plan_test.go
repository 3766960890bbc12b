package advising_test

import (
	"context"
	"slices"
	"testing"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"github.com/trackmydegree/trackmydegree/internal/advising"
	"github.com/trackmydegree/trackmydegree/internal/audit"
	"github.com/trackmydegree/trackmydegree/internal/fault"
	"github.com/trackmydegree/trackmydegree/internal/timeline"
	"github.com/trackmydegree/trackmydegree/internal/timelinetest"
)

// The same wishes on the same timeline are always answered at once, or always by a job; and the job's plan is as good.
func TestShortPlansAreDecidedByWork(t *testing.T) {
	t.Parallel()
	ctx := context.Background()
	var opened []*stores
	for _, name := range []string{"transcripts/soen-coop", "transcripts/cs-regular", "transcripts/aero-option", "letters/ecp", "letters/regular"} {
		opened = append(opened, newStores(t, name))
	}
	short, long := 0, 0
	rapid.Check(t, func(rt *rapid.T) {
		s := rapid.SampledFrom(opened).Draw(rt, "record")
		q := audit.PlanRequest{
			MaxCredits: audit.Quarters(rapid.SampledFrom([]float64{0, 12, 13.5, 15, 16, 18}).Draw(rt, "credits")),
			Summers:    rapid.Bool().Draw(rt, "summers"),
			Avoid:      rapid.SliceOfN(rapid.SampledFrom([]string{"COMP 442", "COMP 445", "COMP 352"}), 0, 1).Draw(rt, "avoid"),
		}
		a := newAdvisor(t, s)
		c := must(a.OpenJob(ctx, owner, jobID))(t)
		first, input, err := c.PlanInline(ctx, q)
		again, sameInput, errAgain := must(a.OpenJob(ctx, owner, jobID))(t).PlanInline(ctx, q)
		if (err == nil) != (errAgain == nil) || !cmp.Equal(first, again) || !cmp.Equal(input, sameInput) {
			rt.Fatalf("answered differently: %v and %v (%v, %v)", first, again, err, errAgain)
		}
		if err != nil {
			if fault.CodeOf(err) != fault.InvalidForm || len(fault.From(err).Fields) == 0 {
				rt.Fatalf("refused without a field: %v", err)
			}
			return
		}
		planned, err := timelinetest.Builder().FromPlan(ctx, input, now)
		if err != nil {
			if first != nil {
				rt.Fatalf("the job fails where the answer had a plan: %v", err)
			}
			return
		}
		if first == nil {
			long++
			return
		}
		short++
		if diff := cmp.Diff(first.PlanNotes, *planned.Plan); diff != "" {
			rt.Errorf("answer and job differ (-answer +job):\n%s", diff)
		}
		wantPlanned(rt, first, planned)
	})
	if short == 0 || long == 0 {
		t.Errorf("got %d short plans and %d jobs, want some of each", short, long)
	}
}

// wantPlanned checks that a plan breaks no rule, lacks nothing, and is what its timeline shows.
func wantPlanned(t *rapid.T, p *advising.Plan, planned *timeline.Result) {
	for _, remark := range p.Audit.Remarks {
		if remark.Level == audit.Error && !remark.Waived {
			// What the record broke before the plan is not the plan's to mend.
			if !slices.ContainsFunc(p.Terms, func(x audit.PlannedTerm) bool { return x.Term == remark.Term }) {
				continue
			}
			t.Errorf("%s %s: %s", remark.Code, remark.Term, remark.Message)
		}
	}
	if p.Audit.Totals.Remaining != 0 || planned.Progress.Overall.Remaining != 0 {
		t.Errorf("%s credits are left, %v in the timeline", p.Audit.Totals.Remaining, planned.Progress.Overall.Remaining)
	}
	for _, at := range p.Terms {
		for _, c := range at.Courses {
			if c.Because == "" || c.Message == "" {
				t.Errorf("%s in %s is not explained", c.Code, at.Term)
			}
		}
	}
}
