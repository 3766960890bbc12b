package repair_test

import (
	"testing"

	"github.com/trackmydegree/trackmydegree/internal/job"
	"github.com/trackmydegree/trackmydegree/internal/submit"
)

// The degree that was given for a document is restored with its record.
func TestAGivenDegreeIsRestored(t *testing.T) {
	onBoth(t, func(t *testing.T, e *env) {
		id := e.file(submit.Request{Owner: "ann", Degree: "BEng in Software Engineering"})
		e.wipe()
		e.settle()
		_, input, err := e.records.BeginAttempt(t.Context(), id, 1)
		e.must(err)
		if got, err := job.DecodeInput(job.File, input); err != nil || got.Degree != "BEng in Software Engineering" {
			t.Errorf("got %+v, %v, want the degree", got, err)
		}
	})
}
