package jobstore

import (
	"context"
	"slices"

	"github.com/redis/go-redis/v9"

	"github.com/trackmydegree/trackmydegree/internal/job"
	"github.com/trackmydegree/trackmydegree/internal/queuemodel"
)

// LoadLife returns the events of a job's life in their order; none for an unknown job, and for one that was accepted
// by a version that recorded none. An entry that cannot be decoded is left out.
func (s *Store) LoadLife(ctx context.Context, id job.ID) ([]job.LifeEvent, error) {
	entries, err := s.redis.LRange(ctx, queuemodel.LifeKey(id), 0, -1).Result()
	if err != nil {
		return nil, toFault(ctx, "load life", err)
	}
	life := make([]job.LifeEvent, 0, len(entries))
	for _, entry := range entries {
		e, ok := queuemodel.DecodeLifeEvent(entry)
		if !ok {
			continue
		}
		at := len(life)
		for at > 0 && isRecordedLate(life[at-1], e) {
			at--
		}
		life = slices.Insert(life, at, e)
	}
	return life, nil
}

// isRecordedLate reports whether an event happened before the one that was recorded before it. That a task is queued is
// recorded after it is in its queue: by then a worker may have claimed it.
func isRecordedLate(before, e job.LifeEvent) bool {
	return e.What == job.MilestoneQueued && before.At.After(e.At) &&
		(before.What == job.MilestoneClaimed || before.What == job.MilestoneStarted)
}

// RecordDocumentsDeleted adds to the lives of jobs that their documents are no longer stored, in one round trip.
// A job without a stored life stays without one.
func (s *Store) RecordDocumentsDeleted(ctx context.Context, ids []job.ID) error {
	entry := queuemodel.EncodeLifeEvent(job.LifeEvent{At: s.clock(), What: job.MilestoneDocumentDeleted, Worker: s.host})
	_, err := s.redis.Pipelined(ctx, func(p redis.Pipeliner) error {
		for _, id := range ids {
			p.RPushX(ctx, queuemodel.LifeKey(id), entry)
		}
		return nil
	})
	return toFault(ctx, "record documents deleted", err)
}
