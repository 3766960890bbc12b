package parserapi_test

import (
	"context"
	"errors"
	"io"
	"net/http"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"testing/iotest"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/prometheus/client_golang/prometheus"

	"github.com/trackmydegree/trackmydegree/internal/document"
	"github.com/trackmydegree/trackmydegree/internal/fault"
	"github.com/trackmydegree/trackmydegree/internal/parserapi"
	"github.com/trackmydegree/trackmydegree/internal/testenv"
)

// moody is a parser that the test can make fail.
type moody struct {
	calls
	wrong atomic.Pointer[http.HandlerFunc]
	well  http.Handler
}

func newMoody() *moody {
	return &moody{well: newHandler(parserapi.Deps{Parser: reads})}
}

func (m *moody) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	m.count(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if h := m.wrong.Load(); h != nil {
			(*h)(w, r)
			return
		}
		m.well.ServeHTTP(w, r)
	})).ServeHTTP(w, r)
}

// become makes the parser answer with h; nil restores it.
func (m *moody) become(h http.HandlerFunc) {
	if h == nil {
		m.wrong.Store(nil)
		return
	}
	m.wrong.Store(&h)
}

// documents returns the number of documents that were sent.
func (m *moody) documents() int { return m.of("POST /v1/parse") }

// sendsRubbish answers documents with invalid facts; other requests work.
func (m *moody) sendsRubbish(w http.ResponseWriter, r *http.Request) {
	if r.Method != http.MethodPost {
		m.well.ServeHTTP(w, r)
		return
	}
	_, _ = io.Copy(io.Discard, r.Body)
	_, _ = io.WriteString(w, "<html>welcome</html>")
}

func cuts(http.ResponseWriter, *http.Request) { panic(http.ErrAbortHandler) }

func hangs(_ http.ResponseWriter, r *http.Request) {
	_, _ = io.Copy(io.Discard, r.Body)
	<-r.Context().Done()
}

func parseOf(t *testing.T, c *parserapi.Client) fault.Code {
	t.Helper()
	_, err := c.Parse(t.Context(), strings.NewReader(pdf))
	return fault.CodeOf(err)
}

// measured returns the value of a metric, by its name or its label.
func measured(t *testing.T, r *prometheus.Registry) map[string]float64 {
	t.Helper()
	families, err := r.Gather()
	if err != nil {
		t.Fatal(err)
	}
	got := map[string]float64{}
	for _, f := range families {
		for _, m := range f.GetMetric() {
			name := strings.TrimPrefix(f.GetName(), "tmd_parser_")
			for _, l := range m.GetLabel() {
				name = l.GetValue()
			}
			got[name] = m.GetGauge().GetValue() + m.GetCounter().GetValue()
		}
	}
	return got
}

func TestAParserThatFailsIsLeftAlone(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		name    string
		wrong   func(*moody) http.HandlerFunc
		timeout time.Duration
		want    fault.Code
	}{
		{"unreachable", func(*moody) http.HandlerFunc { return cuts }, soon, fault.ParserUnavailable},
		{"rubbish", func(m *moody) http.HandlerFunc { return m.sendsRubbish }, soon, fault.ParserUnavailable},
		{"silent", func(*moody) http.HandlerFunc { return hangs }, 100 * time.Millisecond, fault.Timeout},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			parser, registry := newMoody(), prometheus.NewRegistry()
			c := newClient(t, parserapi.ClientDeps{
				BaseURL: serve(t, parser), Timeout: tt.timeout, Pause: soon, Registerer: registry,
			})
			parser.become(tt.wrong(parser))
			for range 3 {
				if code := parseOf(t, c); code != tt.want {
					t.Errorf("%s, want %s", code, tt.want)
				}
			}
			parser.become(nil)
			asked := parser.of("GET /v1/parse") + parser.documents()
			if code := parseOf(t, c); code != fault.ParserUnavailable {
				t.Errorf("%s while the breaker is open", code)
			}
			if now := parser.of("GET /v1/parse") + parser.documents(); now != asked {
				t.Error("the parser was asked")
			}
			want := map[string]float64{
				"breaker_state": 2, "calls_in_flight": 0, "read": 0, "refused": 0, "busy": 0, "failed": 3, "rejected": 1, "canceled": 0,
			}
			if diff := cmp.Diff(want, measured(t, registry)); diff != "" {
				t.Errorf("metrics (-want +got):\n%s", diff)
			}
		})
	}
}

