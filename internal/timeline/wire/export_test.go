package wire

import "github.com/trackmydegree/trackmydegree/internal/timeline"

// CheckForm returns the faults of a form that no JSON gave.
func CheckForm(f timeline.Form) error {
	found := checkForm(f)
	return found.ToError()
}

// CheckPatch returns the faults of a patch that no JSON gave.
func CheckPatch(p timeline.Patch) error {
	found := checkPatch(p)
	return found.ToError()
}
