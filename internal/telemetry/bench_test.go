package telemetry_test

import (
	"context"
	"io"
	"net/http"
	"net/http/httptest"
	"syscall"
	"testing"
	"time"

	"github.com/trackmydegree/trackmydegree/internal/config"
	"github.com/trackmydegree/trackmydegree/internal/telemetry"
	"github.com/trackmydegree/trackmydegree/internal/tracing"
)

func cpuTime(b *testing.B) time.Duration {
	b.Helper()
	var u syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &u); err != nil {
		b.Fatal(err)
	}
	return time.Duration(u.Utime.Nano() + u.Stime.Nano())
}

// BenchmarkTracesOfAJob is what the thirteen spans of a job cost all of its processes together: spans with attributes,
// their encoding, and the requests to a collector in this process, whose part is counted as well.
func BenchmarkTracesOfAJob(b *testing.B) {
	collector := httptest.NewServer(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) { _, _ = io.Copy(io.Discard, r.Body) }))
	b.Cleanup(collector.Close)
	tel, err := telemetry.New(telemetry.Options{
		Role: "worker", Version: "v1", Output: io.Discard, Traces: &config.Traces{Endpoint: config.WebURL(collector.URL), Ratio: 1},
	})
	if err != nil {
		b.Fatal(err)
	}
	addSpans := func(ctx context.Context, names ...string) {
		for _, name := range names {
			_, span := tracing.StartSpan(ctx, name)
			span.SetText("job.id", "6f1c7b9e-3c7e-4c2a-9d35-7a8f3f6f2f11")
			span.SetNumber("bytes", 34455)
			span.End()
		}
	}
	before := cpuTime(b)
	for b.Loop() {
		ctx, request := tel.Tracer.StartServer(b.Context(), "POST /api/timeline/upload", "")
		addSpans(ctx, "save document", "admit job", "enqueue")
		parent := tracing.ParentOf(ctx)
		request.End()
		ctx, attempt := tel.Tracer.StartConsumer(b.Context(), "attempt", parent)
		addSpans(ctx, "catalogue", "build", "pack", "store", "parse", "call parser")
		parent = tracing.ParentOf(ctx)
		attempt.End()
		ctx, read := tel.Tracer.StartServer(b.Context(), "read document", parent)
		addSpans(ctx, "child process")
		read.End()
	}
	tel.Close(b.Context())
	b.ReportMetric(float64((cpuTime(b)-before).Microseconds())/float64(b.N), "cpu-µs/job")
}

// BenchmarkLogLine is what one line of the default level costs.
func BenchmarkLogLine(b *testing.B) {
	tel, err := telemetry.New(telemetry.Options{Role: "worker", Version: "v1", Output: io.Discard, Process: config.Process{LogFormat: config.LogJSON}})
	if err != nil {
		b.Fatal(err)
	}
	before := cpuTime(b)
	for b.Loop() {
		tel.Log.InfoContext(b.Context(), "request", "method", "POST", "route", "/api/timeline/upload", "status", 202, "bytes", 218,
			"took_ms", 5.032, "request_id", "6251b67c-8c4a-44dc-94c6-61705b83d8c3")
	}
	b.ReportMetric(float64((cpuTime(b)-before).Nanoseconds())/float64(b.N), "cpu-ns/line")
}
