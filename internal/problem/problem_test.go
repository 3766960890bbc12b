package problem_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/go-chi/chi/v5"
	"github.com/go-chi/chi/v5/middleware"
	"github.com/google/go-cmp/cmp"

	"github.com/trackmydegree/trackmydegree/internal/fault"
	"github.com/trackmydegree/trackmydegree/internal/problem"
)

func TestEveryCodeHasAStatus(t *testing.T) {
	t.Parallel()
	for _, code := range fault.AllCodes() {
		p := problem.FromError(fault.New(code))
		if p.Code != code || p.Title == "" || p.Status < 400 || p.Status > 599 {
			t.Errorf("%s is not in the table: %+v", code, p)
		}
		if code != fault.Internal && (p.Status == http.StatusInternalServerError || p.Title == problem.FromError(fault.New(fault.Internal)).Title) {
			t.Errorf("%s is taken for an internal error", code)
		}
		wait := problem.RetryAfter(code)
		if want := code.IsTransient() && code != fault.Internal || p.Status == http.StatusTooManyRequests; (wait > 0) != want {
			t.Errorf("%s: Retry-After %v, want one: %v", code, wait, want)
		}
		if code.IsTransient() != (p.Status >= 500) {
			t.Errorf("%s: transient %v and status %d do not agree", code, code.IsTransient(), p.Status)
		}
	}
}

func TestStatus(t *testing.T) {
	t.Parallel()
	for code, want := range map[fault.Code]int{
		fault.NotAPDF: 415, fault.UnsupportedKind: 415, fault.TooLarge: 413, fault.Encrypted: 422, fault.TooComplex: 422,
		fault.InvalidForm: 422, fault.DegreeAmbiguous: 422, fault.JobNotFound: 404, fault.Conflict: 409,
		fault.PreconditionFailed: 412, fault.TooManyJobs: 429, fault.Timeout: 503, fault.QueueUnavailable: 503, fault.Internal: 500, "invented": 500,
	} {
		if got := problem.StatusOf(code); got != want {
			t.Errorf("Status(%s) = %d, want %d", code, got, want)
		}
	}
}

func TestWrite(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name   string
		err    error
		header http.Header // set before Write
		want   string
		status int
		retry  string
	}{
		{
			name:   "the kind's own sentence",
			err:    fmt.Errorf("open upload: %w", fault.Wrap(fault.Encrypted, errors.New("secret internals"))),
			status: 422,
			want: `{"type":"urn:trackmydegree:problem:encrypted","title":"Encrypted document","status":422,` +
				`"detail":"The PDF is protected by a password. Save it without one and upload it again.","code":"encrypted","requestId":"r-1"}`,
		},
		{
			name: "fields",
			err: &fault.Error{Code: fault.InvalidForm, Detail: "Two fields are wrong.", Fields: []fault.Field{
				{Path: "degree", Message: "Choose a degree."}, {Path: "semesters/0/term", Message: "Write a term as Fall 2026."},
			}},
			status: 422,
			want: `{"type":"urn:trackmydegree:problem:invalid_form","title":"Invalid fields","status":422,"detail":"Two fields are wrong.",` +
				`"code":"invalid_form","requestId":"r-1","errors":[{"field":"degree","message":"Choose a degree."},` +
				`{"field":"semesters/0/term","message":"Write a term as Fall 2026."}]}`,
		},
		{
			name:   "closest names",
			err:    &fault.Error{Code: fault.DegreeAmbiguous, Detail: "Which?", Closest: []string{"A", "B"}},
			status: 422,
			want: `{"type":"urn:trackmydegree:problem:degree_ambiguous","title":"Ambiguous degree","status":422,"detail":"Which?",` +
				`"code":"degree_ambiguous","requestId":"r-1","closest":["A","B"],"link":"/api/degrees"}`,
		},
		{
			name:   "transient",
			err:    fault.WithDetail(fault.ParserUnavailable, "Wait."),
			status: 503,
			retry:  "2",
			want: `{"type":"urn:trackmydegree:problem:parser_unavailable","title":"Parser unavailable","status":503,"detail":"Wait.",` +
				`"code":"parser_unavailable","requestId":"r-1"}`,
		},
		{
			name:   "a limiter knows better",
			err:    fault.WithDetail(fault.TooManyRequests, "Wait."),
			header: http.Header{"Retry-After": {"17"}},
			status: 429,
			retry:  "17",
			want: `{"type":"urn:trackmydegree:problem:too_many_requests","title":"Too many requests","status":429,"detail":"Wait.",` +
				`"code":"too_many_requests","requestId":"r-1"}`,
		},
		{
			name:   "an error without a code reveals nothing",
			err:    errors.New("dial tcp 10.0.0.7: password=hunter2"),
			status: 500,
			want: `{"type":"urn:trackmydegree:problem:internal","title":"Internal error","status":500,"detail":` +
				quote(t, fault.Internal.DefaultMessage()) + `,"code":"internal","requestId":"r-1"}`,
		},
		{
			name:   "a code outside the vocabulary is not invented",
			err:    &fault.Error{Code: "novel", Detail: "Hm."},
			status: 500,
			want: `{"type":"urn:trackmydegree:problem:internal","title":"Internal error","status":500,"detail":"Hm.",` +
				`"code":"internal","requestId":"r-1"}`,
		},
		{
			name:   "a body beyond its limit",
			err:    fmt.Errorf("read: %w", &http.MaxBytesError{Limit: 10}),
			status: 413,
			want: `{"type":"urn:trackmydegree:problem:too_large","title":"Too large","status":413,"detail":` +
				quote(t, fault.TooLarge.DefaultMessage()) + `,"code":"too_large","requestId":"r-1"}`,
		},
		{
			name:   "a passed deadline",
			err:    context.DeadlineExceeded,
			status: 503,
			retry:  "5",
			want: `{"type":"urn:trackmydegree:problem:timeout","title":"Timeout","status":503,"detail":` +
				quote(t, fault.Timeout.DefaultMessage()) + `,"code":"timeout","requestId":"r-1"}`,
		},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			w := httptest.NewRecorder()
			w.Header().Set("ETag", `"of something else"`)
			for k, v := range tt.header {
				w.Header()[k] = v
			}
			r := httptest.NewRequest(http.MethodGet, "/x", nil)
			problem.WriteError(w, r.WithContext(problem.WithRequestID(r.Context(), "r-1")), tt.err)
			res := w.Result()
			body, _ := io.ReadAll(res.Body)
			if diff := cmp.Diff(tt.want, string(body)); diff != "" {
				t.Errorf("body (-want +got):\n%s", diff)
			}
			if res.StatusCode != tt.status || res.Header.Get("Retry-After") != tt.retry {
				t.Errorf("status %d, Retry-After %q; want %d, %q", res.StatusCode, res.Header.Get("Retry-After"), tt.status, tt.retry)
			}
			if got := res.Header.Get("Content-Type"); got != "application/problem+json" {
				t.Errorf("Content-Type %q", got)
			}
			if res.Header.Get("ETag") != "" || res.Header.Get("Cache-Control") != "no-store" {
				t.Errorf("an error can be cached: %v", res.Header)
			}
		})
	}
}

