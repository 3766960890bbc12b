// Package executor runs one attempt of a job: it reads the input, builds the timeline and writes the outcome.
//
// An attempt may run twice, even on two workers at once. Each of its writes names the fence of its start. The
// deletion of the document cannot be fenced, so it happens only after the record is final.
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
	"github.com/trackmydegree/trackmydegree/internal/dependency"
	"github.com/trackmydegree/trackmydegree/internal/document"
	"github.com/trackmydegree/trackmydegree/internal/fault"
	"github.com/trackmydegree/trackmydegree/internal/job"
	"github.com/trackmydegree/trackmydegree/internal/resultcodec"
	"github.com/trackmydegree/trackmydegree/internal/timeline"
	"github.com/trackmydegree/trackmydegree/internal/timeline/wire"
	"github.com/trackmydegree/trackmydegree/internal/tracing"
)

const (
	defaultJobTimeout    = 60 * time.Second
	defaultParserTimeout = budget.ParserCall
	defaultPatience      = 30 * time.Minute
	// deleteTimeout bounds the deletion of a document. No client waits for it.
	deleteTimeout = 5 * time.Second
)

// Reporter receives the failures that operators should examine. Faults of documents are not among them.
type Reporter interface {
	// ReportJob reports a job that failed permanently because of a fault of ours.
	ReportJob(ctx context.Context, id job.ID, attempt int, err error)
	// ReportJobPanic reports a panic at a job's last attempt. It is called where the panic was recovered, so that the
	// stack is available.
	ReportJobPanic(ctx context.Context, id job.ID, value any)
}

// silent reports nothing.
type silent struct{}

func (silent) ReportJob(context.Context, job.ID, int, error) {}
func (silent) ReportJobPanic(context.Context, job.ID, any)   {}

// Deps are the dependencies of a Processor. Reporter is optional. JobTimeout bounds an attempt (0: 60 s),
// ParserTimeout one call of the parser (0: 20 s). OutagePatience is the age of a job up to which outages do not count
// as attempts (0: 30 min). Without Facts no job that fails for want of a degree can be answered. With KeepFailed the
// documents of failed jobs are kept for operators.
type Deps struct {
	Jobs           Jobs
	Uploads        Uploads
	Parser         Parser
	Catalogue      Catalogue
	Timelines      Timelines
	Facts          Facts
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
	deps     Deps
	metrics  *metrics
	builders timeline.BuilderCache
	ended    cleanupQueue
}

// New returns a processor. A missing dependency is an error.
func New(d Deps) (*Processor, error) {
	if err := dependency.Require("executor", d, "Jobs", "Uploads", "Parser", "Catalogue", "Timelines", "Clock", "Logger", "Registerer"); err != nil {
		return nil, err
	}
	d.JobTimeout = cmp.Or(d.JobTimeout, defaultJobTimeout)
	if d.Reporter == nil {
		d.Reporter = silent{}
	}
	d.ParserTimeout = cmp.Or(d.ParserTimeout, defaultParserTimeout)
	d.OutagePatience = cmp.Or(d.OutagePatience, defaultPatience)
	return &Processor{deps: d, metrics: newMetrics(d.Registerer)}, nil
}

// errOver says that there is nothing to do: the job has ended, or was deleted.
var errOver = fmt.Errorf("process: the job is over: %w", job.ErrSuperseded)

// errUnknownKind says that this version does not know the kind of a job: in an update a newer API, or a newer worker,
// has accepted it.
var errUnknownKind = fault.Wrap(fault.Internal, errors.New("process: this version does not know the kind of the job"))

// Process runs one attempt. It returns nil when the job needs no further attempt: it has ended or was deleted. It
// returns job.ErrSuperseded when a newer run has begun; if this worker still holds the task, the queue must deliver
// it again. job.ErrInterrupted and *job.Postponement are runs that do not count. Any other error is the fault, and
// the record already says retrying or failed.
func (p *Processor) Process(ctx context.Context, d job.Delivery) error {
	a := p.newAttempt(d)
	err := p.runAttempt(ctx, a)
	p.observeAttempt(ctx, a, err)
	if errors.Is(err, errOver) {
		return nil
	}
	return err
}

