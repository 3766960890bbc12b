package boltstore

import (
	"context"
	"encoding/json"
	"errors"
	"slices"

	"go.etcd.io/bbolt"

	"github.com/trackmydegree/trackmydegree/internal/catalogue"
)

// The keys of values about the catalogue as a whole.
const (
	versionKey = "version"
	editionKey = "edition"
)

// editionState is the part of the newest edition other than its entries.
type editionState struct {
	Calendar    string     `json:"calendar"`
	Equivalents [][]string `json:"equivalents"`
}

// SeedCatalogue stores the edition of an academic year in one transaction. The newest edition is stored entry by
// entry and answers queries; older editions are one value each. An edition that is newer than the stored one replaces
// it.
func (s *Store) SeedCatalogue(ctx context.Context, data catalogue.Data) error {
	if len(data.Degrees) == 0 || len(data.Courses) == 0 {
		return errors.New("boltstore: seed: a catalogue has degrees and courses; this one has none")
	}
	return s.update(ctx, "seed", func(tx *bbolt.Tx) error {
		current, err := readEditionState(tx)
		if err != nil {
			return err
		}
		switch {
		case data.Calendar < current.Calendar:
			return putDocument(tx.Bucket(editionsBucket), data.Calendar, data)
		case data.Calendar > current.Calendar && current.Calendar != "":
			old, err := readCatalogue(tx)
			if err != nil {
				return err
			}
			if err := putDocument(tx.Bucket(editionsBucket), old.Calendar, old); err != nil {
				return err
			}
		}
		if err := writeCatalogue(tx, data); err != nil || data.Calendar == "" {
			return err
		}
		return tx.Bucket(editionsBucket).Delete([]byte(data.Calendar))
	})
}

func writeCatalogue(tx *bbolt.Tx, data catalogue.Data) error {
	if err := replaceDocuments(tx.Bucket(degreesBucket), data.Degrees, func(d catalogue.Degree) string { return d.ID }); err != nil {
		return err
	}
	if err := replaceDocuments(tx.Bucket(poolsBucket), data.Pools, func(p catalogue.Pool) string { return p.ID }); err != nil {
		return err
	}
	if err := replaceDocuments(tx.Bucket(coursesBucket), data.Courses, func(c catalogue.Course) string { return c.Code }); err != nil {
		return err
	}
	if err := replaceDocuments(tx.Bucket(sequencesBucket), data.Sequences, func(q catalogue.Sequence) string { return q.Name }); err != nil {
		return err
	}
	if err := putDocument(tx.Bucket(stateBucket), editionKey, editionState{data.Calendar, data.Equivalents}); err != nil {
		return err
	}
	return putDocument(tx.Bucket(stateBucket), versionKey, data.Fingerprint())
}

func replaceDocuments[T any](b *bbolt.Bucket, wanted []T, id func(T) string) error {
	keep := make(map[string]bool, len(wanted))
	for _, doc := range wanted {
		keep[id(doc)] = true
		if err := putDocument(b, id(doc), doc); err != nil {
			return err
		}
	}
	var gone [][]byte
	err := b.ForEach(func(key, _ []byte) error {
		if !keep[string(key)] {
			gone = append(gone, slices.Clone(key))
		}
		return nil
	})
	for _, key := range gone {
		err = errors.Join(err, b.Delete(key))
	}
	return err
}

// LoadCatalogue returns the newest edition, each part in the order of its ids; database_unavailable before the first
// seed.
func (s *Store) LoadCatalogue(ctx context.Context) (catalogue.Data, error) {
	var d catalogue.Data
	err := s.view(ctx, "load the catalogue", func(tx *bbolt.Tx) (err error) {
		d, err = readCatalogue(tx)
		return err
	})
	if err != nil {
		return catalogue.Data{}, err
	}
	return d, nil
}

// LoadEditions returns every stored edition, the newest last; database_unavailable before the first seed.
func (s *Store) LoadEditions(ctx context.Context) ([]catalogue.Data, error) {
	var editions []catalogue.Data
	err := s.view(ctx, "load the editions", func(tx *bbolt.Tx) (err error) {
		newest, err := readCatalogue(tx)
		if err != nil {
			return err
		}
		editions, err = allDocuments[catalogue.Data](tx.Bucket(editionsBucket))
		editions = append(editions, newest)
		return err
	})
	if err != nil {
		return nil, err
	}
	return editions, nil
}

func readEditionState(tx *bbolt.Tx) (editionState, error) {
	value := tx.Bucket(stateBucket).Get([]byte(editionKey))
	if value == nil { // nothing was seeded, or only by an older version
		return editionState{}, nil
	}
	var state editionState
	err := json.Unmarshal(value, &state)
	return state, err
}

func readCatalogue(tx *bbolt.Tx) (d catalogue.Data, err error) {
	state, err := readEditionState(tx)
	if err != nil {
		return d, err
	}
	d.Calendar, d.Equivalents = state.Calendar, state.Equivalents
	if d.Degrees, err = allDocuments[catalogue.Degree](tx.Bucket(degreesBucket)); err != nil {
		return d, err
	}
	if d.Pools, err = allDocuments[catalogue.Pool](tx.Bucket(poolsBucket)); err != nil {
		return d, err
	}
	if d.Courses, err = allDocuments[catalogue.Course](tx.Bucket(coursesBucket)); err != nil {
		return d, err
	}
	if d.Sequences, err = allDocuments[catalogue.Sequence](tx.Bucket(sequencesBucket)); err != nil {
		return d, err
	}
	if len(d.Degrees) == 0 {
		return d, errors.New("there is no catalogue yet: run tmd seed")
	}
	return d, nil
}

// CatalogueVersion names the stored editions, "" before the first seed. It changes when one of them does.
func (s *Store) CatalogueVersion(ctx context.Context) (string, error) {
	var version string
	err := s.view(ctx, "read the catalogue's version", func(tx *bbolt.Tx) error {
		value := tx.Bucket(stateBucket).Get([]byte(versionKey))
		if value == nil {
			return nil
		}
		if err := json.Unmarshal(value, &version); err != nil {
			return err
		}
		older, err := allDocuments[catalogue.Data](tx.Bucket(editionsBucket))
		for _, d := range older {
			version += "+" + d.Fingerprint()
		}
		return err
	})
	return version, err
}
