package mongostore

import (
	"context"
	"errors"
	"maps"
	"reflect"
	"regexp"
	"slices"
	"strings"
	"time"

	"go.mongodb.org/mongo-driver/v2/bson"
	"go.mongodb.org/mongo-driver/v2/mongo"
	"go.mongodb.org/mongo-driver/v2/mongo/options"

	"github.com/trackmydegree/trackmydegree/internal/catalogue"
	"github.com/trackmydegree/trackmydegree/internal/fault"
)

// seeded says which catalogue the collections hold. It is written last, so that whoever sees a new version finds all of it.
type seeded struct {
	ID      string    `bson:"_id"`
	Version string    `bson:"version"`
	At      time.Time `bson:"at"`
}

const (
	currentCatalogue = "current"
	// seedTries is how often a seed begins again when others seed at the same time.
	seedTries = 5
)

var byID = bson.D{{Key: "_id", Value: 1}}

// Seed makes the catalogue what data says: it writes what is new or different, then removes what is gone. Readers see the
// old, the new or some of both, but never less than both have in common; the version changes last. Seeding the same data
// again writes only what was damaged, and when it was done.
func (s *Store) Seed(ctx context.Context, data catalogue.Data) error {
	if len(data.Degrees) == 0 || len(data.Courses) == 0 {
		return errors.New("mongodb: seed: a catalogue has degrees and courses; this one has none")
	}
	// Who points at something comes after it, and goes before it.
	var removals []func() error
	for _, step := range []func() (func() error, error){
		func() (func() error, error) {
			return replace(ctx, s.courses, data.Courses, func(c catalogue.Course) string { return c.Code })
		},
		func() (func() error, error) {
			return replace(ctx, s.pools, data.Pools, func(p catalogue.Pool) string { return p.ID })
		},
		func() (func() error, error) {
			return replace(ctx, s.degrees, data.Degrees, func(d catalogue.Degree) string { return d.ID })
		},
		func() (func() error, error) {
			return replace(ctx, s.sequences, data.Sequences, func(q catalogue.Sequence) string { return q.Name })
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
	_, err := s.state.ReplaceOne(ctx, bson.D{{Key: "_id", Value: currentCatalogue}},
		seeded{ID: currentCatalogue, Version: data.Fingerprint(), At: s.now().UTC()}, options.Replace().SetUpsert(true))
	return failed(ctx, "seed", err)
}

// replace writes the documents that are missing or different in c, and returns what removes those that are not wanted.
func replace[T any](ctx context.Context, c *mongo.Collection, wanted []T, id func(T) string) (func() error, error) {
	op := "seed " + c.Name()
	var gone []string
	for try := 1; ; try++ {
		there, err := all[T](ctx, c, bson.D{})
		if err != nil {
			return nil, failed(ctx, op, err)
		}
		var missing, different []mongo.WriteModel
		missing, different, gone = compare(there, wanted, id)
		if len(missing) > 0 {
			_, err = c.BulkWrite(ctx, missing, options.BulkWrite().SetOrdered(false))
		}
		if err == nil && len(different) > 0 {
			_, err = c.BulkWrite(ctx, different, options.BulkWrite().SetOrdered(false))
		}
		// Somebody else seeds at the same time, and was faster with a document: look again at what is missing.
		if mongo.IsDuplicateKeyError(err) && try < seedTries {
			continue
		}
		if err != nil {
			return nil, failed(ctx, op, err)
		}
		break
	}
	return func() error {
		if len(gone) == 0 {
			return nil
		}
		_, err := c.DeleteMany(ctx, bson.D{{Key: "_id", Value: bson.D{{Key: "$in", Value: gone}}}})
		return failed(ctx, op, err)
	}, nil
}

// compare returns the writes that make there what is wanted, but for removing the ids that are gone. Inserts are apart from
// replacements: they are many, at the first seed, and cost much less than writes that look for a document.
func compare[T any](there, wanted []T, id func(T) string) (missing, different []mongo.WriteModel, gone []string) {
	old := make(map[string]T, len(there))
	for _, doc := range there {
		old[id(doc)] = doc
	}
	for _, doc := range wanted {
		key := id(doc)
		if was, ok := old[key]; !ok {
			missing = append(missing, mongo.NewInsertOneModel().SetDocument(doc))
		} else if !reflect.DeepEqual(was, doc) {
			different = append(different, mongo.NewReplaceOneModel().SetFilter(bson.D{{Key: "_id", Value: key}}).SetReplacement(doc).SetUpsert(true))
		}
		delete(old, key)
	}
	return missing, different, slices.Collect(maps.Keys(old))
}

// Load returns the whole catalogue, each part in the order of its ids; database_unavailable before the first seed. A
// caller that keeps it reads Version before, so that a seed meanwhile shows as a new version.
func (s *Store) Load(ctx context.Context) (catalogue.Data, error) {
	d, err := s.load(ctx)
	if err != nil {
		return catalogue.Data{}, failed(ctx, "load the catalogue", err)
	}
	if len(d.Degrees) == 0 || len(d.Courses) == 0 {
		return catalogue.Data{}, fault.Wrap(fault.DatabaseUnavailable, errors.New("mongodb: there is no catalogue yet: run tmd seed"))
	}
	return d, nil
}

func (s *Store) load(ctx context.Context) (d catalogue.Data, err error) {
	sorted := options.Find().SetSort(byID)
	if d.Degrees, err = all[catalogue.Degree](ctx, s.degrees, bson.D{}, sorted); err != nil {
		return d, err
	}
	if d.Pools, err = all[catalogue.Pool](ctx, s.pools, bson.D{}, sorted); err != nil {
		return d, err
	}
	if d.Courses, err = all[catalogue.Course](ctx, s.courses, bson.D{}, sorted); err != nil {
		return d, err
	}
	d.Sequences, err = all[catalogue.Sequence](ctx, s.sequences, bson.D{}, sorted)
	return d, err
}

// Version names the catalogue that was seeded last, "" before the first.
func (s *Store) Version(ctx context.Context) (string, error) {
	ctx, cancel := s.bounded(ctx)
	defer cancel()
	var v seeded
	err := s.state.FindOne(ctx, bson.D{{Key: "_id", Value: currentCatalogue}}).Decode(&v)
	if errors.Is(err, mongo.ErrNoDocuments) {
		return "", nil
	}
	return v.Version, failed(ctx, "read the catalogue's version", err)
}

// Degrees returns the degrees that stand alone, by name.
func (s *Store) Degrees(ctx context.Context) ([]catalogue.Degree, error) {
	ctx, cancel := s.bounded(ctx)
	defer cancel()
	ds, err := all[catalogue.Degree](ctx, s.degrees, bson.D{{Key: "degreeType", Value: catalogue.Standalone}},
		options.Find().SetSort(bson.D{{Key: "name", Value: 1}, {Key: "_id", Value: 1}}))
	return ds, failed(ctx, "list degrees", err)
}

// Degree returns a degree of any type; not_found when there is none.
func (s *Store) Degree(ctx context.Context, id string) (catalogue.Degree, error) {
	ctx, cancel := s.bounded(ctx)
	defer cancel()
	return one[catalogue.Degree](ctx, s.degrees, id)
}

// Pools returns the pools of a degree in the degree's order; not_found when there is no such degree.
func (s *Store) Pools(ctx context.Context, degreeID string) ([]catalogue.Pool, error) {
	ctx, cancel := s.bounded(ctx)
	defer cancel()
	d, err := s.Degree(ctx, degreeID)
	if err != nil {
		return nil, err
	}
	unordered, err := all[catalogue.Pool](ctx, s.pools, bson.D{{Key: "_id", Value: bson.D{{Key: "$in", Value: list(d.Pools)}}}})
	if err != nil {
		return nil, failed(ctx, "list pools", err)
	}
	of := make(map[string]catalogue.Pool, len(unordered))
	for _, p := range unordered {
		of[p.ID] = p
	}
	pools := make([]catalogue.Pool, 0, len(d.Pools))
	for _, id := range d.Pools {
		if p, ok := of[id]; ok {
			pools = append(pools, p)
		}
	}
	return pools, nil
}

// Courses returns a page of courses and what After is for the next one, "" at the end; not_found for a pool that there is
// not.
func (s *Store) Courses(ctx context.Context, q catalogue.CourseQuery) ([]catalogue.Course, string, error) {
	ctx, cancel := s.bounded(ctx)
	defer cancel()
	filter := bson.A{bson.D{{Key: "_id", Value: bson.D{{Key: "$gt", Value: q.After}}}}}
	if q.Pool != "" {
		p, err := one[catalogue.Pool](ctx, s.pools, q.Pool)
		if err != nil {
			return nil, "", err
		}
		filter = append(filter, bson.D{{Key: "_id", Value: bson.D{{Key: "$in", Value: list(p.Courses)}}}})
	}
	if q.Prefix != "" {
		filter = append(filter, bson.D{{Key: "_id", Value: bson.Regex{Pattern: "^" + regexp.QuoteMeta(strings.ToUpper(q.Prefix))}}})
	}
	for _, word := range q.Words() {
		like := bson.Regex{Pattern: regexp.QuoteMeta(word), Options: "i"}
		filter = append(filter, bson.D{{Key: "$or", Value: bson.A{bson.D{{Key: "_id", Value: like}}, bson.D{{Key: "title", Value: like}}}}})
	}
	// One more than the page tells whether there is a next one.
	limit := q.Page()
	cs, err := all[catalogue.Course](ctx, s.courses, bson.D{{Key: "$and", Value: filter}},
		options.Find().SetSort(byID).SetLimit(int64(limit)+1))
	if err != nil {
		return nil, "", failed(ctx, "list courses", err)
	}
	if len(cs) <= limit {
		return cs, "", nil
	}
	return cs[:limit], cs[limit-1].Code, nil
}

// Course returns a course; not_found when there is none.
func (s *Store) Course(ctx context.Context, code string) (catalogue.Course, error) {
	ctx, cancel := s.bounded(ctx)
	defer cancel()
	return one[catalogue.Course](ctx, s.courses, code)
}

func one[T any](ctx context.Context, c *mongo.Collection, id string) (T, error) {
	var doc T
	err := c.FindOne(ctx, bson.D{{Key: "_id", Value: id}}).Decode(&doc)
	return doc, found(ctx, "read "+c.Name(), err, fault.NotFound)
}

// all returns the documents that match; what is empty is not nil.
func all[T any](ctx context.Context, c *mongo.Collection, filter any, opts ...options.Lister[options.FindOptions]) ([]T, error) {
	cursor, err := c.Find(ctx, filter, opts...)
	if err != nil {
		return nil, err
	}
	docs := []T{}
	err = cursor.All(ctx, &docs)
	return docs, err
}

// list is ids as a list that is never null, which $in refuses.
func list(ids []string) []string {
	if ids == nil {
		return []string{}
	}
	return ids
}
