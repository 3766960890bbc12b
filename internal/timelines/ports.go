package timelines

import (
	"context"

	"github.com/trackmydegree/trackmydegree/internal/catalogue"
	"github.com/trackmydegree/trackmydegree/internal/job"
	"github.com/trackmydegree/trackmydegree/internal/timeline"
)

// Jobs stores the records and results that are edited.
type Jobs interface {
	// LoadResult returns a record and, when it is done, its full result (gzip).
	LoadResult(ctx context.Context, id job.ID) (job.Record, []byte, error)
	// LoadWithResult is LoadResult that returns the slim view of the result where slim is set.
	LoadWithResult(ctx context.Context, id job.ID, slim bool) (job.Record, []byte, error)
	// ReplaceResult stores an edited result if the record is done and still at version, and returns the new version.
	// It returns conflict for a record that is not done and precondition_failed for another version.
	ReplaceResult(ctx context.Context, id job.ID, version int64, result job.Stored) (int64, error)
}

// Timelines stores saved timelines by owner: another owner's timeline is timeline_not_found.
type Timelines interface {
	// InsertTimeline stores a new timeline and returns it with id, version 1 and times.
	InsertTimeline(ctx context.Context, s timeline.Saved) (timeline.Saved, error)
	// UpdateTimeline replaces a timeline if it is still at s.Version (0: at any version) and returns it with its new
	// version; precondition_failed for another version.
	UpdateTimeline(ctx context.Context, s timeline.Saved) (timeline.Saved, error)
	FindTimeline(ctx context.Context, owner, id string) (timeline.Saved, error)
	// ListTimelines returns the owner's timelines, latest update first, without semesters and states, and the cursor
	// of the next page ("" at the end).
	ListTimelines(ctx context.Context, owner, cursor string, limit int) ([]timeline.Saved, string, error)
	// DeleteTimeline removes a timeline; version as in UpdateTimeline.
	DeleteTimeline(ctx context.Context, owner, id string, version int64) error
}

// Catalogue returns the editions of the catalogue.
type Catalogue interface {
	CurrentEditions(ctx context.Context) (*catalogue.Editions, error)
}
