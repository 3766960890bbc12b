// Package timelines lets owners edit the results of their jobs and save them as timelines. Another owner's job or
// timeline gives the same error as one that does not exist.
package timelines

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/trackmydegree/trackmydegree/internal/budget"
	"github.com/trackmydegree/trackmydegree/internal/dependency"
	"github.com/trackmydegree/trackmydegree/internal/fault"
	"github.com/trackmydegree/trackmydegree/internal/job"
	"github.com/trackmydegree/trackmydegree/internal/resultcodec"
	"github.com/trackmydegree/trackmydegree/internal/timeline"
)

const (
	// MaxName is the largest number of characters of a timeline's name.
	MaxName = 100
	// tries is how often a change without a version is repeated after concurrent changes.
	tries = 8
	// undoTimeout bounds the undoing of a failed save. It does not depend on the client, which may have disconnected.
	undoTimeout = budget.SaveUndo
)

// Deps are the dependencies of an Editor.
type Deps struct {
	Jobs      Jobs
	Timelines Timelines
	Catalogue Catalogue
	Clock     func() time.Time
}

// Editor edits results and saves timelines. It is safe for concurrent use.
type Editor struct {
	deps     Deps
	builders timeline.BuilderCache
}

// New returns an editor. A missing dependency is an error.
func New(d Deps) (*Editor, error) {
	if err := dependency.Require("timelines", d, "Jobs", "Timelines", "Catalogue", "Clock"); err != nil {
		return nil, err
	}
	return &Editor{deps: d}, nil
}

// SaveResult stores the result of a done job as a timeline, and writes the timeline's id into the result: saving the
// same result again updates the same timeline. With an empty name it takes the result's name, or else the degree's. It
// returns job_not_found, conflict for a job that is not done, and invalid_form for the name.
func (e *Editor) SaveResult(ctx context.Context, owner string, id job.ID, name string) (timeline.Saved, error) {
	name, err := checkName(name)
	if err != nil {
		return timeline.Saved{}, err
	}
	var saved timeline.Saved
	err = retryChange(0, func() error {
		record, result, err := e.loadResult(ctx, owner, id)
		if err != nil {
			return err
		}
		s := result.ToSaved()
		s.Owner, s.Name = owner, cmp.Or(name, s.Name, result.Degree.Name)
		inserted := false
		if saved, inserted, err = e.storeTimeline(ctx, s); err != nil {
			return err
		}
		if result.ID == saved.ID && result.TimelineName == saved.Name {
			return nil
		}
		result.ID, result.TimelineName = saved.ID, saved.Name
		_, _, err = e.replaceResult(ctx, record, result)
		if err == nil || !inserted {
			return err
		}
		// The result does not contain the timeline's id: another save would create a second timeline.
		if undo := e.undoInsert(ctx, saved); undo != nil {
			return errors.Join(undo, err) // first the error that must not be retried
		}
		return err
	})
	if err != nil {
		return timeline.Saved{}, err
	}
	return saved, nil
}

// ImportTimeline stores a timeline that was exported, under a new id. It takes what the catalogue of today makes of it.
// With an empty name it takes the degree's. The errors are invalid_form and degree_not_found.
func (e *Editor) ImportTimeline(ctx context.Context, owner string, s timeline.Saved, name string) (timeline.Saved, error) {
	name, err := checkName(name)
	if err != nil {
		return timeline.Saved{}, err
	}
	editions, err := e.deps.Catalogue.CurrentEditions(ctx)
	if err != nil {
		return timeline.Saved{}, err
	}
	result, err := e.builders.GetBuilders(editions).ForSaved(s).FromSaved(s, e.deps.Clock())
	if err != nil {
		return timeline.Saved{}, err
	}
	next := result.ToSaved()
	next.ID, next.Owner, next.Name = "", owner, cmp.Or(name, result.Degree.Name)
	if err := ValidateSaved(next); err != nil {
		return timeline.Saved{}, err
	}
	return e.deps.Timelines.InsertTimeline(ctx, next)
}

// storeTimeline updates the timeline that s names. It inserts s when s names none, or a deleted one.
func (e *Editor) storeTimeline(ctx context.Context, s timeline.Saved) (saved timeline.Saved, inserted bool, err error) {
	if s.ID != "" {
		saved, err = e.deps.Timelines.UpdateTimeline(ctx, s)
		if fault.CodeOf(err) != fault.TimelineNotFound {
			return saved, false, err
		}
	}
	saved, err = e.deps.Timelines.InsertTimeline(ctx, s)
	return saved, err == nil, err
}

// undoInsert deletes a timeline that was just inserted.
func (e *Editor) undoInsert(ctx context.Context, s timeline.Saved) error {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), undoTimeout)
	defer cancel()
	if err := e.deps.Timelines.DeleteTimeline(ctx, s.Owner, s.ID, 0); err != nil {
		return fmt.Errorf("take back the saved timeline: %w", err)
	}
	return nil
}

