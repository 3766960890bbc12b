package parserapi_test

import (
	"bytes"
	"context"
	"errors"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"testing/iotest"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/trackmydegree/trackmydegree/internal/document"
	"github.com/trackmydegree/trackmydegree/internal/executor"
	"github.com/trackmydegree/trackmydegree/internal/fault"
	"github.com/trackmydegree/trackmydegree/internal/parserapi"
	"github.com/trackmydegree/trackmydegree/internal/problem"
)

var _ executor.Parser = (*parserapi.Client)(nil)

// calls counts the requests to each route.
type calls struct {
	mu sync.Mutex
	n  map[string]int
}

func (c *calls) count(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		c.mu.Lock()
		if c.n == nil {
			c.n = map[string]int{}
		}
		c.n[r.Method+" "+r.URL.Path]++
		c.mu.Unlock()
		next.ServeHTTP(w, r)
	})
}

func (c *calls) of(route string) int {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.n[route]
}

func clientOf(tb testing.TB, h http.Handler) *parserapi.Client {
	tb.Helper()
	return newClient(tb, parserapi.ClientDeps{BaseURL: serve(tb, h) + "/", Timeout: soon})
}

func TestClient(t *testing.T) {
	t.Parallel()
	c := clientOf(t, newHandler(parserapi.Deps{Parser: reads}))
	path := filepath.Join(t.TempDir(), "a.pdf")
	if err := os.WriteFile(path, []byte("head"+pdf), 0o600); err != nil {
		t.Fatal(err)
	}
	f, err := os.Open(path)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	if _, err := f.Seek(4, io.SeekStart); err != nil {
		t.Fatal(err)
	}
	for name, r := range map[string]io.Reader{
		"bytes": strings.NewReader(pdf), "a file, from where it stands": f, "a stream": iotest.OneByteReader(strings.NewReader(pdf)),
	} {
		got, err := c.Parse(t.Context(), r)
		if err != nil {
			t.Fatalf("%s: %v", name, err)
		}
		if diff := cmp.Diff(facts(), got); diff != "" {
			t.Errorf("%s (-want +got):\n%s", name, diff)
		}
	}
	if err := c.Check(t.Context()); err != nil {
		t.Error(err)
	}
}

func TestClientKeepsTheCodes(t *testing.T) {
	t.Parallel()
	for _, code := range fault.AllCodes() {
		if s := problem.StatusOf(code); s == http.StatusNotFound || s == http.StatusMethodNotAllowed {
			continue // about the route, and tested with the earlier parser
		}
		t.Run(string(code), func(t *testing.T) {
			t.Parallel()
			c := clientOf(t, newHandler(parserapi.Deps{Parser: refuses(fault.WithDetail(code, "A sentence for people."))}))
			_, err := c.Parse(t.Context(), strings.NewReader(pdf))
			f := fault.From(err)
			switch code {
			case fault.NotAPDF, fault.UnsupportedKind, fault.TooLarge, fault.Encrypted, fault.NoText, fault.Corrupt, fault.UnrecognizedDocument,
				fault.TooManyPages, fault.TooComplex, fault.ParserUnavailable, fault.Timeout:
				if f.Code != code || f.Message() != "A sentence for people." {
					t.Errorf("%v", f)
				}
			default:
				if f.Code != fault.ParserUnavailable {
					t.Errorf("%v", f)
				}
			}
		})
	}
}

// respondsWith is a server of another kind that answers on the route of a parser.
func respondsWith(status int, contentType, body string) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.Method != http.MethodPost {
			w.WriteHeader(http.StatusMethodNotAllowed)
			return
		}
		_, _ = io.Copy(io.Discard, r.Body)
		w.Header().Set("Content-Type", contentType)
		w.WriteHeader(status)
		_, _ = io.WriteString(w, body)
	})
}

