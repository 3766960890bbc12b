package job

import (
	"encoding/json"
	"errors"
	"fmt"
	"strings"
)

// maxInput bounds the encoded Input of a document or a saved timeline, in bytes.
const maxInput = 4 << 10

// ErrInput says that what is stored as the input of a job is none.
var ErrInput = errors.New("job: not an input")

// Input is what the owner gave for a job on a document or on a saved timeline. It is stored with the record and in the
// ticket, so that every run of the job has it.
type Input struct {
	// TimelineID names the saved timeline that is built again; empty for a document.
	TimelineID string `json:"timelineId,omitempty"`
	// Degree is the id of the degree that takes the place of the document's or the timeline's; empty for theirs.
	Degree string `json:"degree,omitempty"`
	// Calendar is the edition of the catalogue, such as "2025-26", that takes the place of the one of the admission;
	// empty for that.
	Calendar string `json:"calendar,omitempty"`
}

// Encode returns the input as it is stored: nothing for a document without a choice, the id alone for a timeline
// without one, as earlier versions wrote it, and JSON otherwise.
func (i Input) Encode() ([]byte, error) {
	switch {
	case i == (Input{}):
		return nil, nil
	case i.Degree == "" && i.Calendar == "":
		return []byte(i.TimelineID), nil
	}
	b, err := json.Marshal(i)
	if err != nil {
		return nil, fmt.Errorf("job: input: %w", err)
	}
	return b, nil
}

// DecodeInput reads the input of a job on a document or on a saved timeline. What Encode would not write is ErrInput,
// except that unknown fields, those of a newer version, are ignored.
func DecodeInput(kind Kind, b []byte) (Input, error) {
	var i Input
	switch {
	case len(b) > maxInput:
		return Input{}, fmt.Errorf("%w: %d bytes", ErrInput, len(b))
	case len(b) == 0:
	case b[0] != '{':
		i.TimelineID = string(b)
	default:
		if err := json.Unmarshal(b, &i); err != nil {
			return Input{}, fmt.Errorf("%w: no JSON of this form", ErrInput) // the text of err may quote the input
		}
	}
	if (kind == TimelineData) != (i.TimelineID != "") || strings.HasPrefix(i.TimelineID, "{") {
		return Input{}, fmt.Errorf("%w: of another kind of job", ErrInput)
	}
	return i, nil
}
