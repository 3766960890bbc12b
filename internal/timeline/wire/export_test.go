package wire

import "github.com/trackmydegree/trackmydegree/internal/timeline"

// CheckForm validates a form that was not decoded from JSON.
func CheckForm(f timeline.Form) error {
	found := checkForm(f)
	return found.ToError()
}
