package parserapi_test

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"io"
	"log/slog"
	"mime/multipart"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/trackmydegree/trackmydegree/internal/document"
	"github.com/trackmydegree/trackmydegree/internal/fault"
	"github.com/trackmydegree/trackmydegree/internal/parserapi"
	"github.com/trackmydegree/trackmydegree/internal/problem"
)

const pdf = "%PDF-1.7\nsynthetic"

func facts() document.Document {
	first, length := "Fall 2024", 120.0
	return document.Document{
		Kind: document.Transcript,
		ProgramInfo: &document.ProgramInfo{
			Degree: "Bachelor of Engineering, Software Engineering", FirstTerm: &first, IsCoop: true, MinimumProgramLength: &length, EWTSatisfied: true,
		},
		Semesters: []document.Semester{{Term: "Fall 2024", Courses: []document.Sitting{
			{Code: "COMP 248", Section: "EC1", Title: "OBJ-ORIENTED PROGRAMMING I", CreditsAttempted: 3.5, CreditsEarned: 3.5, Grade: "B+"},
			{Code: "CWTE 100", CreditsAttempted: 3},
		}}},
		TransferredCourses: []string{"HIST 283"}, ExemptedCourses: []string{"MATH 203"}, DeficiencyCourses: []string{"MATH 204"},
	}
}

// reads is a Parser that can read one document only.
var reads = fake(func(_ context.Context, b []byte) (document.Document, error) {
	if string(b) != pdf {
		return document.Document{}, fault.New(fault.Corrupt)
	}
	return facts(), nil
})

func refuses(err error) fake {
	return func(context.Context, []byte) (document.Document, error) { return document.Document{}, err }
}

// form is a multipart body: for each part the name of the field, the name of the file, and the content.
func form(tb testing.TB, parts ...string) (body, contentType string) {
	tb.Helper()
	var b bytes.Buffer
	w := multipart.NewWriter(&b)
	for i := 0; i < len(parts); i += 3 {
		part, err := w.CreateFormFile(parts[i], parts[i+1])
		if err != nil {
			tb.Fatal(err)
		}
		_, _ = io.WriteString(part, parts[i+2])
	}
	_ = w.Close()
	return b.String(), w.FormDataContentType()
}

func post(h http.Handler, path, contentType, body string) *httptest.ResponseRecorder {
	r := httptest.NewRequest(http.MethodPost, path, strings.NewReader(body))
	if contentType != "" {
		r.Header.Set("Content-Type", contentType)
	}
	w := httptest.NewRecorder()
	h.ServeHTTP(w, r)
	return w
}

