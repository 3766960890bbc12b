package tracing_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"strings"
	"testing"

	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/propagation"
	sdktrace "go.opentelemetry.io/otel/sdk/trace"
	"go.opentelemetry.io/otel/sdk/trace/tracetest"

	"github.com/trackmydegree/trackmydegree/internal/fault"
	"github.com/trackmydegree/trackmydegree/internal/tracing"
)

// newTracer returns a tracer and the spans that it has ended.
func newTracer(sampler sdktrace.Sampler) (*tracing.Tracer, *tracetest.SpanRecorder) {
	spans := tracetest.NewSpanRecorder()
	return tracing.New(sdktrace.NewTracerProvider(sdktrace.WithSpanProcessor(spans), sdktrace.WithSampler(sdktrace.ParentBased(sampler)))), spans
}

// A process that does not trace allocates nothing for it.
func TestOffCostsNothing(t *testing.T) {
	var off *tracing.Tracer
	ctx, header := t.Context(), http.Header{}
	errOutage := fault.New(fault.QueueUnavailable)
	allocations := testing.AllocsPerRun(100, func() {
		ctx, root := off.StartConsumer(ctx, "attempt", "")
		ctx, step := tracing.StartSpan(ctx, "parse")
		step.SetText("job.id", "id")
		step.SetNumber("job.attempt", 1)
		tracing.LinkFormer(ctx, "")
		tracing.InjectHeader(ctx, header)
		if tracing.ParentOf(ctx)+tracing.TraceID(ctx) != "" {
			t.Error("got an identity, want none")
		}
		step.EndWith(errOutage)
		root.End()
	})
	if allocations != 0 || len(header) != 0 {
		t.Errorf("got %v allocations and the header %v, want none", allocations, header)
	}
}

func TestSpansOfOneTrace(t *testing.T) {
	t.Parallel()
	tracer, spans := newTracer(sdktrace.AlwaysSample())
	ctx, root := tracer.StartServer(t.Context(), "request", "")
	parent, trace := tracing.ParentOf(ctx), tracing.TraceID(ctx)
	root.End()

	ctx, first := tracer.StartConsumer(t.Context(), "attempt", parent)
	tracing.LinkFormer(ctx, parent) // its own parent
	former := tracing.ParentOf(ctx)
	first.EndWith(fault.Wrap(fault.ParserUnavailable, errors.New("the text of a document")))

	ctx, second := tracer.StartConsumer(t.Context(), "attempt", parent)
	tracing.LinkFormer(ctx, former)
	_, step := tracing.StartSpan(ctx, "parse")
	step.EndWith(fault.New(fault.Encrypted))
	second.End()

	if len(trace) != 32 || tracing.TraceIDOf(parent) != trace || tracing.TraceIDOf(former) != trace {
		t.Errorf("got the traces %q, %q and %q, want one", trace, tracing.TraceIDOf(parent), tracing.TraceIDOf(former))
	}
	var got []string
	for _, s := range spans.Ended() {
		set := attribute.NewSet(s.Attributes()...)
		code, _ := set.Value("error.type")
		got = append(got, fmt.Sprintf("%s links=%d code=%s status=%s", s.Name(), len(s.Links()), code.AsString(), s.Status().Code))
		if text := fmt.Sprint(s.Attributes(), s.Events(), s.Status()); strings.Contains(text, "document") {
			t.Errorf("got %s, want no text of an error", text)
		}
	}
	want := []string{
		"request links=0 code= status=Unset",
		"attempt links=0 code=parser_unavailable status=Error",
		"parse links=0 code=encrypted status=Unset",
		"attempt links=1 code= status=Unset",
	}
	if strings.Join(got, "\n") != strings.Join(want, "\n") {
		t.Errorf("got\n%s\nwant\n%s", strings.Join(got, "\n"), strings.Join(want, "\n"))
	}
}

// The decision of the first process holds for the others, and an id that leads to no trace is not shown.
func TestUnrecordedTrace(t *testing.T) {
	t.Parallel()
	tracer, _ := newTracer(sdktrace.NeverSample())
	ctx, root := tracer.StartServer(t.Context(), "request", "")
	defer root.End()
	parent := tracing.ParentOf(ctx)
	if parent == "" || tracing.TraceID(ctx) != "" || tracing.TraceIDOf(parent) != "" {
		t.Errorf("got the parent %q and the trace %q, want a parent and no trace", parent, tracing.TraceID(ctx))
	}
	always, spans := newTracer(sdktrace.AlwaysSample())
	_, attempt := always.StartConsumer(t.Context(), "attempt", parent)
	attempt.End()
	if n := len(spans.Ended()); n != 0 {
		t.Errorf("got %d spans, want none", n)
	}
}

// A client's tracestate and baggage may hold anything, such as the name of a user. They end at this process.
func TestInjectHeaderSendsTheTraceparentAlone(t *testing.T) {
	t.Parallel()
	tracer, _ := newTracer(sdktrace.AlwaysSample())
	ctx := propagation.NewCompositeTextMapPropagator(propagation.TraceContext{}, propagation.Baggage{}).Extract(t.Context(), propagation.MapCarrier{
		"traceparent": "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01", "tracestate": "vendor=ann", "baggage": "user=ann",
	})
	ctx, span := tracer.StartServer(ctx, "request", "")
	defer span.End()
	header := http.Header{}
	tracing.InjectHeader(ctx, header)
	if len(header) != 1 || header.Get(tracing.ParentHeader) == "" || strings.Contains(tracing.ParentOf(ctx), "ann") {
		t.Errorf("got %v and the parent %q, want a traceparent alone", header, tracing.ParentOf(ctx))
	}
}

func TestTraceIDOf(t *testing.T) {
	t.Parallel()
	for name, tt := range map[string]struct{ parent, want string }{
		"recorded":   {"00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01", "0af7651916cd43dd8448eb211c80319c"},
		"unrecorded": {"00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-00", ""},
		"no id":      {"00-00000000000000000000000000000000-b7ad6b7169203331-01", ""},
		"none":       {"", ""},
		"rubbish":    {"<script>", ""},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			if got := tracing.TraceIDOf(tt.parent); got != tt.want {
				t.Errorf("got %q, want %q", got, tt.want)
			}
		})
	}
}

func TestLogHandler(t *testing.T) {
	t.Parallel()
	var out bytes.Buffer
	log := slog.New(tracing.NewLogHandler(slog.NewTextHandler(&out, nil))).With("role", "api")
	tracer, _ := newTracer(sdktrace.AlwaysSample())
	ctx, span := tracer.StartServer(t.Context(), "request", "")
	defer span.End()
	log.InfoContext(context.Background(), "outside")
	log.InfoContext(ctx, "inside")
	lines := strings.Split(out.String(), "\n")
	if strings.Contains(lines[0], "trace_id") || !strings.Contains(lines[1], "role=api trace_id="+tracing.TraceID(ctx)) {
		t.Errorf("got\n%s\nwant the trace in the second line alone", out.String())
	}
}
