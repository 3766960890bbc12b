package middleware_test

import (
	"bytes"
	"errors"
	"log/slog"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"github.com/trackmydegree/trackmydegree/internal/fault"
	"github.com/trackmydegree/trackmydegree/internal/httpapi/middleware"
	"github.com/trackmydegree/trackmydegree/internal/httpapi/respond"
	"github.com/trackmydegree/trackmydegree/internal/problem"
)

// reporter counts what it receives.
type reporter struct{ panics, failures int }

func (r *reporter) ReportPanic(any, problem.Request)     { r.panics++ }
func (r *reporter) ReportRequest(error, problem.Request) { r.failures++ }

func TestLogRequests(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		name     string
		endpoint respond.Endpoint
		status   int
		log      []string // parts of the log line, or lines
		reporter reporter
	}{
		{
			"a success", func(w http.ResponseWriter, r *http.Request) error {
				respond.ExchangeOf(r.Context()).JobID = "a-job"
				return respond.WriteNoContent(w)
			}, 204, []string{"level=INFO", "status=204", "job_id=a-job", "route=unmatched"}, reporter{},
		},
		{
			"a fault of the client", func(http.ResponseWriter, *http.Request) error { return fault.New(fault.NotAPDF) },
			415, []string{"level=INFO", "code=not_a_pdf"}, reporter{},
		},
		{
			"an outage", func(http.ResponseWriter, *http.Request) error {
				return fault.Wrap(fault.QueueUnavailable, errors.New("connection refused"))
			}, 503, []string{"level=WARN", "code=queue_unavailable", "connection refused"}, reporter{},
		},
		{
			"an internal error", func(http.ResponseWriter, *http.Request) error { return errors.New("a bug") },
			500, []string{"level=ERROR", "code=internal", "a bug"}, reporter{failures: 1},
		},
		{
			"a panic", func(http.ResponseWriter, *http.Request) error { panic("student 40012345") },
			500, []string{"level=ERROR", "code=internal", "stack="}, reporter{panics: 1},
		},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			var log bytes.Buffer
			got := reporter{}
			registry := prometheus.NewRegistry()
			l, err := middleware.NewRequestLog(slog.New(slog.NewTextHandler(&log, nil)), &got, time.Now, registry)
			if err != nil {
				t.Fatal(err)
			}
			res := send(l.LogRequests(respond.HandleEndpoint(tt.endpoint)), http.MethodGet)
			if res.StatusCode != tt.status {
				t.Errorf("status: got %d, want %d", res.StatusCode, tt.status)
			}
			for _, part := range tt.log {
				if !strings.Contains(log.String(), part) {
					t.Errorf("got the log\n%s\nwant %q in it", log.String(), part)
				}
			}
			if strings.Contains(log.String(), "40012345") {
				t.Errorf("got the log\n%s\nwant no value of the panic in it", log.String())
			}
			if got != tt.reporter {
				t.Errorf("reported: got %+v, want %+v", got, tt.reporter)
			}
			families, err := registry.Gather()
			if err != nil || len(families) != 2 {
				t.Errorf("got %d families of metrics and %v, want 2: requests, and those in flight", len(families), err)
			}
		})
	}
}
