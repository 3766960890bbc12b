// Package fault is the project's vocabulary of errors. Each kind has a stable code that clients, stored records and
// metrics share. What a kind means elsewhere (an HTTP status, a retry, a label) is one table in the package that needs
// it, keyed by Code.
package fault

import (
	"context"
	"errors"
)

// Code names a kind of error. Codes are part of the API: they are never renamed.
type Code string

// Permanent faults of a document, a form, a job or a timeline: repeating the same work cannot help.
const (
	NotAPDF              Code = "not_a_pdf"
	UnsupportedKind      Code = "unsupported_kind"
	TooLarge             Code = "too_large"
	Encrypted            Code = "encrypted"
	NoText               Code = "no_text"
	Corrupt              Code = "corrupt"
	UnrecognizedDocument Code = "unrecognized_document"
	TooManyPages         Code = "too_many_pages"
	TooComplex           Code = "too_complex"
	UnreadableRows       Code = "unreadable_rows"
	IncompleteDocument   Code = "incomplete_document"
	DegreeNotFound       Code = "degree_not_found"
	DegreeAmbiguous      Code = "degree_ambiguous"
	DegreeMissing        Code = "degree_missing"
	FactsExpired         Code = "facts_expired"
	InvalidForm          Code = "invalid_form"
	TimelineNotFound     Code = "timeline_not_found"
	JobNotFound          Code = "job_not_found"
	Conflict             Code = "conflict"
	PreconditionFailed   Code = "precondition_failed"
	WorkerLost           Code = "worker_lost"
)

// Faults of a request. The HTTP API finds most of them; the job store finds too_many_jobs, and the use cases that read
// cursors and filters find bad_request and not_found.
const (
	BadRequest       Code = "bad_request"
	Unauthorized     Code = "unauthorized"
	Forbidden        Code = "forbidden"
	NotFound         Code = "not_found"
	MethodNotAllowed Code = "method_not_allowed"
	TooManyRequests  Code = "too_many_requests"
	TooManyJobs      Code = "too_many_jobs"
)

// Transient faults: the same work may succeed later.
const (
	ParserUnavailable   Code = "parser_unavailable"
	DatabaseUnavailable Code = "database_unavailable"
	StorageUnavailable  Code = "storage_unavailable"
	QueueUnavailable    Code = "queue_unavailable"
	SignInUnavailable   Code = "sign_in_unavailable"
	Draining            Code = "draining"
	Timeout             Code = "timeout"
	Internal            Code = "internal"
)

type kind struct {
	sentence  string
	transient bool
}

// chooseDegree ends the sentences of a document whose degree its owner can choose.
const chooseDegree = "Choose yours within an hour, on the page, with tmd answer or with POST /api/timeline/{id}/degree: " +
	"the document need not be sent again."

// kinds is the whole vocabulary: the sentence for people when the error carries none, and whether another attempt may
// succeed.
var kinds = map[Code]kind{
	NotAPDF:              {"This file is not a PDF. Save the document as PDF and upload that file.", false},
	UnsupportedKind:      {"This kind of file is not supported. Upload a PDF.", false},
	TooLarge:             {"The file is larger than 10 MiB. Print the document to PDF again, without images.", false},
	Encrypted:            {"The PDF is protected by a password. Save it without one and upload it again.", false},
	NoText:               {"The PDF contains no text, only images. Print the page to PDF from the browser instead of scanning it.", false},
	Corrupt:              {"The PDF is damaged and cannot be read. Download or print it again.", false},
	UnrecognizedDocument: {"The PDF is neither a student record nor an offer of admission. Upload one of these two.", false},
	TooManyPages:         {"The PDF has more than 60 pages. Upload the student record or the offer of admission alone.", false},
	TooComplex:           {"The PDF takes too long to read. Print the page to PDF again from the browser.", false},
	UnreadableRows:       {"The rows of courses cannot be read in this layout. Open the student record in a browser and print that page to PDF.", false},
	IncompleteDocument:   {"A part of the document cannot be read. Print the whole student record to PDF from the browser.", false},
	DegreeNotFound:       {"The degree named in the document is not in the catalogue. " + chooseDegree, false},
	DegreeAmbiguous:      {"The degree named in the document fits several degrees. " + chooseDegree, false},
	DegreeMissing:        {"The document names no degree. " + chooseDegree, false},
	FactsExpired:         {"What was read of the document is no longer kept. Upload the document again.", false},
	InvalidForm:          {"Some fields are missing or wrong. Correct the listed fields and send the form again.", false},
	TimelineNotFound:     {"There is no such timeline. It may have been deleted.", false},
	JobNotFound:          {"There is no such job. Results are kept for 24 hours; upload the document again.", false},
	Conflict:             {"The job is not in a state that allows this. Read its status and try again.", false},
	PreconditionFailed:   {"It was changed in the meantime. Load it again and repeat the change.", false},
	WorkerLost:           {"Processing was interrupted three times and has stopped. Print the document to PDF again, or fill in the form instead.", false},

	BadRequest:       {"The request cannot be understood. Check it against the API's description.", false},
	Unauthorized:     {"Sign in and send the request with a valid token.", false},
	Forbidden:        {"Your account is not allowed to do this.", false},
	NotFound:         {"There is nothing at this address.", false},
	MethodNotAllowed: {"This address does not support the method.", false},
	TooManyRequests:  {"Too many requests. Wait for the time given in Retry-After and try again.", false},
	TooManyJobs:      {"You have too many unfinished jobs. Wait until some of them are done and try again.", false},

	ParserUnavailable:   {"Documents cannot be read at the moment. Try again shortly.", true},
	DatabaseUnavailable: {"The database is not reachable at the moment. Try again shortly.", true},
	StorageUnavailable:  {"Uploads cannot be stored at the moment. Try again shortly.", true},
	QueueUnavailable:    {"Work cannot be accepted at the moment. Try again shortly.", true},
	SignInUnavailable:   {"Signing in is not possible at the moment. Try again shortly.", true},
	Draining:            {"The system accepts no new work during maintenance. Jobs that were accepted before continue; try again in a few minutes.", true},
	Timeout:             {"This took too long. Try again shortly.", true},
	Internal:            {"Something went wrong on our side. Try again shortly.", true},
}

