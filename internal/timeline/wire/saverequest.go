package wire

import (
	"io"

	"github.com/trackmydegree/trackmydegree/internal/timeline/fieldfault"
)

// SaveRequest is the body of POST and PUT /api/timelines. A nil field was absent.
type SaveRequest struct {
	Name  *string // of the timeline
	JobID *string // the job whose result is saved
}

// DecodeSaveRequest decodes a SaveRequest from JSON. The errors are those of DecodeForm; the name is validated when
// it is saved.
func DecodeSaveRequest(r io.Reader) (SaveRequest, error) {
	var request SaveRequest
	err := decodeObject(r, map[string]field{
		"timelineName": optionalField(&request.Name, textField[string]),
		"jobId":        optionalField(&request.JobID, textField[string]),
	}, func() fieldfault.List { return nil })
	if err != nil {
		return SaveRequest{}, err
	}
	return request, nil
}
