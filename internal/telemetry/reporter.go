package telemetry

import (
	"context"
	"errors"
	"fmt"
	"strconv"
	"time"

	"github.com/getsentry/sentry-go"

	"github.com/trackmydegree/trackmydegree/internal/config"
	"github.com/trackmydegree/trackmydegree/internal/fault"
	"github.com/trackmydegree/trackmydegree/internal/job"
	"github.com/trackmydegree/trackmydegree/internal/problem"
	"github.com/trackmydegree/trackmydegree/internal/tracing"
)

// closeTimeout bounds what the library does after the last flush.
const closeTimeout = 5 * time.Second

// Reporter sends errors that operators should examine to Sentry. Faults of a document or of a request are not among
// them: those are answered and counted. A nil client reports nothing.
type Reporter struct {
	client *sentry.Client
	role   string
}

func newReporter(o Options) (*Reporter, error) {
	if o.Process.SentryDSN.Empty() {
		// The library would read SENTRY_DSN from the environment itself.
		return &Reporter{role: o.Role}, nil
	}
	client, err := sentry.NewClient(sentry.ClientOptions{
		Dsn:         o.Process.SentryDSN.Reveal(),
		Environment: string(o.Process.Environment),
		Release:     "tmd@" + o.Version,
		// Without a name the library adds the host's, which on a laptop may name a person.
		ServerName: o.Role,
		BeforeSend: func(e *sentry.Event, _ *sentry.EventHint) *sentry.Event { return scrubEvent(e) },
		// Nothing is collected automatically: an event contains what this package puts there.
		Integrations:         func([]sentry.Integration) []sentry.Integration { return nil },
		MaxBreadcrumbs:       -1,
		DisableClientReports: true,
	})
	if err != nil {
		return nil, errors.New("SENTRY_DSN cannot be used: copy it from the project's client keys")
	}
	return &Reporter{client: client, role: o.Role}, nil
}

// ReportPanic reports a recovered panic of a handler. Call it in the deferred function that recovered, or the stack is
// lost.
func (r *Reporter) ReportPanic(value any, req problem.Request) {
	name, text := describePanic(value)
	r.sendEvent(sentry.LevelFatal, sentry.Exception{
		Type: name, Value: text, Stacktrace: sentry.NewStacktrace(),
		Mechanism: &sentry.Mechanism{Type: "panic", Handled: new(false)},
	}, map[string]string{"request_id": req.ID, "method": req.Method, "route": req.Route, "code": string(fault.Internal), "trace_id": req.TraceID})
}

// ReportRequest reports an internal error that a handler answered with.
func (r *Reporter) ReportRequest(err error, req problem.Request) {
	if fault.CodeOf(err) != fault.Internal {
		return
	}
	name, text := describeError(err)
	r.sendEvent(sentry.LevelError, sentry.Exception{Type: name, Value: text},
		map[string]string{"request_id": req.ID, "method": req.Method, "route": req.Route, "code": string(fault.Internal), "trace_id": req.TraceID})
}

// ReportJob reports the last failure of a job, unless the fault is the document's.
func (r *Reporter) ReportJob(ctx context.Context, id job.ID, attempt int, err error) {
	code := fault.CodeOf(err)
	if !code.IsTransient() {
		return
	}
	name, text := describeError(err)
	r.sendEvent(sentry.LevelError, sentry.Exception{Type: name, Value: text},
		map[string]string{"job_id": string(id), "attempt": strconv.Itoa(attempt), "code": string(code), "trace_id": tracing.TraceID(ctx)})
}

// ReportJobPanic reports a recovered panic of a job; as with ReportPanic, call it in the function that recovered.
func (r *Reporter) ReportJobPanic(ctx context.Context, id job.ID, value any) {
	name, text := describePanic(value)
	r.sendEvent(sentry.LevelFatal, sentry.Exception{
		Type: name, Value: text, Stacktrace: sentry.NewStacktrace(),
		Mechanism: &sentry.Mechanism{Type: "panic", Handled: new(false)},
	}, map[string]string{"job_id": string(id), "code": string(fault.Internal), "trace_id": tracing.TraceID(ctx)})
}

// ReportProcess reports that the process could not start or continue: during is "start" or "run".
func (r *Reporter) ReportProcess(during string, err error) {
	name, text := describeError(err)
	var faults config.Faults
	if errors.As(err, &faults) {
		name, text = "settings", faults.Names()
	}
	r.sendEvent(sentry.LevelFatal, sentry.Exception{Type: during + ": " + name, Value: text},
		map[string]string{"code": string(fault.CodeOf(err))})
}

// sendEvent hands an event to the library, which sends it in the background.
func (r *Reporter) sendEvent(level sentry.Level, exception sentry.Exception, tags map[string]string) {
	if r.client == nil {
		return
	}
	event := sentry.NewEvent()
	event.Level = level
	event.Exception = []sentry.Exception{exception}
	event.Tags = tags
	event.Tags["role"] = r.role
	r.client.CaptureEvent(event, nil, nil)
}

func (r *Reporter) closeClient(ctx context.Context) {
	if r.client == nil {
		return
	}
	r.client.FlushWithContext(ctx)
	done := make(chan struct{})
	go func() { r.client.Close(); close(done) }()
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), closeTimeout)
	defer cancel()
	select {
	case <-done:
	case <-ctx.Done():
	}
}

func describePanic(value any) (name, text string) {
	if err, ok := value.(error); ok {
		return describeError(err)
	}
	return fmt.Sprintf("panic(%T)", value), ""
}
