package executor

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/trackmydegree/trackmydegree/internal/document"
	"github.com/trackmydegree/trackmydegree/internal/fault"
	"github.com/trackmydegree/trackmydegree/internal/job"
	"github.com/trackmydegree/trackmydegree/internal/resultcodec"
)

// loadFacts returns the facts that are kept of the document of a job that was answered.
func (p *Processor) loadFacts(ctx context.Context, a *attempt) (document.Document, error) {
	ctx, loaded := a.startStep(ctx, "facts")
	defer loaded()
	sealed, err := p.deps.Jobs.LoadFacts(ctx, a.ID)
	if err != nil {
		return document.Document{}, fmt.Errorf("process: facts: %w", err)
	}
	if p.deps.Facts == nil {
		return document.Document{}, fault.Wrap(fault.FactsExpired, errors.New("process: facts: nothing decrypts them"))
	}
	doc, until, err := p.deps.Facts.Open(a.ID, sealed)
	if err != nil {
		// The secret has changed since. No attempt can read them, so the job fails at once.
		return document.Document{}, fault.Wrap(fault.FactsExpired, fmt.Errorf("process: facts: %w", err))
	}
	a.factsEnd = until
	return doc, nil
}

// needsDegree reports whether a fault is one that its owner can mend by choosing a degree.
func needsDegree(err error) bool {
	switch fault.CodeOf(err) {
	case fault.DegreeNotFound, fault.DegreeAmbiguous, fault.DegreeMissing:
		return true
	}
	return false
}

// keepFacts returns what is kept with a job that fails for want of a degree; nothing for another fault, and when the
// hour since the first such failure is over. A job whose facts cannot be kept fails without them.
func (p *Processor) keepFacts(a *attempt, cause error) job.KeptFacts {
	if a.document == nil || p.deps.Facts == nil || !needsDegree(cause) {
		return job.KeptFacts{}
	}
	now := p.deps.Clock()
	until := a.factsEnd
	if until.IsZero() {
		until = now.Add(job.AnswerTTL).Truncate(time.Millisecond)
	}
	if !now.Before(until) {
		return job.KeptFacts{}
	}
	sealed, err := p.deps.Facts.Seal(a.ID, *a.document, until)
	if err == nil && len(sealed) > job.MaxFacts {
		err = fmt.Errorf("%d bytes", len(sealed))
	}
	if err != nil {
		p.deps.Logger.Warn("the facts of a failed job are not kept", "job_id", a.ID, "error", err)
		return job.KeptFacts{}
	}
	reading, err := resultcodec.EncodeReading(*a.document)
	if err != nil {
		p.deps.Logger.Warn("what was read of a failed job is not kept", "job_id", a.ID, "error", err)
	}
	return job.KeptFacts{Sealed: sealed, Until: until, Reading: reading}
}
