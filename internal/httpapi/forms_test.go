package httpapi_test

import (
	"net/http"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/trackmydegree/trackmydegree/internal/fault"
)

// The shape of a form and what needs the catalogue are checked apart. One answer names the faults of both.
func TestAFormIsRefusedWithEveryFault(t *testing.T) {
	t.Parallel()
	s := setup(t)
	for name, test := range map[string]struct {
		body string
		want []string
	}{
		"the degree, the term and the sequence": {`{"degree":"BEng in Softwear","firstTerm":"Fall","sequence":"none"}`, []string{"degree", "firstTerm", "sequence"}},
		"no degree and an unknown sequence":     {`{"firstTerm":"Fall 2026","sequence":"none"}`, []string{"degree", "sequence"}},
		"a degree of the wrong type":            {`{"degree":5,"firstTerm":"Fall 2026","minimumProgramLength":900}`, []string{"degree", "minimumProgramLength"}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			var got []string
			for _, f := range s.json(http.MethodPost, "ann", "/api/timeline/form", test.body).wantProblem(t, fault.InvalidForm).Errors {
				got = append(got, f.Path)
			}
			if diff := cmp.Diff(test.want, got); diff != "" {
				t.Errorf("faulty fields (-want +got):\n%s", diff)
			}
		})
	}
}
