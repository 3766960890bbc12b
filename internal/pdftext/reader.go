package pdftext

import (
	"context"
	"errors"
	"fmt"
	"strings"

	"github.com/tetratelabs/wazero/api"

	"github.com/trackmydegree/trackmydegree/internal/document"
	"github.com/trackmydegree/trackmydegree/internal/fault"
)

// errTrap says that PDFium has stopped: out of memory, out of stack, or an assertion.
var errTrap = errors.New("pdfium stopped")

// keepMemory is the size up to which an instance is cleaned rather than replaced.
const keepMemory = 32 << 20

// Results of FPDF_GetLastError that the document causes.
const (
	lastErrorPassword = 4
	lastErrorSecurity = 5
)

// reader calls PDFium in one instance. Each document finds the initial memory, so that no data of a document reaches
// the next.
type reader struct {
	module  api.Module
	scratch uint32 // scratchSize bytes inside the sandbox that results are written to
	image   []byte // the memory before the first document, whole pages, without the pages of zeros at its end
	stack   [8]uint64
	trapped bool

	malloc, lastError                            api.Function
	loadDocument, pageCount, loadPage, closePage api.Function
	boundingBox, rotation, countObjects          api.Function
	loadText, closeText, countChars              api.Function
	unicode, looseBox, inkBox                    api.Function
	charOrigin, fontSize, matrix                 api.Function
	textObject, renderMode                       api.Function
	getObject, objectType, countMarks, setActive api.Function
	objectBounds, countInner, getInner           api.Function
	createBitmap, fillBitmap, bitmapBuffer       api.Function
	destroyBitmap, renderPage                    api.Function
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
		"FPDFText_GetCharBox":      &r.inkBox,
		"FPDFText_GetCharOrigin":   &r.charOrigin,
		"FPDFText_GetFontSize":     &r.fontSize,
		"FPDFText_GetMatrix":       &r.matrix,

		"FPDFText_GetTextObject":        &r.textObject,
		"FPDFTextObj_GetTextRenderMode": &r.renderMode,
		"FPDFPage_GetObject":            &r.getObject,
		"FPDFPageObj_GetType":           &r.objectType,
		"FPDFPageObj_CountMarks":        &r.countMarks,
		"FPDFPageObj_SetIsActive":       &r.setActive,
		"FPDFPageObj_GetBounds":         &r.objectBounds,
		"FPDFFormObj_CountObjects":      &r.countInner,
		"FPDFFormObj_GetObject":         &r.getInner,
		"FPDFBitmap_Create":             &r.createBitmap,
		"FPDFBitmap_FillRect":           &r.fillBitmap,
		"FPDFBitmap_GetBuffer":          &r.bitmapBuffer,
		"FPDFBitmap_Destroy":            &r.destroyBitmap,
		"FPDF_RenderPageBitmap":         &r.renderPage,
	} {
		if *f = m.ExportedFunction(name); *f == nil {
			return nil, fmt.Errorf("pdfium has no function %s", name)
		}
	}
	scratch, err := r.callFunction(r.malloc, scratchSize)
	if err != nil {
		return nil, err
	}
	r.scratch = uint32(scratch)
	r.image = cloneImage(r.wholeMemory())
	return r, nil
}

// wholeMemory is the whole memory of the sandbox, shared, valid until the next call.
func (r *reader) wholeMemory() []byte {
	b, _ := r.module.Memory().Read(0, r.module.Memory().Size())
	return b
}

// resetMemory restores the initial memory. It reports false when the instance has to be replaced: it has trapped, and
// its state outside of the memory cannot be trusted, or it has grown so far that a new one uses less memory.
func (r *reader) resetMemory() bool {
	mem := r.wholeMemory()
	if r.trapped || len(mem) > keepMemory {
		return false
	}
	restoreImage(mem, r.image)
	return true
}

func (r *reader) callFunction(f api.Function, args ...uint64) (uint64, error) {
	copy(r.stack[:], args)
	// This is not the caller's context, which only a sandbox that checks for cancellation would read, at three to
	// five times the cost.
	if err := f.CallWithStack(context.Background(), r.stack[:]); err != nil {
		r.trapped = true
		reason, _, _ := strings.Cut(err.Error(), "\n") // the rest is a trace of functions without names
		return 0, fmt.Errorf("%w: %s", errTrap, reason)
	}
	return r.stack[0], nil
}

// openDocument loads a document and returns it with the number of its pages. It need not be closed: resetMemory
// discards the whole memory at once.
func (r *reader) openDocument(pdf []byte) (doc uint64, pages int, err error) {
	size := uint64(len(pdf))
	at, err := r.callFunction(r.malloc, size)
	if err != nil {
		return 0, 0, tooComplex(err)
	}
	if at == 0 || !r.module.Memory().Write(uint32(at), pdf) {
		return 0, 0, tooComplex(errors.New("the document does not fit the sandbox"))
	}
	doc, err = r.callFunction(r.loadDocument, at, size, 0)
	if err != nil {
		return 0, 0, tooComplex(err)
	}
	if doc == 0 {
		return 0, 0, r.loadFault()
	}
	count, err := r.callFunction(r.pageCount, doc)
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

// tooComplex is the fault of a document at which PDFium has stopped.
func tooComplex(err error) error { return fault.Wrap(fault.TooComplex, err) }

// tooManyPages is the fault of a document that claims n pages. A damaged or cyclic page tree claims pages that do not
// exist.
func (r *reader) tooManyPages(doc uint64, n int) error {
	page, err := r.callFunction(r.loadPage, doc, document.MaxPages)
	if err != nil {
		return tooComplex(err)
	}
	if page == 0 {
		return fault.Wrap(fault.Corrupt, fmt.Errorf("%d pages are claimed and not there", n))
	}
	return fault.Wrap(fault.TooManyPages, fmt.Errorf("%d pages", n))
}

func (r *reader) loadFault() error {
	code, err := r.callFunction(r.lastError)
	if err != nil {
		return tooComplex(err)
	}
	switch code {
	case lastErrorPassword, lastErrorSecurity:
		return fault.New(fault.Encrypted)
	}
	return fault.Wrap(fault.Corrupt, fmt.Errorf("pdfium cannot open it: error %d", code))
}
