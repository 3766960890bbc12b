package render

import (
	"cmp"
	"fmt"
	"io"
	"strings"
	"text/tabwriter"

	"github.com/trackmydegree/trackmydegree/internal/catalogue"
	"github.com/trackmydegree/trackmydegree/internal/catalogueimport"
)

// WriteCatalogueCheck writes the faults of editions, one a line, then what is known of them, then what was checked.
func WriteCatalogueCheck(w io.Writer, sources []catalogue.Source, faults, known []catalogueimport.Fault) error {
	var b strings.Builder
	for _, f := range faults {
		fmt.Fprintln(&b, f)
	}
	for _, f := range known {
		fmt.Fprintf(&b, "known: %s\n", f)
	}
	for _, s := range sources {
		fmt.Fprintf(&b, "%s: edition %s, %d degrees, %d pools, %d courses, %d sequences\n", s.Path, cmp.Or(s.Data.Calendar, "without a year"),
			len(s.Data.Degrees), len(s.Data.Pools), len(s.Data.Courses), len(s.Data.Sequences))
	}
	_, err := io.WriteString(w, b.String())
	return err
}

// EditionDiff is what differs between an edition and a loaded one.
type EditionDiff struct {
	Calendar string             `json:"calendar"`
	Against  string             `json:"against"`
	Changes  []catalogue.Change `json:"changes"`
}

// WriteEditionDiffs writes a table of changes for each edition.
func WriteEditionDiffs(w io.Writer, diffs []EditionDiff) error {
	table := tabwriter.NewWriter(w, 0, 0, 2, ' ', 0)
	for i, d := range diffs {
		if i > 0 {
			fmt.Fprintln(table)
		}
		fmt.Fprintf(table, "edition %s against %s: %d differences\n", d.Calendar, cmp.Or(d.Against, "one without a year"), len(d.Changes))
		if len(d.Changes) > 0 {
			fmt.Fprintln(table, "FILE\tENTRY\tCHANGE\tFIELDS")
		}
		for _, c := range d.Changes {
			fmt.Fprintf(table, "%s\t%s\t%s\t%s\n", c.File, c.Entry, c.Kind, strings.Join(c.Fields, ", "))
		}
	}
	return table.Flush()
}

// WriteImpact writes what an import changes for the saved timelines.
func WriteImpact(w io.Writer, impact catalogueimport.Impact) error {
	table := tabwriter.NewWriter(w, 0, 0, 2, ' ', 0)
	fmt.Fprintf(table, "saved timelines: %d, of these %d of a degree that changes, %d of a degree that is gone\n",
		impact.Timelines, impact.Changed, impact.Broken)
	if len(impact.Degrees) > 0 {
		fmt.Fprintln(table, "DEGREE\tTIMELINES\tCHANGED\tOTHER EDITION\tGONE\tFEWER CREDITS LEFT\tAS MANY\tMORE\tDIFFERENCE")
	}
	for _, d := range impact.Degrees {
		fmt.Fprintf(table, "%s\t%d\t%d\t%d\t%d\t%d\t%d\t%d\t%+g to %+g\n", d.Degree, d.Timelines, d.Changed, d.Moved, d.Broken,
			d.Fewer, d.Same, d.More, d.Least, d.Most)
	}
	return table.Flush()
}

// WriteSequences writes the published sequences of a degree, one term a line.
func WriteSequences(w io.Writer, degree string, sequences []catalogue.Sequence) error {
	var b strings.Builder
	if len(sequences) == 0 {
		fmt.Fprintf(&b, "no sequence of %s is published\n", degree)
	}
	for i, s := range sequences {
		if i > 0 {
			b.WriteString("\n")
		}
		b.WriteString(s.Name)
		if s.Calendar != "" {
			fmt.Fprintf(&b, " (of %s)", s.Calendar)
		}
		b.WriteString("\n")
		for n, t := range s.Terms {
			fmt.Fprintf(&b, "%3d  %-8s  %s\n", n+1, t.Type, strings.Join(append(labelOf(t), t.Courses...), ", "))
		}
	}
	_, err := io.WriteString(w, b.String())
	return err
}

func labelOf(t catalogue.SequenceTerm) []string {
	if t.Label == "" {
		return nil
	}
	return []string{t.Label}
}