// AllCodes returns every code. Tests use it to check that the tables of other packages are complete.
func AllCodes() []Code {
	codes := make([]Code, 0, len(kinds))
	for c := range kinds {
		codes = append(codes, c)
	}
	return codes
}

// IsKnown reports whether c belongs to the vocabulary.
func (c Code) IsKnown() bool { _, ok := kinds[c]; return ok }

// IsTransient reports whether the same work may succeed later. Codes outside the vocabulary count as internal.
func (c Code) IsTransient() bool {
	if k, ok := kinds[c]; ok {
		return k.transient
	}
	return true
}

// IsOutage reports whether a part that the work depends on is unavailable, so that the work itself may be right.
func (c Code) IsOutage() bool {
	switch c {
	case ParserUnavailable, DatabaseUnavailable, StorageUnavailable, QueueUnavailable:
		return true
	}
	return false
}

// DefaultMessage returns the sentence for people when the error carries none.
func (c Code) DefaultMessage() string {
	if k, ok := kinds[c]; ok {
		return k.sentence
	}
	return kinds[Internal].sentence
}

// Field is a fault in one field of a form or a patch. Path is a JSON pointer without the leading slash, as in
// "semesters/0/term".
type Field struct {
	Path    string `json:"field"`
	Message string `json:"message"`
}

// Error is an error with a code. Detail is for people and never contains internals or personal data; Cause is for logs.
type Error struct {
	Code   Code
	Detail string
	Fields []Field
	// Closest holds the nearest names for degree_not_found and degree_ambiguous, best first, at most three.
	Closest []string
	Cause   error
}

func (e *Error) Error() string {
	if e.Cause != nil {
		return string(e.Code) + ": " + e.Cause.Error()
	}
	if e.Detail != "" {
		return string(e.Code) + ": " + e.Detail
	}
	return string(e.Code)
}

func (e *Error) Unwrap() error { return e.Cause }

// Message returns the sentence for people.
func (e *Error) Message() string {
	if e.Detail != "" {
		return e.Detail
	}
	return e.Code.DefaultMessage()
}

// New returns an error of the kind, with the kind's own sentence.
func New(code Code) *Error { return &Error{Code: code} }

// Wrap returns err as an error of the kind. The text of err stays internal.
func Wrap(code Code, err error) *Error { return &Error{Code: code, Cause: err} }

// WithDetail returns an error of the kind with its own sentence for people.
func WithDetail(code Code, sentence string) *Error { return &Error{Code: code, Detail: sentence} }

// From returns err as an *Error: the one in its chain if there is one, timeout for an exceeded deadline, internal for
// everything else. From(nil) is nil.
func From(err error) *Error {
	if err == nil {
		return nil
	}
	var e *Error
	if errors.As(err, &e) {
		return e
	}
	if errors.Is(err, context.DeadlineExceeded) {
		return Wrap(Timeout, err)
	}
	return Wrap(Internal, err)
}

// CodeOf returns the code of err as From sees it, and "" for nil.
func CodeOf(err error) Code {
	if err == nil {
		return ""
	}
	return From(err).Code
}
