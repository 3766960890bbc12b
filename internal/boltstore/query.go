package boltstore

import (
	"cmp"
	"context"
	"encoding/json"
	"slices"
	"strings"

	"go.etcd.io/bbolt"

	"github.com/trackmydegree/trackmydegree/internal/catalogue"
	"github.com/trackmydegree/trackmydegree/internal/fault"
)

// ListDegrees returns the degrees that stand alone, by name.
func (s *Store) ListDegrees(ctx context.Context) ([]catalogue.Degree, error) {
	var ds []catalogue.Degree
	err := s.view(ctx, "list degrees", func(tx *bbolt.Tx) (err error) {
		ds, err = allDocuments[catalogue.Degree](tx.Bucket(degreesBucket))
		return err
	})
	ds = slices.DeleteFunc(ds, func(d catalogue.Degree) bool { return d.DegreeType != catalogue.Standalone })
	slices.SortStableFunc(ds, func(a, b catalogue.Degree) int { return cmp.Compare(a.Name, b.Name) })
	return ds, err
}

// FindDegree returns a degree of any type; not_found when there is none.
func (s *Store) FindDegree(ctx context.Context, id string) (catalogue.Degree, error) {
	return findOne[catalogue.Degree](ctx, s, "read a degree", degreesBucket, id)
}

// ListPools returns the pools of a degree in the degree's order; not_found when there is no such degree.
func (s *Store) ListPools(ctx context.Context, degreeID string) ([]catalogue.Pool, error) {
	pools := []catalogue.Pool{}
	err := s.view(ctx, "list pools", func(tx *bbolt.Tx) error {
		d, err := getDocument[catalogue.Degree](tx.Bucket(degreesBucket), degreeID, fault.NotFound)
		if err != nil {
			return err
		}
		for _, id := range d.Pools {
			p, err := getDocument[catalogue.Pool](tx.Bucket(poolsBucket), id, fault.NotFound)
			if fault.CodeOf(err) == fault.NotFound {
				continue
			}
			if err != nil {
				return err
			}
			pools = append(pools, p)
		}
		return nil
	})
	if err != nil {
		return nil, err
	}
	return pools, nil
}

// ListSequences returns the published sequences of a degree by name; not_found when there is no such degree.
func (s *Store) ListSequences(ctx context.Context, degreeID string) ([]catalogue.Sequence, error) {
	var sequences []catalogue.Sequence
	err := s.view(ctx, "list sequences", func(tx *bbolt.Tx) error {
		if _, err := getDocument[catalogue.Degree](tx.Bucket(degreesBucket), degreeID, fault.NotFound); err != nil {
			return err
		}
		all, err := allDocuments[catalogue.Sequence](tx.Bucket(sequencesBucket))
		sequences = slices.DeleteFunc(all, func(q catalogue.Sequence) bool { return q.DegreeID != degreeID })
		return err
	})
	return sequences, err
}

// ListCourses returns a page of courses and the After of the next page, "" at the end; not_found for an unknown pool.
func (s *Store) ListCourses(ctx context.Context, q catalogue.CourseQuery) ([]catalogue.Course, string, error) {
	page, next := []catalogue.Course{}, ""
	limit, words, prefix := q.PageSize(), q.SearchWords(), strings.ToUpper(q.Prefix)
	err := s.view(ctx, "list courses", func(tx *bbolt.Tx) error {
		var pool map[string]bool
		if q.Pool != "" {
			p, err := getDocument[catalogue.Pool](tx.Bucket(poolsBucket), q.Pool, fault.NotFound)
			if err != nil {
				return err
			}
			pool = make(map[string]bool, len(p.Courses))
			for _, code := range p.Courses {
				pool[code] = true
			}
		}
		cursor := tx.Bucket(coursesBucket).Cursor()
		for key, value := cursor.Seek([]byte(max(prefix, q.After))); key != nil; key, value = cursor.Next() {
			code := string(key)
			if code <= q.After || pool != nil && !pool[code] {
				continue
			}
			if !strings.HasPrefix(code, prefix) {
				if code > prefix {
					return nil
				}
				continue
			}
			var c catalogue.Course
			if err := json.Unmarshal(value, &c); err != nil {
				return err
			}
			if !c.HasWords(words) {
				continue
			}
			if len(page) == limit {
				next = page[limit-1].Code
				return nil
			}
			page = append(page, c)
		}
		return nil
	})
	if err != nil {
		return nil, "", err
	}
	return page, next, nil
}

// FindCourse returns a course; not_found when there is none.
func (s *Store) FindCourse(ctx context.Context, code string) (catalogue.Course, error) {
	return findOne[catalogue.Course](ctx, s, "read a course", coursesBucket, code)
}

func findOne[T any](ctx context.Context, s *Store, op string, bucket []byte, id string) (T, error) {
	var doc T
	err := s.view(ctx, op, func(tx *bbolt.Tx) (err error) {
		doc, err = getDocument[T](tx.Bucket(bucket), id, fault.NotFound)
		return err
	})
	return doc, err
}
