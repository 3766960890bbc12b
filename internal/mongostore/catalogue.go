package mongostore

import (
	"context"
	"errors"
	"maps"
	"reflect"
	"slices"
	"strings"
	"time"

	"go.mongodb.org/mongo-driver/v2/bson"
	"go.mongodb.org/mongo-driver/v2/mongo"
	"go.mongodb.org/mongo-driver/v2/mongo/options"

	"github.com/trackmydegree/trackmydegree/internal/catalogue"
	"github.com/trackmydegree/trackmydegree/internal/fault"
)

// catalogueState describes the catalogue in the collections. It is written last, so that a reader of a new version
// finds the whole catalogue.
type catalogueState struct {
	ID          string                `bson:"_id"`
	Version     string                `bson:"version"`
	Calendar    string                `bson:"calendar,omitempty"`
	Equivalents []equivalentsDocument `bson:"equivalents,omitempty"`
	At          time.Time             `bson:"at"`
}

const (
	currentCatalogue = "current"
	// editionPrefix begins the ids of the states of single editions, which hold their versions.
	editionPrefix = "edition "
	// seedTries is how often a seed starts again because of a concurrent seed.
	seedTries = 5
)

var byID = bson.D{{Key: "_id", Value: 1}}

func filterID(id string) bson.D { return bson.D{{Key: "_id", Value: id}} }

// SeedCatalogue stores the edition of an academic year. Each edition is one document, so all readers of editions see it
// whole or not at all. The collections hold the newest edition once more, document by document, for queries; they are
// written after it. Storing the same data again repairs what was damaged and changes nothing else.
func (s *Store) SeedCatalogue(ctx context.Context, data catalogue.Data) error {
	if len(data.Degrees) == 0 || len(data.Courses) == 0 {
		return errors.New("mongodb: seed: a catalogue has degrees and courses; this one has none")
	}
	current, err := s.readState(ctx)
	if err != nil {
		return storeError(ctx, "seed", err)
	}
	if data.Calendar != "" {
		if err := s.keepNewest(ctx, current.Calendar, data.Calendar); err != nil {
			return err
		}
		if err := s.writeEdition(ctx, data); err != nil {
			return err
		}
	}
	if data.Calendar < current.Calendar {
		return nil
	}
	return s.writeCollections(ctx, data)
}

// keepNewest makes the newest edition a document before another one is stored: an older version of the program stored
// it in the collections alone.
func (s *Store) keepNewest(ctx context.Context, newest, other string) error {
	if newest == "" || newest == other {
		return nil
	}
	n, err := s.editions.CountDocuments(ctx, filterID(newest))
	if err != nil || n > 0 {
		return storeError(ctx, "seed", err)
	}
	old, err := s.LoadCatalogue(ctx)
	if err != nil {
		return err
	}
	return s.writeEdition(ctx, old)
}

// writeEdition stores an edition as one document, and then its version in the state.
func (s *Store) writeEdition(ctx context.Context, data catalogue.Data) error {
	doc, err := toEditionDocument(data, s.now().UTC())
	if err != nil {
		return err
	}
	if _, err := s.editions.ReplaceOne(ctx, filterID(data.Calendar), doc, options.Replace().SetUpsert(true)); err != nil {
		return storeError(ctx, "store an edition", err)
	}
	state := catalogueState{ID: editionPrefix + data.Calendar, Version: doc.Version, Calendar: data.Calendar, At: doc.At}
	_, err = s.state.ReplaceOne(ctx, filterID(state.ID), state, options.Replace().SetUpsert(true))
	return storeError(ctx, "store an edition", err)
}

