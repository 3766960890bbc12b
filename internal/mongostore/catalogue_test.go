package mongostore_test

import (
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"go.mongodb.org/mongo-driver/v2/bson"

	"github.com/trackmydegree/trackmydegree/internal/catalogue"
	"github.com/trackmydegree/trackmydegree/internal/storetest"
	"github.com/trackmydegree/trackmydegree/internal/testenv"
)

// Readers of editions see each edition whole, whatever state a seed that broke off left the collections in.
func TestEditionsAreWhole(t *testing.T) {
	t.Parallel()
	uri := testenv.NewMongoDatabase(t)
	s, db, ctx := open(t, uri, time.Now), database(t, uri), t.Context()
	want := storetest.SmallCatalogue()
	want.Calendar = "2026-27"
	if err := s.SeedCatalogue(ctx, want); err != nil {
		t.Fatal(err)
	}
	for _, name := range []string{"courses", "coursepools"} {
		if _, err := db.Collection(name).DeleteMany(ctx, bson.D{}); err != nil {
			t.Fatal(err)
		}
	}
	got, err := s.LoadEditions(ctx)
	if err != nil {
		t.Fatal(err)
	}
	if d := cmp.Diff([]catalogue.Data{want}, got); d != "" {
		t.Errorf("editions (-want +got):\n%s", d)
	}
	if v, err := s.CatalogueVersion(ctx); err != nil || v != want.Fingerprint() {
		t.Errorf("version %q (%v), want %q", v, err, want.Fingerprint())
	}
}

// An older version of the program stored the newest edition in the collections alone.
func TestEditionsOfOlderVersionsAreRead(t *testing.T) {
	t.Parallel()
	uri := testenv.NewMongoDatabase(t)
	s, db, ctx := open(t, uri, time.Now), database(t, uri), t.Context()
	older, next := storetest.SmallCatalogue(), storetest.SmallCatalogue()
	older.Calendar, next.Calendar = "2026-27", "2027-28"
	if err := s.SeedCatalogue(ctx, older); err != nil {
		t.Fatal(err)
	}
	if _, err := db.Collection("editions").DeleteMany(ctx, bson.D{}); err != nil {
		t.Fatal(err)
	}
	others := bson.D{{Key: "_id", Value: bson.D{{Key: "$ne", Value: "current"}}}}
	if _, err := db.Collection("catalogue").DeleteMany(ctx, others); err != nil {
		t.Fatal(err)
	}
	wantEditions := func(want ...catalogue.Data) {
		t.Helper()
		got, err := s.LoadEditions(ctx)
		if err != nil {
			t.Fatal(err)
		}
		if d := cmp.Diff(want, got); d != "" {
			t.Fatalf("editions (-want +got):\n%s", d)
		}
	}
	wantEditions(older)
	if v, err := s.CatalogueVersion(ctx); err != nil || v != older.Fingerprint() {
		t.Errorf("version %q (%v), want %q", v, err, older.Fingerprint())
	}
	if err := s.SeedCatalogue(ctx, next); err != nil {
		t.Fatal(err)
	}
	wantEditions(older, next)
}
