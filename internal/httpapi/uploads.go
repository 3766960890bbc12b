package httpapi

import (
	"bufio"
	"errors"
	"io"
	"mime/multipart"
	"net/http"
	"strings"
	"sync"

	"github.com/trackmydegree/trackmydegree/internal/document"
	"github.com/trackmydegree/trackmydegree/internal/fault"
	"github.com/trackmydegree/trackmydegree/internal/httpapi/params"
	"github.com/trackmydegree/trackmydegree/internal/httpserver"
	"github.com/trackmydegree/trackmydegree/internal/job"
)

const (
	// fieldName is the multipart field of the document.
	fieldName = "file"
	// maxEnvelope bounds the multipart overhead of a document, in bytes: boundaries and the headers of a part, with
	// long file names.
	maxEnvelope = 16 << 10
)

// wrongForm is the fault of a body that is not the expected form.
func wrongForm(cause error) *fault.Error {
	return &fault.Error{
		Code:   fault.BadRequest,
		Detail: `Send the PDF as multipart/form-data, in one field named "file".`,
		Fields: []fault.Field{{Path: fieldName, Message: "One PDF is expected here."}},
		Cause:  cause,
	}
}

// submitFile accepts a document and streams it to the store: the memory of an upload does not grow with its size. The
// name and the type that the client gives the file are ignored.
func (a *API) submitFile(w http.ResponseWriter, r *http.Request) error {
	request, err := readSubmission(r)
	if err != nil {
		return err
	}
	if err := a.readChoice(r, &request); err != nil {
		return err
	}
	const most = document.MaxBytes + maxEnvelope
	if r.ContentLength > most {
		// The unread body makes the connection useless for another request.
		w.Header().Set("Connection", "close")
		return fault.New(fault.TooLarge)
	}
	if !strings.HasPrefix(strings.ToLower(r.Header.Get("Content-Type")), "multipart/form-data") {
		return fault.WithDetail(fault.UnsupportedKind, `Send the PDF as multipart/form-data, in a field named "file".`)
	}
	// The headers of the part come first, and may be no longer than its envelope.
	tooLarge := wrongForm(errors.New("headers of the part too long"))
	body := params.LimitBody(w, r, a.uploadTimeout, maxEnvelope, func() *fault.Error { return tooLarge })
	source := &formSource{Body: body}
	r.Body = source
	parts, err := r.MultipartReader()
	if err != nil {
		return wrongForm(err)
	}
	part, err := parts.NextPart()
	if err != nil {
		return toFormFault(err)
	}
	if part.FormName() != fieldName {
		return wrongForm(errors.New("another field"))
	}
	body.ExtendLimit(most)
	tooLarge = fault.New(fault.TooLarge)
	defer source.readAhead()()

	receipt, err := a.submit.SubmitFile(r.Context(), request, &onlyPart{part: part, parts: parts, body: body})
	if code := fault.CodeOf(err); receipt.Existing || code == fault.Conflict || code == fault.Draining {
		// These answers need no document. Drain the body before answering: closing the connection while the client
		// still sends can lose the response.
		_, _ = io.Copy(io.Discard, body)
		body.ClearDeadline()
	}
	if err != nil {
		return err
	}
	return a.writeAccepted(w, r, job.File, receipt)
}

// readAheadSize is the size of the pieces in which the document of a form is read from its connection.
const readAheadSize = 64 << 10

// formReaders are the buffers of documents that are being uploaded.
var formReaders = sync.Pool{New: func() any { return bufio.NewReaderSize(nil, readAheadSize) }}

// formSource is the body of a form. The multipart reader asks for 4 KiB at a time, which would be a system call each.
type formSource struct {
	*httpserver.Body
	ahead *bufio.Reader // nil while the headers of the part are read, which may be no longer than the envelope
}

func (s *formSource) Read(b []byte) (int, error) {
	if s.ahead == nil {
		return s.Body.Read(b)
	}
	return s.ahead.Read(b)
}

// readAhead reads the rest of the body in large pieces, until the returned function is called. Nothing may be read
// after that.
func (s *formSource) readAhead() (release func()) {
	buffer := formReaders.Get().(*bufio.Reader)
	buffer.Reset(s.Body)
	s.ahead = buffer
	return func() {
		buffer.Reset(nil) // the pool keeps no body of a request
		formReaders.Put(buffer)
	}
}

// onlyPart reads a part to its end and checks that the request ends there. So a second document, or a truncated
// request, is an error of the first document before that is accepted.
type onlyPart struct {
	part  *multipart.Part
	parts *multipart.Reader
	body  *httpserver.Body
	end   error
}

func (p *onlyPart) Read(b []byte) (int, error) {
	if p.end != nil {
		return 0, p.end
	}
	n, err := p.part.Read(b)
	if err == nil {
		return n, nil
	}
	p.end = toFormFault(err)
	if errors.Is(err, io.EOF) {
		p.end = p.checkLast()
	}
	p.body.ClearDeadline() // the rest of the request has its own limits
	return n, p.end
}

// checkLast returns io.EOF when nothing follows the part.
func (p *onlyPart) checkLast() error {
	_, err := p.parts.NextPart()
	switch {
	case err == nil:
		return wrongForm(errors.New("several fields"))
	case errors.Is(err, io.EOF) && errors.Unwrap(err) == nil: // a request that was cut off wraps it
		return io.EOF
	default:
		return toFormFault(err)
	}
}

// toFormFault is an error of the multipart reader as a fault: the body's own, or that the body is no such form.
func toFormFault(err error) error {
	var f *fault.Error
	if errors.As(err, &f) {
		return err
	}
	return wrongForm(err)
}
