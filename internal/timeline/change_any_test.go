package timeline_test

import (
	"strings"
	"testing"

	"pgregory.net/rapid"

	"github.com/trackmydegree/trackmydegree/internal/audit"
	"github.com/trackmydegree/trackmydegree/internal/fault"
	"github.com/trackmydegree/trackmydegree/internal/timeline"
	"github.com/trackmydegree/trackmydegree/internal/timelinetest"
)

// genChange makes a change, often one that a timeline refuses.
func genChange(t *rapid.T, r *timeline.Result) timeline.Change {
	label := func(name string) string {
		if known := terms(r); len(known) > 0 && rapid.IntRange(0, 4).Draw(t, name+" known") > 0 {
			return rapid.SampledFrom(known).Draw(t, name)
		}
		return genTerm(t)
	}
	course := func() string {
		var sat []string
		for _, s := range r.Semesters {
			for _, c := range s.Courses {
				sat = append(sat, c.Code)
			}
		}
		if len(sat) > 0 && rapid.Bool().Draw(t, "sat") {
			return rapid.SampledFrom(sat).Draw(t, "course that is sat")
		}
		return genName(t)
	}
	c := timeline.Change{Op: rapid.SampledFrom(timeline.ChangeOps()).Draw(t, "op")}
	switch c.Op {
	case timeline.AddTerm:
		c.Term = label("term")
	case timeline.InsertTerm:
		c.After = label("after")
	case timeline.RemoveTerm:
		c.Term, c.Courses = label("term"), rapid.SampledFrom([]string{"", timeline.ReturnCourses}).Draw(t, "courses")
	case timeline.RenameTerm:
		c.Term, c.To = label("term"), genTerm(t)
	case timeline.PlaceCourse:
		c.Course, c.Term = course(), label("term")
	case timeline.MoveCourse:
		c.Course, c.To = course(), label("to")
	case timeline.RemoveCourse:
		c.Course = course()
	case timeline.MarkCourse, timeline.UnmarkCourse:
		c.Course = course()
		c.As = rapid.SampledFrom([]timeline.Mark{
			timeline.MarkCompleted, timeline.MarkIncomplete, timeline.MarkTransferred, timeline.MarkExempted, timeline.MarkDeficient,
		}).Draw(t, "mark")
		if c.As == timeline.MarkCompleted && c.Op == timeline.MarkCourse && rapid.Bool().Draw(t, "in a term") {
			c.Term = label("term")
		}
	case timeline.PinCourse:
		c.Course, c.Pool = course(), rapid.SampledFrom(r.Degree.CoursePools).Draw(t, "pool")
	case timeline.UnpinCourse:
		c.Course = course()
	case timeline.WaiveRemark, timeline.UnwaiveRemark:
		c.Code, c.Course = rapid.SampledFrom(audit.RemarkCodes()).Draw(t, "code"), course()
		if len(r.Remarks) > 0 && rapid.Bool().Draw(t, "made") {
			remark := rapid.SampledFrom(r.Remarks).Draw(t, "remark")
			c.Code, c.Course, c.Pool = remark.Code, remark.Course, ""
			if c.Course == "" {
				c.Pool = remark.Pool
			}
			if c.Course == "" && c.Pool == "" {
				c.Term = remark.Term
			}
		}
	}
	return c
}

// Whatever changes are sent, the timeline holds what every timeline holds, or the edit is refused and says where.
func TestAnyChanges(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		r, err := smallBuilder().FromDocument(genDocument(t), now)
		encoded(t, r, err)
		for range rapid.IntRange(1, 12).Draw(t, "edits") {
			var p timeline.Patch
			for range rapid.IntRange(1, 3).Draw(t, "changes") {
				p.Changes = append(p.Changes, genChange(t, r))
			}
			before := encoded(t, r, nil)
			next, err := smallBuilder().ApplyPatch(r, p, now)
			same(t, "an edit leaves what it edits alone", before, encoded(t, r, nil))
			if err != nil {
				f := fault.From(err)
				if f.Code != fault.InvalidForm || len(f.Fields) == 0 {
					t.Fatal(timelinetest.DescribeFault(err))
				}
				for _, field := range f.Fields {
					if !strings.HasPrefix(field.Path, "changes/") {
						t.Fatalf("a fault at %s", field.Path)
					}
				}
				continue
			}
			hold(t, next)
			stable(t, next)
			r = next
		}
	})
}