func TestClientBelievesNothing(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name    string
		handler http.Handler
		want    fault.Code
	}{
		{"a page", respondsWith(200, "text/html", "<html>welcome</html>"), fault.ParserUnavailable},
		{"nothing", respondsWith(200, "application/json", ""), fault.ParserUnavailable},
		{"facts of no kind", respondsWith(200, "application/json", "{}"), fault.ParserUnavailable},
		{"no end", respondsWith(200, "application/json", `{"kind":"letter","programInfo":null,"x":"`+strings.Repeat("x", 8<<20)+`"}`), fault.ParserUnavailable},
		{"a redirect", respondsWith(302, "text/html", ""), fault.ParserUnavailable},
		{"a proxy's limit", respondsWith(413, "text/html", "<html>"), fault.TooLarge},
		{"a proxy's refusal", respondsWith(403, "text/html", "<html>"), fault.ParserUnavailable},
		{"a proxy's failure", respondsWith(502, "text/html", "<html>"), fault.ParserUnavailable},
		{"a problem of another vocabulary", respondsWith(422, problem.ContentType, `{"type":"about:blank","status":422}`), fault.ParserUnavailable},
		{"a code without a problem", respondsWith(422, "application/json", `{"code":"corrupt"}`), fault.ParserUnavailable},
		{
			"a connection cut in the answer", http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
				if r.Method != http.MethodPost {
					w.WriteHeader(http.StatusMethodNotAllowed)
					return
				}
				w.Header().Set("Content-Length", "100")
				_, _ = io.WriteString(w, "{")
			}), fault.ParserUnavailable,
		},
		{
			"a connection cut at once", http.HandlerFunc(func(http.ResponseWriter, *http.Request) { panic(http.ErrAbortHandler) }),
			fault.ParserUnavailable,
		},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			if _, err := clientOf(t, tt.handler).Parse(t.Context(), strings.NewReader(pdf)); fault.CodeOf(err) != tt.want {
				t.Errorf("%v, want %s", err, tt.want)
			}
		})
	}
}

func TestClientWithoutAParser(t *testing.T) {
	t.Parallel()
	s := httptest.NewServer(nil)
	s.Close()
	c := newClient(t, parserapi.ClientDeps{BaseURL: s.URL})
	if _, err := c.Parse(t.Context(), strings.NewReader(pdf)); fault.CodeOf(err) != fault.ParserUnavailable {
		t.Errorf("no listener: %v", err)
	}
	if err := c.Check(t.Context()); fault.CodeOf(err) != fault.ParserUnavailable {
		t.Errorf("no listener: %v", err)
	}
}

