package timeline_test

import (
	"slices"
	"strings"
	"testing"

	"github.com/trackmydegree/trackmydegree/internal/document"
	"github.com/trackmydegree/trackmydegree/internal/fault"
	"github.com/trackmydegree/trackmydegree/internal/timeline"
	"github.com/trackmydegree/trackmydegree/internal/timelinetest"
	"github.com/trackmydegree/trackmydegree/internal/warning"
)

func TestFromDocumentForAGivenDegree(t *testing.T) {
	t.Parallel()
	const civil = "BEng in Civil Engineering"
	length := 144.0
	for _, tt := range []struct {
		name, printed, given string
		want                 string
		source               string
		warned               bool
	}{
		{"the document's", "Bachelor of Engineering, Software Engineering", "", software, "document", false},
		{"the same", "Bachelor of Engineering, Software Engineering", software, software, "document", false},
		{"another than the document's", "Bachelor of Engineering, Software Engineering", civil, civil, "catalogue", true},
		{"one for a document without", "", civil, civil, "document", false},
		{"one for a degree that is not there", "Bachelor of Commerce, Finance", civil, civil, "document", false},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			doc := document.Document{Kind: document.Transcript, ProgramInfo: &document.ProgramInfo{
				Degree: tt.printed, MinimumProgramLength: &length}}
			r, err := timelinetest.Builder().FromDocumentFor(doc, timeline.Choice{Degree: tt.given}, now)
			if err != nil {
				t.Fatal(err)
			}
			warned := slices.ContainsFunc(r.Warnings, func(w warning.Warning) bool {
				return w.Code == warning.ProgramIgnored && strings.Contains(w.Message, "was chosen")
			})
			if r.Degree.ID != tt.want || r.Totals.Source != tt.source || warned != tt.warned {
				t.Errorf("got %s, total from the %s, warned %v, want %s, %s, %v", r.Degree.ID, r.Totals.Source, warned, tt.want, tt.source, tt.warned)
			}
		})
	}
}

func TestAGivenDegreeThatIsNotThere(t *testing.T) {
	t.Parallel()
	b := timelinetest.Builder()
	doc := document.Document{Kind: document.Transcript, ProgramInfo: &document.ProgramInfo{Degree: "Bachelor of Engineering, Software Engineering"}}
	if _, err := b.FromDocumentFor(doc, timeline.Choice{Degree: "BCom"}, now); fault.CodeOf(err) != fault.DegreeNotFound {
		t.Errorf("got %v, want degree_not_found", err)
	}
}

func TestSavedForAnotherDegree(t *testing.T) {
	t.Parallel()
	saved := timeline.Saved{ID: "1", DegreeID: software, Required: 144, Pins: map[string]string{"COMP 248": "x"}}
	r, err := timelinetest.Builder().FromSaved(saved.ForDegree("BEng in Civil Engineering"), now)
	if err != nil || r.Degree.ID != "BEng in Civil Engineering" || r.ID != "1" || r.Totals.Source != "catalogue" || len(r.Pins) != 0 {
		t.Errorf("got %+v, %v, want the other degree by its own total", r, err)
	}
	if same := saved.ForDegree(saved.DegreeID); same.Required != 144 || len(same.Pins) != 1 {
		t.Errorf("got %+v, want the timeline as it is", same)
	}
}
