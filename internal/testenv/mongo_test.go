package testenv_test

import (
	"sync"
	"testing"

	"go.mongodb.org/mongo-driver/v2/bson"
	"go.mongodb.org/mongo-driver/v2/mongo"
	"go.mongodb.org/mongo-driver/v2/mongo/options"
	"go.mongodb.org/mongo-driver/v2/x/mongo/driver/connstring"

	"github.com/trackmydegree/trackmydegree/internal/testenv"
)

func collection(t *testing.T, uri string) *mongo.Collection {
	t.Helper()
	cs, err := connstring.ParseAndValidate(uri)
	if err != nil {
		t.Fatal(err)
	}
	client, err := mongo.Connect(options.Client().ApplyURI(uri))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = client.Disconnect(t.Context()) })
	return client.Database(cs.Database).Collection("things")
}

func TestEachTestHasADatabaseOfItsOwn(t *testing.T) {
	t.Parallel()
	one, other := collection(t, testenv.NewMongoDatabase(t)), collection(t, testenv.NewMongoDatabase(t))
	if _, err := one.InsertOne(t.Context(), bson.M{"_id": 1}); err != nil {
		t.Fatal(err)
	}
	if n, err := other.CountDocuments(t.Context(), bson.M{}); err != nil || n != 0 {
		t.Errorf("another test's database holds %d documents (%v)", n, err)
	}
}

// Only one claim may succeed: without the server's atomic updates several would.
func TestMongoUpdatesAreAtomic(t *testing.T) {
	t.Parallel()
	c := collection(t, testenv.NewMongoDatabase(t))
	if _, err := c.InsertOne(t.Context(), bson.M{"_id": 1, "version": 0}); err != nil {
		t.Fatal(err)
	}
	const writers, claims = 8, 25
	var wg sync.WaitGroup
	won := make([]int, writers)
	for w := range writers {
		wg.Go(func() {
			for v := range claims {
				r, err := c.UpdateOne(t.Context(), bson.M{"_id": 1, "version": v}, bson.M{"$inc": bson.M{"version": 1}})
				if err != nil {
					t.Error(err)
					return
				}
				won[w] += int(r.ModifiedCount)
			}
		})
	}
	wg.Wait()
	total := 0
	for _, n := range won {
		total += n
	}
	var doc struct{ Version int }
	if err := c.FindOne(t.Context(), bson.M{"_id": 1}).Decode(&doc); err != nil {
		t.Fatal(err)
	}
	if total != doc.Version {
		t.Errorf("%d claims were won for a document at version %d", total, doc.Version)
	}
}

func TestMongoStopsAndComesBackWithItsData(t *testing.T) {
	t.Parallel()
	s := testenv.StartMongo(t)
	c := collection(t, s.URI())
	if _, err := c.InsertOne(t.Context(), bson.M{"_id": 1}); err != nil {
		t.Fatal(err)
	}
	s.Kill()
	s.Restart(t)
	if n, err := c.CountDocuments(t.Context(), bson.M{}); err != nil || n != 1 {
		t.Errorf("after the restart there are %d documents (%v), want 1", n, err)
	}
}
