package timeline_test

import (
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/trackmydegree/trackmydegree/internal/fault"
	"github.com/trackmydegree/trackmydegree/internal/testenv"
	"github.com/trackmydegree/trackmydegree/internal/timeline"
	"github.com/trackmydegree/trackmydegree/internal/timelinetest"
)

// The timeline of every document, in a form that a person can compare with the document.
func TestDocuments(t *testing.T) {
	t.Parallel()
	paths, err := filepath.Glob(filepath.Join(testenv.RepoRoot(), "tests", "documents", "*", "*.expected.json"))
	if err != nil || len(paths) < 20 {
		t.Fatalf("%d documents, %v", len(paths), err)
	}
	for _, path := range paths {
		doc, ok := timelinetest.ReadFacts(t, path)
		if !ok {
			continue // a document that cannot be read has no timeline
		}
		name := filepath.Base(filepath.Dir(path)) + "-" + strings.TrimSuffix(filepath.Base(path), ".expected.json")
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			r, err := timelinetest.Builder().FromDocument(doc, now)
			if !slices.Contains([]string{"transcripts", "letters", "hostile"}, filepath.Base(filepath.Dir(path))) {
				// Other layouts of the same contents: other tests check what is read from them.
				if code := fault.CodeOf(err); code.IsTransient() && err != nil {
					t.Errorf("%v", err)
				}
				return
			}
			got := "failed: " + string(fault.CodeOf(err)) + "\n"
			if err == nil {
				got = summary(r)
			}
			golden := filepath.Join("testdata", name+".golden")
			if *update {
				if err := os.WriteFile(golden, []byte(got), 0o644); err != nil {
					t.Fatal(err)
				}
			}
			want, err := os.ReadFile(golden)
			if err != nil {
				t.Fatalf("%v (run with -update)", err)
			}
			if diff := cmp.Diff(string(want), got); diff != "" {
				t.Errorf("(-want +got):\n%s", diff)
			}
		})
	}
}

// summary returns a result without the catalogue's data on each course.
func summary(r *timeline.Result) string {
	var b strings.Builder
	fmt.Fprintf(&b, "%s, %v credits, co-op %v, extended credit %v, %d courses\n\n",
		r.Degree.ID, r.Degree.TotalCredits, r.IsCoop, r.IsExtendedCredit, len(r.Courses))
	credits := func(name string, c timeline.Credits) {
		fmt.Fprintf(&b, "%s: %v of %v, in progress %v, planned %v, remaining %v\n",
			name, c.Completed, c.CreditsRequired, c.InProgress, c.Planned, c.Remaining)
	}
	credits("overall", r.Progress.Overall)
	for i, p := range r.Progress.Pools {
		credits(p.Name, p.Credits)
		if i >= len(r.Degree.CoursePools) && len(r.Pools[i].Courses) > 0 {
			fmt.Fprintf(&b, "  %s\n", strings.Join(r.Pools[i].Courses, ", "))
		}
	}
	fmt.Fprintf(&b, "total: %v credits by the %s\n", r.Totals.Required, r.Totals.Source)
	sat := map[string]bool{}
	for _, s := range r.Semesters {
		fmt.Fprintf(&b, "\n%s\n", s.Term)
		for _, c := range s.Courses {
			sat[c.Code] = true
			fmt.Fprintf(&b, "  %-9s %s", c.Code, state(r, c.Code))
			if c.Message != "" {
				fmt.Fprintf(&b, " | %s", c.Message)
			}
			b.WriteString("\n")
		}
	}
	b.WriteString("\nnot sat\n")
	for _, code := range slices.Sorted(maps.Keys(r.SlimView().Courses)) {
		if !sat[code] {
			fmt.Fprintf(&b, "  %-9s %s\n", code, state(r, code))
		}
	}
	b.WriteString("\nnot in the catalogue\n")
	for _, code := range slices.Sorted(maps.Keys(r.Courses)) {
		if c := r.Courses[code]; c.InCatalogue != nil {
			fmt.Fprintf(&b, "  %-9s %s, %v credits\n", code, c.Title, c.Credits)
		}
	}
	b.WriteString("\nremarks and warnings\n")
	for _, x := range r.Remarks {
		fmt.Fprintf(&b, "  %s %s %s: %s\n", x.Level, x.Code, strings.TrimSpace(x.Course+" "+x.Term+" "+x.Pool), x.Message)
	}
	for _, x := range r.Warnings {
		fmt.Fprintf(&b, "  warning %s %s\n", x.Code, strings.TrimSpace(x.Course+" "+x.Term))
	}
	return b.String()
}
