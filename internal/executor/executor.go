// Package executor runs one attempt of a job: it reads the input, builds the timeline and writes what came of it.
//
// An attempt may be run twice, and by two workers at a time: each of its writes names the fence of its beginning, and what
// cannot be fenced, the document's deletion, comes only after the record is final.
package executor

import (
	"bytes"
	"cmp"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"runtime/debug"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"github.com/trackmydegree/trackmydegree/internal/budget"
	"github.com/trackmydegree/trackmydegree/internal/document"
	"github.com/trackmydegree/trackmydegree/internal/fault"
	"github.com/trackmydegree/trackmydegree/internal/job"
	"github.com/trackmydegree/trackmydegree/internal/resultcodec"
	"github.com/trackmydegree/trackmydegree/internal/timeline"
	"github.com/trackmydegree/trackmydegree/internal/timeline/wire"
)

const (
	defaultJobTimeout    = 60 * time.Second
	defaultParserTimeout = budget.ParserCall
	defaultPatience      = 30 * time.Minute
	// deleteTimeout bounds the deletion of a document, which nobody waits for.
	deleteTimeout = 5 * time.Second
)

// Reporter is told what somebody should look into. The faults of documents are not among it.
type Reporter interface {
	// JobFailed reports a job that failed for good through a fault of ours.
	JobFailed(id job.ID, attempt int, err error)
	// JobPanic reports a panic at a job's last attempt. It is called where the panic was recovered, for the stack.
	JobPanic(id job.ID, value any)
}

// silent reports nothing.
type silent struct{}

func (silent) JobFailed(job.ID, int, error) {}
func (silent) JobPanic(job.ID, any)         {}

// Deps is what a Processor needs. Without a Reporter nothing is reported. JobTimeout bounds an attempt (0: 60 s),
// ParserTimeout one call of the parser (0: 20 s), OutagePatience the age until which outages do not count as attempts
// (0: 30 min). With KeepFailed the documents of jobs that fail are put aside for operators.
type Deps struct {
	Jobs           Jobs
	Uploads        Uploads
	Parser         Parser
	Catalogue      Catalogue
	Timelines      Timelines
	Clock          func() time.Time
	Logger         *slog.Logger
	Reporter       Reporter
	JobTimeout     time.Duration
	ParserTimeout  time.Duration
	OutagePatience time.Duration
	KeepFailed     bool
	Registerer     prometheus.Registerer
}

// Processor runs attempts. It is safe for concurrent use.
type Processor struct {
	Deps
	metrics  *metrics
	builders timeline.BuilderCache
	remains  remains
}

// New returns a processor.
func New(d Deps) *Processor {
	d.JobTimeout = cmp.Or(d.JobTimeout, defaultJobTimeout)
	if d.Reporter == nil {
		d.Reporter = silent{}
	}
	d.ParserTimeout = cmp.Or(d.ParserTimeout, defaultParserTimeout)
	d.OutagePatience = cmp.Or(d.OutagePatience, defaultPatience)
	return &Processor{Deps: d, metrics: newMetrics(d.Registerer)}
}

// errOver says that there is nothing to do: the job has ended, or is gone.
var errOver = fmt.Errorf("process: the job is over: %w", job.ErrSuperseded)

// Process runs one attempt. It returns nil when the job needs no other: it is done or gone. job.ErrSuperseded says that
// a newer run has begun, which need not be the last that the record hears of: if this one still has the task, it is to
// be delivered again. job.ErrInterrupted and *job.Postponement are of runs that do not count. Else it is the fault, with
// which the record says retrying or failed already.
func (p *Processor) Process(ctx context.Context, d job.Delivery) error {
	a := p.newAttempt(d)
	err := a.run(ctx)
	a.tell(err)
	if errors.Is(err, errOver) {
		return nil
	}
	return err
}