func TestReadGivesBackWhatWriteSent(t *testing.T) {
	t.Parallel()
	for _, want := range []*fault.Error{
		fault.New(fault.NoText),
		fault.WithDetail(fault.ParserUnavailable, "Wait."),
		{Code: fault.InvalidForm, Detail: "Wrong.", Fields: []fault.Field{{Path: "a/0", Message: "b"}}},
		{Code: fault.DegreeNotFound, Closest: []string{"x", "y"}},
	} {
		w := httptest.NewRecorder()
		problem.WriteError(w, httptest.NewRequest(http.MethodGet, "/", nil), want)
		got, err := problem.ReadFault(w.Body)
		if err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("(-want +got):\n%s", diff)
		}
	}
	for _, rubbish := range []string{"", "<html>", "{}", `{"code":"novel"}`, `{"code":7}`, `{"code":"corrupt","detail":"` + strings.Repeat("x", 64<<10) + `"}`} {
		if f, err := problem.ReadFault(strings.NewReader(rubbish)); err == nil {
			t.Errorf("Read(%.40q) = %v, want an error", rubbish, f)
		}
	}
}

func FuzzRead(f *testing.F) {
	f.Add(`{"type":"urn:trackmydegree:problem:corrupt","code":"corrupt","detail":"x","errors":[{"field":"a","message":"b"}]}`)
	f.Add(`[]`)
	f.Fuzz(func(t *testing.T, s string) {
		if got, err := problem.ReadFault(strings.NewReader(s)); (got == nil) == (err == nil) {
			t.Fatalf("Read = %v, %v", got, err)
		} else if err == nil && !got.Code.IsKnown() {
			t.Fatalf("code %q", got.Code)
		}
	})
}

func TestRequestID(t *testing.T) {
	t.Parallel()
	ctx := context.WithValue(context.Background(), middleware.RequestIDKey, "chi-1")
	if got := problem.RequestID(ctx); got != "chi-1" {
		t.Errorf("id of chi's middleware: %q", got)
	}
	if got := problem.RequestID(context.Background()); got != "" {
		t.Errorf("no id: %q", got)
	}
}

func TestHandlersOfARouter(t *testing.T) {
	t.Parallel()
	mux := chi.NewRouter()
	mux.NotFound(problem.NotFound)
	mux.MethodNotAllowed(problem.MethodNotAllowed)
	mux.Route("/things", func(r chi.Router) {
		r.Get("/{id}", func(http.ResponseWriter, *http.Request) {})
		r.Delete("/{id}", func(http.ResponseWriter, *http.Request) {})
	})
	w := httptest.NewRecorder()
	mux.ServeHTTP(w, httptest.NewRequest(http.MethodPost, "/things/7", nil))
	if w.Code != http.StatusMethodNotAllowed || w.Header().Get("Allow") != "GET, DELETE" {
		t.Errorf("status %d, Allow %q", w.Code, w.Header().Get("Allow"))
	}
	w = httptest.NewRecorder()
	mux.ServeHTTP(w, httptest.NewRequest(http.MethodGet, "/nothing", nil))
	if w.Code != http.StatusNotFound || w.Header().Get("Content-Type") != problem.ContentType {
		t.Errorf("status %d, %s", w.Code, w.Header().Get("Content-Type"))
	}
}

func quote(t *testing.T, s string) string {
	t.Helper()
	b, err := json.Marshal(s)
	if err != nil {
		t.Fatal(err)
	}
	return string(b)
}