// UpdateTimeline renames a timeline, replaces it with the result of a job, or both; version as in EditResult. Without a
// name, a replacement takes the result's, and otherwise the timeline keeps its own. It returns timeline_not_found,
// precondition_failed, invalid_form, and for the job the errors of Save.
func (e *Editor) UpdateTimeline(ctx context.Context, owner, id string, version int64, name *string, from *job.ID) (timeline.Saved, error) {
	if name == nil && from == nil {
		return timeline.Saved{}, invalidName("Give a new name, or the job whose result replaces the timeline.")
	}
	wanted := ""
	if name != nil {
		var err error
		if wanted, err = checkName(*name); err != nil {
			return timeline.Saved{}, err
		}
		if wanted == "" {
			return timeline.Saved{}, invalidName("A name has at least one character.")
		}
	}
	var saved timeline.Saved
	err := retryChange(version, func() error {
		s, err := e.deps.Timelines.FindTimeline(ctx, owner, id)
		if err != nil {
			return err
		}
		at, own := s.Version, s.Name
		if version != 0 && at != version {
			return fault.New(fault.PreconditionFailed)
		}
		if from != nil {
			_, result, err := e.loadResult(ctx, owner, *from)
			if err != nil {
				return err
			}
			s = result.ToSaved()
		}
		s.ID, s.Owner, s.Version, s.Name = id, owner, at, cmp.Or(wanted, s.Name, own)
		saved, err = e.deps.Timelines.UpdateTimeline(ctx, s)
		return err
	})
	return saved, err
}

// FindTimeline returns a timeline; timeline_not_found.
func (e *Editor) FindTimeline(ctx context.Context, owner, id string) (timeline.Saved, error) {
	return e.deps.Timelines.FindTimeline(ctx, owner, id)
}

// ListTimelines returns a page of the owner's timelines; see Timelines.
func (e *Editor) ListTimelines(ctx context.Context, owner, cursor string, limit int) ([]timeline.Saved, string, error) {
	return e.deps.Timelines.ListTimelines(ctx, owner, cursor, limit)
}

// DeleteTimeline removes a timeline; version as in EditResult.
func (e *Editor) DeleteTimeline(ctx context.Context, owner, id string, version int64) error {
	return e.deps.Timelines.DeleteTimeline(ctx, owner, id, version)
}

// loadResult returns the record of the owner's job and its result.
func (e *Editor) loadResult(ctx context.Context, owner string, id job.ID) (job.Record, *timeline.Result, error) {
	record, packed, err := e.deps.Jobs.LoadResult(ctx, id)
	if err != nil {
		return job.Record{}, nil, err
	}
	return openResult(owner, record, packed)
}

// openResult unpacks what the owner's job built.
func openResult(owner string, record job.Record, packed []byte) (job.Record, *timeline.Result, error) {
	if record.Owner != owner {
		return job.Record{}, nil, fault.New(fault.JobNotFound)
	}
	if record.State != job.Done {
		return job.Record{}, nil, fault.New(fault.Conflict)
	}
	result, err := resultcodec.DecodeResult(packed)
	if err != nil {
		return job.Record{}, nil, fault.Wrap(fault.Internal, fmt.Errorf("timelines: %w", err))
	}
	return record, result, nil
}

// replaceResult stores a changed result if the record has not changed since it was read. It returns the new version and
// what was stored.
func (e *Editor) replaceResult(ctx context.Context, record job.Record, result *timeline.Result) (int64, job.Stored, error) {
	stored, err := resultcodec.EncodeResult(result)
	if err != nil {
		return 0, job.Stored{}, fault.Wrap(fault.Internal, fmt.Errorf("timelines: %w", err))
	}
	version, err := e.deps.Jobs.ReplaceResult(ctx, record.ID, record.Version, stored)
	return version, stored, err
}

// retryChange makes a change. When the caller named no version it repeats the change after concurrent ones, at most
// tries times. Then it returns conflict, because the caller set no precondition that could have failed.
func retryChange(version int64, change func() error) error {
	for try := 1; ; try++ {
		err := change()
		if version != 0 || fault.CodeOf(err) != fault.PreconditionFailed {
			return err
		}
		if try == tries {
			return &fault.Error{Code: fault.Conflict, Cause: err, Detail: "Others are changing it at this moment. Wait a second and try again."}
		}
	}
}

func checkName(name string) (string, error) {
	name = strings.TrimSpace(name)
	if utf8.RuneCountInString(name) > MaxName || !utf8.ValidString(name) {
		return "", invalidName(fmt.Sprintf("A name has at most %d characters.", MaxName))
	}
	if !timeline.IsOneLine(name) {
		return "", invalidName("A name is one line, without control characters.")
	}
	return name, nil
}

func invalidName(message string) error {
	return &fault.Error{Code: fault.InvalidForm, Fields: []fault.Field{{Path: "timelineName", Message: message}}}
}
