package wire_test

import (
	"testing"

	"github.com/trackmydegree/trackmydegree/internal/timeline"
	"github.com/trackmydegree/trackmydegree/internal/timeline/wire"
	"github.com/trackmydegree/trackmydegree/internal/timelinetest"
)

const software = timelinetest.Software

// now is the day of the specification's cases: during Fall 2026.
var now = timelinetest.Now

func encode(tb testing.TB, r *timeline.Result) []byte {
	tb.Helper()
	return timelinetest.Must(wire.EncodeResult(r))(tb)
}

func ptr[T any](v T) *T { return &v }

// edited returns the result that the tests of edits start with.
func edited(tb testing.TB) *timeline.Result {
	tb.Helper()
	doc := timelinetest.NewTranscript(timelinetest.SoftwarePrinted, "Fall 2024: COMP 232 F", "Fall 2024: COMP 248 B", "Fall 2026: COMP 249", "Winter 2027: COMP 352", "Fall 2024: ACCO 220 A")
	doc.ExemptedCourses, doc.TransferredCourses = []string{"PHYS 204"}, []string{"HIST 203"}
	return timelinetest.Must(timelinetest.Builder().FromDocument(doc, now))(tb)
}

// The two extremes: a common degree, and the one with the most courses.
var benchmarks = []struct{ name, document string }{
	{"software", "transcripts/soen-regular"},
	{"computer-science-extended", "transcripts/cs-ecp"},
}
