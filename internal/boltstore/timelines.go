package boltstore

import (
	"cmp"
	"context"
	"crypto/rand"
	"encoding/hex"
	"slices"
	"strings"
	"time"

	"go.etcd.io/bbolt"

	"github.com/trackmydegree/trackmydegree/internal/fault"
	"github.com/trackmydegree/trackmydegree/internal/timeline"
	"github.com/trackmydegree/trackmydegree/internal/timelines"
)

// ownerKey names the bucket of an owner; the prefix keeps the key from being empty, which bbolt refuses.
func ownerKey(owner string) []byte { return []byte(ownerPrefix + owner) }

const ownerPrefix = "owner "

// ownerBucket returns the bucket of an owner, nil when the owner has no timeline.
func ownerBucket(tx *bbolt.Tx, owner string) *bbolt.Bucket {
	return tx.Bucket(timelinesBucket).Bucket(ownerKey(owner))
}

// currentTimeline reads the owner's timeline for a write that expects version, 0 for any.
func currentTimeline(tx *bbolt.Tx, owner, id string, version int64) (timeline.Saved, error) {
	b := ownerBucket(tx, owner)
	if b == nil {
		return timeline.Saved{}, fault.New(fault.TimelineNotFound)
	}
	t, err := getDocument[timeline.Saved](b, id, fault.TimelineNotFound)
	if err != nil {
		return timeline.Saved{}, err
	}
	if version != 0 && t.Version != version {
		return timeline.Saved{}, fault.New(fault.PreconditionFailed)
	}
	t.Owner = owner // not in the JSON
	return t, nil
}

// InsertTimeline stores a new timeline and returns it with id, version 1 and times.
func (s *Store) InsertTimeline(ctx context.Context, t timeline.Saved) (timeline.Saved, error) {
	if err := timelines.ValidateSaved(t); err != nil {
		return timeline.Saved{}, err
	}
	var id [12]byte
	_, _ = rand.Read(id[:]) // never fails
	t.ID, t.Version = hex.EncodeToString(id[:]), 1
	err := s.update(ctx, "insert a timeline", func(tx *bbolt.Tx) error {
		t.CreatedAt = s.now().UTC().Truncate(time.Millisecond)
		t.UpdatedAt = t.CreatedAt
		b, err := tx.Bucket(timelinesBucket).CreateBucketIfNotExists(ownerKey(t.Owner))
		if err != nil {
			return err
		}
		return putDocument(b, t.ID, t)
	})
	if err != nil {
		return timeline.Saved{}, err
	}
	return t, nil
}

// UpdateTimeline replaces the owner's fields of a timeline, if it is still at t.Version (0: at any version), and
// returns it with its new version; timeline_not_found when the owner has none, precondition_failed for another
// version.
func (s *Store) UpdateTimeline(ctx context.Context, t timeline.Saved) (timeline.Saved, error) {
	if err := timelines.ValidateSaved(t); err != nil {
		return timeline.Saved{}, err
	}
	err := s.update(ctx, "update a timeline", func(tx *bbolt.Tx) error {
		was, err := currentTimeline(tx, t.Owner, t.ID, t.Version)
		if err != nil {
			return err
		}
		t.Version, t.CreatedAt = was.Version+1, was.CreatedAt
		t.UpdatedAt = s.now().UTC().Truncate(time.Millisecond)
		return putDocument(ownerBucket(tx, t.Owner), t.ID, t)
	})
	if err != nil {
		return timeline.Saved{}, err
	}
	return t, nil
}

// FindTimeline returns a timeline of the owner; timeline_not_found when there is none or it belongs to another owner.
func (s *Store) FindTimeline(ctx context.Context, owner, id string) (timeline.Saved, error) {
	var t timeline.Saved
	err := s.view(ctx, "read a timeline", func(tx *bbolt.Tx) (err error) {
		t, err = currentTimeline(tx, owner, id, 0)
		return err
	})
	return t, err
}

// ListTimelines returns a page of the owner's timelines, latest update first, without semesters, states and extra
// courses, and the cursor of the next page ("" at the end); bad_request for a cursor that it did not return.
func (s *Store) ListTimelines(ctx context.Context, owner, cursor string, limit int) ([]timeline.Saved, string, error) {
	limit = timelines.PageSize(limit)
	var last timelines.Position
	if cursor != "" {
		var err error
		if last, err = timelines.DecodeCursor(cursor); err != nil {
			return nil, "", err
		}
	}
	ts := []timeline.Saved{}
	err := s.view(ctx, "list timelines", func(tx *bbolt.Tx) (err error) {
		if b := ownerBucket(tx, owner); b != nil {
			ts, err = allDocuments[timeline.Saved](b)
		}
		return err
	})
	if err != nil {
		return nil, "", err
	}
	// An owner has few timelines: sorting them costs less than maintaining an index.
	slices.SortFunc(ts, func(a, b timeline.Saved) int {
		return cmp.Or(b.UpdatedAt.Compare(a.UpdatedAt), cmp.Compare(b.ID, a.ID))
	})
	if cursor != "" {
		ts = slices.DeleteFunc(ts, func(t timeline.Saved) bool {
			return cmp.Or(t.UpdatedAt.Compare(last.UpdatedAt), cmp.Compare(t.ID, last.ID)) >= 0
		})
	}
	next := ""
	if len(ts) > limit {
		ts = ts[:limit]
		end := ts[limit-1]
		next = timelines.Position{UpdatedAt: end.UpdatedAt, ID: end.ID}.EncodeCursor()
	}
	for i := range ts {
		ts[i].Owner, ts[i].Semesters, ts[i].States, ts[i].Extra = owner, nil, nil, nil
		ts[i].Required, ts[i].Transfers, ts[i].Warnings, ts[i].Pins, ts[i].Waivers = 0, nil, nil, nil, nil
	}
	return ts, next, nil
}

// DeleteTimeline removes a timeline of the owner; version and errors as in UpdateTimeline.
func (s *Store) DeleteTimeline(ctx context.Context, owner, id string, version int64) error {
	return s.update(ctx, "delete a timeline", func(tx *bbolt.Tx) error {
		if _, err := currentTimeline(tx, owner, id, version); err != nil {
			return err
		}
		return ownerBucket(tx, owner).Delete([]byte(id))
	})
}

// VisitTimelines calls visit with every saved timeline of every owner, in no particular order, until it returns an
// error, which comes back as it is.
func (s *Store) VisitTimelines(ctx context.Context, visit func(timeline.Saved) error) error {
	var all []timeline.Saved
	err := s.view(ctx, "visit the timelines", func(tx *bbolt.Tx) error {
		owners := tx.Bucket(timelinesBucket)
		return owners.ForEachBucket(func(key []byte) error {
			saved, err := allDocuments[timeline.Saved](owners.Bucket(key))
			for i := range saved {
				saved[i].Owner = strings.TrimPrefix(string(key), ownerPrefix) // not in the JSON
			}
			all = append(all, saved...)
			return err
		})
	})
	if err != nil {
		return err
	}
	for _, saved := range all { // outside the transaction: visit may take its time
		if err := visit(saved); err != nil {
			return err
		}
	}
	return nil
}
