package render

import (
	"fmt"
	"io"
	"strconv"
	"strings"

	"github.com/trackmydegree/trackmydegree/internal/timeline"
)

// WriteDelta writes what an edit made of a timeline: its terms, the credits gained and lost, the courses that count
// elsewhere, the remarks that appeared and went, and the earliest graduation.
func WriteDelta(w io.Writer, version int64, d *timeline.Delta) error {
	fmt.Fprintf(w, "Version %d\n", version)
	if d == nil {
		_, err := fmt.Fprintln(w, "Nothing changed.")
		return err
	}
	for _, s := range d.Semesters {
		codes := make([]string, 0, len(s.Courses))
		for _, c := range s.Courses {
			codes = append(codes, c.Code)
		}
		if len(codes) == 0 {
			codes = append(codes, "no course")
		}
		fmt.Fprintf(w, "  %s: %s\n", s.Term, strings.Join(codes, ", "))
	}
	if len(d.RemovedTerms) > 0 {
		fmt.Fprintf(w, "  without %s\n", strings.Join(d.RemovedTerms, ", "))
	}
	writeGain(w, "Credits", d.Credits.Overall)
	for _, pool := range d.Credits.Pools {
		writeGain(w, "  "+pool.Name, pool.CreditsChange)
	}
	for _, m := range d.Moved {
		fmt.Fprintf(w, "%s counts in %s\n", m.Course, strings.Join(append(m.To, nowhere(m.To)...), ", "))
	}
	if len(d.Remarks.Appeared) > 0 {
		fmt.Fprint(w, "\nNew:")
		writeRemarks(w, d.Remarks.Appeared)
	}
	if len(d.Remarks.Gone) > 0 {
		fmt.Fprint(w, "\nNo longer:")
		writeRemarks(w, d.Remarks.Gone)
	}
	if d.Graduation != nil {
		_, err := fmt.Fprintf(w, "\n%s\n", describeGraduation(d.Graduation.After, nil))
		return err
	}
	return nil
}

// nowhere is the place of a course that counts in no requirement.
func nowhere(to []string) []string {
	if len(to) == 0 {
		return []string{"no requirement"}
	}
	return nil
}

// writeGain writes the differences of credits that are not 0.
func writeGain(w io.Writer, name string, c timeline.CreditsChange) {
	var parts []string
	for _, part := range []struct {
		gained float64
		what   string
	}{{c.Gained.Completed, "completed"}, {c.Gained.InProgress, "in progress"}, {c.Gained.Planned, "planned"}, {c.Gained.Remaining, "remaining"}} {
		if part.gained != 0 {
			text := strconv.FormatFloat(part.gained, 'f', -1, 64)
			if part.gained > 0 {
				text = "+" + text
			}
			parts = append(parts, text+" "+part.what)
		}
	}
	if len(parts) > 0 {
		fmt.Fprintf(w, "%s: %s\n", name, strings.Join(parts, ", "))
	}
}