func TestClientStopsWaiting(t *testing.T) {
	t.Parallel()
	h := newHandler(parserapi.Deps{Parser: fake(func(ctx context.Context, _ []byte) (document.Document, error) {
		<-ctx.Done()
		return document.Document{}, ctx.Err()
	})})
	c := newClient(t, parserapi.ClientDeps{BaseURL: serve(t, h), Timeout: 100 * time.Millisecond})
	if _, err := c.Parse(t.Context(), strings.NewReader(pdf)); fault.CodeOf(err) != fault.Timeout {
		t.Errorf("its own deadline: %v", err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := c.Parse(ctx, strings.NewReader(pdf)); fault.CodeOf(err) != fault.ParserUnavailable || !errors.Is(err, context.Canceled) {
		t.Errorf("a caller that stops: %v", err)
	}
}

// failing fails in the middle, like a volume that becomes unavailable.
type failing struct{ *strings.Reader }

var errDisk = errors.New("the volume is gone")

func (failing) ReadAt([]byte, int64) (int, error) { return 0, errDisk }

func TestClientTellsAFailingVolumeFromAFailingParser(t *testing.T) {
	t.Parallel()
	c := clientOf(t, newHandler(parserapi.Deps{Parser: reads}))
	for name, r := range map[string]io.Reader{
		"a file":   failing{strings.NewReader(pdf)},
		"a stream": io.MultiReader(strings.NewReader("%PDF-"), iotest.ErrReader(errDisk)),
	} {
		if _, err := c.Parse(t.Context(), r); fault.CodeOf(err) != fault.StorageUnavailable || !errors.Is(err, errDisk) {
			t.Errorf("%s: %v", name, err)
		}
	}
}

func TestClientSendsNothingTooLarge(t *testing.T) {
	t.Parallel()
	var n calls
	c := clientOf(t, n.count(newHandler(parserapi.Deps{Parser: reads})))
	big := make([]byte, document.MaxBytes+1)
	for _, r := range []io.Reader{bytes.NewReader(big), io.MultiReader(bytes.NewReader(big))} {
		if _, err := c.Parse(t.Context(), r); fault.CodeOf(err) != fault.TooLarge {
			t.Errorf("%v", err)
		}
	}
	if len(n.n) != 0 {
		t.Errorf("asked: %v", n.n)
	}
}

// earlier is a parser of the earlier system: it has no other route, and closes connections whose body it did not
// read.
func earlier(status int, body string) http.Handler {
	mux := http.NewServeMux()
	mux.HandleFunc("POST /parse-transcript", func(w http.ResponseWriter, r *http.Request) {
		f, header, err := r.FormFile("file")
		if err != nil || !strings.HasSuffix(header.Filename, ".pdf") {
			http.Error(w, `{"error":"no file"}`, http.StatusBadRequest)
			return
		}
		if b, err := io.ReadAll(f); err != nil || string(b) != pdf {
			http.Error(w, `{"error":"not what was sent"}`, http.StatusBadRequest)
			return
		}
		w.WriteHeader(status)
		_, _ = io.WriteString(w, body)
	})
	return mux
}

func TestClientFallsBackToAnEarlierParser(t *testing.T) {
	t.Parallel()
	const said = `{"programInfo":{"degree":"Bachelor of Engineering,\n Software  Engineering","firstTerm":"Fall 2024","lastTerm":"","isCoop":true,` +
		`"isExtendedCreditProgram":false,"minimumProgramLength":120,"ewtSatisfied":true},"semesters":[{"term":"Fall 2024","courses":[` +
		`{"code":"COMP248","grade":"B+"},{"code":"CWTE100"},{"code":"Something else"}]}],"transferedCourses":["HIST283"],"exemptedCourses":["MATH  203"]}`
	want := facts()
	want.Semesters = []document.Semester{{Term: "Fall 2024", Courses: []document.Sitting{
		{Code: "COMP 248", Grade: "B+"}, {Code: "CWTE 100"}, {Code: "SOMETHING ELSE"},
	}}}
	want.DeficiencyCourses = []string{}
	var n calls
	now := time.Date(2026, 11, 23, 12, 0, 0, 0, time.UTC)
	c := newClient(t, parserapi.ClientDeps{
		BaseURL: serve(t, n.count(earlier(http.StatusOK, said))), Timeout: soon, Clock: func() time.Time { return now },
	})
	for range 3 {
		got, err := c.Parse(t.Context(), strings.NewReader(pdf))
		if err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(want, got); diff != "" {
			t.Fatalf("(-want +got):\n%s", diff)
		}
	}
	if n.of("GET /v1/parse") != 1 || n.of("POST /v1/parse") != 0 || n.of("POST /parse-transcript") != 3 {
		t.Errorf("asked: %v", n.n)
	}
	now = now.Add(6 * time.Minute)
	if _, err := c.Parse(t.Context(), strings.NewReader(pdf)); err != nil || n.of("GET /v1/parse") != 2 {
		t.Errorf("after a while: %v, asked: %v", err, n.n)
	}
}

// The parser is replaced while the client runs, by an earlier one and back.
func TestClientFollowsAParserThatChanges(t *testing.T) {
	t.Parallel()
	var n calls
	var mu sync.Mutex
	current := newHandler(parserapi.Deps{Parser: reads})
	become := func(h http.Handler) {
		mu.Lock()
		defer mu.Unlock()
		current = h
	}
	now := time.Date(2026, 11, 23, 12, 0, 0, 0, time.UTC)
	c := newClient(t, parserapi.ClientDeps{Timeout: soon, Clock: func() time.Time { return now }, BaseURL: serve(t, n.count(
		http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			mu.Lock()
			h := current
			mu.Unlock()
			h.ServeHTTP(w, r)
		})))})
	parse := func(wantSection string) {
		t.Helper()
		doc, err := c.Parse(t.Context(), strings.NewReader(pdf))
		if err != nil {
			t.Fatal(err)
		}
		if got := doc.Semesters[0].Courses[0].Section; got != wantSection {
			t.Fatalf("section %q, want %q", got, wantSection)
		}
	}
	parse("EC1")
	become(earlier(http.StatusOK, `{"semesters":[{"term":"Fall 2024","courses":[{"code":"COMP248"}]}]}`))
	parse("") // by the same call that found the route gone
	if n.of("POST /v1/parse") != 2 || n.of("POST /parse-transcript") != 1 {
		t.Errorf("asked: %v", n.n)
	}
	become(newHandler(parserapi.Deps{Parser: reads}))
	parse("") // our own parser answers the earlier route too
	now = now.Add(6 * time.Minute)
	parse("EC1")
}

