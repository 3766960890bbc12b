// Package account handles everything of one owner at once: it exports and erases it, and hands what a guest owns to
// the account with which the guest signs in.
package account

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"time"

	"github.com/trackmydegree/trackmydegree/internal/dependency"
	"github.com/trackmydegree/trackmydegree/internal/fault"
	"github.com/trackmydegree/trackmydegree/internal/guest"
	"github.com/trackmydegree/trackmydegree/internal/job"
	"github.com/trackmydegree/trackmydegree/internal/timeline"
	"github.com/trackmydegree/trackmydegree/internal/timelines"
)

const (
	// rounds is how often Erase and Claim look for jobs: those that the owner submits during the first round are found
	// by the second.
	rounds = 3
	// cleanupEvery is the pause between two cleanups of the timelines of guests.
	cleanupEvery = time.Minute
)

// Jobs stores job records.
type Jobs interface {
	// ListOwned returns the records of an owner's jobs, the latest change first, and of those that failed and are kept
	// for operators.
	ListOwned(ctx context.Context, owner string) ([]job.Record, error)
	// DeleteJob deletes a record, its input, its result and its copy for operators. It is idempotent.
	DeleteJob(ctx context.Context, id job.ID) error
	// TransferJob makes another owner the owner of a job, unless the job has an owner other than from. It is
	// idempotent.
	TransferJob(ctx context.Context, id job.ID, from, to string) error
}

// Timelines stores saved timelines.
type Timelines interface {
	FindTimeline(ctx context.Context, owner, id string) (timeline.Saved, error)
	ListTimelines(ctx context.Context, owner, cursor string, limit int) ([]timeline.Saved, string, error)
	// DeleteTimelines deletes every timeline of an owner and returns their number.
	DeleteTimelines(ctx context.Context, owner string) (int, error)
	// TransferTimelines makes another owner the owner of every timeline of from. It is idempotent.
	TransferTimelines(ctx context.Context, from, to string) error
	// DeleteExpiredTimelines deletes the timelines of guests that ended before a time, and returns their number.
	DeleteExpiredTimelines(ctx context.Context, before time.Time) (int, error)
}

// Uploads stores documents and tickets.
type Uploads interface {
	// LoadTicket returns the ticket of a job; job_not_found when there is none.
	LoadTicket(ctx context.Context, id job.ID) (job.Ticket, error)
	// ReplaceTicket stores another ticket for a job that has one, and leaves its document.
	ReplaceTicket(ctx context.Context, t job.Ticket) error
	// DeleteAll deletes the document, kept or not, and the ticket. It is idempotent.
	DeleteAll(ctx context.Context, id job.ID) error
}

// Deps are the dependencies of a Service.
type Deps struct {
	Jobs      Jobs
	Timelines Timelines
	Uploads   Uploads
	Clock     func() time.Time
	Logger    *slog.Logger
}

// Service handles everything of one owner. It is safe for concurrent use.
type Service struct{ deps Deps }

// New returns a service. A missing dependency is an error.
func New(d Deps) (*Service, error) {
	if err := dependency.Require("account", d, "Jobs", "Timelines", "Uploads", "Clock", "Logger"); err != nil {
		return nil, err
	}
	return &Service{d}, nil
}

// Export is everything that is stored of an owner, besides the results of jobs, which have addresses of their own.
type Export struct {
	Timelines []timeline.Saved
	Jobs      []job.Record
}

// ExportAll returns everything of an owner.
func (s *Service) ExportAll(ctx context.Context, owner string) (Export, error) {
	records, err := s.deps.Jobs.ListOwned(ctx, owner)
	if err != nil {
		return Export{}, fmt.Errorf("account: export: %w", err)
	}
	all := Export{Jobs: records, Timelines: []timeline.Saved{}}
	for cursor := ""; ; {
		page, next, err := s.deps.Timelines.ListTimelines(ctx, owner, cursor, timelines.MaxPage)
		if err != nil {
			return Export{}, fmt.Errorf("account: export: %w", err)
		}
		for _, listed := range page {
			saved, err := s.deps.Timelines.FindTimeline(ctx, owner, listed.ID)
			if fault.CodeOf(err) == fault.TimelineNotFound {
				continue // deleted in the meantime
			}
			if err != nil {
				return Export{}, fmt.Errorf("account: export: %w", err)
			}
			all.Timelines = append(all.Timelines, saved)
		}
		if cursor = next; cursor == "" {
			return all, nil
		}
	}
}

