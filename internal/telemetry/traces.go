package telemetry

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/exporters/otlp/otlptrace"
	"go.opentelemetry.io/otel/sdk/resource"
	sdktrace "go.opentelemetry.io/otel/sdk/trace"
	tracepb "go.opentelemetry.io/proto/otlp/trace/v1"
	"google.golang.org/protobuf/proto"

	"github.com/trackmydegree/trackmydegree/internal/tracing"
)

const (
	// tracesPath is added to the endpoint (OTLP specification, "Endpoint URLs for OTLP/HTTP").
	tracesPath = "/v1/traces"
	// The spans of traceInterval are sent together, at most traceBatch at a time. Beyond traceQueue spans are dropped:
	// a collector that is unavailable costs this memory and nothing else.
	traceInterval = 2 * time.Second
	traceBatch    = 512
	traceQueue    = 2048
	// traceExportTimeout bounds one request to the collector, and traceFlush the last ones of a process.
	traceExportTimeout = 5 * time.Second
	traceFlush         = time.Second
	maxTraceAnswer     = 64 << 10
)

// traces is the provider of the spans of a process; the zero value records nothing.
type traces struct {
	provider *sdktrace.TracerProvider
	stop     context.CancelFunc
}

// newTraces returns a provider that exports to the collector of the settings. It connects with the first spans.
func newTraces(o Options, logger *slog.Logger) (traces, error) {
	if !o.hasTraces() {
		return traces{}, nil
	}
	headers, err := o.Traces.Headers()
	if err != nil {
		return traces{}, err
	}
	ctx, stop := context.WithCancel(context.Background())
	exporter, err := otlptrace.New(ctx, &collector{
		url: strings.TrimRight(string(o.Traces.Endpoint), "/") + tracesPath, headers: headers, logger: logger, life: ctx,
		http: &http.Client{Transport: http.DefaultTransport.(*http.Transport).Clone(), Timeout: traceExportTimeout},
	})
	if err != nil {
		stop()
		return traces{}, fmt.Errorf("traces: %w", err)
	}
	// Everything is given: the library would read other variables of the environment, and the name of the host.
	provider := sdktrace.NewTracerProvider(
		sdktrace.WithResource(resource.NewSchemaless(
			attribute.String("service.namespace", "trackmydegree"), attribute.String("service.name", "tmd-"+o.Role),
			attribute.String("service.version", o.Version), attribute.String("deployment.environment.name", string(o.Process.Environment)),
		)),
		sdktrace.WithSampler(sdktrace.ParentBased(sdktrace.TraceIDRatioBased(o.Traces.Ratio))),
		sdktrace.WithRawSpanLimits(sdktrace.SpanLimits{
			AttributeValueLengthLimit: 200, AttributeCountLimit: 32, EventCountLimit: 16, LinkCountLimit: 16,
			AttributePerEventCountLimit: 8, AttributePerLinkCountLimit: 8,
		}),
		sdktrace.WithBatcher(exporter, sdktrace.WithBatchTimeout(traceInterval), sdktrace.WithMaxExportBatchSize(traceBatch),
			sdktrace.WithMaxQueueSize(traceQueue), sdktrace.WithExportTimeout(traceExportTimeout)),
	)
	return traces{provider, stop}, nil
}

func (o Options) hasTraces() bool { return o.Traces != nil && o.Traces.Endpoint != "" }

// newTracer returns the tracer of the provider, nil without one.
func (t traces) newTracer() *tracing.Tracer {
	if t.provider == nil {
		return nil
	}
	return tracing.New(t.provider)
}

// flushSpans sends the spans that wait, within traceFlush, and drops those that are left.
func (t traces) flushSpans(ctx context.Context) {
	if t.provider == nil {
		return
	}
	ctx, cancel := context.WithTimeout(ctx, traceFlush)
	defer cancel()
	_ = t.provider.Shutdown(ctx) // it returns when ctx ends
	t.stop()                     // requests that are still under way
}

// collector sends spans to a collector by OTLP over HTTP. A batch that fails is dropped: traces are a help, and a
// process does not repeat or keep them. The exporter of the library itself would add gRPC to the program.
type collector struct {
	url     string
	headers map[string]string
	http    *http.Client
	logger  *slog.Logger
	life    context.Context
	failing atomic.Bool
	closing sync.Once
}

// Start implements otlptrace.Client.
func (c *collector) Start(context.Context) error { return nil }

// Stop implements otlptrace.Client.
func (c *collector) Stop(context.Context) error {
	c.closing.Do(c.http.CloseIdleConnections)
	return nil
}

// UploadTraces implements otlptrace.Client. It logs the first failure and the first success after it, and returns no
// error, which the library would write to the standard error for each batch.
func (c *collector) UploadTraces(ctx context.Context, spans []*tracepb.ResourceSpans) error {
	err := c.postSpans(ctx, spans)
	switch {
	case c.life.Err() != nil: // the last spans of a process that ends
	case err != nil && c.failing.CompareAndSwap(false, true):
		c.logger.WarnContext(ctx, "traces cannot be sent to OTEL_EXPORTER_OTLP_ENDPOINT; they are dropped until it answers", "error", err)
	case err == nil && c.failing.CompareAndSwap(true, false):
		c.logger.InfoContext(ctx, "traces are sent again")
	}
	return nil
}

func (c *collector) postSpans(ctx context.Context, spans []*tracepb.ResourceSpans) error {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	defer context.AfterFunc(c.life, cancel)()
	// TracesData has the encoding of an ExportTraceServiceRequest.
	body, err := proto.Marshal(&tracepb.TracesData{ResourceSpans: spans})
	if err != nil {
		return fmt.Errorf("encode: %w", err)
	}
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, c.url, bytes.NewReader(body))
	if err != nil {
		return err
	}
	req.Header.Set("Content-Type", "application/x-protobuf")
	for name, value := range c.headers {
		req.Header.Set(name, value)
	}
	res, err := c.http.Do(req)
	if err != nil {
		return err
	}
	defer res.Body.Close()
	_, _ = io.Copy(io.Discard, io.LimitReader(res.Body, maxTraceAnswer)) // so that the connection is used again
	if res.StatusCode/100 != 2 {
		return fmt.Errorf("the collector answered %d", res.StatusCode)
	}
	return nil
}
