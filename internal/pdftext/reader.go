package pdftext

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"strings"

	"github.com/tetratelabs/wazero/api"

	"github.com/trackmydegree/trackmydegree/internal/document"
	"github.com/trackmydegree/trackmydegree/internal/fault"
)

// errTrap says that PDFium has given up: out of memory, out of stack, or an assertion.
var errTrap = errors.New("pdfium stopped")

// keepMemory is the size up to which an instance is cleaned rather than replaced.
const keepMemory = 32 << 20

// Results of FPDF_GetLastError that are the document's doing.
const (
	lastErrorPassword = 4
	lastErrorSecurity = 5
)

// reader calls PDFium in one instance. Each document finds the memory as it was before the first one, so that nothing a
// document does there reaches the next.
type reader struct {
	module  api.Module
	scratch uint32 // scratchSize bytes inside the sandbox that results are written to
	image   []byte // the memory before the first document, without the zeros at its end
	stack   [4]uint64
	trapped bool

	malloc, lastError                            api.Function
	loadDocument, pageCount, loadPage, closePage api.Function
	boundingBox, rotation, countObjects          api.Function
	loadText, closeText, countChars              api.Function
	unicode, looseBox                            api.Function
	charOrigin, fontSize, matrix                 api.Function
}

// scratchSize fits the largest result, a matrix of six floats.
const scratchSize = 64

func newReader(m api.Module) (*reader, error) {
	r := &reader{module: m}
	for name, f := range map[string]*api.Function{
		"malloc":                   &r.malloc,
		"FPDF_GetLastError":        &r.lastError,
		"FPDF_LoadMemDocument64":   &r.loadDocument,
		"FPDF_GetPageCount":        &r.pageCount,
		"FPDF_LoadPage":            &r.loadPage,
		"FPDF_ClosePage":           &r.closePage,
		"FPDF_GetPageBoundingBox":  &r.boundingBox,
		"FPDFPage_GetRotation":     &r.rotation,
		"FPDFPage_CountObjects":    &r.countObjects,
		"FPDFText_LoadPage":        &r.loadText,
		"FPDFText_ClosePage":       &r.closeText,
		"FPDFText_CountChars":      &r.countChars,
		"FPDFText_GetUnicode":      &r.unicode,
		"FPDFText_GetLooseCharBox": &r.looseBox,
		"FPDFText_GetCharOrigin":   &r.charOrigin,
		"FPDFText_GetFontSize":     &r.fontSize,
		"FPDFText_GetMatrix":       &r.matrix,
	} {
		if *f = m.ExportedFunction(name); *f == nil {
			return nil, fmt.Errorf("pdfium has no function %s", name)
		}
	}
	scratch, err := r.call(r.malloc, scratchSize)
	if err != nil {
		return nil, err
	}
	r.scratch = uint32(scratch)
	r.image = bytes.Clone(bytes.TrimRight(r.memory(), "\x00"))
	return r, nil
}

// memory is the whole memory of the sandbox, shared, valid until the next call.
func (r *reader) memory() []byte {
	b, _ := r.module.Memory().Read(0, r.module.Memory().Size())
	return b
}

// reset gives the memory back its first state. It reports false when the instance has to be replaced: it has trapped, and
// what it holds outside its memory cannot be trusted, or it has grown so far that a new one is cheaper to hold.
func (r *reader) reset() bool {
	mem := r.memory()
	if r.trapped || len(mem) > keepMemory {
		return false
	}
	clear(mem[copy(mem, r.image):])
	return true
}

func (r *reader) call(f api.Function, args ...uint64) (uint64, error) {
	copy(r.stack[:], args)
	// The context is not the caller's: it would be looked at only by a sandbox that checks for cancelling, and that
	// costs three to five times as much.
	if err := f.CallWithStack(context.Background(), r.stack[:]); err != nil {
		r.trapped = true
		reason, _, _ := strings.Cut(err.Error(), "\n") // the rest is a trace of functions without names
		return 0, fmt.Errorf("%w: %s", errTrap, reason)
	}
	return r.stack[0], nil
}

