package wire

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"

	"github.com/trackmydegree/trackmydegree/internal/timeline"
)

// DecodeResult decodes the output of EncodeResult, and refuses anything else.
func DecodeResult(b []byte) (*timeline.Result, error) {
	d := json.NewDecoder(bytes.NewReader(b))
	d.DisallowUnknownFields()
	var r timeline.Result
	if err := d.Decode(&r); err != nil {
		return nil, fmt.Errorf("decode timeline: %w", err)
	}
	if _, err := d.Token(); !errors.Is(err, io.EOF) {
		return nil, errors.New("decode timeline: more than one value")
	}
	if r.Degree.ID == "" || r.Courses == nil || r.Pools == nil || r.Semesters == nil {
		return nil, errors.New("decode timeline: no degree, pools, courses or terms")
	}
	return &r, nil
}
