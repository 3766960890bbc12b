// Package storetest is the test suite that every store of the catalogue and of saved timelines passes.
package storetest

import (
	"context"
	"testing"
	"time"

	"github.com/trackmydegree/trackmydegree/internal/catalogue"
	"github.com/trackmydegree/trackmydegree/internal/fault"
	"github.com/trackmydegree/trackmydegree/internal/timeline"
	"github.com/trackmydegree/trackmydegree/internal/timelines"
)

// Store is the interface of all stores.
type Store interface {
	Ping(ctx context.Context) error

	SeedCatalogue(ctx context.Context, data catalogue.Data) error
	LoadCatalogue(ctx context.Context) (catalogue.Data, error)
	LoadEditions(ctx context.Context) ([]catalogue.Data, error)
	CatalogueVersion(ctx context.Context) (string, error)
	ListDegrees(ctx context.Context) ([]catalogue.Degree, error)
	FindDegree(ctx context.Context, id string) (catalogue.Degree, error)
	ListPools(ctx context.Context, degreeID string) ([]catalogue.Pool, error)
	ListSequences(ctx context.Context, degreeID string) ([]catalogue.Sequence, error)
	ListCourses(ctx context.Context, q catalogue.CourseQuery) (page []catalogue.Course, next string, err error)
	FindCourse(ctx context.Context, code string) (catalogue.Course, error)

	timelines.Timelines
	DeleteTimelines(ctx context.Context, owner string) (int, error)
	TransferTimelines(ctx context.Context, from, to string) error
	DeleteExpiredTimelines(ctx context.Context, before time.Time) (int, error)
	VisitTimelines(ctx context.Context, visit func(timeline.Saved) error) error

	InstallationID(ctx context.Context) (string, error)
	AdoptInstallation(ctx context.Context, id string) error
	FindTimelines(ctx context.Context, ids []string) (map[string]timeline.Saved, error)
	RestoreTimelines(ctx context.Context, all []timeline.Saved, replaces map[string]int64) (int, error)
}

// Open opens a new, empty store for a test, on a clock.
type Open func(t *testing.T, now func() time.Time) Store

// TestStore runs the suite on the stores that open returns.
func TestStore(t *testing.T, open Open) {
	t.Run("catalogue", func(t *testing.T) { t.Parallel(); runCatalogue(t, open) })
	t.Run("timelines", func(t *testing.T) { t.Parallel(); runTimelines(t, open) })
}

// wantCode ends the test unless err has the code.
func wantCode(t *testing.T, what string, err error, want fault.Code) {
	t.Helper()
	if got := fault.CodeOf(err); got != want {
		t.Fatalf("%s: %q (%v), want %q", what, got, err, want)
	}
}

func must[T any](v T, err error) func(t *testing.T) T {
	return func(t *testing.T) T {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
		return v
	}
}