// writeCollections stores data in the collections: it writes new and changed documents, then removes old ones. During
// that readers see old documents, new ones or both, and always those that are in both catalogues; the version changes
// last.
func (s *Store) writeCollections(ctx context.Context, data catalogue.Data) error {
	// A document that refers to another is written after it, and removed before it.
	var removals []func() error
	for _, step := range []func() (func() error, error){
		func() (func() error, error) {
			docs := mapSlice(data.Courses, toCourseDocument)
			return replaceDocuments(ctx, s.courses, docs, func(d courseDocument) string { return d.Code })
		},
		func() (func() error, error) {
			docs := mapSlice(data.Pools, toPoolDocument)
			return replaceDocuments(ctx, s.pools, docs, func(d poolDocument) string { return d.ID })
		},
		func() (func() error, error) {
			docs := mapSlice(data.Degrees, toDegreeDocument)
			return replaceDocuments(ctx, s.degrees, docs, func(d degreeDocument) string { return d.ID })
		},
		func() (func() error, error) {
			docs := mapSlice(data.Sequences, toSequenceDocument)
			return replaceDocuments(ctx, s.sequences, docs, func(d sequenceDocument) string { return d.Name })
		},
	} {
		remove, err := step()
		if err != nil {
			return err
		}
		removals = append(removals, remove)
	}
	for _, remove := range slices.Backward(removals) {
		if err := remove(); err != nil {
			return err
		}
	}
	state := catalogueState{
		ID: currentCatalogue, Version: data.Fingerprint(), Calendar: data.Calendar, At: s.now().UTC(),
		Equivalents: mapSlice(data.Equivalents, toEquivalentsDocument),
	}
	_, err := s.state.ReplaceOne(ctx, filterID(currentCatalogue), state, options.Replace().SetUpsert(true))
	return storeError(ctx, "seed", err)
}

// replaceDocuments writes the missing and changed documents of c, and returns a function that removes those that are
// not wanted.
func replaceDocuments[T any](ctx context.Context, c *mongo.Collection, wanted []T, id func(T) string) (func() error, error) {
	op := "seed " + c.Name()
	var gone []string
	for try := 1; ; try++ {
		there, err := findAll[T](ctx, c, bson.D{})
		if err != nil {
			return nil, storeError(ctx, op, err)
		}
		var missing, different []mongo.WriteModel
		missing, different, gone = diffDocuments(there, wanted, id)
		if len(missing) > 0 {
			_, err = c.BulkWrite(ctx, missing, options.BulkWrite().SetOrdered(false))
		}
		if err == nil && len(different) > 0 {
			_, err = c.BulkWrite(ctx, different, options.BulkWrite().SetOrdered(false))
		}
		// A concurrent seed has written a document first: find the missing ones again.
		if mongo.IsDuplicateKeyError(err) && try < seedTries {
			continue
		}
		if err != nil {
			return nil, storeError(ctx, op, err)
		}
		break
	}
	return func() error {
		if len(gone) == 0 {
			return nil
		}
		_, err := c.DeleteMany(ctx, bson.D{{Key: "_id", Value: bson.D{{Key: "$in", Value: gone}}}})
		return storeError(ctx, op, err)
	}, nil
}

// diffDocuments returns the writes that turn the stored documents into the wanted ones, and the ids to remove.
// Inserts are separate from replacements: the first seed has many, and an insert costs much less than a replacement.
func diffDocuments[T any](stored, wanted []T, id func(T) string) (missing, different []mongo.WriteModel, gone []string) {
	old := make(map[string]T, len(stored))
	for _, doc := range stored {
		old[id(doc)] = doc
	}
	for _, doc := range wanted {
		key := id(doc)
		if was, ok := old[key]; !ok {
			missing = append(missing, mongo.NewInsertOneModel().SetDocument(doc))
		} else if !reflect.DeepEqual(was, doc) {
			different = append(different, mongo.NewReplaceOneModel().SetFilter(filterID(key)).SetReplacement(doc).SetUpsert(true))
		}
		delete(old, key)
	}
	return missing, different, slices.Collect(maps.Keys(old))
}

