package httpapi

import (
	"encoding/json"
	"errors"
	"io"
	"mime/multipart"
	"net/http"
	"strings"

	"github.com/trackmydegree/trackmydegree/internal/document"
	"github.com/trackmydegree/trackmydegree/internal/fault"
	"github.com/trackmydegree/trackmydegree/internal/httpapi/auth"
	"github.com/trackmydegree/trackmydegree/internal/job"
	"github.com/trackmydegree/trackmydegree/internal/submit"
)

const (
	// fieldName is the multipart field that holds the document.
	fieldName = "file"
	// maxEnvelope is what multipart puts around a document: boundaries and the headers of a part, long file names
	// included.
	maxEnvelope = 16 << 10
	// maxIdempotencyKey bounds the keys, in bytes; a UUID has 36.
	maxIdempotencyKey = 128
)

// errField is what a client with the wrong form is told.
func errField(cause error) *fault.Error {
	return &fault.Error{
		Code:   fault.BadRequest,
		Detail: `Send the PDF as multipart/form-data, in one field named "file".`,
		Fields: []fault.Field{{Path: fieldName, Message: "One PDF is expected here."}},
		Cause:  cause,
	}
}

// upload accepts a document. It goes to the store as it comes in: what an upload costs in memory does not grow with its
// size. The client's name for the file and its type are not read at all.
func (a *API) upload(w http.ResponseWriter, r *http.Request) error {
	request, err := submission(r)
	if err != nil {
		return err
	}
	const most = document.MaxBytes + maxEnvelope
	if r.ContentLength > most {
		// Without having read anything, the connection is of no use any more.
		w.Header().Set("Connection", "close")
		return fault.New(fault.TooLarge)
	}
	if !strings.HasPrefix(strings.ToLower(r.Header.Get("Content-Type")), "multipart/form-data") {
		return fault.Detailed(fault.UnsupportedKind, `Send the PDF as multipart/form-data, in a field named "file".`)
	}
	// The headers of the part come first, and may be no longer than its envelope.
	body := a.paced(w, r, maxEnvelope, errField(errors.New("headers of the part too long")))
	r.Body = struct {
		io.Reader
		io.Closer
	}{body, r.Body}
	parts, err := r.MultipartReader()
	if err != nil {
		return errField(err)
	}
	part, err := parts.NextPart()
	if err != nil {
		return malformed(err)
	}
	if part.FormName() != fieldName {
		return errField(errors.New("another field"))
	}
	body.budget, body.tooLarge = body.budget+most, fault.New(fault.TooLarge)

	receipt, err := a.submit.File(r.Context(), request, &onlyPart{part: part, parts: parts, body: body})
	if code := fault.CodeOf(err); receipt.Existing || code == fault.Conflict || code == fault.Draining {
		// A request that repeats a key, or comes while no work is taken, is answered without its document; but who still sends it when the connection closes
		// may never see the answer.
		_, _ = io.Copy(io.Discard, body)
		body.done()
	}
	if err != nil {
		return err
	}
	return a.accepted(w, r, job.File, receipt)
}

// onlyPart reads a part up to its end and then makes sure that the request ends there, so that a second document or a
// request that was cut off is an error of the first one, before it is taken.
type onlyPart struct {
	part  *multipart.Part
	parts *multipart.Reader
	body  *pacedBody
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
	p.end = malformed(err)
	if errors.Is(err, io.EOF) {
		p.end = p.last()
	}
	p.body.done() // what follows takes its own time
	return n, p.end
}

// last returns io.EOF when nothing follows the part.
func (p *onlyPart) last() error {
	_, err := p.parts.NextPart()
	switch {
	case err == nil:
		return errField(errors.New("several fields"))
	case errors.Is(err, io.EOF) && errors.Unwrap(err) == nil: // a request that was cut off wraps it
		return io.EOF
	default:
		return malformed(err)
	}
}

// malformed is an error of the multipart reader: the body's own, or that the body is no such form.
func malformed(err error) error {
	var f *fault.Error
	if errors.As(err, &f) {
		return err
	}
	return errField(err)
}

// submission reads what every kind of submission has in common.
func submission(r *http.Request) (submit.Request, error) {
	caller := callerOf(r)
	s := submit.Request{Owner: caller.Owner, IdempotencyKey: r.Header.Get("Idempotency-Key")}
	if len(s.IdempotencyKey) > maxIdempotencyKey || strings.ContainsFunc(s.IdempotencyKey, func(c rune) bool { return c <= ' ' || c > '~' }) {
		return s, fault.Detailed(fault.BadRequest,
			"The Idempotency-Key is longer than 128 characters or holds something else than visible ASCII. A UUID serves well.")
	}
	query := r.URL.Query()
	var err error
	if s.Force, err = boolean("force", query.Get("force"), false); err != nil {
		return s, err
	}
	if !query.Has("priority") {
		return s, nil
	}
	s.Priority = job.Priority(query.Get("priority"))
	switch s.Priority {
	case job.High, job.Low:
	default:
		return s, fault.Detailed(fault.BadRequest, "The priority is high or low. Leave it out for the usual one.")
	}
	if !caller.Has(auth.RolePriority) {
		return s, fault.Detailed(fault.Forbidden, "Your account may not choose a priority. Leave it out.")
	}
	return s, nil
}

// accepted tells where the job is. A repeated request, by its key or by its content, is told of the job of the first, as it
// is by now; unless that was for work of another kind.
func (a *API) accepted(w http.ResponseWriter, r *http.Request, kind job.Kind, receipt submit.Receipt) error {
	exchangeOf(r.Context()).jobID = string(receipt.ID)
	state := job.Queued
	if receipt.Existing {
		record, err := a.own(r, receipt.ID)
		if err != nil {
			return err
		}
		if record.Kind != kind {
			return fault.Detailed(fault.Conflict, "The Idempotency-Key was used for another request. Send this one with a new key.")
		}
		state = record.State
	}
	w.Header().Set("Location", "/api/timeline/status/"+string(receipt.ID))
	return writeJSON(w, http.StatusAccepted, struct {
		JobID  job.ID    `json:"jobId"`
		Status job.State `json:"status"`
	}{receipt.ID, state})
}

// writeJSON answers with v.
func writeJSON(w http.ResponseWriter, status int, v any) error {
	body, err := json.Marshal(v)
	if err != nil {
		return err
	}
	return writeBody(w, status, body)
}
