package boltstore

import (
	"context"
	"encoding/json"
	"strings"

	"go.etcd.io/bbolt"

	"github.com/trackmydegree/trackmydegree/internal/timeline"
)

// FindTimelines returns those timelines of any owner that have one of the ids, by id. It looks at each owner, of whom a
// file has few.
func (s *Store) FindTimelines(ctx context.Context, ids []string) (map[string]timeline.Saved, error) {
	found := map[string]timeline.Saved{}
	err := s.view(ctx, "find timelines", func(tx *bbolt.Tx) error {
		owners := tx.Bucket(timelinesBucket)
		return owners.ForEachBucket(func(key []byte) error {
			for _, id := range ids {
				value := owners.Bucket(key).Get([]byte(id))
				if value == nil {
					continue
				}
				var t timeline.Saved
				if err := json.Unmarshal(value, &t); err != nil {
					return err
				}
				t.Owner = strings.TrimPrefix(string(key), ownerPrefix) // not in the JSON
				found[id] = t
			}
			return nil
		})
	})
	return found, err
}

// RestoreTimelines stores timelines with their ids, versions and times, in one transaction, and returns how many it
// stored. A timeline replaces the one of its id and owner that is at the version in replaces, and is not stored when
// the file has another version, or for one that is not in replaces any.
func (s *Store) RestoreTimelines(ctx context.Context, all []timeline.Saved, replaces map[string]int64) (stored int, err error) {
	ids := make([]string, len(all))
	for i, t := range all {
		ids[i] = t.ID
	}
	there, err := s.FindTimelines(ctx, ids)
	if err != nil {
		return 0, err
	}
	err = s.update(ctx, "restore timelines", func(tx *bbolt.Tx) error {
		stored = 0
		for _, t := range all {
			was, has := there[t.ID]
			version, isReplacement := replaces[t.ID]
			if has != isReplacement || has && (was.Owner != t.Owner || was.Version != version) {
				continue
			}
			b, err := tx.Bucket(timelinesBucket).CreateBucketIfNotExists(ownerKey(t.Owner))
			if err != nil {
				return err
			}
			if err := putDocument(b, t.ID, t); err != nil {
				return err
			}
			stored++
		}
		return nil
	})
	return stored, err
}