// runAttempt runs an attempt up to the write of its outcome.
func (p *Processor) runAttempt(ctx context.Context, a *attempt) error {
	input, err := p.beginAttempt(ctx, a)
	switch {
	case fault.CodeOf(err) == fault.JobNotFound:
		// The record was deleted, expired, or lost by Redis between its record and its task. Only in the last case
		// are there still files, from which repair restores the job.
		return errOver
	case err != nil:
		return writeFailure(ctx, "begin", err)
	case a.record.State.IsFinal():
		// The task was delivered again because the queue missed the end of the job; the files may still be there as
		// well.
		p.scheduleCleanup(ctx, a)
		return errOver
	case a.Crashes >= job.MaxCrashes:
		return p.failAttempt(ctx, a, fault.Wrap(fault.WorkerLost, fmt.Errorf("process: %d workers were lost with it", a.Crashes)))
	case a.Attempt > job.MaxAttempts:
		// The queue counted attempts whose outcome was never written.
		return p.failAttempt(ctx, a, fault.Wrap(fault.Internal, errors.New("process: no attempt came to an end")))
	}
	result, err := p.buildResult(ctx, a, input)
	if err == nil {
		return p.finishAttempt(ctx, a, result)
	}
	code := fault.CodeOf(err)
	switch {
	case errors.Is(context.Cause(ctx), job.ErrSuperseded):
		// Another worker holds the task: only that worker may write the record.
		return fmt.Errorf("process: the task was taken back: %w", job.ErrSuperseded)
	case ctx.Err() != nil && code.IsTransient():
		// The process stops, or the queue took the task from this worker: that caused any other error.
		return p.requeueAttempt(ctx, a)
	case p.shouldSnooze(a, err):
		return p.snoozeAttempt(ctx, a, err)
	case code.IsTransient() && !a.Last:
		return p.retryAttempt(ctx, a, err)
	}
	return p.failAttempt(ctx, a, err)
}

func (p *Processor) beginAttempt(ctx context.Context, a *attempt) (input []byte, err error) {
	err = p.writeRecord(ctx, func(ctx context.Context) (err error) {
		a.record, input, err = p.deps.Jobs.BeginAttempt(ctx, a.ID, a.Attempt)
		return err
	})
	if a.record.Fence-a.record.Base > 1 { // not the first run
		tracing.LinkFormer(ctx, a.record.Trace)
	}
	return input, err
}

// buildResult builds the result. It turns a panic into a fault.
func (p *Processor) buildResult(ctx context.Context, a *attempt, input []byte) (result job.Stored, err error) {
	limit := p.deps.JobTimeout
	if a.record.Kind == job.Plan {
		limit = min(limit, budget.PlanJob)
	}
	ctx, cancel := context.WithTimeout(ctx, limit)
	defer cancel()
	defer func() {
		if v := recover(); v != nil {
			// The value of a panic may contain personal data of the document; the stack does not.
			p.deps.Logger.ErrorContext(ctx, "a job panicked", "job_id", a.ID, "type", fmt.Sprintf("%T", v), "stack", string(debug.Stack()))
			if a.Last {
				p.deps.Reporter.ReportJobPanic(ctx, a.ID, v)
			}
			a.panicked = true
			err = fault.Wrap(fault.Internal, errors.New("process: panic"))
		}
	}()
	t, err := p.buildTimeline(ctx, a, input)
	if err != nil {
		return job.Stored{}, err
	}
	_, packed := a.startStep(ctx, "pack")
	defer packed()
	result, err = resultcodec.EncodeResult(t)
	if err == nil && a.document != nil {
		result.Reading, err = resultcodec.EncodeReading(*a.document)
	}
	return result, err
}

