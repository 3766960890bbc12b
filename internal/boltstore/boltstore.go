// Package boltstore stores the catalogue and the saved timelines in one bbolt file, for a program that runs without a
// database server. It follows the same rules as the MongoDB store; one test suite holds both to them.
package boltstore

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"time"

	"go.etcd.io/bbolt"
	berrors "go.etcd.io/bbolt/errors"

	"github.com/trackmydegree/trackmydegree/internal/fault"
)

const (
	fileName = "store.db"
	// lockWait is how long Open waits for another process that is about to end.
	lockWait = time.Second
)

// The buckets. Each holds JSON documents by id; timelines holds a bucket for each owner.
var (
	degreesBucket   = []byte("degrees")
	poolsBucket     = []byte("pools")
	coursesBucket   = []byte("courses")
	sequencesBucket = []byte("sequences")
	stateBucket     = []byte("catalogue")
	editionsBucket  = []byte("editions")
	timelinesBucket = []byte("timelines")
)

// Config names the file.
type Config struct {
	// Dir is the folder of the file; it is created if it is missing.
	Dir string
	// Now is the clock; time.Now when it is nil.
	Now func() time.Time
}

// Store stores the catalogue and the saved timelines in one file. Only one process at a time can open it.
type Store struct {
	db  *bbolt.DB
	now func() time.Time
}

// Open opens the store of a folder, or creates it. The error says if another process uses the folder.
func Open(cfg Config) (*Store, error) {
	if cfg.Now == nil {
		cfg.Now = time.Now
	}
	if err := os.MkdirAll(cfg.Dir, 0o700); err != nil {
		return nil, fmt.Errorf("make the data folder: %w", err)
	}
	path := filepath.Join(cfg.Dir, fileName)
	db, err := bbolt.Open(path, 0o600, &bbolt.Options{Timeout: lockWait})
	if errors.Is(err, berrors.ErrTimeout) {
		return nil, fmt.Errorf("the data folder %s is in use by another process: stop it, or choose another folder", cfg.Dir)
	}
	if err != nil {
		return nil, fmt.Errorf("open %s: %w", path, err)
	}
	err = db.Update(func(tx *bbolt.Tx) error {
		for _, name := range [][]byte{degreesBucket, poolsBucket, coursesBucket, sequencesBucket, stateBucket, editionsBucket, timelinesBucket} {
			if _, err := tx.CreateBucketIfNotExists(name); err != nil {
				return err
			}
		}
		return nil
	})
	if err != nil {
		return nil, errors.Join(fmt.Errorf("prepare %s: %w", path, err), db.Close())
	}
	return &Store{db: db, now: cfg.Now}, nil
}

// Close waits for running operations and closes the file.
func (s *Store) Close() error { return s.db.Close() }

// Ping reports whether the file is open.
func (s *Store) Ping(ctx context.Context) error {
	return s.view(ctx, "ping", func(*bbolt.Tx) error { return nil })
}

// view and update run f in a transaction. A fault of f is returned unchanged, any other error as
// database_unavailable.
func (s *Store) view(ctx context.Context, op string, f func(*bbolt.Tx) error) error {
	return runTransaction(ctx, op, s.db.View, f)
}

func (s *Store) update(ctx context.Context, op string, f func(*bbolt.Tx) error) error {
	return runTransaction(ctx, op, s.db.Update, f)
}

func runTransaction(ctx context.Context, op string, run func(func(*bbolt.Tx) error) error, f func(*bbolt.Tx) error) error {
	if err := ctx.Err(); err != nil {
		return fmt.Errorf("boltstore: %s: %w", op, err)
	}
	err := run(f)
	if err == nil {
		return nil
	}
	if known := (*fault.Error)(nil); errors.As(err, &known) {
		return err
	}
	return fault.Wrap(fault.DatabaseUnavailable, fmt.Errorf("boltstore: %s: %w", op, err))
}

// putDocument writes doc as JSON, unless it is there already.
func putDocument(b *bbolt.Bucket, key string, doc any) error {
	value, err := json.Marshal(doc)
	if err != nil {
		return err
	}
	if bytes.Equal(b.Get([]byte(key)), value) {
		return nil
	}
	return b.Put([]byte(key), value)
}

// getDocument reads a document; missing when there is none.
func getDocument[T any](b *bbolt.Bucket, key string, missing fault.Code) (T, error) {
	var doc T
	// bbolt finds nothing under an empty or overlong key, which is correct here.
	value := b.Get([]byte(key))
	if value == nil {
		return doc, fault.New(missing)
	}
	err := json.Unmarshal(value, &doc)
	return doc, err
}

// allDocuments reads every document of a bucket, in the order of their keys.
func allDocuments[T any](b *bbolt.Bucket) ([]T, error) {
	docs := []T{}
	err := b.ForEach(func(_, value []byte) error {
		var doc T
		err := json.Unmarshal(value, &doc)
		docs = append(docs, doc)
		return err
	})
	return docs, err
}
