package timeline

import (
	"io"
	"time"

	"github.com/trackmydegree/trackmydegree/internal/catalogue"
	"github.com/trackmydegree/trackmydegree/internal/document"
	"github.com/trackmydegree/trackmydegree/internal/fault"
)

// FromDocument builds the timeline of a document, as seen at now.
func FromDocument(cat *catalogue.Catalogue, doc document.Document, now time.Time) (*Result, error) {
	return nil, fault.New(fault.Internal)
}

// FromForm builds the timeline of a form, as seen at now.
func FromForm(cat *catalogue.Catalogue, f Form, now time.Time) (*Result, error) {
	return nil, fault.New(fault.Internal)
}

// FromSaved builds a saved timeline again, as seen at now.
func FromSaved(cat *catalogue.Catalogue, s Saved, now time.Time) (*Result, error) {
	return nil, fault.New(fault.Internal)
}

// Apply returns r with the edit p. It never changes r.
func Apply(cat *catalogue.Catalogue, r *Result, p Patch, now time.Time) (*Result, error) {
	return nil, fault.New(fault.Internal)
}

// Reduce returns what is kept of a timeline.
func Reduce(r *Result) Saved { return Saved{} }

// Slim returns r without the courses that nothing is known about.
func (r *Result) Slim() *Result { return r }

// Encode returns the result as JSON, the same bytes for the same result.
func Encode(r *Result) ([]byte, error) { return nil, fault.New(fault.Internal) }

// Decode reads what Encode wrote.
func Decode(b []byte) (*Result, error) { return nil, fault.New(fault.Internal) }

// DecodeForm reads a form from JSON and checks all of it that needs no catalogue.
func DecodeForm(r io.Reader) (Form, error) { return Form{}, fault.New(fault.Internal) }

// DecodePatch reads an edit from JSON and checks it.
func DecodePatch(r io.Reader) (Patch, error) { return Patch{}, fault.New(fault.Internal) }

// ValidateForm checks of a form what needs the catalogue.
func ValidateForm(cat *catalogue.Catalogue, f Form) error { return fault.New(fault.Internal) }
