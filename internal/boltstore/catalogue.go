package boltstore

import (
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"slices"
	"strings"

	"go.etcd.io/bbolt"

	"github.com/trackmydegree/trackmydegree/internal/catalogue"
	"github.com/trackmydegree/trackmydegree/internal/fault"
)

const versionKey = "version"

// Seed makes the catalogue what data says, all of it at once.
func (s *Store) Seed(ctx context.Context, data catalogue.Data) error {
	if len(data.Degrees) == 0 || len(data.Courses) == 0 {
		return errors.New("embedded: seed: a catalogue has degrees and courses; this one has none")
	}
	return s.update(ctx, "seed", func(tx *bbolt.Tx) error {
		if err := replace(tx.Bucket(degreesBucket), data.Degrees, func(d catalogue.Degree) string { return d.ID }); err != nil {
			return err
		}
		if err := replace(tx.Bucket(poolsBucket), data.Pools, func(p catalogue.Pool) string { return p.ID }); err != nil {
			return err
		}
		if err := replace(tx.Bucket(coursesBucket), data.Courses, func(c catalogue.Course) string { return c.Code }); err != nil {
			return err
		}
		if err := replace(tx.Bucket(sequencesBucket), data.Sequences, func(q catalogue.Sequence) string { return q.Name }); err != nil {
			return err
		}
		return put(tx.Bucket(stateBucket), versionKey, data.Fingerprint())
	})
}

func replace[T any](b *bbolt.Bucket, wanted []T, id func(T) string) error {
	keep := make(map[string]bool, len(wanted))
	for _, doc := range wanted {
		keep[id(doc)] = true
		if err := put(b, id(doc), doc); err != nil {
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

// Load returns the whole catalogue, each part in the order of its ids; database_unavailable before the first seed.
func (s *Store) Load(ctx context.Context) (catalogue.Data, error) {
	var d catalogue.Data
	err := s.view(ctx, "load the catalogue", func(tx *bbolt.Tx) (err error) {
		if d.Degrees, err = all[catalogue.Degree](tx.Bucket(degreesBucket)); err != nil {
			return err
		}
		if d.Pools, err = all[catalogue.Pool](tx.Bucket(poolsBucket)); err != nil {
			return err
		}
		if d.Courses, err = all[catalogue.Course](tx.Bucket(coursesBucket)); err != nil {
			return err
		}
		if d.Sequences, err = all[catalogue.Sequence](tx.Bucket(sequencesBucket)); err != nil {
			return err
		}
		if len(d.Degrees) == 0 {
			return errors.New("there is no catalogue yet: run tmd seed")
		}
		return nil
	})
	if err != nil {
		return catalogue.Data{}, err
	}
	return d, nil
}

// Version names the catalogue that was seeded last, "" before the first.
func (s *Store) Version(ctx context.Context) (string, error) {
	var v string
	err := s.view(ctx, "read the catalogue's version", func(tx *bbolt.Tx) error {
		value := tx.Bucket(stateBucket).Get([]byte(versionKey))
		if value == nil {
			return nil
		}
		return json.Unmarshal(value, &v)
	})
	return v, err
}

// Degrees returns the degrees that stand alone, by name.
func (s *Store) Degrees(ctx context.Context) ([]catalogue.Degree, error) {
	var ds []catalogue.Degree
	err := s.view(ctx, "list degrees", func(tx *bbolt.Tx) (err error) {
		ds, err = all[catalogue.Degree](tx.Bucket(degreesBucket))
		return err
	})
	ds = slices.DeleteFunc(ds, func(d catalogue.Degree) bool { return d.DegreeType != catalogue.Standalone })
	slices.SortStableFunc(ds, func(a, b catalogue.Degree) int { return cmp.Compare(a.Name, b.Name) })
	return ds, err
}

// Degree returns a degree of any type; not_found when there is none.
func (s *Store) Degree(ctx context.Context, id string) (catalogue.Degree, error) {
	return one[catalogue.Degree](ctx, s, "read a degree", degreesBucket, id)
}

// Pools returns the pools of a degree in the degree's order; not_found when there is no such degree.
func (s *Store) Pools(ctx context.Context, degreeID string) ([]catalogue.Pool, error) {
	pools := []catalogue.Pool{}
	err := s.view(ctx, "list pools", func(tx *bbolt.Tx) error {
		d, err := get[catalogue.Degree](tx.Bucket(degreesBucket), degreeID, fault.NotFound)
		if err != nil {
			return err
		}
		for _, id := range d.Pools {
			p, err := get[catalogue.Pool](tx.Bucket(poolsBucket), id, fault.NotFound)
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

// Courses returns a page of courses and what After is for the next one, "" at the end; not_found for a pool that there is
// not.
func (s *Store) Courses(ctx context.Context, q catalogue.CourseQuery) ([]catalogue.Course, string, error) {
	page, next := []catalogue.Course{}, ""
	limit, words, prefix := q.Page(), q.Words(), strings.ToUpper(q.Prefix)
	err := s.view(ctx, "list courses", func(tx *bbolt.Tx) error {
		var pool map[string]bool
		if q.Pool != "" {
			p, err := get[catalogue.Pool](tx.Bucket(poolsBucket), q.Pool, fault.NotFound)
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
			if !matches(c, words) {
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

func matches(c catalogue.Course, words []string) bool {
	code, title := strings.ToLower(c.Code), strings.ToLower(c.Title)
	for _, word := range words {
		if !strings.Contains(code, word) && !strings.Contains(title, word) {
			return false
		}
	}
	return true
}

// Course returns a course; not_found when there is none.
func (s *Store) Course(ctx context.Context, code string) (catalogue.Course, error) {
	return one[catalogue.Course](ctx, s, "read a course", coursesBucket, code)
}

func one[T any](ctx context.Context, s *Store, op string, bucket []byte, id string) (T, error) {
	var doc T
	err := s.view(ctx, op, func(tx *bbolt.Tx) (err error) {
		doc, err = get[T](tx.Bucket(bucket), id, fault.NotFound)
		return err
	})
	return doc, err
}