// EraseAll deletes everything of an owner: files, jobs and timelines. A worker that runs one of the jobs can write
// nothing more. A failure leaves what was not deleted yet; EraseAll is idempotent.
func (s *Service) EraseAll(ctx context.Context, owner string) error {
	for range rounds {
		records, err := s.deps.Jobs.ListOwned(ctx, owner)
		if err != nil {
			return fmt.Errorf("account: erase: %w", err)
		}
		if len(records) == 0 {
			break
		}
		for _, r := range records {
			// In the order of a single deletion: a ticket without a record would restore the job.
			if err := s.deps.Uploads.DeleteAll(ctx, r.ID); err != nil {
				return fmt.Errorf("account: erase: %w", err)
			}
			if err := s.deps.Jobs.DeleteJob(ctx, r.ID); err != nil {
				return fmt.Errorf("account: erase: %w", err)
			}
		}
	}
	if _, err := s.deps.Timelines.DeleteTimelines(ctx, owner); err != nil {
		return fmt.Errorf("account: erase: %w", err)
	}
	return nil
}

// ClaimGuest hands everything of a guest to an account. Each job and each timeline has one owner at any moment, so a
// crash in between loses nothing: the same call again transfers the rest. A guest without anything is no error.
func (s *Service) ClaimGuest(ctx context.Context, from, to string) error {
	if !guest.IsOwner(from) || guest.IsOwner(to) || to == "" {
		return fault.Wrap(fault.Internal, errors.New("account: claim: not from a guest to an account"))
	}
	for range rounds {
		records, err := s.deps.Jobs.ListOwned(ctx, from)
		if err != nil {
			return fmt.Errorf("account: claim: %w", err)
		}
		if len(records) == 0 {
			break
		}
		for _, r := range records {
			if err := s.transferJob(ctx, r, from, to); err != nil {
				return fmt.Errorf("account: claim: %w", err)
			}
		}
	}
	if err := s.deps.Timelines.TransferTimelines(ctx, from, to); err != nil {
		return fmt.Errorf("account: claim: %w", err)
	}
	return nil
}

// transferJob transfers the ticket of a job, with which the job is restored after a loss of Redis, and then its record,
// with which the guest finds it.
func (s *Service) transferJob(ctx context.Context, r job.Record, from, to string) error {
	if !r.State.IsFinal() {
		ticket, err := s.deps.Uploads.LoadTicket(ctx, r.ID)
		if err == nil && ticket.Owner == from {
			ticket.Owner = to
			err = s.deps.Uploads.ReplaceTicket(ctx, ticket)
		}
		if err != nil && fault.CodeOf(err) != fault.JobNotFound && !errors.Is(err, job.ErrTicket) {
			return err
		}
	}
	return s.deps.Jobs.TransferJob(ctx, r.ID, from, to)
}

// Run deletes the timelines of guests whose day is over, until ctx ends. Every process may run it. What a guest has in
// Redis expires there.
func (s *Service) Run(ctx context.Context) error {
	for failing := false; ; {
		n, err := s.deps.Timelines.DeleteExpiredTimelines(ctx, s.deps.Clock())
		switch {
		case ctx.Err() != nil:
		case err != nil && !failing:
			s.deps.Logger.WarnContext(ctx, "the timelines of guests are not deleted", "error", err)
		case n > 0:
			s.deps.Logger.InfoContext(ctx, "timelines of guests are deleted", "timelines", n)
		}
		failing = err != nil
		pause := time.NewTimer(cleanupEvery)
		select {
		case <-ctx.Done():
			pause.Stop()
			return nil
		case <-pause.C:
		}
	}
}
