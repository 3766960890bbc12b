package wire

import "github.com/trackmydegree/trackmydegree/internal/timeline"

// CheckForm returns the faults of a form that no JSON gave.
func CheckForm(f timeline.Form) error {
	found := checkForm(f)
	return found.ToError()
}