func TestParse(t *testing.T) {
	t.Parallel()
	good, goodType := form(t, "file", "transcript.pdf", pdf)
	later, laterType := form(t, "note", "note.txt", "hello", "file", `..\..\etc/passwd`, pdf)
	other, otherType := form(t, "document", "transcript.pdf", pdf)
	text, textType := form(t, "file", "transcript.pdf", "just text")
	big := pdf + strings.Repeat("x", 100)
	bigForm, bigType := form(t, "file", "transcript.pdf", big)
	limited := parserapi.Deps{Parser: reads, MaxBytes: int64(len(pdf))}
	tests := []struct {
		name        string
		deps        parserapi.Deps
		contentType string
		body        string
		status      int
		code        fault.Code
	}{
		{name: "a body", contentType: "application/pdf", body: pdf, status: 200},
		{name: "a body of the limit's size", deps: limited, contentType: "application/pdf", body: pdf, status: 200},
		{name: "without a type", body: pdf, status: 200},
		{name: "as bytes", contentType: "application/octet-stream", body: pdf, status: 200},
		{name: "a form", contentType: goodType, body: good, status: 200},
		{name: "a form, the file of the limit's size", deps: limited, contentType: goodType, body: good, status: 200},
		{name: "a form with more in it", contentType: laterType, body: later, status: 200},
		{name: "a form without the field", contentType: otherType, body: other, status: 400, code: fault.BadRequest},
		{name: "a form that is none", contentType: goodType, body: "rubbish", status: 400, code: fault.BadRequest},
		{name: "a form cut short", contentType: goodType, body: good[:len(good)-20], status: 400, code: fault.BadRequest},
		{name: "a form without a boundary", contentType: "multipart/form-data", body: good, status: 400, code: fault.BadRequest},
		{name: "a type that is none", contentType: "a/b/c;;", body: pdf, status: 400, code: fault.BadRequest},
		{name: "another type", contentType: "application/json", body: pdf, status: 415, code: fault.UnsupportedKind},
		{name: "no PDF", contentType: "application/pdf", body: "just text", status: 415, code: fault.NotAPDF},
		{name: "no PDF in a form", contentType: textType, body: text, status: 415, code: fault.NotAPDF},
		{name: "nothing", contentType: "application/pdf", status: 415, code: fault.NotAPDF},
		{name: "too large", deps: limited, contentType: "application/pdf", body: big, status: 413, code: fault.TooLarge},
		{name: "too large in a form", deps: limited, contentType: bigType, body: bigForm, status: 413, code: fault.TooLarge},
		{name: "damaged", contentType: "application/pdf", body: pdf + "?", status: 422, code: fault.Corrupt},
		{name: "busy", deps: parserapi.Deps{Parser: refuses(fault.New(fault.ParserUnavailable))}, body: pdf, status: 503, code: fault.ParserUnavailable},
		{name: "a bug", deps: parserapi.Deps{Parser: refuses(errors.New("hunter2"))}, body: pdf, status: 500, code: fault.Internal},
		{
			name: "a panic", body: pdf, status: 500, code: fault.Internal,
			deps: parserapi.Deps{Parser: fake(func(context.Context, []byte) (document.Document, error) { panic("hunter2") })},
		},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			if tt.deps.Parser == nil {
				tt.deps.Parser = reads
			}
			w := post(newHandler(tt.deps), "/v1/parse", tt.contentType, tt.body)
			if w.Code != tt.status {
				t.Errorf("status %d, want %d: %s", w.Code, tt.status, w.Body)
			}
			if w.Header().Get(problem.RequestIDHeader) == "" {
				t.Error("no request id")
			}
			if tt.code == "" {
				var got document.Document
				if err := json.Unmarshal(w.Body.Bytes(), &got); err != nil {
					t.Fatal(err)
				}
				if diff := cmp.Diff(facts(), got); diff != "" {
					t.Errorf("(-want +got):\n%s", diff)
				}
				return
			}
			f, err := problem.ReadFault(w.Body)
			if err != nil || f.Code != tt.code {
				t.Errorf("%v, %v; want %s", f, err, tt.code)
			}
			if (w.Header().Get("Retry-After") != "") != (tt.status == 503) {
				t.Errorf("Retry-After %q", w.Header().Get("Retry-After"))
			}
			if strings.Contains(w.Body.String(), "hunter2") {
				t.Error("internals in the answer")
			}
		})
	}
}

func TestParseLegacy(t *testing.T) {
	t.Parallel()
	good, goodType := form(t, "file", "TRANSCRIPT.PDF", pdf)
	named, namedType := form(t, "file", "transcript.txt", pdf)
	other, otherType := form(t, "other", "transcript.pdf", pdf)
	text, textType := form(t, "file", "transcript.pdf", "text")
	damaged, damagedType := form(t, "file", "transcript.pdf", pdf+"?")
	const want = `{"programInfo":{"degree":"Bachelor of Engineering, Software Engineering","firstTerm":"Fall 2024","isCoop":true,` +
		`"isExtendedCreditProgram":false,"minimumProgramLength":120,"ewtSatisfied":true},"semesters":[{"term":"Fall 2024","courses":[` +
		`{"code":"COMP248","grade":"B+"},{"code":"CWTE100"}]}],"transferedCourses":["HIST283"],"exemptedCourses":["MATH203"],"deficiencyCourses":["MATH204"]}`
	tests := []struct {
		name, contentType, body string
		parser                  parserapi.Parser
		status                  int
		want                    string
		retry                   bool
	}{
		{"good", goodType, good, reads, 200, want, false},
		{
			"empty lists are lists", goodType, good,
			fake(func(context.Context, []byte) (document.Document, error) {
				return document.Document{Kind: document.Letter}, nil
			}), 200,
			`{"semesters":[],"transferedCourses":[],"exemptedCourses":[],"deficiencyCourses":[]}`, false,
		},
		{"the wrong name", namedType, named, reads, 400, `{"error":"Only files whose name ends in .pdf can be read."}`, false},
		{"no file", otherType, other, reads, 400, `{"error":"The form has no field \"file\". Send the document in it."}`, false},
		{"no form", "application/pdf", pdf, reads, 400, `{"error":"Send the document as the field \"file\" of a multipart form."}`, false},
		{"no PDF", textType, text, reads, 400, `{"error":"` + fault.NotAPDF.DefaultMessage() + `"}`, false},
		{"damaged", damagedType, damaged, reads, 500, `{"error":"` + fault.Corrupt.DefaultMessage() + `"}`, false},
		{"busy", goodType, good, refuses(fault.New(fault.ParserUnavailable)), 500, `{"error":"` + fault.ParserUnavailable.DefaultMessage() + `"}`, true},
		{"a bug", goodType, good, refuses(errors.New("hunter2")), 500, `{"error":"` + fault.Internal.DefaultMessage() + `"}`, false},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			w := post(newHandler(parserapi.Deps{Parser: tt.parser}), "/parse-transcript", tt.contentType, tt.body)
			if diff := cmp.Diff(tt.want, w.Body.String()); w.Code != tt.status || diff != "" {
				t.Errorf("status %d, want %d (-want +got):\n%s", w.Code, tt.status, diff)
			}
			if (w.Header().Get("Retry-After") != "") != tt.retry {
				t.Errorf("Retry-After %q", w.Header().Get("Retry-After"))
			}
		})
	}
}

