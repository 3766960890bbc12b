package timeline_test

import (
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/trackmydegree/trackmydegree/internal/document"
	"github.com/trackmydegree/trackmydegree/internal/timeline"
	"github.com/trackmydegree/trackmydegree/internal/timelinetest"
	"github.com/trackmydegree/trackmydegree/internal/warning"
)

// Printed transfers and exemptions keep their credits and titles, also those without a course.
func TestTransfersAsPrinted(t *testing.T) {
	t.Parallel()
	doc := timelinetest.NewTranscript(timelinetest.SoftwarePrinted, "Fall 2024: SOEN 287 A")
	doc.ExemptedCourses, doc.TransferredCourses = []string{"COMP 232", "COMP 248"}, []string{"MATH 999"}
	doc.Transfers = []document.Transfer{
		{Code: "COMP 232", Grade: "EX"},
		{Code: "COMP 248", Grade: "EX"},
		{Code: "MATH 999", Title: "Advanced Topics", Credits: 3, Grade: "TRC"},
		{Code: "PHIL 2XX", Credits: 3, Grade: "TRC", Unassigned: true},
	}
	doc.Warnings = []warning.Warning{{Code: warning.ProgramIgnored, Message: "A minor is not counted."}}
	r := timelinetest.Must(timelinetest.Builder().FromDocument(doc, now))(t)
	// The exemptions add no credits; the transfers provide 6 of the 6.5 credits that the exempted courses leave open.
	if got := r.Progress.Overall.Completed; got != 9 {
		t.Errorf("completed: got %v, want 3 of SOEN 287 and 6 of transfers", got)
	}
	for code, want := range map[string]string{
		"COMP 232": "completed via exemption", "COMP 248": "completed via exemption", "MATH 999": "completed via transfer",
	} {
		if got := state(r, code); got != want {
			t.Errorf("%s: got %s, want %s", code, got, want)
		}
	}
	if c := r.Courses["MATH 999"]; c.Credits != 3 || c.Title != "Advanced Topics" {
		t.Errorf("MATH 999: got %v credits, %q; want what is printed", c.Credits, c.Title)
	}
	want := []timeline.Transfer{
		{Code: "COMP 232", Credits: ptr(0.0), Via: "exemption"}, {Code: "COMP 248", Credits: ptr(0.0), Via: "exemption"},
		{Code: "MATH 999", Title: "Advanced Topics", Credits: ptr(3.0), Via: "transfer"},
		{Title: "PHIL 2XX", Credits: ptr(3.0), Via: "transfer"},
	}
	if diff := cmp.Diff(want, r.Transfers); diff != "" {
		t.Errorf("transfers (-want +got):\n%s", diff)
	}
	if len(r.Warnings) == 0 || r.Warnings[0] != doc.Warnings[0] {
		t.Errorf("warnings: got %v, want those of the document first", r.Warnings)
	}
	loaded := timelinetest.Must(timelinetest.Builder().FromSaved(r.ToSaved(), now))(t)
	if diff := cmp.Diff(string(encode(t, r)), string(encode(t, loaded))); diff != "" {
		t.Errorf("saved and loaded (-want +got):\n%s", diff)
	}
}
