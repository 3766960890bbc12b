package parsepool

import (
	"encoding/json"
	"errors"
	"fmt"
	"slices"

	"github.com/trackmydegree/trackmydegree/internal/document"
	"github.com/trackmydegree/trackmydegree/internal/fault"
)

// answer is what a child returns for a document: its facts or its fault. The cause of a fault stays in the child, since
// it may quote the document.
type answer struct {
	Document *document.Document `json:"document,omitempty"`
	Code     fault.Code         `json:"code,omitempty"`
	Detail   string             `json:"detail,omitempty"`
	Reader   Reader             `json:"reader,omitempty"`
}

// maxDetail bounds the sentence that comes with a fault, in bytes.
const maxDetail = 500

// faults are the codes that a child may return. Any other counts as internal.
var faults = []fault.Code{
	fault.NotAPDF, fault.UnsupportedKind, fault.TooLarge, fault.Encrypted, fault.NoText, fault.Corrupt,
	fault.UnrecognizedDocument, fault.TooManyPages, fault.TooComplex, fault.Internal,
}

func encodeAnswer(r Result, err error) ([]byte, error) {
	a := answer{Document: &r.Document, Reader: r.Reader}
	if err != nil {
		f := fault.From(err)
		a = answer{Code: f.Code, Detail: f.Detail, Reader: r.Reader}
	}
	b, err := json.Marshal(a)
	if err != nil {
		return nil, fmt.Errorf("encode answer: %w", err)
	}
	if len(b) > maxAnswer {
		return json.Marshal(answer{Code: fault.TooComplex})
	}
	return b, nil
}

// decodeAnswer trusts nothing: the child has read a hostile document. verdict is the fault of the document, err means
// that the answer is malformed.
func decodeAnswer(b []byte) (r Result, verdict *fault.Error, err error) {
	var a answer
	if err := json.Unmarshal(b, &a); err != nil {
		return Result{}, nil, fmt.Errorf("decode answer: %w", err)
	}
	r.Reader = ReaderPDFium
	if slices.Contains(readers, a.Reader) {
		r.Reader = a.Reader
	}
	switch {
	case a.Code != "" && a.Document == nil:
		if !slices.Contains(faults, a.Code) {
			return r, fault.New(fault.Internal), nil
		}
		if len(a.Detail) > maxDetail {
			a.Detail = ""
		}
		return r, &fault.Error{Code: a.Code, Detail: a.Detail}, nil
	case a.Code == "" && a.Document != nil && (a.Document.Kind == document.Transcript || a.Document.Kind == document.Letter):
		r.Document = *a.Document
		return r, nil, nil
	}
	return Result{}, nil, errors.New("decode answer: neither facts nor a fault")
}