func TestFaultsOfAnEarlierParser(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		name   string
		status int
		body   string
		want   fault.Code
	}{
		{"refused", 400, `{"error":"Only PDF files"}`, fault.NotAPDF},
		{"failed", 500, `{"error":"Internal error"}`, fault.Corrupt},
		{"a failure of something else", 500, `<html>`, fault.ParserUnavailable},
		{"no answer behind a proxy", 504, `<html>`, fault.ParserUnavailable},
		{"neither route", 404, `{"error":"x"}`, fault.ParserUnavailable},
		{"nothing found", 200, `{"semesters":[],"transferedCourses":[]}`, fault.UnrecognizedDocument},
		{"rubbish", 200, `<html>`, fault.ParserUnavailable},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			if _, err := clientOf(t, earlier(tt.status, tt.body)).Parse(t.Context(), strings.NewReader(pdf)); fault.CodeOf(err) != tt.want {
				t.Errorf("%v, want %s", err, tt.want)
			}
		})
	}
}

func TestNewClientChecksTheAddress(t *testing.T) {
	t.Parallel()
	for _, u := range []string{"", "parser:15001", "ftp://parser", "http://", "http://parser?x=y", "http://parser#x", "http://[::1", "http://u:hunter2@"} {
		if _, err := parserapi.NewClient(withDefaults(parserapi.ClientDeps{BaseURL: u})); err == nil || strings.Contains(err.Error(), "hunter2") {
			t.Errorf("%q: %v", u, err)
		}
	}
}

func FuzzDecodeDocument(f *testing.F) {
	f.Add([]byte(`{"kind":"letter","programInfo":null,"semesters":[{"term":"Fall 2026","courses":[{"code":"COMP 248"}]}]}`))
	f.Add([]byte(`{"kind":7}`))
	f.Fuzz(func(t *testing.T, b []byte) {
		if d, err := parserapi.DecodeDocument(b); err == nil && d.Kind != document.Letter && d.Kind != document.Transcript {
			t.Fatalf("kind %q", d.Kind)
		}
	})
}

func FuzzDecodeLegacy(f *testing.F) {
	f.Add([]byte(`{"programInfo":{"degree":"x","firstTerm":" "},"semesters":[{"term":"Fall 2026","courses":[{"code":"COMP248","grade":"a"}]}]}`))
	f.Add([]byte(`{"semesters":null}`))
	f.Fuzz(func(t *testing.T, b []byte) {
		d, err := parserapi.DecodeLegacy(b)
		if err != nil {
			return
		}
		if d.Kind != document.Transcript {
			t.Fatalf("kind %q", d.Kind)
		}
		for _, s := range d.Semesters {
			for _, c := range s.Courses {
				if c.Code != strings.Join(strings.Fields(c.Code), " ") {
					t.Fatalf("code %q", c.Code)
				}
			}
		}
	})
}