func TestWhatIsNoFailureOfTheParser(t *testing.T) {
	t.Parallel()
	canceled, cancel := context.WithCancel(t.Context())
	cancel()
	for _, tt := range []struct {
		name   string
		parser http.Handler
		ctx    context.Context
		pdf    func() io.Reader
		want   fault.Code
		metric string
	}{
		{"a document at fault", newHandler(parserapi.Deps{Parser: refuses(fault.New(fault.Corrupt))}), t.Context(), nil, fault.Corrupt, "refused"},
		{"no room", newHandler(parserapi.Deps{Parser: refuses(fault.New(fault.ParserUnavailable))}), t.Context(), nil, fault.ParserUnavailable, "busy"},
		{"a caller who gave up", newHandler(parserapi.Deps{Parser: reads}), canceled, nil, fault.ParserUnavailable, "canceled"},
		{
			"a document that cannot be read", newHandler(parserapi.Deps{Parser: reads}), t.Context(),
			func() io.Reader { return &failsLate{strings.NewReader(pdf)} }, fault.StorageUnavailable, "",
		},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			registry := prometheus.NewRegistry()
			c := newClient(t, parserapi.ClientDeps{BaseURL: serve(t, tt.parser), Timeout: soon, Pause: soon, Registerer: registry})
			for range 5 {
				var doc io.Reader = strings.NewReader(pdf)
				if tt.pdf != nil {
					doc = tt.pdf()
				}
				if _, err := c.Parse(tt.ctx, doc); fault.CodeOf(err) != tt.want {
					t.Errorf("%v, want %s", err, tt.want)
				}
			}
			got := measured(t, registry)
			if got["breaker_state"] != 0 || got["rejected"] != 0 || tt.metric != "" && got[tt.metric] != 5 {
				t.Errorf("%v", got)
			}
		})
	}
}

// failsLate is a file whose disk fails during the upload.
type failsLate struct{ *strings.Reader }

func (f *failsLate) ReadAt([]byte, int64) (int, error) { return 0, errors.New("the disk is gone") }

func TestAParserThatIsBackIsUsedAgain(t *testing.T) {
	t.Parallel()
	parser, registry := newMoody(), prometheus.NewRegistry()
	c := newClient(t, parserapi.ClientDeps{
		BaseURL: serve(t, parser), Timeout: soon, Pause: time.Millisecond, Registerer: registry,
	})
	if code := parseOf(t, c); code != "" { // from here on it knows the routes
		t.Fatal(code)
	}
	parser.become(cuts)
	testenv.Eventually(t, "calls are rejected", func() bool {
		parseOf(t, c)
		return measured(t, registry)["failed"] >= 3
	})
	sent, probed := parser.documents(), parser.of("GET /health")
	testenv.Eventually(t, "the parser is asked how it is", func() bool {
		parseOf(t, c)
		return parser.of("GET /health") > probed
	})
	if n := parser.documents(); n != sent {
		t.Errorf("%d documents were sent to a parser that is not well", n-sent)
	}
	parser.become(nil)
	testenv.Eventually(t, "documents are read again", func() bool { return parseOf(t, c) == "" })
	if got := measured(t, registry); got["breaker_state"] != 0 {
		t.Errorf("%v", got)
	}
}

func TestCallsInFlightAreLimited(t *testing.T) {
	t.Parallel()
	const most, callers = 2, 6
	var now, peak atomic.Int64
	entered, goOn := make(chan struct{}, callers), make(chan struct{})
	slow := fake(func(context.Context, []byte) (document.Document, error) {
		peak.Store(max(peak.Load(), now.Add(1)))
		defer now.Add(-1)
		entered <- struct{}{}
		<-goOn
		return facts(), nil
	})
	c := newClient(t, parserapi.ClientDeps{
		BaseURL: serve(t, newHandler(parserapi.Deps{Parser: slow})), Timeout: soon, MaxCalls: most,
	})
	var all sync.WaitGroup
	for range callers {
		all.Go(func() {
			if _, err := c.Parse(t.Context(), iotest.OneByteReader(strings.NewReader(pdf))); err != nil {
				t.Error(err)
			}
		})
	}
	for range most {
		<-entered
	}
	// A call that gets no room before its deadline counts as an unavailable parser.
	hurried, cancel := context.WithTimeout(t.Context(), time.Millisecond)
	defer cancel()
	if _, err := c.Parse(hurried, strings.NewReader(pdf)); fault.CodeOf(err) != fault.ParserUnavailable {
		t.Errorf("without room: %v", err)
	}
	close(goOn)
	all.Wait()
	if n := peak.Load(); n > most {
		t.Errorf("%d calls at once, want at most %d", n, most)
	}
}
