// Package advising answers what a student asks of a timeline: what the degree still needs, which other degree is near,
// and how the rest can be done. It reads the stored result of a job, or a saved timeline; the document is never read
// again. All of it is by owner: what is another's is answered like what is not there.
//
// Each answer takes a bounded amount of work, and the same question gets the same answer.
package advising

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"runtime"
	"time"

	"github.com/trackmydegree/trackmydegree/internal/catalogue"
	"github.com/trackmydegree/trackmydegree/internal/dependency"
	"github.com/trackmydegree/trackmydegree/internal/fault"
	"github.com/trackmydegree/trackmydegree/internal/job"
	"github.com/trackmydegree/trackmydegree/internal/resultcodec"
	"github.com/trackmydegree/trackmydegree/internal/term"
	"github.com/trackmydegree/trackmydegree/internal/timeline"
)

// Jobs reads results.
type Jobs interface {
	// LoadWithResult returns a record and, when it is done, its result (gzip): the whole one, or the slim one;
	// job_not_found.
	LoadWithResult(ctx context.Context, id job.ID, slim bool) (job.Record, []byte, error)
}

// Timelines reads saved timelines.
type Timelines interface {
	// FindTimeline returns a timeline of the owner; timeline_not_found when there is none or it is another's.
	FindTimeline(ctx context.Context, owner, id string) (timeline.Saved, error)
}

// Catalogue returns the editions of the catalogue.
type Catalogue interface {
	CurrentEditions(ctx context.Context) (*catalogue.Editions, error)
}

// Deps is what an Advisor needs. All are required, apart from Workers: how many answers are computed at a time, 0 for
// as many as there are processors.
type Deps struct {
	Jobs      Jobs
	Timelines Timelines
	Catalogue Catalogue
	Clock     func() time.Time
	Workers   int
}

// Advisor opens timelines for questions. It is safe for concurrent use.
type Advisor struct {
	jobs      Jobs
	timelines Timelines
	catalogue Catalogue
	clock     func() time.Time
	builders  timeline.BuilderCache
	workers   chan struct{}
}

// New returns an advisor; an error names a dependency that is missing.
func New(d Deps) (*Advisor, error) {
	if err := dependency.Require("advising", d, "Jobs", "Timelines", "Catalogue", "Clock"); err != nil {
		return nil, err
	}
	if d.Workers < 1 {
		d.Workers = runtime.GOMAXPROCS(0)
	}
	return &Advisor{
		jobs: d.Jobs, timelines: d.Timelines, catalogue: d.Catalogue, clock: d.Clock, workers: make(chan struct{}, d.Workers),
	}, nil
}

// OpenJob opens the result of the owner's job. The errors are job_not_found, conflict for a job that is not done, and
// those of the stores.
func (a *Advisor) OpenJob(ctx context.Context, owner string, id job.ID) (*Case, error) {
	// The slim view holds every course that something is known of, and so all that a saved timeline keeps.
	record, packed, err := a.jobs.LoadWithResult(ctx, id, true)
	switch {
	case err != nil:
		return nil, err
	case record.Owner != owner:
		return nil, fault.New(fault.JobNotFound)
	case record.State != job.Done:
		return nil, fault.WithDetail(fault.Conflict, "The job is not done. Wait for it and try again.")
	}
	return a.newCase(ctx, fmt.Sprintf("job %s, version %d", id, record.Version), func() (timeline.Saved, error) {
		result, err := resultcodec.DecodeResult(packed)
		if err != nil {
			return timeline.Saved{}, fault.Wrap(fault.Internal, fmt.Errorf("advising: %w", err))
		}
		return result.ToSaved(), nil
	})
}

// OpenTimeline opens a saved timeline of the owner. The errors are timeline_not_found and those of the stores.
func (a *Advisor) OpenTimeline(ctx context.Context, owner, id string) (*Case, error) {
	saved, err := a.timelines.FindTimeline(ctx, owner, id)
	if err != nil {
		return nil, err
	}
	return a.newCase(ctx, fmt.Sprintf("timeline %s, version %d", id, saved.Version), func() (timeline.Saved, error) { return saved, nil })
}

// Case is one timeline that is open for questions, as it was when it was opened. It serves one request.
type Case struct {
	workers chan struct{} // holds a token for each answer that is computed
	// chooseBuilder returns the builder of the edition by which a timeline is measured.
	chooseBuilder func(timeline.Saved) *timeline.Builder
	now           time.Time
	source        string
	tag           string
	load          func() (timeline.Saved, error)
}

func (a *Advisor) newCase(ctx context.Context, source string, load func() (timeline.Saved, error)) (*Case, error) {
	editions, err := a.catalogue.CurrentEditions(ctx)
	if err != nil {
		return nil, err
	}
	now := a.clock()
	sum := sha256.Sum256([]byte(source + "\n" + editions.Version() + "\n" + term.FindCurrent(now).UpperLabel()))
	return &Case{
		workers: a.workers, chooseBuilder: a.builders.GetBuilders(editions).ForSaved, now: now, source: source,
		tag: hex.EncodeToString(sum[:8]), load: load,
	}, nil
}

// NewCase opens a timeline that is in no store, as seen at now. Source names it in the answers.
func NewCase(b *timeline.Builder, saved timeline.Saved, source string, now time.Time) *Case {
	return &Case{
		workers: make(chan struct{}, 1), now: now, source: source,
		chooseBuilder: func(timeline.Saved) *timeline.Builder { return b },
		load:          func() (timeline.Saved, error) { return saved, nil },
	}
}

// AnswerTag changes when an answer may: with the version of the timeline, the catalogue, and the term of the day. It is
// empty for a case of NewCase.
func (c *Case) AnswerTag() string { return c.tag }

// loadSubject reads the timeline as audits do.
func (c *Case) loadSubject() (timeline.Saved, *timeline.AuditSubject, error) {
	saved, err := c.load()
	if err != nil {
		return timeline.Saved{}, nil, err
	}
	s, err := c.chooseBuilder(saved).NewAuditSubject(saved, c.now)
	if err != nil {
		return timeline.Saved{}, nil, err
	}
	s.Record.GeneratedFrom = c.source
	return saved, s, nil
}

// computeAnswer runs an answer when one of the workers is free, so that many questions at a time leave the process time
// for its other requests. An answer whose context has ended meanwhile is dropped: a part of it may be cut short.
func (c *Case) computeAnswer(ctx context.Context, answer func() error) error {
	select {
	case c.workers <- struct{}{}:
	case <-ctx.Done():
		return fmt.Errorf("advising: wait: %w", ctx.Err())
	}
	defer func() { <-c.workers }()
	err := answer()
	if ended := ctx.Err(); ended != nil {
		return fmt.Errorf("advising: %w", ended)
	}
	return err
}