// open loads a document and returns it with the number of its pages. Nobody closes it: reset does that for the whole
// memory at once.
func (r *reader) open(pdf []byte) (doc uint64, pages int, err error) {
	size := uint64(len(pdf))
	at, err := r.call(r.malloc, size)
	if err != nil {
		return 0, 0, tooComplex(err)
	}
	if at == 0 || !r.module.Memory().Write(uint32(at), pdf) {
		return 0, 0, tooComplex(errors.New("the document does not fit the sandbox"))
	}
	doc, err = r.call(r.loadDocument, at, size, 0)
	if err != nil {
		return 0, 0, tooComplex(err)
	}
	if doc == 0 {
		return 0, 0, r.loadFault()
	}
	count, err := r.call(r.pageCount, doc)
	if err != nil {
		return 0, 0, tooComplex(err)
	}
	switch n := int(int32(count)); {
	case n <= 0:
		return 0, 0, fault.Wrap(fault.Corrupt, errors.New("a document without pages"))
	case n > document.MaxPages:
		return 0, 0, r.tooManyPages(doc, n)
	default:
		return doc, n, nil
	}
}

// tooComplex is the fault of a document at which PDFium has given up.
func tooComplex(err error) error { return fault.Wrap(fault.TooComplex, err) }

// tooManyPages is the fault of a document that claims n pages. A damaged or looping page tree claims what is not there.
func (r *reader) tooManyPages(doc uint64, n int) error {
	page, err := r.call(r.loadPage, doc, document.MaxPages)
	if err != nil {
		return tooComplex(err)
	}
	if page == 0 {
		return fault.Wrap(fault.Corrupt, fmt.Errorf("%d pages are claimed and not there", n))
	}
	return fault.Wrap(fault.TooManyPages, fmt.Errorf("%d pages", n))
}

func (r *reader) loadFault() error {
	code, err := r.call(r.lastError)
	if err != nil {
		return tooComplex(err)
	}
	switch code {
	case lastErrorPassword, lastErrorSecurity:
		return fault.New(fault.Encrypted)
	}
	return fault.Wrap(fault.Corrupt, fmt.Errorf("pdfium cannot open it: error %d", code))
}

// page reads the page with the index, and takes what it holds from left.
func (r *reader) page(doc uint64, index int, left *budget) (document.Page, error) {
	page, err := r.call(r.loadPage, doc, uint64(index))
	if err != nil {
		return document.Page{}, tooComplex(err)
	}
	if page == 0 {
		return document.Page{}, fault.Wrap(fault.Corrupt, errors.New("cannot be loaded"))
	}
	objects, err := r.call(r.countObjects, page)
	if err != nil {
		return document.Page{}, tooComplex(err)
	}
	if n := int32(objects); n > maxObjects || left.objects.Add(-int64(max(n, 0))) < 0 {
		return document.Page{}, fault.Wrap(fault.TooComplex, fmt.Errorf("%d objects", n))
	}
	f, err := r.frame(page)
	if err != nil {
		return document.Page{}, tooComplex(err)
	}
	text, err := r.call(r.loadText, page)
	if err != nil {
		return document.Page{}, tooComplex(err)
	}
	if text == 0 {
		return document.Page{}, fault.Wrap(fault.Corrupt, errors.New("its text cannot be loaded"))
	}
	count, err := r.call(r.countChars, text)
	if err != nil {
		return document.Page{}, tooComplex(err)
	}
	n := int(int32(count))
	if left.characters.Add(-int64(max(n, 0))) < 0 {
		return document.Page{}, fault.Wrap(fault.TooComplex, fmt.Errorf("more than %d characters", document.MaxCharacters))
	}
	words, err := r.words(text, n, f)
	if err != nil {
		return document.Page{}, tooComplex(err)
	}
	// Closing what has been read keeps a long document's memory at one page.
	if _, err := r.call(r.closeText, text); err != nil {
		return document.Page{}, tooComplex(err)
	}
	if _, err := r.call(r.closePage, page); err != nil {
		return document.Page{}, tooComplex(err)
	}
	width, height := f.size()
	return document.Page{Width: width, Height: height, Words: words}, nil
}
