package boltstore_test

import (
	"context"
	"path/filepath"
	"strconv"
	"testing"
	"time"

	"github.com/trackmydegree/trackmydegree/internal/boltstore"
	"github.com/trackmydegree/trackmydegree/internal/catalogue"
	"github.com/trackmydegree/trackmydegree/internal/cataloguetest"
	"github.com/trackmydegree/trackmydegree/internal/timeline"
)

func seeded(b *testing.B) (*boltstore.Store, catalogue.Data) {
	b.Helper()
	data := cataloguetest.EmbeddedData()
	s, err := boltstore.Open(boltstore.Config{Dir: b.TempDir(), Now: time.Now})
	if err != nil {
		b.Fatal(err)
	}
	b.Cleanup(func() { s.Close() })
	if err := s.SeedCatalogue(b.Context(), data); err != nil {
		b.Fatal(err)
	}
	return s, data
}

func bench(b *testing.B, do func(context.Context) error) {
	b.ReportAllocs()
	for b.Loop() {
		if err := do(b.Context()); err != nil {
			b.Fatal(err)
		}
	}
}

// BenchmarkFirstSeed stores the whole catalogue in a new file.
func BenchmarkFirstSeed(b *testing.B) {
	_, data := seeded(b)
	dir, i := b.TempDir(), 0
	bench(b, func(ctx context.Context) error {
		i++
		s, err := boltstore.Open(boltstore.Config{Dir: filepath.Join(dir, strconv.Itoa(i))})
		if err != nil {
			return err
		}
		defer s.Close()
		return s.SeedCatalogue(ctx, data)
	})
}

func BenchmarkSeedAgain(b *testing.B) {
	s, data := seeded(b)
	bench(b, func(ctx context.Context) error { return s.SeedCatalogue(ctx, data) })
}

func BenchmarkLoad(b *testing.B) {
	s, _ := seeded(b)
	bench(b, func(ctx context.Context) error { _, err := s.LoadCatalogue(ctx); return err })
}

// BenchmarkSearch finds nothing, and so reads every course.
func BenchmarkSearch(b *testing.B) {
	s, _ := seeded(b)
	bench(b, func(ctx context.Context) error {
		_, _, err := s.ListCourses(ctx, catalogue.CourseQuery{Search: "no such course"})
		return err
	})
}

func BenchmarkInsert(b *testing.B) {
	s, _ := seeded(b)
	bench(b, func(ctx context.Context) error {
		_, err := s.InsertTimeline(ctx, timeline.Saved{Owner: "ann", Name: "plan"})
		return err
	})
}
