package timeline_test

import (
	"cmp"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"

	"github.com/trackmydegree/trackmydegree/internal/timeline"
	"github.com/trackmydegree/trackmydegree/internal/timelinetest"
)

// The order of the rows and of the terms in a document changes nothing but the order of the sittings in a term.
func TestOrderOfRowsDoesNotMatter(t *testing.T) {
	t.Parallel()
	rows := []string{
		"Fall 2023: COMP 232 D", "Fall 2023: COMP 248 F", "Fall 2023: ACCO 220 A", "Winter 2024: COMP 248 B", "Winter 2024: ENGR 201 A",
		"Summer 2024: HIST 205 DISC", "Summer 2024: HIST 207 A", "Fall 2024: COMP 249 C", "Fall 2024: COMP 228 B", "Fall 2024: SOEN 228 B", "Fall 2024: COMP 472 WXYZ",
		"Fall 2024: ACCO 230 B", "Fall 2026: COMP 352", "Fall 2026: COMP 348", "Fall 2026: COMP 371", "Winter 2027: COMP 346", "Winter 2027: SOEN 342", "Fall/Winter 2027-28: SOEN 490",
	}
	build := func(exempted, transferred []string) string {
		doc := timelinetest.NewTranscript(timelinetest.SoftwarePrinted, rows...)
		doc.ExemptedCourses, doc.TransferredCourses = exempted, transferred
		r := timelinetest.Must(timelinetest.Builder().FromDocument(doc, now))(t)
		for _, s := range r.Semesters {
			slices.SortFunc(s.Courses, func(a, b timeline.Sitting) int { return cmp.Compare(a.Code, b.Code) })
		}
		for _, p := range r.Pools {
			if strings.ToLower(p.ID) == p.ID { // unused credits and exemptions are listed as the document does
				slices.Sort(p.Courses)
			}
		}
		return string(encode(t, r))
	}
	exempted, transferred := []string{"MATH 203", "MATH 204", "PHYS 205"}, []string{"HIST 203", "ENGR 213", "POLI 999"}
	want := build(exempted, transferred)
	r := rand.New(rand.NewPCG(41, 42))
	for range 20 {
		for _, list := range [][]string{rows, exempted, transferred} {
			r.Shuffle(len(list), func(i, j int) { list[i], list[j] = list[j], list[i] })
		}
		if got := build(exempted, transferred); got != want {
			t.Fatalf("%q: got\n%s\nwant\n%s", rows, got, want)
		}
	}
}
