package parserapi_test

import (
	"bufio"
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"mime/multipart"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

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

// reads is a Parser that knows one document and no other.
var reads = fake(func(_ context.Context, b []byte) (document.Document, error) {
	if string(b) != pdf {
		return document.Document{}, fault.New(fault.Corrupt)
	}
	return facts(), nil
})

func refuses(err error) fake {
	return func(context.Context, []byte) (document.Document, error) { return document.Document{}, err }
}

// form is a multipart body: name of a field, name of a file, content, and so on.
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
			w := post(parserapi.New(tt.deps), "/v1/parse", tt.contentType, tt.body)
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
			f, err := problem.Read(w.Body)
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
		{"no PDF", textType, text, reads, 400, `{"error":"` + fault.NotAPDF.Sentence() + `"}`, false},
		{"damaged", damagedType, damaged, reads, 500, `{"error":"` + fault.Corrupt.Sentence() + `"}`, false},
		{"busy", goodType, good, refuses(fault.New(fault.ParserUnavailable)), 500, `{"error":"` + fault.ParserUnavailable.Sentence() + `"}`, true},
		{"a bug", goodType, good, refuses(errors.New("hunter2")), 500, `{"error":"` + fault.Internal.Sentence() + `"}`, false},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			w := post(parserapi.New(parserapi.Deps{Parser: tt.parser}), "/parse-transcript", tt.contentType, tt.body)
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
	up := parserapi.New(parserapi.Deps{Parser: reads})
	down := parserapi.New(parserapi.Deps{Parser: reads, Ready: func() error { return fault.New(fault.ParserUnavailable) }})
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

// What is announced as too large is refused before a byte of it was sent.
func TestTooLargeIsRefusedUnread(t *testing.T) {
	t.Parallel()
	addr := serve(t, parserapi.New(parserapi.Deps{Parser: reads}))
	conn := dial(t, addr)
	fmt.Fprintf(conn, "POST /v1/parse HTTP/1.1\r\nHost: parser\r\nContent-Type: application/pdf\r\nContent-Length: %d\r\n\r\n", document.MaxBytes+1)
	if res := response(t, conn); res.StatusCode != http.StatusRequestEntityTooLarge {
		t.Errorf("status %d", res.StatusCode)
	}
	// Without an announcement it is refused where the limit is passed.
	conn = dial(t, addr)
	fmt.Fprint(conn, "POST /v1/parse HTTP/1.1\r\nHost: parser\r\nContent-Type: application/pdf\r\nTransfer-Encoding: chunked\r\n\r\n")
	go func() {
		chunk := "100000\r\n%PDF-" + strings.Repeat("x", 1<<20-5) + "\r\n"
		for range 11 {
			if _, err := io.WriteString(conn, chunk); err != nil {
				return // refused meanwhile
			}
		}
	}()
	if res := response(t, conn); res.StatusCode != http.StatusRequestEntityTooLarge {
		t.Errorf("status %d", res.StatusCode)
	}
}

func TestASlowBodyIsGivenUp(t *testing.T) {
	t.Parallel()
	addr := serve(t, parserapi.New(parserapi.Deps{Parser: reads, BodyTimeout: 50 * time.Millisecond}))
	conn := dial(t, addr)
	fmt.Fprint(conn, "POST /v1/parse HTTP/1.1\r\nHost: parser\r\nContent-Type: application/pdf\r\nContent-Length: 100\r\n\r\n%PDF-")
	res := response(t, conn)
	f, err := problem.Read(res.Body)
	if err != nil || f.Code != fault.Timeout || res.StatusCode != http.StatusServiceUnavailable {
		t.Errorf("status %d, %v, %v", res.StatusCode, f, err)
	}
}

// A document may take longer than its body did: the deadline of the body must not end it.
func TestTheBodysDeadlineEndsWithTheBody(t *testing.T) {
	t.Parallel()
	const timeout = 50 * time.Millisecond
	slow := fake(func(ctx context.Context, _ []byte) (document.Document, error) {
		select {
		case <-ctx.Done():
			return document.Document{}, ctx.Err()
		case <-time.After(4 * timeout):
			return facts(), nil
		}
	})
	addr := serve(t, parserapi.New(parserapi.Deps{Parser: slow, BodyTimeout: timeout}))
	res, err := http.Post(addr+"/v1/parse", "application/pdf", strings.NewReader(pdf))
	if err != nil {
		t.Fatal(err)
	}
	defer http.DefaultClient.CloseIdleConnections()
	defer res.Body.Close()
	if res.StatusCode != http.StatusOK {
		t.Errorf("status %d", res.StatusCode)
	}
}

func TestAClientThatGoesAwayFreesTheParser(t *testing.T) {
	t.Parallel()
	inForm, formType := form(t, "file", "transcript.pdf", pdf, "note", "after.txt", strings.Repeat("x", 20_000))
	for contentType, body := range map[string]string{"application/pdf": pdf, formType: inForm} {
		began, ended := make(chan struct{}), make(chan struct{})
		h := parserapi.New(parserapi.Deps{Parser: fake(func(ctx context.Context, _ []byte) (document.Document, error) {
			close(began)
			<-ctx.Done()
			close(ended)
			return document.Document{}, ctx.Err()
		})})
		conn := dial(t, serve(t, h))
		fmt.Fprintf(conn, "POST /v1/parse HTTP/1.1\r\nHost: parser\r\nContent-Type: %s\r\nContent-Length: %d\r\n\r\n%s", contentType, len(body), body)
		<-began
		conn.Close()
		select {
		case <-ended:
		case <-time.After(soon):
			t.Errorf("%s: the parser works for nobody", contentType)
		}
	}
}

// Bodies wait for memory in turn, and the memory of the one before is free again.
func TestBodiesShareTheirMemory(t *testing.T) {
	t.Parallel()
	release := make(chan struct{})
	began := make(chan struct{}, 8)
	h := parserapi.New(parserapi.Deps{
		Memory: 2 * document.MaxBytes, BodyTimeout: soon,
		Parser: fake(func(context.Context, []byte) (document.Document, error) {
			began <- struct{}{}
			<-release
			return facts(), nil
		}),
	})
	statuses := make(chan int, 8)
	send := func(ctx context.Context) {
		r := httptest.NewRequestWithContext(ctx, http.MethodPost, "/v1/parse", strings.NewReader(pdf))
		r.ContentLength = -1 // it may be as large as any
		w := httptest.NewRecorder()
		h.ServeHTTP(w, r)
		statuses <- w.Code
	}
	const fit = 2
	for range fit {
		go send(t.Context())
		<-began
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	send(ctx)
	if got := <-statuses; got != http.StatusServiceUnavailable {
		t.Errorf("beyond the memory: status %d", got)
	}
	go send(t.Context())
	close(release)
	for range fit + 1 {
		if got := <-statuses; got != http.StatusOK {
			t.Errorf("status %d", got)
		}
	}
}

func TestLogsHoldNothingOfTheDocument(t *testing.T) {
	t.Parallel()
	var logs bytes.Buffer
	deps := parserapi.Deps{
		Logger: slog.New(slog.NewTextHandler(&logs, &slog.HandlerOptions{Level: slog.LevelDebug})),
		Parser: fake(func(_ context.Context, b []byte) (document.Document, error) { panic(string(b)) }),
	}
	post(parserapi.New(deps), "/v1/parse", "", "%PDF-40012345")
	body, kind := form(t, "file", "40012345.txt", pdf)
	post(parserapi.New(deps), "/parse-transcript", kind, body)
	deps.Parser = refuses(fault.Wrap(fault.ParserUnavailable, errors.New("every child is busy")))
	post(parserapi.New(deps), "/v1/parse", "", pdf)
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
	h := parserapi.New(parserapi.Deps{Parser: reads, MaxBytes: 1000})
	f.Fuzz(func(t *testing.T, path, contentType, body string) {
		if path != "/v1/parse" {
			path = "/parse-transcript"
		}
		w := post(h, path, contentType, body)
		if w.Code >= 500 && (path == "/v1/parse" || !strings.Contains(w.Body.String(), fault.Corrupt.Sentence())) {
			t.Fatalf("status %d: %s", w.Code, w.Body)
		}
	})
}

func dial(tb testing.TB, addr string) net.Conn {
	tb.Helper()
	conn, err := net.Dial("tcp", strings.TrimPrefix(addr, "http://"))
	if err != nil {
		tb.Fatal(err)
	}
	tb.Cleanup(func() { conn.Close() })
	_ = conn.SetDeadline(time.Now().Add(soon))
	return conn
}

func response(tb testing.TB, conn net.Conn) *http.Response {
	tb.Helper()
	res, err := http.ReadResponse(bufio.NewReader(conn), nil)
	if err != nil {
		tb.Fatal(err)
	}
	tb.Cleanup(func() { res.Body.Close() })
	return res
}

// A body that no handler reads may not hold its connection: net/http waits for some of it before it answers.
func TestUnreadBodyEnds(t *testing.T) {
	t.Parallel()
	srv := parserapi.Server(http.NotFoundHandler(), slog.New(slog.DiscardHandler))
	if srv.ReadTimeout <= 0 {
		t.Fatal("without a limit")
	}
	srv.ReadTimeout = 100 * time.Millisecond
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	served := make(chan error, 1)
	go func() { served <- srv.Serve(l) }()
	t.Cleanup(func() { srv.Close(); <-served })
	c, err := net.Dial("tcp", l.Addr().String())
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	if err := c.SetDeadline(time.Now().Add(20 * time.Second)); err != nil {
		t.Fatal(err)
	}
	if _, err := io.WriteString(c, "POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 100\r\n\r\n"); err != nil {
		t.Fatal(err)
	}
	res, err := http.ReadResponse(bufio.NewReader(c), nil)
	if err != nil {
		t.Fatal(err)
	}
	res.Body.Close()
	if res.StatusCode != http.StatusNotFound {
		t.Error(res.Status)
	}
}
