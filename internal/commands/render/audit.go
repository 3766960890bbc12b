package render

import (
	"fmt"
	"io"
	"strings"
	"text/tabwriter"

	"github.com/trackmydegree/trackmydegree/internal/advising"
	"github.com/trackmydegree/trackmydegree/internal/audit"
	"github.com/trackmydegree/trackmydegree/internal/catalogue"
	"github.com/trackmydegree/trackmydegree/internal/fault"
)

// shownChoices is how many of the next courses of a requirement are printed.
const shownChoices = 5

// WriteAudit writes an audit: its requirements as a table, what could fill them, the broken rules, and the earliest
// term of graduation.
func WriteAudit(w io.Writer, a *audit.Audit) error {
	writeTitle(w, a.Degree.Name+", calendar "+a.Calendar)
	table := tabwriter.NewWriter(w, 0, 0, 2, ' ', tabwriter.AlignRight)
	width := len("Requirement")
	for _, r := range a.Requirements {
		width = max(width, len([]rune(r.Name)))
	}
	row := func(name string, cells ...string) {
		fmt.Fprintf(table, "%s%s\t%s\t\n", name, strings.Repeat(" ", width-len([]rune(name))), strings.Join(cells, "\t"))
	}
	row("Requirement", "required", "completed", "in progress", "planned", "remaining", "status")
	for _, r := range a.Requirements {
		row(r.Name, r.Required.String(), r.Completed.String(), r.InProgress.String(), r.Planned.String(), r.Remaining.String(), requirementWords[r.Status])
	}
	t := a.Totals
	row("All", t.Required.String(), t.Completed.String(), t.InProgress.String(), t.Planned.String(), t.Remaining.String(), "by the "+t.Source)
	if err := table.Flush(); err != nil {
		return err
	}
	writeChoices(w, a.Requirements)
	writeRemarks(w, a.Remarks)
	_, err := fmt.Fprintf(w, "\n%s\n", describeGraduation(a.Graduation, a.Obstacles))
	return err
}

func writeTitle(w io.Writer, title string) {
	fmt.Fprintf(w, "%s\n%s\n\n", title, strings.Repeat("=", len([]rune(title))))
}

// requirementWords are the statuses of requirements as people read them.
var requirementWords = map[audit.RequirementStatus]string{
	audit.RequirementComplete: "complete", audit.RequirementInProgress: "in progress",
	audit.RequirementPlanned: "planned", audit.RequirementMissing: "missing",
}

func writeChoices(w io.Writer, requirements []audit.Requirement) {
	headed := false
	for _, r := range requirements {
		if len(r.Choices) == 0 {
			continue
		}
		if !headed {
			fmt.Fprint(w, "\nNext could be\n")
			headed = true
		}
		var codes []string
		for _, c := range r.Choices[:min(shownChoices, len(r.Choices))] {
			codes = append(codes, c.Code)
		}
		line := strings.Join(codes, ", ")
		if more := len(r.Choices) - len(codes) + r.MoreChoices; more > 0 {
			line += fmt.Sprintf(" and %d more", more)
		}
		fmt.Fprintf(w, "  %s: %s\n", r.Name, line)
	}
}

func writeRemarks(w io.Writer, remarks []audit.Remark) {
	if len(remarks) == 0 {
		return
	}
	fmt.Fprint(w, "\nRemarks\n")
	for _, r := range remarks {
		level := string(r.Level)
		if r.Waived {
			level = "waived"
		}
		where := r.Term
		if where != "" {
			where = " (" + where + ")"
		}
		fmt.Fprintf(w, "  %s%s: %s %s\n", level, where, r.Message, r.Remedy)
	}
}

func describeGraduation(g *audit.Graduation, obstacles []string) string {
	if g == nil {
		return "The degree cannot be finished within twelve years. " + strings.Join(obstacles, " ")
	}
	text := fmt.Sprintf("Graduation: %s at the earliest, with %d terms of study. %s", g.Term, g.Terms, g.Reason)
	if g.Terms == 0 {
		text = "Graduation: " + g.Term + ". " + g.Reason
	}
	if len(g.CriticalChain) > 0 {
		text += "\nLongest chain: " + strings.Join(g.CriticalChain, " → ")
	}
	return text
}

