package mongostore

import (
	"context"
	"regexp"
	"strings"

	"go.mongodb.org/mongo-driver/v2/bson"
	"go.mongodb.org/mongo-driver/v2/mongo"
	"go.mongodb.org/mongo-driver/v2/mongo/options"

	"github.com/trackmydegree/trackmydegree/internal/catalogue"
	"github.com/trackmydegree/trackmydegree/internal/fault"
)

// ListDegrees returns the degrees that stand alone, by name.
func (s *Store) ListDegrees(ctx context.Context) ([]catalogue.Degree, error) {
	ctx, cancel := s.withTimeout(ctx)
	defer cancel()
	docs, err := findAll[degreeDocument](ctx, s.degrees, bson.D{{Key: "degreeType", Value: catalogue.Standalone}},
		options.Find().SetSort(bson.D{{Key: "name", Value: 1}, {Key: "_id", Value: 1}}))
	return mapSlice(docs, toDegree), storeError(ctx, "list degrees", err)
}

// FindDegree returns a degree of any type; not_found when there is none.
func (s *Store) FindDegree(ctx context.Context, id string) (catalogue.Degree, error) {
	ctx, cancel := s.withTimeout(ctx)
	defer cancel()
	doc, err := findOne[degreeDocument](ctx, s.degrees, id)
	return toDegree(doc), err
}

// ListPools returns the pools of a degree in the degree's order; not_found when there is no such degree.
func (s *Store) ListPools(ctx context.Context, degreeID string) ([]catalogue.Pool, error) {
	ctx, cancel := s.withTimeout(ctx)
	defer cancel()
	d, err := s.FindDegree(ctx, degreeID)
	if err != nil {
		return nil, err
	}
	unordered, err := findAll[poolDocument](ctx, s.pools, bson.D{{Key: "_id", Value: bson.D{{Key: "$in", Value: nonNil(d.Pools)}}}})
	if err != nil {
		return nil, storeError(ctx, "list pools", err)
	}
	of := make(map[string]poolDocument, len(unordered))
	for _, p := range unordered {
		of[p.ID] = p
	}
	pools := make([]catalogue.Pool, 0, len(d.Pools))
	for _, id := range d.Pools {
		if p, ok := of[id]; ok {
			pools = append(pools, toPool(p))
		}
	}
	return pools, nil
}

// ListSequences returns the published sequences of a degree by name; not_found when there is no such degree.
func (s *Store) ListSequences(ctx context.Context, degreeID string) ([]catalogue.Sequence, error) {
	ctx, cancel := s.withTimeout(ctx)
	defer cancel()
	if _, err := s.FindDegree(ctx, degreeID); err != nil {
		return nil, err
	}
	docs, err := findAll[sequenceDocument](ctx, s.sequences, bson.D{{Key: "degreeId", Value: degreeID}}, options.Find().SetSort(byID))
	return mapSlice(docs, toSequence), storeError(ctx, "list sequences", err)
}

// ListCourses returns a page of courses and the After of the next page, "" at the end; not_found for an unknown pool.
func (s *Store) ListCourses(ctx context.Context, q catalogue.CourseQuery) ([]catalogue.Course, string, error) {
	ctx, cancel := s.withTimeout(ctx)
	defer cancel()
	filter := bson.A{bson.D{{Key: "_id", Value: bson.D{{Key: "$gt", Value: q.After}}}}}
	if q.Pool != "" {
		p, err := findOne[poolDocument](ctx, s.pools, q.Pool)
		if err != nil {
			return nil, "", err
		}
		filter = append(filter, bson.D{{Key: "_id", Value: bson.D{{Key: "$in", Value: nonNil(p.Courses)}}}})
	}
	if q.Prefix != "" {
		filter = append(filter, bson.D{{Key: "_id", Value: bson.Regex{Pattern: "^" + regexp.QuoteMeta(strings.ToUpper(q.Prefix))}}})
	}
	for _, word := range q.SearchWords() {
		like := bson.Regex{Pattern: regexp.QuoteMeta(word), Options: "i"}
		filter = append(filter, bson.D{{Key: "$or", Value: bson.A{bson.D{{Key: "_id", Value: like}}, bson.D{{Key: "title", Value: like}}}}})
	}
	// One more course than the page shows whether there is a next page.
	limit := q.PageSize()
	docs, err := findAll[courseDocument](ctx, s.courses, bson.D{{Key: "$and", Value: filter}},
		options.Find().SetSort(byID).SetLimit(int64(limit)+1))
	if err != nil {
		return nil, "", storeError(ctx, "list courses", err)
	}
	courses := mapSlice(docs, toCourse)
	if len(courses) <= limit {
		return courses, "", nil
	}
	return courses[:limit], courses[limit-1].Code, nil
}

// FindCourse returns a course; not_found when there is none.
func (s *Store) FindCourse(ctx context.Context, code string) (catalogue.Course, error) {
	ctx, cancel := s.withTimeout(ctx)
	defer cancel()
	doc, err := findOne[courseDocument](ctx, s.courses, code)
	return toCourse(doc), err
}

func findOne[T any](ctx context.Context, c *mongo.Collection, id string) (T, error) {
	var doc T
	err := c.FindOne(ctx, filterID(id)).Decode(&doc)
	return doc, findError(ctx, "read "+c.Name(), err, fault.NotFound)
}

// findAll returns the matching documents, an empty list when there are none.
func findAll[T any](ctx context.Context, c *mongo.Collection, filter any, opts ...options.Lister[options.FindOptions]) ([]T, error) {
	cursor, err := c.Find(ctx, filter, opts...)
	if err != nil {
		return nil, err
	}
	docs := []T{}
	err = cursor.All(ctx, &docs)
	return docs, err
}

// nonNil returns ids, or an empty list for nil: $in refuses null.
func nonNil(ids []string) []string {
	if ids == nil {
		return []string{}
	}
	return ids
}
