package fieldfault_test

import (
	"errors"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/trackmydegree/trackmydegree/internal/fault"
	"github.com/trackmydegree/trackmydegree/internal/timeline/fieldfault"
)

func TestMerge(t *testing.T) {
	t.Parallel()
	faults := func(closest []string, paths ...string) error {
		err := &fault.Error{Code: fault.InvalidForm, Closest: closest}
		for _, p := range paths {
			err.Fields = append(err.Fields, fault.Field{Path: p, Message: p})
		}
		return err
	}
	other := errors.New("other")
	for name, test := range map[string]struct{ shape, meaning, want error }{
		"neither":                   {nil, nil, nil},
		"the shape":                 {faults(nil, "b"), nil, faults(nil, "b")},
		"the meaning":               {nil, faults([]string{"x"}, "a"), faults([]string{"x"}, "a")},
		"both, by path":             {faults(nil, "b"), faults([]string{"x"}, "a", "c"), faults([]string{"x"}, "a", "b", "c")},
		"the first fault of a path": {faults(nil, "a/1", "b"), faults(nil, "a", "b"), faults(nil, "a/1", "b")},
		"another kind of shape":     {other, faults(nil, "a"), other},
		"another kind of meaning":   {faults(nil, "a"), other, other},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			got := fieldfault.Merge(test.shape, test.meaning)
			var gotForm, wantForm *fault.Error
			if errors.As(test.want, &wantForm) && errors.As(got, &gotForm) {
				if diff := cmp.Diff(wantForm.Fields, gotForm.Fields); diff != "" || !cmp.Equal(wantForm.Closest, gotForm.Closest) {
					t.Errorf("closest %v, fields (-want +got):\n%s", gotForm.Closest, diff)
				}
			} else if !errors.Is(got, test.want) {
				t.Errorf("got %v, want %v", got, test.want)
			}
		})
	}
}
