// Package render writes results for people, and JSON as people read it.
package render

import (
	"fmt"
	"io"
	"slices"
	"strconv"
	"strings"
	"text/tabwriter"

	"github.com/trackmydegree/trackmydegree/internal/timeline"
)

// WriteTimeline writes a timeline: its terms as rows of courses, the courses outside of the terms, and the credits of
// each requirement.
func WriteTimeline(w io.Writer, r *timeline.Result) error {
	title := r.Degree.Name
	if r.IsExtendedCredit {
		title += ", extended credit"
	}
	if r.IsCoop {
		title += ", co-op"
	}
	if r.Calendar != "" {
		title += ", calendar " + r.Calendar
	}
	fmt.Fprintf(w, "%s\n%s\n\n", title, strings.Repeat("=", len([]rune(title))))
	if err := writeTerms(w, r); err != nil {
		return err
	}
	writeCoursesOutsideTerms(w, r)
	return writeProgress(w, r)
}

func writeTerms(w io.Writer, r *timeline.Result) error {
	table := tabwriter.NewWriter(w, 0, 0, 2, ' ', 0)
	var empty []string
	for _, term := range r.Semesters {
		if len(term.Courses) == 0 {
			empty = append(empty, term.Term)
		}
		label := term.Term
		for _, sitting := range term.Courses {
			course := r.Courses[sitting.Code]
			fmt.Fprintf(table, "%s\t%s\t%s\t%s\t%s\n", label, sitting.Code, shortenText(course.Title, 44), formatCredits(course.Credits), describeSitting(term.Term, sitting, course.State))
			label = ""
		}
	}
	if err := table.Flush(); err != nil {
		return err
	}
	if len(empty) > 0 {
		fmt.Fprintf(w, "Without courses: %s\n", strings.Join(empty, ", "))
	}
	if len(r.Semesters) > 0 {
		fmt.Fprintln(w)
	}
	return nil
}

// describeSitting describes a course in a row of a term: its state if this sitting decided it.
func describeSitting(term string, s timeline.Sitting, state timeline.State) string {
	text := "sat again later"
	if state.Semester != nil && *state.Semester == term {
		text = statusWords[state.Status]
		if s.Message == "" {
			s.Message = state.Message
		}
	} else if state.Semester == nil {
		text = statusWords[state.Status]
	}
	if s.Message != "" {
		text += ": " + s.Message
	}
	return text
}

// statusWords are the statuses as people read them.
var statusWords = map[timeline.Status]string{
	timeline.Completed: "completed", timeline.InProgress: "in progress", timeline.Planned: "planned", timeline.Incomplete: "incomplete",
}

// writeCoursesOutsideTerms lists the courses that count, or are owed, without a term.
func writeCoursesOutsideTerms(w io.Writer, r *timeline.Result) {
	via := map[string][]string{}
	for code, course := range r.Courses {
		if course.State.Via != "" {
			via[course.State.Via] = append(via[course.State.Via], code)
		}
	}
	written := false
	line := func(label string, codes []string) {
		if len(codes) > 0 {
			fmt.Fprintf(w, "%-13s%s\n", label, strings.Join(codes, ", "))
			written = true
		}
	}
	for _, one := range []struct{ label, via string }{{"Transferred", "transfer"}, {"Exempted", "exemption"}} {
		slices.Sort(via[one.via])
		line(one.label, via[one.via])
	}
	for _, pool := range r.Pools {
		if pool.ID == "deficiencies" {
			line("Deficient", pool.Courses)
		}
	}
	if written {
		fmt.Fprintln(w)
	}
}

func writeProgress(w io.Writer, r *timeline.Result) error {
	table := tabwriter.NewWriter(w, 0, 0, 2, ' ', tabwriter.AlignRight)
	row := func(name string, c timeline.Credits) {
		fmt.Fprintf(table, "%s\t%s\t%s\t%s\t%s\t%s\t\n", name, formatCredits(c.CreditsRequired), formatCredits(c.Completed), formatCredits(c.InProgress), formatCredits(c.Planned), formatCredits(c.Remaining))
	}
	// The table aligns to the right; the first column is padded here to align to the left.
	width := len("Requirement")
	for _, p := range r.Progress.Pools {
		width = max(width, len([]rune(p.Name)))
	}
	padRight := func(s string) string { return s + strings.Repeat(" ", width-len([]rune(s))) }
	fmt.Fprintf(table, "%s\trequired\tcompleted\tin progress\tplanned\tremaining\t\n", padRight("Requirement"))
	for _, p := range r.Progress.Pools {
		if p.Credits != (timeline.Credits{}) {
			row(padRight(p.Name), p.Credits)
		}
	}
	row(padRight("All"), r.Progress.Overall)
	return table.Flush()
}

// formatCredits writes credits as they are printed: 3, 3.5, 3.75.
func formatCredits(credits float64) string { return strconv.FormatFloat(credits, 'f', -1, 64) }

func shortenText(s string, n int) string {
	r := []rune(s)
	if len(r) <= n {
		return s
	}
	return string(r[:n-1]) + "…"
}
