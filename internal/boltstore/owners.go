package boltstore

import (
	"bytes"
	"context"
	"strings"
	"time"

	"go.etcd.io/bbolt"

	"github.com/trackmydegree/trackmydegree/internal/guest"
)

// DeleteTimelines deletes every timeline of an owner and returns their number.
func (s *Store) DeleteTimelines(ctx context.Context, owner string) (n int, err error) {
	err = s.update(ctx, "delete an owner's timelines", func(tx *bbolt.Tx) error {
		n, err = deleteOwner(tx, ownerKey(owner))
		return err
	})
	return n, err
}

// deleteOwner deletes the bucket of an owner, if there is one, and returns the number of its timelines.
func deleteOwner(tx *bbolt.Tx, key []byte) (int, error) {
	owners := tx.Bucket(timelinesBucket)
	b := owners.Bucket(key)
	if b == nil {
		return 0, nil
	}
	n := b.Stats().KeyN
	return n, owners.DeleteBucket(key)
}

// TransferTimelines makes to the owner of every timeline of from, in one transaction.
func (s *Store) TransferTimelines(ctx context.Context, from, to string) error {
	return s.update(ctx, "transfer timelines", func(tx *bbolt.Tx) error {
		source := ownerBucket(tx, from)
		if source == nil {
			return nil
		}
		target, err := tx.Bucket(timelinesBucket).CreateBucketIfNotExists(ownerKey(to))
		if err != nil {
			return err
		}
		err = source.ForEach(func(id, value []byte) error { return target.Put(bytes.Clone(id), bytes.Clone(value)) })
		if err != nil {
			return err
		}
		return tx.Bucket(timelinesBucket).DeleteBucket(ownerKey(from))
	})
}

// DeleteExpiredTimelines deletes the timelines of guests that ended before a time, and returns their number.
func (s *Store) DeleteExpiredTimelines(ctx context.Context, before time.Time) (deleted int, err error) {
	var expired [][]byte
	err = s.view(ctx, "find expired timelines", func(tx *bbolt.Tx) error {
		guests := ownerKey(guest.OwnerPrefix)
		cursor := tx.Bucket(timelinesBucket).Cursor()
		for key, _ := cursor.Seek(guests); bytes.HasPrefix(key, guests); key, _ = cursor.Next() {
			if ends, ok := guest.EndOf(strings.TrimPrefix(string(key), ownerPrefix)); ok && ends.Before(before) {
				expired = append(expired, bytes.Clone(key))
			}
		}
		return nil
	})
	if err != nil || len(expired) == 0 {
		return 0, err
	}
	err = s.update(ctx, "delete expired timelines", func(tx *bbolt.Tx) error {
		for _, key := range expired {
			n, err := deleteOwner(tx, key)
			if err != nil {
				return err
			}
			deleted += n
		}
		return nil
	})
	return deleted, err
}
