// Package tracing starts spans and carries their identity between processes. It uses the API of OpenTelemetry alone:
// package telemetry builds the provider that records and exports them.
//
// A process that does not trace has a nil *Tracer. Then no context holds a span, and nothing here allocates. Attributes
// are ids, codes, names of routes and numbers, never data of a document, an owner or the name of a file.
package tracing

import (
	"context"
	"net/http"

	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/codes"
	"go.opentelemetry.io/otel/propagation"
	"go.opentelemetry.io/otel/trace"

	"github.com/trackmydegree/trackmydegree/internal/fault"
)

// ParentHeader carries the identity of a span in HTTP requests and in the headers of tasks (W3C Trace Context).
const ParentHeader = "traceparent"

// scope names this instrumentation in exported spans.
const scope = "github.com/trackmydegree/trackmydegree"

// Tracer starts the first span of a process. Nil starts none. It is safe for concurrent use.
type Tracer struct{ tracer trace.Tracer }

// New returns a tracer of a provider; nil for a nil provider.
func New(provider trace.TracerProvider) *Tracer {
	if provider == nil {
		return nil
	}
	return &Tracer{provider.Tracer(scope)}
}

// StartServer starts the span of a request that a client sent. parent is the client's traceparent; "" begins a trace.
func (t *Tracer) StartServer(ctx context.Context, name, parent string) (context.Context, Span) {
	return t.startFrom(ctx, name, parent, trace.SpanKindServer)
}

// StartConsumer starts the span of a task that was taken from a queue. parent is the traceparent of the sender.
func (t *Tracer) StartConsumer(ctx context.Context, name, parent string) (context.Context, Span) {
	return t.startFrom(ctx, name, parent, trace.SpanKindConsumer)
}

func (t *Tracer) startFrom(ctx context.Context, name, parent string, kind trace.SpanKind) (context.Context, Span) {
	if t == nil {
		return ctx, Span{}
	}
	if remote := decodeParent(parent); remote.IsValid() {
		ctx = trace.ContextWithRemoteSpanContext(ctx, remote)
	}
	ctx, span := t.tracer.Start(ctx, name, trace.WithSpanKind(kind))
	return ctx, Span{span}
}

// StartSpan starts a span below that of ctx. It does nothing when ctx has none that is recorded.
func StartSpan(ctx context.Context, name string) (context.Context, Span) {
	return startBelow(ctx, name, trace.SpanKindInternal)
}

// StartClient is StartSpan for a request to another server.
func StartClient(ctx context.Context, name string) (context.Context, Span) {
	return startBelow(ctx, name, trace.SpanKindClient)
}

// StartProducer is StartSpan for a task that is put into a queue.
func StartProducer(ctx context.Context, name string) (context.Context, Span) {
	return startBelow(ctx, name, trace.SpanKindProducer)
}

func startBelow(ctx context.Context, name string, kind trace.SpanKind) (context.Context, Span) {
	parent := trace.SpanFromContext(ctx)
	if !parent.IsRecording() {
		return ctx, Span{}
	}
	ctx, span := parent.TracerProvider().Tracer(scope).Start(ctx, name, trace.WithSpanKind(kind))
	return ctx, Span{span}
}

// SpanOf returns the recorded span of ctx.
func SpanOf(ctx context.Context) Span {
	span := trace.SpanFromContext(ctx)
	if !span.IsRecording() {
		return Span{}
	}
	return Span{span}
}

// Span is a span that was started. The zero Span records nothing.
type Span struct{ span trace.Span }

// End ends the span.
func (s Span) End() {
	if s.span != nil {
		s.span.End()
	}
}

// EndWith ends the span with the outcome of its work: the code of a fault is an attribute, and only faults of the
// system mark the span as failed. The text of an error is never recorded.
func (s Span) EndWith(err error) {
	if s.span == nil {
		return
	}
	if err != nil {
		code := fault.CodeOf(err)
		s.SetText("error.type", string(code))
		if code.IsTransient() {
			s.span.SetStatus(codes.Error, string(code))
		}
	}
	s.span.End()
}

// Rename gives the span another name.
func (s Span) Rename(name string) {
	if s.span != nil {
		s.span.SetName(name)
	}
}

// SetText sets an attribute. The value is an id, a code or a name of this program.
func (s Span) SetText(key, value string) {
	if s.span != nil {
		s.span.SetAttributes(attribute.String(key, value))
	}
}

// SetNumber sets an attribute.
func (s Span) SetNumber(key string, n int) {
	if s.span != nil {
		s.span.SetAttributes(attribute.Int(key, n))
	}
}

// SetFailed marks the span as failed.
func (s Span) SetFailed(reason string) {
	if s.span != nil {
		s.span.SetStatus(codes.Error, reason)
	}
}

// LinkFormer links the span of ctx to an earlier one, of which former is the traceparent: the attempt before this one.
// Its own parent and an invalid identity are left out.
func LinkFormer(ctx context.Context, former string) {
	span := trace.SpanFromContext(ctx)
	if !span.IsRecording() {
		return
	}
	earlier := decodeParent(former)
	if !earlier.IsValid() || earlier.SpanID() == span.SpanContext().SpanID() {
		return
	}
	if child, ok := span.(interface{ Parent() trace.SpanContext }); ok && child.Parent().SpanID() == earlier.SpanID() {
		return
	}
	span.AddLink(trace.Link{SpanContext: earlier, Attributes: []attribute.KeyValue{attribute.String("link.type", "former_attempt")}})
}

// TraceID returns the id of the recorded trace of ctx, 32 hexadecimal digits, or "". No collector has a
// trace that is not recorded, so its id is not shown.
func TraceID(ctx context.Context) string {
	span := trace.SpanContextFromContext(ctx)
	if !span.IsSampled() || !span.HasTraceID() {
		return ""
	}
	return span.TraceID().String()
}

// TraceIDOf returns the id of the recorded trace that a traceparent names, or "".
func TraceIDOf(parent string) string {
	span := decodeParent(parent)
	if !span.IsSampled() || !span.IsValid() {
		return ""
	}
	return span.TraceID().String()
}

// ParentOf returns the traceparent of the span of ctx, recorded or not; "" without one.
func ParentOf(ctx context.Context) string {
	if !trace.SpanContextFromContext(ctx).IsValid() {
		return ""
	}
	carrier := propagation.MapCarrier{}
	propagation.TraceContext{}.Inject(ctx, carrier)
	return carrier[ParentHeader]
}

// InjectHeader sets the traceparent of the span of ctx in the header of a request.
func InjectHeader(ctx context.Context, h http.Header) {
	if parent := ParentOf(ctx); parent != "" {
		h.Set(ParentHeader, parent)
	}
}

func decodeParent(parent string) trace.SpanContext {
	if parent == "" {
		return trace.SpanContext{}
	}
	ctx := propagation.TraceContext{}.Extract(context.Background(), propagation.MapCarrier{ParentHeader: parent})
	return trace.SpanContextFromContext(ctx)
}