func TestHealth(t *testing.T) {
	t.Parallel()
	up := newHandler(parserapi.Deps{Parser: reads})
	down := newHandler(parserapi.Deps{Parser: reads, Ready: func() error { return fault.New(fault.ParserUnavailable) }})
	for _, tt := range []struct {
		h      http.Handler
		path   string
		status int
	}{
		{up, "/health", 200}, {up, "/livez", 200}, {up, "/readyz", 200},
		{down, "/health", 503}, {down, "/livez", 200}, {down, "/readyz", 503},
		{up, "/v1/parse", 405}, {up, "/degree-names", 404},
	} {
		w := httptest.NewRecorder()
		tt.h.ServeHTTP(w, httptest.NewRequest(http.MethodGet, tt.path, nil))
		if w.Code != tt.status {
			t.Errorf("%s: %d, want %d", tt.path, w.Code, tt.status)
		}
	}
	w := httptest.NewRecorder()
	up.ServeHTTP(w, httptest.NewRequest(http.MethodGet, "/health", nil))
	if got := w.Body.String(); got != `{"status":"ok"}` {
		t.Errorf("the earlier system's callers get %s", got)
	}
}

func TestLogsHoldNothingOfTheDocument(t *testing.T) {
	t.Parallel()
	var logs bytes.Buffer
	deps := parserapi.Deps{
		Logger: slog.New(slog.NewTextHandler(&logs, &slog.HandlerOptions{Level: slog.LevelDebug})),
		Parser: fake(func(_ context.Context, b []byte) (document.Document, error) { panic(string(b)) }),
	}
	post(newHandler(deps), "/v1/parse", "", "%PDF-40012345")
	body, kind := form(t, "file", "40012345.txt", pdf)
	post(newHandler(deps), "/parse-transcript", kind, body)
	deps.Parser = refuses(fault.Wrap(fault.ParserUnavailable, errors.New("every child is busy")))
	post(newHandler(deps), "/v1/parse", "", pdf)
	if !strings.Contains(logs.String(), "level=WARN msg=\"document not read\" code=parser_unavailable error=\"parser_unavailable: every child is busy\"") {
		t.Errorf("the log does not warn:\n%s", logs.String())
	}
	if !strings.Contains(logs.String(), "panic in a handler") || !strings.Contains(logs.String(), "document not read") {
		t.Errorf("the log lacks what happened:\n%s", logs.String())
	}
	if strings.Contains(logs.String(), "40012345") {
		t.Errorf("the log quotes the document:\n%s", logs.String())
	}
}

func FuzzRequest(f *testing.F) {
	body, kind := form(f, "file", "transcript.pdf", pdf)
	f.Add("/v1/parse", kind, body)
	f.Add("/parse-transcript", kind, body)
	f.Add("/v1/parse", "application/pdf", pdf)
	h := newHandler(parserapi.Deps{Parser: reads, MaxBytes: 1000})
	f.Fuzz(func(t *testing.T, path, contentType, body string) {
		if path != "/v1/parse" {
			path = "/parse-transcript"
		}
		w := post(h, path, contentType, body)
		if w.Code >= 500 && (path == "/v1/parse" || !strings.Contains(w.Body.String(), fault.Corrupt.DefaultMessage())) {
			t.Fatalf("status %d: %s", w.Code, w.Body)
		}
	})
}