// LoadCatalogue returns the newest edition, each part in the order of its ids; database_unavailable before the first
// seed. A caller that stores it reads CatalogueVersion first, so that a concurrent seed shows as a new version.
func (s *Store) LoadCatalogue(ctx context.Context) (catalogue.Data, error) {
	d, err := s.readCatalogue(ctx)
	if err != nil {
		return catalogue.Data{}, storeError(ctx, "load the catalogue", err)
	}
	if len(d.Degrees) == 0 || len(d.Courses) == 0 {
		return catalogue.Data{}, fault.Wrap(fault.DatabaseUnavailable, errors.New("mongodb: there is no catalogue yet: run tmd seed"))
	}
	return d, nil
}

// LoadEditions returns every stored edition, the newest last; database_unavailable before the first seed.
func (s *Store) LoadEditions(ctx context.Context) ([]catalogue.Data, error) {
	state, err := s.readState(ctx)
	if err != nil {
		return nil, storeError(ctx, "load the editions", err)
	}
	docs, err := findAll[editionDocument](ctx, s.editions, bson.D{}, options.Find().SetSort(byID))
	if err != nil {
		return nil, storeError(ctx, "load the editions", err)
	}
	editions := make([]catalogue.Data, len(docs))
	for i, doc := range docs {
		if editions[i], err = doc.toEdition(); err != nil {
			return nil, storeError(ctx, "load the editions", err)
		}
	}
	if !inCollectionsOnly(state, docs) {
		return editions, nil
	}
	newest, err := s.LoadCatalogue(ctx)
	if err != nil {
		return nil, err
	}
	return append(editions, newest), nil
}

// inCollectionsOnly reports whether the collections hold an edition that is no document, as older versions of the
// program stored the newest one.
func inCollectionsOnly(state catalogueState, docs []editionDocument) bool {
	return len(docs) == 0 || state.Calendar != "" &&
		!slices.ContainsFunc(docs, func(d editionDocument) bool { return d.Calendar == state.Calendar })
}

func (s *Store) readState(ctx context.Context) (catalogueState, error) {
	var state catalogueState
	err := s.state.FindOne(ctx, filterID(currentCatalogue)).Decode(&state)
	if errors.Is(err, mongo.ErrNoDocuments) {
		return catalogueState{}, nil
	}
	return state, err
}

func (s *Store) readCatalogue(ctx context.Context) (d catalogue.Data, err error) {
	state, err := s.readState(ctx)
	if err != nil {
		return d, err
	}
	d.Calendar, d.Equivalents = state.Calendar, mapSlice(state.Equivalents, toEquivalents)
	sorted := options.Find().SetSort(byID)
	degrees, err := findAll[degreeDocument](ctx, s.degrees, bson.D{}, sorted)
	if err != nil {
		return d, err
	}
	pools, err := findAll[poolDocument](ctx, s.pools, bson.D{}, sorted)
	if err != nil {
		return d, err
	}
	courses, err := findAll[courseDocument](ctx, s.courses, bson.D{}, sorted)
	if err != nil {
		return d, err
	}
	sequences, err := findAll[sequenceDocument](ctx, s.sequences, bson.D{}, sorted)
	d.Degrees, d.Pools = mapSlice(degrees, toDegree), mapSlice(pools, toPool)
	d.Courses, d.Sequences = mapSlice(courses, toCourse), mapSlice(sequences, toSequence)
	return d, err
}

// CatalogueVersion names the stored editions, "" before the first seed. It changes when one of them does. It reads only
// the small documents of the state, because every process asks for it again and again.
func (s *Store) CatalogueVersion(ctx context.Context) (string, error) {
	ctx, cancel := s.withTimeout(ctx)
	defer cancel()
	states, err := findAll[catalogueState](ctx, s.state, bson.D{}, options.Find().SetSort(byID))
	if err != nil {
		return "", storeError(ctx, "read the catalogue's version", err)
	}
	var versions []string
	for _, state := range states {
		if !slices.Contains(versions, state.Version) {
			versions = append(versions, state.Version)
		}
	}
	return strings.Join(versions, "+"), nil
}
