package telemetry_test

import (
	"bytes"
	"context"
	"errors"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/trackmydegree/trackmydegree/internal/config"
	"github.com/trackmydegree/trackmydegree/internal/problem"
	"github.com/trackmydegree/trackmydegree/internal/telemetry"
	"github.com/trackmydegree/trackmydegree/internal/testenv"
)

func newTraced(t *testing.T, url string, out *bytes.Buffer) *telemetry.Telemetry {
	t.Helper()
	return testenv.Must(telemetry.New(telemetry.Options{
		Role: "worker", Version: "v1", Output: out, Traces: &config.Traces{Endpoint: config.WebURL(url), Ratio: 1},
	}))
}

// A report of a traced request names its trace.
func TestReportNamesTrace(t *testing.T) {
	t.Parallel()
	sentry := newSentry(t)
	tel := testenv.Must(telemetry.New(telemetry.Options{
		Role: "api", Version: "v1", Output: &bytes.Buffer{}, Process: config.Process{SentryDSN: config.NewSecretURL(sentry.dsn())},
	}))
	const trace = "0af7651916cd43dd8448eb211c80319c"
	tel.Reporter.ReportRequest(errors.New("a bug"), problem.Request{Method: http.MethodGet, Route: "/api/degrees", TraceID: trace})
	tel.Close(t.Context())
	events := sentry.events(t)
	if len(events) != 1 || events[0].Tags["trace_id"] != trace {
		t.Errorf("got the events %+v, want one with the trace %s", events, trace)
	}
}

// Without a collector there is no tracer.
func TestNoTraces(t *testing.T) {
	t.Parallel()
	for name, traces := range map[string]*config.Traces{"a role without": nil, "no endpoint": {Ratio: 1}} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			tel := testenv.Must(telemetry.New(telemetry.Options{Role: "worker", Output: &bytes.Buffer{}, Traces: traces}))
			if tel.Tracer != nil {
				t.Error("got a tracer, want none")
			}
			tel.Close(t.Context())
		})
	}
}

// The last spans of a process arrive before it ends.
func TestCloseSendsSpans(t *testing.T) {
	t.Parallel()
	var requests atomic.Int64
	collector := httptest.NewServer(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
		if r.URL.Path == "/v1/traces" {
			requests.Add(1)
		}
	}))
	defer collector.Close()
	tel := newTraced(t, collector.URL, &bytes.Buffer{})
	_, span := tel.Tracer.StartConsumer(t.Context(), "attempt", "")
	span.End()
	tel.Close(t.Context())
	if requests.Load() != 1 {
		t.Errorf("got %d requests, want 1", requests.Load())
	}
}

// A collector that does not exist is logged once, and one that never answers does not keep a process from ending.
func TestCollectorUnavailable(t *testing.T) {
	t.Parallel()
	t.Run("refused", func(t *testing.T) {
		t.Parallel()
		closed := httptest.NewServer(nil)
		closed.Close()
		var out bytes.Buffer
		tel := newTraced(t, closed.URL, &out)
		for range 2000 { // several batches
			_, span := tel.Tracer.StartConsumer(t.Context(), "attempt", "")
			span.End()
		}
		tel.Close(t.Context())
		if n := strings.Count(out.String(), "traces cannot be sent"); n != 1 {
			t.Errorf("got %d lines, want 1:\n%s", n, out.String())
		}
	})
	t.Run("silent", func(t *testing.T) {
		t.Parallel()
		listener, err := net.Listen("tcp", "127.0.0.1:0")
		if err != nil {
			t.Fatal(err)
		}
		defer listener.Close()
		tel := newTraced(t, "http://"+listener.Addr().String(), &bytes.Buffer{})
		_, span := tel.Tracer.StartConsumer(t.Context(), "attempt", "")
		span.End()
		ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
		defer cancel()
		tel.Close(ctx) // after a second
		if ctx.Err() != nil {
			t.Error("the process waited for the collector")
		}
	})
}
