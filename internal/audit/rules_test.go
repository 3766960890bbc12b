package audit_test

import (
	"testing"

	"github.com/trackmydegree/trackmydegree/internal/audit"
)

// Positions are judged as specified (audit specification, §4), and a remedy is something that the student can do: a
// course that is completed can neither be moved nor follow a course that is planned now.
func TestRemediesOfPositions(t *testing.T) {
	t.Parallel()
	const settled = "Nothing is to be done: the course is completed."
	for _, c := range []struct {
		name, attempts string
		code           audit.RemarkCode
		course, want   string
	}{
		{"completed without its prerequisite", "Fall 2025 completed: COMP 352", audit.Prerequisite, "COMP 352", settled},
		{"completed before its prerequisite", "Fall 2024 completed: COMP 249\nFall 2025 completed: COMP 248", audit.Prerequisite, "COMP 249", settled},
		{"completed with too few credits", "Fall 2025 completed: SOEN 490", audit.CreditsBefore, "SOEN 490", settled},
		{"completed and excluded", "Fall 2024 completed: SOEN 228\nFall 2025 completed: COMP 228", audit.Excluded, "COMP 228",
			"Nothing is to be done: the course stays on the record without counting."},
		{"under way and excluded", "Fall 2024 completed: SOEN 228\nFall 2026 inprogress: COMP 228", audit.Excluded, "COMP 228",
			"Ask your advisor: the course is under way and will not count."},
		{"planned and excluded", "Fall 2024 completed: SOEN 228\nFall 2027 planned: COMP 228", audit.Excluded, "COMP 228",
			"Choose another course in place of COMP 228."},
		{"planned without its prerequisite", "Fall 2027 planned: COMP 352", audit.Prerequisite, "COMP 352", "Plan COMP 249 before it."},
		{"planned before its prerequisite", "Fall 2027 planned: COMP 248, COMP 249", audit.Prerequisite, "COMP 249", "Move COMP 249 to WINTER 2028 or later."},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			out := programOf(t, "BEng in Software Engineering").Audit(audit.Record{Current: parseTerm("Fall 2026"), Attempts: readAttempts(c.attempts)})
			for _, r := range out.Remarks {
				if r.Code != c.code || r.Course != c.course {
					continue
				}
				if r.Remedy != c.want {
					t.Errorf("remedy: got %q, want %q", r.Remedy, c.want)
				}
				if isDone := c.want == settled; isDone && r.Params.EarliestTerm != "" {
					t.Errorf("earliest term of a completed course: got %q, want none", r.Params.EarliestTerm)
				}
				return
			}
			t.Errorf("got no remark %s of %s in %+v", c.code, c.course, out.Remarks)
		})
	}
}
