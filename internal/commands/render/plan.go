package render

import (
	"fmt"
	"io"
	"strings"
	"text/tabwriter"

	"github.com/trackmydegree/trackmydegree/internal/timeline"
)

// WritePlan writes a plan: its terms as rows of courses, each with the reason for its place, and what is proven.
func WritePlan(w io.Writer, p timeline.PlanNotes) error {
	if len(p.Terms) == 0 {
		_, err := fmt.Fprintln(w, p.Reason)
		return err
	}
	writeTitle(w, fmt.Sprintf("%d terms of study, to %s", p.StudyTerms, p.Graduation))
	table := tabwriter.NewWriter(w, 0, 0, 2, ' ', 0)
	for _, t := range p.Terms {
		label := t.Term
		for _, c := range t.Courses {
			name := shortenText(c.Title, 40)
			if c.Placeholder {
				name = "to be chosen"
			}
			fmt.Fprintf(table, "%s\t%s\t%s\t%s\t%s\n", label, shortenText(c.Code, 44), name, c.Credits, c.Message)
			label = ""
		}
		fmt.Fprintf(table, "%s\t\t\t%s\t\n", label, t.Credits)
	}
	if err := table.Flush(); err != nil {
		return err
	}
	proven := "No plan is shorter. "
	if !p.Optimal {
		proven = ""
	}
	fmt.Fprintf(w, "\n%s%s\n", proven, p.Reason)
	if len(p.CriticalChain) > 0 {
		_, err := fmt.Fprintf(w, "Longest chain: %s\n", strings.Join(p.CriticalChain, " → "))
		return err
	}
	return nil
}