// run is an attempt from its beginning to what is written of it.
func (a *attempt) run(ctx context.Context) error {
	input, err := a.begin(ctx)
	switch {
	case fault.CodeOf(err) == fault.JobNotFound:
		// Deleted, expired, or lost by Redis between its record and its task. Only in the last case there are still files,
		// and then the sweep brings the job back from them.
		return errOver
	case err != nil:
		return unwritten(ctx, "begin", err)
	case a.record.State.Final():
		// Delivered again because the queue missed that it had ended; the document may have been missed with it.
		a.discard(ctx)
		return errOver
	case a.Crashes >= job.MaxCrashes:
		return a.fail(ctx, fault.Wrap(fault.WorkerLost, fmt.Errorf("process: %d workers were lost with it", a.Crashes)))
	case a.Attempt > job.MaxAttempts:
		// The queue counted attempts that never came to be written down.
		return a.fail(ctx, fault.Wrap(fault.Internal, errors.New("process: no attempt came to an end")))
	}
	result, err := a.build(ctx, input)
	if err == nil {
		return a.finish(ctx, result)
	}
	code := fault.CodeOf(err)
	switch {
	case errors.Is(context.Cause(ctx), job.ErrSuperseded):
		// Another worker has the task: the record is its to write.
		return fmt.Errorf("process: the task was taken back: %w", job.ErrSuperseded)
	case ctx.Err() != nil && code.Transient():
		// The process stops, or the queue has taken the task away: whatever failed, failed of that.
		return a.requeue(ctx)
	case a.waits(err):
		return a.postpone(ctx, err)
	case code.Transient() && !a.Last:
		return a.retry(ctx, err)
	}
	return a.fail(ctx, err)
}

func (a *attempt) begin(ctx context.Context) (input []byte, err error) {
	err = a.write(ctx, func(ctx context.Context) (err error) {
		a.record, input, err = a.p.Jobs.BeginAttempt(ctx, a.ID, a.Attempt)
		return err
	})
	return input, err
}

// build makes the result. A panic on the way is a fault like others.
func (a *attempt) build(ctx context.Context, input []byte) (result job.Stored, err error) {
	ctx, cancel := context.WithTimeout(ctx, a.p.JobTimeout)
	defer cancel()
	defer func() {
		if v := recover(); v != nil {
			// The value may hold anything of the document, the stack holds nothing.
			a.p.Logger.Error("a job panicked", "job_id", a.ID, "type", fmt.Sprintf("%T", v), "stack", string(debug.Stack()))
			if a.Last {
				a.p.Reporter.JobPanic(a.ID, v)
			}
			a.panicked = true
			err = fault.Wrap(fault.Internal, errors.New("process: panic"))
		}
	}()
	t, err := a.timeline(ctx, input)
	if err != nil {
		return job.Stored{}, err
	}
	defer a.step("pack")()
	return resultcodec.Result(t)
}

func (a *attempt) timeline(ctx context.Context, input []byte) (*timeline.Result, error) {
	// First, since without it the rest would be for nothing.
	loaded := a.step("catalogue")
	cat, err := a.p.Catalogue.Current(ctx)
	loaded()
	if err != nil {
		return nil, fmt.Errorf("process: catalogue: %w", err)
	}
	builder, now := a.p.builders.GetBuilder(cat), a.p.Clock()
	switch a.record.Kind {
	case job.File:
		doc, err := a.parse(ctx)
		if err != nil {
			return nil, err
		}
		defer a.step("build")()
		return builder.FromDocument(doc, now)
	case job.Form:
		form, err := wire.DecodeForm(bytes.NewReader(input))
		if err != nil {
			return nil, fmt.Errorf("process: form: %w", err)
		}
		defer a.step("build")()
		return builder.FromForm(form, now)
	case job.TimelineData:
		read := a.step("load")
		saved, err := a.p.Timelines.Get(ctx, a.record.Owner, string(input))
		read()
		if err != nil {
			return nil, fmt.Errorf("process: saved timeline: %w", err)
		}
		defer a.step("build")()
		return builder.FromSaved(saved, now)
	}
	return nil, fault.Wrap(fault.Internal, fmt.Errorf("process: no such kind of job: %q", a.record.Kind))
}

func (a *attempt) parse(ctx context.Context) (document.Document, error) {
	defer a.step("parse")()
	pdf, err := a.p.Uploads.Open(ctx, a.ID)
	if err != nil {
		return document.Document{}, fmt.Errorf("process: open: %w", err)
	}
	defer pdf.Close()
	ctx, cancel := context.WithTimeout(ctx, a.p.ParserTimeout)
	defer cancel()
	doc, err := a.p.Parser.Parse(ctx, pdf)
	if err != nil {
		return document.Document{}, fmt.Errorf("process: parse: %w", err)
	}
	return doc, nil
}
