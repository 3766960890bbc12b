package parserapi

import (
	"context"
	"errors"
	"fmt"
	"io"
	"mime"
	"mime/multipart"
	"net/http"
	"os"
	"slices"
	"strings"

	"github.com/trackmydegree/trackmydegree/internal/document"
	"github.com/trackmydegree/trackmydegree/internal/fault"
	"github.com/trackmydegree/trackmydegree/internal/httpserver"
)

// envelope bounds what a multipart body may contain besides the document, in bytes.
const envelope = 64 << 10

// fieldFile is the multipart field of the document.
const fieldFile = "file"

// readRequest extracts the document from a request and parses it. A body that is too large or no document is refused
// as early as possible, usually before a byte of it is read.
func (s *server) readRequest(w http.ResponseWriter, r *http.Request, legacy bool) (document.Document, error) {
	if err := httpserver.CheckContentEncoding(r); err != nil {
		return document.Document{}, err
	}
	kind, params, err := mediaType(r)
	if err != nil {
		return document.Document{}, err
	}
	limit := s.deps.MaxBytes
	if kind == multipartForm {
		limit += envelope
	}
	if r.ContentLength > limit {
		return document.Document{}, fault.New(fault.TooLarge)
	}
	body := httpserver.LimitBody(w, r, httpserver.BodyLimits{Bytes: limit, Total: s.deps.BodyTimeout})
	r.Body = body
	weight := s.deps.MaxBytes
	if r.ContentLength >= 0 {
		weight = min(r.ContentLength, weight)
	}
	release, err := s.reserveMemory(r.Context(), weight)
	if err != nil {
		return document.Document{}, err
	}
	defer release()

	var pdf []byte
	switch {
	case kind == multipartForm:
		pdf, err = readForm(r, params["boundary"], s.deps.MaxBytes, legacy)
	case legacy:
		return document.Document{}, fault.WithDetail(fault.BadRequest, "Send the document as the field \"file\" of a multipart form.")
	default:
		pdf, err = readDocument(r.Body, r.ContentLength, s.deps.MaxBytes)
	}
	body.ClearDeadline()
	if err != nil {
		return document.Document{}, err
	}
	return s.deps.Parser.Parse(r.Context(), pdf)
}

// reserveMemory waits for the memory of a body, first come, first served.
func (s *server) reserveMemory(ctx context.Context, weight int64) (release func(), err error) {
	ctx, cancel := context.WithTimeout(ctx, s.deps.BodyTimeout)
	defer cancel()
	if err := s.memory.Acquire(ctx, weight); err != nil {
		return nil, fault.Wrap(fault.ParserUnavailable, fmt.Errorf("memory for a document: %w", err))
	}
	return func() { s.memory.Release(weight) }, nil
}

const (
	multipartForm = "multipart/form-data"
	pdfType       = "application/pdf"
)

// mediaType returns multipart/form-data, or "" for a body that is the document itself. Clients that do not know PDF
// send octet-stream; the bytes decide.
func mediaType(r *http.Request) (string, map[string]string, error) {
	header := r.Header.Get("Content-Type")
	if header == "" {
		return "", nil, nil
	}
	kind, params, err := mime.ParseMediaType(header)
	switch {
	case err != nil:
		return "", nil, fault.Wrap(fault.BadRequest, err)
	case kind == multipartForm && params["boundary"] == "":
		return "", nil, fault.WithDetail(fault.BadRequest, "The multipart form has no boundary.")
	case kind == multipartForm:
		return kind, params, nil
	case kind == pdfType || kind == "application/octet-stream":
		return "", nil, nil
	}
	return "", nil, fault.New(fault.UnsupportedKind)
}

// readForm returns the document in the field "file" and skips other fields.
func readForm(r *http.Request, boundary string, limit int64, legacy bool) ([]byte, error) {
	form := multipart.NewReader(r.Body, boundary)
	for {
		part, err := form.NextRawPart()
		if errors.Is(err, io.EOF) {
			return nil, fault.WithDetail(fault.BadRequest, "The form has no field \"file\". Send the document in it.")
		}
		if err != nil {
			return nil, toBodyFault(err)
		}
		if part.FormName() != fieldFile {
			continue
		}
		if legacy && !strings.HasSuffix(strings.ToLower(part.FileName()), ".pdf") {
			return nil, fault.WithDetail(fault.BadRequest, "Only files whose name ends in .pdf can be read.")
		}
		pdf, err := readDocument(part, r.ContentLength, limit)
		if err != nil {
			return nil, err
		}
		if _, err := io.Copy(io.Discard, r.Body); err != nil {
			return nil, toBodyFault(err)
		}
		return pdf, nil
	}
}

// firstRead is the buffer of a body of unknown length, in bytes; it doubles from there. Typical records are smaller.
const firstRead = 256 << 10

// readDocument reads r to its end. size is the greatest length to expect, or -1.
func readDocument(r io.Reader, size, limit int64) ([]byte, error) {
	if size < 0 {
		size = firstRead
	}
	pdf := make([]byte, 0, min(size, limit)+1) // one byte more than the document detects its end without growing
	sniffed := false
	for {
		n, err := r.Read(pdf[len(pdf):cap(pdf)])
		pdf = pdf[:len(pdf)+n]
		if int64(len(pdf)) > limit {
			return nil, fault.New(fault.TooLarge)
		}
		ended := errors.Is(err, io.EOF)
		if err != nil && !ended {
			return nil, toBodyFault(err)
		}
		if !sniffed && (ended || len(pdf) >= document.SniffLength) {
			if err := document.Sniff(pdf[:min(len(pdf), document.SniffLength)]); err != nil {
				return nil, err
			}
			sniffed = true
		}
		if ended {
			return pdf, nil
		}
		if len(pdf) == cap(pdf) {
			pdf = slices.Grow(pdf, min(len(pdf), int(limit)+1-len(pdf)))
		}
	}
}

// toBodyFault is the fault of a body that is too slow, too short, too long, or no form.
func toBodyFault(err error) error {
	switch {
	case errors.Is(err, httpserver.ErrBodyTooLarge):
		return fault.Wrap(fault.TooLarge, err)
	case errors.Is(err, os.ErrDeadlineExceeded):
		return fault.Wrap(fault.Timeout, fmt.Errorf("a slow body: %w", err))
	}
	return fault.Wrap(fault.BadRequest, fmt.Errorf("read body: %w", err))
}
