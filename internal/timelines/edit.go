package timelines

import (
	"cmp"
	"context"

	"github.com/trackmydegree/trackmydegree/internal/fault"
	"github.com/trackmydegree/trackmydegree/internal/job"
	"github.com/trackmydegree/trackmydegree/internal/timeline"
	"github.com/trackmydegree/trackmydegree/internal/timeline/fieldfault"
	"github.com/trackmydegree/trackmydegree/internal/timeline/wire"
)

// Edited is the result of a job after an edit.
type Edited struct {
	Record job.Record // at its new version
	Result job.Stored
	Delta  *timeline.Delta
}

// EditResult applies a patch to the result of a job. With version 0 it edits whatever there is; with another the
// record must be at it, or the error is precondition_failed. Others are job_not_found, conflict for a job that is not
// done or that others are faster to change all the time, and invalid_form for the patch, of which nothing is applied
// then.
func (e *Editor) EditResult(ctx context.Context, owner string, id job.ID, version int64, patch timeline.Patch) (Edited, error) {
	if err := wire.ValidatePatch(patch); err != nil {
		return Edited{}, fieldfault.Merge(err, e.CheckResultPatch(ctx, owner, id, version, patch))
	}
	var edited Edited
	err := retryChange(version, func() error {
		record, before, builder, err := e.openForEdit(ctx, owner, id, version)
		if err != nil {
			return err
		}
		now := e.deps.Clock()
		after, err := builder.ApplyPatch(before, patch, now)
		if err != nil {
			return err
		}
		if err := builder.AddGraduation(ctx, after, now); err != nil {
			return err
		}
		if record.Version, edited.Result, err = e.replaceResult(ctx, record, after); err != nil {
			return err
		}
		record.UpdatedAt = now.UTC()
		edited.Record, edited.Delta = record, timeline.CompareResults(before, after)
		return nil
	})
	if err != nil {
		return Edited{}, err
	}
	return edited, nil
}

// CheckResultPatch returns the error of EditResult for a patch, which may have faults of its own. It edits nothing.
// With the faults that package wire finds it gives all faults of one request.
func (e *Editor) CheckResultPatch(ctx context.Context, owner string, id job.ID, version int64, patch timeline.Patch) error {
	_, before, builder, err := e.openForEdit(ctx, owner, id, version)
	if err == nil {
		_, err = builder.ApplyPatch(before, patch, e.deps.Clock())
	}
	return err
}

// openForEdit loads the result of a job, and the builder of its edition.
func (e *Editor) openForEdit(
	ctx context.Context, owner string, id job.ID, version int64,
) (job.Record, *timeline.Result, *timeline.Builder, error) {
	// The slim view has all that an edit keeps, at a tenth of the size.
	record, packed, err := e.deps.Jobs.LoadWithResult(ctx, id, true)
	if err != nil {
		return job.Record{}, nil, nil, err
	}
	record, before, err := openResult(owner, record, packed)
	if err != nil {
		return job.Record{}, nil, nil, err
	}
	if version != 0 && record.Version != version {
		return job.Record{}, nil, nil, fault.New(fault.PreconditionFailed)
	}
	editions, err := e.deps.Catalogue.CurrentEditions(ctx)
	if err != nil {
		return job.Record{}, nil, nil, err
	}
	return record, before, e.builders.GetBuilders(editions).ForResult(before), nil
}

// EditTimeline applies a patch to a saved timeline and returns it with its new version, and what changed since the
// version before as both are seen today; version as in EditResult. Errors are timeline_not_found, precondition_failed,
// conflict for a timeline that others are faster to change all the time, invalid_form, and degree_not_found for a
// degree that the catalogue no longer has.
func (e *Editor) EditTimeline(
	ctx context.Context, owner, id string, version int64, patch timeline.Patch,
) (timeline.Saved, *timeline.Delta, error) {
	if err := wire.ValidatePatch(patch); err != nil {
		return timeline.Saved{}, nil, fieldfault.Merge(err, e.CheckTimelinePatch(ctx, owner, id, version, patch))
	}
	var saved timeline.Saved
	var delta *timeline.Delta
	err := retryChange(version, func() error {
		s, before, builder, err := e.openTimelineForEdit(ctx, owner, id, version)
		if err != nil {
			return err
		}
		now := e.deps.Clock()
		after, err := builder.ApplyPatch(before, patch, now)
		if err != nil {
			return err
		}
		for _, r := range []*timeline.Result{before, after} {
			if err := builder.AddGraduation(ctx, r, now); err != nil {
				return err
			}
		}
		next := after.ToSaved()
		next.ID, next.Owner, next.Version = s.ID, s.Owner, s.Version
		if next.Name, err = checkName(cmp.Or(next.Name, s.Name)); err != nil {
			return err
		}
		if saved, err = e.deps.Timelines.UpdateTimeline(ctx, next); err != nil {
			return err
		}
		delta = timeline.CompareResults(before, after)
		return nil
	})
	if err != nil {
		return timeline.Saved{}, nil, err
	}
	return saved, delta, nil
}

// CheckTimelinePatch is CheckResultPatch for a saved timeline.
func (e *Editor) CheckTimelinePatch(ctx context.Context, owner, id string, version int64, patch timeline.Patch) error {
	_, before, builder, err := e.openTimelineForEdit(ctx, owner, id, version)
	if err == nil {
		_, err = builder.ApplyPatch(before, patch, e.deps.Clock())
	}
	return err
}

// openTimelineForEdit loads a saved timeline, what is made of it today, and the builder of its edition.
func (e *Editor) openTimelineForEdit(
	ctx context.Context, owner, id string, version int64,
) (timeline.Saved, *timeline.Result, *timeline.Builder, error) {
	s, err := e.deps.Timelines.FindTimeline(ctx, owner, id)
	if err != nil {
		return timeline.Saved{}, nil, nil, err
	}
	if version != 0 && s.Version != version {
		return timeline.Saved{}, nil, nil, fault.New(fault.PreconditionFailed)
	}
	editions, err := e.deps.Catalogue.CurrentEditions(ctx)
	if err != nil {
		return timeline.Saved{}, nil, nil, err
	}
	builder := e.builders.GetBuilders(editions).ForSaved(s)
	before, err := builder.FromSaved(s, e.deps.Clock())
	return s, before, builder, err
}
