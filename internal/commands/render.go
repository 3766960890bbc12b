package commands

import (
	"fmt"
	"io"
	"slices"
	"strconv"
	"strings"
	"text/tabwriter"

	"github.com/trackmydegree/trackmydegree/internal/timeline"
)

// render writes a timeline for people: its terms as rows of courses, what stands outside the terms, and the credits of
// each requirement.
func render(w io.Writer, r *timeline.Result) error {
	title := r.Degree.Name
	if r.IsExtendedCredit {
		title += ", extended credit"
	}
	if r.IsCoop {
		title += ", co-op"
	}
	fmt.Fprintf(w, "%s\n%s\n\n", title, strings.Repeat("=", len([]rune(title))))
	if err := renderTerms(w, r); err != nil {
		return err
	}
	renderOutside(w, r)
	return renderProgress(w, r)
}

func renderTerms(w io.Writer, r *timeline.Result) error {
	table := tabwriter.NewWriter(w, 0, 0, 2, ' ', 0)
	var empty []string
	for _, term := range r.Semesters {
		if len(term.Courses) == 0 {
			empty = append(empty, term.Term)
		}
		label := term.Term
		for _, sitting := range term.Courses {
			course := r.Courses[sitting.Code]
			fmt.Fprintf(table, "%s\t%s\t%s\t%s\t%s\n", label, sitting.Code, shorten(course.Title, 44), number(course.Credits), sittingState(term.Term, sitting, course.State))
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

// sittingState is what a row says of a course: its state if this sitting decided it.
func sittingState(term string, s timeline.Sitting, state timeline.State) string {
	said := "sat again later"
	if state.Semester != nil && *state.Semester == term {
		said = words[state.Status]
		if s.Message == "" {
			s.Message = state.Message
		}
	} else if state.Semester == nil {
		said = words[state.Status]
	}
	if s.Message != "" {
		said += ": " + s.Message
	}
	return said
}

// words are the statuses as people read them.
var words = map[timeline.Status]string{
	timeline.Completed: "completed", timeline.InProgress: "in progress", timeline.Planned: "planned", timeline.Incomplete: "incomplete",
}

// renderOutside lists what counts, or is owed, without a term.
func renderOutside(w io.Writer, r *timeline.Result) {
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

func renderProgress(w io.Writer, r *timeline.Result) error {
	table := tabwriter.NewWriter(w, 0, 0, 2, ' ', tabwriter.AlignRight)
	row := func(name string, c timeline.Credits) {
		fmt.Fprintf(table, "%s\t%s\t%s\t%s\t%s\t%s\t\n", name, number(c.CreditsRequired), number(c.Completed), number(c.InProgress), number(c.Planned), number(c.Remaining))
	}
	// The first column reads from the left: pad it by hand.
	width := len("Requirement")
	for _, p := range r.Progress.Pools {
		width = max(width, len([]rune(p.Name)))
	}
	left := func(s string) string { return s + strings.Repeat(" ", width-len([]rune(s))) }
	fmt.Fprintf(table, "%s\trequired\tcompleted\tin progress\tplanned\tremaining\t\n", left("Requirement"))
	for _, p := range r.Progress.Pools {
		if p.Credits != (timeline.Credits{}) {
			row(left(p.Name), p.Credits)
		}
	}
	row(left("All"), r.Progress.Overall)
	return table.Flush()
}

// number writes credits as they are printed: 3, 3.5, 3.75.
func number(credits float64) string { return strconv.FormatFloat(credits, 'f', -1, 64) }

func shorten(s string, n int) string {
	r := []rune(s)
	if len(r) <= n {
		return s
	}
	return string(r[:n-1]) + "…"
}