// WriteExplanation writes where a course counts and why. Its error is not_found for a course that the record does not
// have.
func WriteExplanation(w io.Writer, a *audit.Audit, course string) error {
	code, found := catalogue.NormalizeCode(course), false
	names := map[string]string{}
	for _, r := range a.Requirements {
		names[r.ID] = r.Name
	}
	nameOf := func(id string) string {
		if name, ok := names[id]; ok {
			return name
		}
		return id
	}
	for _, c := range a.Courses {
		if c.Code != code {
			continue
		}
		found = true
		head := []string{c.Code}
		for _, part := range []string{c.Title, c.Term, c.Via, statusText(c.Status), c.Credits.String() + " credits"} {
			if part != "" {
				head = append(head, part)
			}
		}
		fmt.Fprintln(w, strings.Join(head, ", "))
		for _, x := range c.Counts {
			fmt.Fprintf(w, "  %s credits count in %s: %s\n", x.Credits, nameOf(x.Pool), explainCount(x))
		}
		if c.Uncounted != nil {
			fmt.Fprintf(w, "  %s credits count nowhere: %s\n", c.Uncounted.Credits, uncountedWords[c.Uncounted.Because])
		}
		for _, id := range c.Alternatives {
			fmt.Fprintf(w, "  could also count in %s\n", nameOf(id))
		}
	}
	for _, r := range a.Remarks {
		if r.Course == code && found {
			writeRemarks(w, []audit.Remark{r})
		}
	}
	if !found {
		return fault.WithDetail(fault.NotFound, "The record has no course "+code+".")
	}
	return nil
}

func statusText(s audit.Status) string {
	if s == audit.InProgress {
		return "in progress"
	}
	return string(s)
}

func explainCount(c audit.Count) string {
	if c.Because == audit.BecauseEquivalent {
		return "it stands for " + c.For
	}
	return countWords[c.Because]
}

var countWords = map[audit.Because]string{
	audit.BecauseRequired: "the requirement needs every course of its list", audit.BecauseElective: "it is one of the courses to choose from",
	audit.BecauseOverflow: "an earlier requirement that lists it is full", audit.BecauseOnlyPlace: "the other requirements that list it leave no room",
	audit.BecauseWaived: "a limit was waived", audit.BecausePinned: "you put it there",
}

var uncountedWords = map[string]string{
	audit.NotListed: "no requirement lists it", audit.NoRoom: "every requirement that lists it is full", audit.WasExcluded: "a course counts that excludes it",
	audit.WasRepeated: "another attempt of it counts", audit.NotEarned: "it earned nothing", audit.WorkTermIs: "work terms count in addition to the degree",
	audit.NoCreditsIs: "it fills its place without credits", audit.IsOwed: "it is not complete",
}

// WriteComparison writes what a record is worth for every degree, the nearest first. The record's own is marked.
func WriteComparison(w io.Writer, c *advising.Comparison) error {
	writeTitle(w, "From "+c.Degree.Name+", calendar "+c.Calendar)
	table := tabwriter.NewWriter(w, 0, 0, 2, ' ', 0)
	fmt.Fprint(table, "remaining\tcompleted\trequirements\tgraduation\tdegree\n")
	for _, d := range c.Degrees {
		name, at := d.Degree.Name, "-"
		if d.Degree.ID == c.Degree.ID {
			name += " (yours)"
		}
		if d.Graduation != nil {
			at = d.Graduation.Term
		}
		fmt.Fprintf(table, "%s of %s\t%s\t%d of %d\t%s\t%s\n", d.Totals.Remaining, d.Totals.Required, d.Totals.Completed, d.Complete, d.Requirements, at, name)
	}
	if err := table.Flush(); err != nil {
		return err
	}
	for _, d := range c.Degrees {
		for _, obstacle := range d.Obstacles {
			if _, err := fmt.Fprintf(w, "\n%s cannot be finished: %s", d.Degree.Name, obstacle); err != nil {
				return err
			}
		}
	}
	_, err := fmt.Fprintln(w)
	return err
}