func (p *Processor) buildTimeline(ctx context.Context, a *attempt, input []byte) (*timeline.Result, error) {
	// The catalogue comes first, because without it the other steps are wasted.
	loading, loaded := a.startStep(ctx, "catalogue")
	_, err := p.deps.Catalogue.CurrentEditions(loading)
	loaded()
	if err != nil {
		return nil, fmt.Errorf("process: catalogue: %w", err)
	}
	now := p.deps.Clock()
	buildersFor := func(wanted string, chosen bool) (*timeline.Builders, error) {
		editions, err := p.deps.Catalogue.FindEditions(ctx, wanted, chosen)
		if err != nil {
			return nil, fmt.Errorf("process: catalogue: %w", err)
		}
		return p.builders.GetBuilders(editions), nil
	}
	switch a.record.Kind {
	case job.File:
		given, err := decodeInput(a, input)
		if err != nil {
			return nil, err
		}
		if err := p.readDocument(ctx, a); err != nil {
			return nil, err
		}
		ctx, built := a.startStep(ctx, "build")
		defer built()
		chosen := timeline.Choice{Degree: given.Degree, Calendar: given.Calendar}
		builders, err := buildersFor(timeline.WantedCalendar(*a.document, chosen), chosen.Calendar != "")
		if err != nil {
			return nil, err
		}
		builder := builders.ForDocument(*a.document, chosen)
		return addGraduation(ctx, builder, now)(builder.FromDocumentFor(*a.document, chosen, now))
	case job.Form:
		form, err := wire.DecodeForm(bytes.NewReader(input))
		if err != nil {
			return nil, fmt.Errorf("process: form: %w", err)
		}
		ctx, built := a.startStep(ctx, "build")
		defer built()
		builders, err := buildersFor(form.WantedCalendar(), form.Calendar != "")
		if err != nil {
			return nil, err
		}
		builder, err := builders.ForForm(form)
		if err != nil {
			return nil, err
		}
		return addGraduation(ctx, builder, now)(builder.FromForm(form, now))
	case job.TimelineData:
		given, err := decodeInput(a, input)
		if err != nil {
			return nil, err
		}
		reading, read := a.startStep(ctx, "load")
		saved, err := p.deps.Timelines.FindTimeline(reading, a.record.Owner, given.TimelineID)
		read()
		if err != nil {
			return nil, fmt.Errorf("process: saved timeline: %w", err)
		}
		ctx, built := a.startStep(ctx, "build")
		defer built()
		saved = saved.ForCalendar(given.Calendar)
		builders, err := buildersFor(saved.Calendar, saved.Calendar != "")
		if err != nil {
			return nil, err
		}
		builder := builders.ForSaved(saved)
		return addGraduation(ctx, builder, now)(builder.FromSaved(saved.ForDegree(given.Degree), now))
	case job.Plan:
		in, err := wire.DecodePlanInput(input)
		if err != nil {
			return nil, fmt.Errorf("process: plan: %w", err)
		}
		builders, err := buildersFor(in.Timeline.Calendar, in.Timeline.Calendar != "")
		if err != nil {
			return nil, err
		}
		builder := builders.ForSaved(in.Timeline)
		return addGraduation(ctx, builder, now)(p.planTimeline(ctx, a, builder, in))
	}
	return nil, errUnknownKind
}

// decodeInput reads what the owner gave for the job.
func decodeInput(a *attempt, input []byte) (job.Input, error) {
	given, err := job.DecodeInput(a.record.Kind, input)
	if err != nil {
		return given, fault.Wrap(fault.Internal, fmt.Errorf("process: %w", err))
	}
	return given, nil
}

// addGraduation returns a step that fills in of a timeline that was built when its degree can be complete.
func addGraduation(ctx context.Context, b *timeline.Builder, now time.Time) func(*timeline.Result, error) (*timeline.Result, error) {
	return func(r *timeline.Result, err error) (*timeline.Result, error) {
		if err != nil {
			return nil, err
		}
		return r, b.AddGraduation(ctx, r, now)
	}
}

// readDocument reads the document of the job, or the facts that are kept of it.
func (p *Processor) readDocument(ctx context.Context, a *attempt) error {
	read := p.parseDocument
	if a.record.FromFacts {
		read = p.loadFacts
	}
	doc, err := read(ctx, a)
	if err != nil {
		return err
	}
	a.document = &doc
	return nil
}

// planTimeline plans a timeline. Beyond budget.PlanSearch the best plan found is the answer, with what it
// does not prove; a plan that an interruption cut short is none.
func (p *Processor) planTimeline(ctx context.Context, a *attempt, builder *timeline.Builder, in timeline.PlanInput) (*timeline.Result, error) {
	ctx, planned := a.startStep(ctx, "plan")
	defer planned()
	search, cancel := context.WithTimeout(ctx, budget.PlanSearch)
	defer cancel()
	result, err := builder.FromPlan(search, in, p.deps.Clock())
	if ctx.Err() != nil {
		return nil, fmt.Errorf("process: plan: %w", ctx.Err())
	}
	return result, err
}

func (p *Processor) parseDocument(ctx context.Context, a *attempt) (document.Document, error) {
	ctx, parsed := a.startStep(ctx, "parse")
	defer parsed()
	pdf, err := p.deps.Uploads.Open(ctx, a.ID)
	if err != nil {
		return document.Document{}, fmt.Errorf("process: open: %w", err)
	}
	defer pdf.Close()
	ctx, cancel := context.WithTimeout(ctx, p.deps.ParserTimeout)
	defer cancel()
	doc, err := p.deps.Parser.Parse(ctx, pdf)
	if err != nil {
		return document.Document{}, fmt.Errorf("process: parse: %w", err)
	}
	return doc, nil
}
