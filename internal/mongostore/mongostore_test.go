package mongostore_test

import (
	"context"
	"errors"
	"net"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"go.mongodb.org/mongo-driver/v2/bson"
	"go.mongodb.org/mongo-driver/v2/mongo"
	"go.mongodb.org/mongo-driver/v2/mongo/options"
	"go.mongodb.org/mongo-driver/v2/x/mongo/driver/connstring"
	"go.uber.org/goleak"

	"github.com/trackmydegree/trackmydegree/internal/catalogue"
	"github.com/trackmydegree/trackmydegree/internal/cataloguetest"
	"github.com/trackmydegree/trackmydegree/internal/fault"
	"github.com/trackmydegree/trackmydegree/internal/mongostore"
	"github.com/trackmydegree/trackmydegree/internal/storetest"
	"github.com/trackmydegree/trackmydegree/internal/testenv"
	"github.com/trackmydegree/trackmydegree/internal/timeline"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

func open(t testing.TB, uri string, now func() time.Time) *mongostore.Store {
	t.Helper()
	// A slow test machine must not cause a failure.
	s, err := mongostore.Open(mongostore.Config{URI: uri, Now: now, Timeout: 20 * time.Second})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := s.Close(context.Background()); err != nil {
			t.Error(err)
		}
	})
	return s
}

// database opens the database of a URI without the store.
func database(t *testing.T, uri string) *mongo.Database {
	t.Helper()
	cs, err := connstring.ParseAndValidate(uri)
	if err != nil {
		t.Fatal(err)
	}
	client, err := mongo.Connect(options.Client().ApplyURI(uri))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = client.Disconnect(context.Background()) })
	return client.Database(cs.Database)
}

func wantUnavailable(t *testing.T, what string, err error) {
	t.Helper()
	if fault.CodeOf(err) != fault.DatabaseUnavailable {
		t.Errorf("%s: %v, want database_unavailable", what, err)
	}
}

func TestConformance(t *testing.T) {
	t.Parallel()
	storetest.TestStore(t, func(t *testing.T, now func() time.Time) storetest.Store {
		s := open(t, testenv.NewMongoDatabase(t), now)
		if err := s.EnsureIndexes(t.Context()); err != nil {
			t.Fatal(err)
		}
		return s
	})
}

// The whole catalogue is stored and loaded unchanged, and seeding it again writes nothing.
func TestTheWholeCatalogue(t *testing.T) {
	t.Parallel()
	s := open(t, testenv.NewMongoDatabase(t), time.Now)
	want := cataloguetest.EmbeddedData()
	for range 2 {
		if err := s.SeedCatalogue(t.Context(), want); err != nil {
			t.Fatal(err)
		}
	}
	got, err := s.LoadCatalogue(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	if got.Fingerprint() != want.Fingerprint() {
		t.Error("what comes back is not what was seeded")
	}
}

func TestSeedRepairsWhatWasDamaged(t *testing.T) {
	t.Parallel()
	uri := testenv.NewMongoDatabase(t)
	s, db, ctx := open(t, uri, time.Now), database(t, uri), t.Context()
	if err := s.SeedCatalogue(ctx, storetest.SmallCatalogue()); err != nil {
		t.Fatal(err)
	}
	if _, err := db.Collection("courses").DeleteOne(ctx, bson.M{"_id": "COMP 248"}); err != nil {
		t.Fatal(err)
	}
	if _, err := db.Collection("degrees").UpdateOne(ctx, bson.M{"_id": "soen"}, bson.M{"$set": bson.M{"totalCredits": 1}}); err != nil {
		t.Fatal(err)
	}
	if err := s.SeedCatalogue(ctx, storetest.SmallCatalogue()); err != nil {
		t.Fatal(err)
	}
	got, err := s.LoadCatalogue(ctx)
	if err != nil {
		t.Fatal(err)
	}
	if d := cmp.Diff(storetest.SmallCatalogue(), got); d != "" {
		t.Errorf("after seeding again (-want +got):\n%s", d)
	}
}

// Operators and other programs read the documents: their names are a contract.
func TestDocumentsAreNamedAsTheyWere(t *testing.T) {
	t.Parallel()
	uri := testenv.NewMongoDatabase(t)
	s, db, ctx := open(t, uri, time.Now), database(t, uri), t.Context()
	if err := s.SeedCatalogue(ctx, storetest.SmallCatalogue()); err != nil {
		t.Fatal(err)
	}
	fall := "FALL 2024"
	_, err := s.InsertTimeline(ctx, timeline.Saved{Owner: "ann", DegreeID: "soen", Name: "plan",
		Semesters:  []timeline.Semester{{Term: fall, Courses: []timeline.Sitting{{Code: "COMP 248", Message: "m"}}}},
		States:     map[string]timeline.State{"COMP 248": {Status: timeline.Completed, Semester: &fall}},
		Exemptions: []string{}, Deficiencies: []string{}})
	if err != nil {
		t.Fatal(err)
	}
	fields := map[string][]string{
		"timelines": {"userId", "degreeId", "name", "isExtendedCredit", "isCoop", "semesters", "courseStatusMap", "exemptions",
			"deficiencies", "createdAt", "updatedAt", "version"},
		"degrees":     {"name", "degreeType", "totalCredits", "coursePools", "ecpDegreeId"},
		"coursepools": {"name", "creditsRequired", "courses", "rules"},
		"courses":     {"title", "credits", "offeredIn", "rules"},
	}
	for collection, names := range fields {
		var doc bson.M
		if err := db.Collection(collection).FindOne(ctx, bson.M{}).Decode(&doc); err != nil {
			t.Errorf("%s: %v", collection, err)
			continue
		}
		for _, name := range names {
			if _, ok := doc[name]; !ok {
				t.Errorf("%s: no field %s", collection, name)
			}
		}
		if len(doc) != len(names)+1 {
			t.Errorf("%s: %d fields, want %d and _id", collection, len(doc), len(names))
		}
	}
	n, err := db.Collection("timelines").CountDocuments(ctx, bson.M{"userId": "ann", "courseStatusMap.COMP 248.status": "completed"})
	if err != nil || n != 1 {
		t.Errorf("%d timelines with the course completed (%v)", n, err)
	}
}

// A timeline of the earlier system has no version and fewer fields, and may have states that this system never
// writes.
func TestTimelinesOfTheEarlierSystemAreRead(t *testing.T) {
	t.Parallel()
	uri := testenv.NewMongoDatabase(t)
	s, db, ctx := open(t, uri, time.Now), database(t, uri), t.Context()
	id := bson.NewObjectID()
	at := time.Date(2025, 9, 1, 12, 0, 0, 0, time.UTC)
	_, err := db.Collection("timelines").InsertOne(ctx, bson.D{
		{Key: "_id", Value: id}, {Key: "userId", Value: "ann"}, {Key: "degreeId", Value: "soen"}, {Key: "name", Value: "old"},
		{Key: "semesters", Value: bson.A{bson.D{{Key: "term", Value: "FALL 2024"}, {Key: "courses", Value: bson.A{bson.D{{Key: "code", Value: "COMP 248"}}}}}}},
		{Key: "courseStatusMap", Value: bson.D{{Key: "COMP 248", Value: bson.D{{Key: "status", Value: "completed"}, {Key: "semester", Value: nil}}}}},
		{Key: "exemptions", Value: bson.A{}}, {Key: "deficiencies", Value: bson.A{}},
		{Key: "createdAt", Value: at}, {Key: "updatedAt", Value: at}, {Key: "__v", Value: 3},
	})
	if err != nil {
		t.Fatal(err)
	}
	got, err := s.FindTimeline(ctx, "ann", id.Hex())
	if err != nil {
		t.Fatal(err)
	}
	want := timeline.Saved{ID: id.Hex(), Owner: "ann", DegreeID: "soen", Name: "old",
		Semesters:  []timeline.Semester{{Term: "FALL 2024", Courses: []timeline.Sitting{{Code: "COMP 248"}}}},
		States:     map[string]timeline.State{"COMP 248": {Status: timeline.Completed}},
		Exemptions: []string{}, Deficiencies: []string{}, CreatedAt: at, UpdatedAt: at}
	if d := cmp.Diff(want, got); d != "" {
		t.Errorf("read (-want +got):\n%s", d)
	}
	if got, err = s.UpdateTimeline(ctx, got); err != nil || got.Version != 1 {
		t.Errorf("after an update it is at version %d (%v), want 1", got.Version, err)
	}
}

func TestIndexes(t *testing.T) {
	t.Parallel()
	uri := testenv.NewMongoDatabase(t)
	s, db, ctx := open(t, uri, time.Now), database(t, uri), t.Context()
	for range 2 {
		if err := s.EnsureIndexes(ctx); err != nil {
			t.Fatal(err)
		}
	}
	specs, err := db.Collection("timelines").Indexes().ListSpecifications(ctx)
	if err != nil {
		t.Fatal(err)
	}
	var names []string
	for _, spec := range specs {
		names = append(names, spec.Name)
	}
	if got := strings.Join(names, " "); !strings.Contains(got, "userId_1_updatedAt_-1__id_-1") {
		t.Errorf("indexes of timelines: %s", got)
	}
}

// A store opens without a server, reports the unavailable database without hanging, and works when the server starts,
// and again after it was killed and restarted.
func TestTheServerComesAndGoes(t *testing.T) {
	t.Parallel()
	server := testenv.StartMongo(t)
	server.Kill()
	s := open(t, server.URI(), time.Now)
	ctx := t.Context()

	wantUnavailable(t, "ping", s.Ping(ctx))
	_, err := s.InsertTimeline(ctx, timeline.Saved{Owner: "ann"})
	wantUnavailable(t, "insert", err)
	ready := make(chan error, 1)
	go func() { ready <- s.Run(ctx) }()

	server.Restart(t)
	if err := <-ready; err != nil {
		t.Fatalf("Run with a server that came late: %v", err)
	}
	kept, err := s.InsertTimeline(ctx, timeline.Saved{Owner: "ann", Name: "kept"})
	if err != nil {
		t.Fatal(err)
	}

	server.Kill()
	operations := map[string]func() error{
		"get":     func() error { _, err := s.FindTimeline(ctx, "ann", kept.ID); return err },
		"list":    func() error { _, _, err := s.ListTimelines(ctx, "ann", "", 1); return err },
		"update":  func() error { _, err := s.UpdateTimeline(ctx, kept); return err },
		"delete":  func() error { return s.DeleteTimeline(ctx, "ann", kept.ID, 1) },
		"seed":    func() error { return s.SeedCatalogue(ctx, storetest.SmallCatalogue()) },
		"load":    func() error { _, err := s.LoadCatalogue(ctx); return err },
		"version": func() error { _, err := s.CatalogueVersion(ctx); return err },
		"degrees": func() error { _, err := s.ListDegrees(ctx); return err },
		"pools":   func() error { _, err := s.ListPools(ctx, "soen"); return err },
		"courses": func() error { _, _, err := s.ListCourses(ctx, catalogue.CourseQuery{}); return err },
		"course":  func() error { _, err := s.FindCourse(ctx, "COMP 248"); return err },
		"indexes": func() error { return s.EnsureIndexes(ctx) },
	}
	var wg sync.WaitGroup
	for what, do := range operations {
		wg.Go(func() { wantUnavailable(t, what, do()) })
	}
	wg.Wait()

	server.Restart(t)
	var got timeline.Saved
	testenv.Eventually(t, "the store reads again", func() bool {
		got, err = s.FindTimeline(ctx, "ann", kept.ID)
		return err == nil
	})
	if d := cmp.Diff(kept, got); d != "" {
		t.Errorf("after the restart (-want +got):\n%s", d)
	}
}

// A call to a server that never answers ends after the store's timeout, or the caller's own if that is shorter.
func TestASilentServerDoesNotHang(t *testing.T) {
	t.Parallel()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	var wg sync.WaitGroup
	t.Cleanup(func() { l.Close(); wg.Wait() })
	wg.Go(func() {
		for {
			c, err := l.Accept()
			if err != nil {
				return
			}
			defer c.Close()
		}
	})
	s, err := mongostore.Open(mongostore.Config{URI: "mongodb://" + l.Addr().String(), Timeout: 200 * time.Millisecond})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = s.Close(context.Background()) })
	wantUnavailable(t, "ping", s.Ping(t.Context()))

	// A caller with a deadline of a minute, as in a worker, does not wait for a minute.
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	wantUnavailable(t, "ping of a patient caller", s.Ping(ctx))
	if ctx.Err() != nil {
		t.Error("the caller's whole time was taken")
	}
	_, err = s.FindTimeline(ctx, "ann", bson.NewObjectID().Hex())
	wantUnavailable(t, "get of a patient caller", err)

	ctx, cancel = context.WithTimeout(t.Context(), 20*time.Millisecond)
	defer cancel()
	if err := s.Ping(ctx); fault.CodeOf(err) != fault.Timeout {
		t.Errorf("the caller's deadline gives %v, want timeout", err)
	}
	ctx, cancel = context.WithCancel(t.Context())
	cancel()
	if err := s.Run(ctx); !errors.Is(err, context.Canceled) {
		t.Errorf("Run of a caller that has gone: %v", err)
	}
}

func TestTheURISaysHowLongACallMayTake(t *testing.T) {
	t.Parallel()
	s, err := mongostore.Open(mongostore.Config{URI: "mongodb://127.0.0.1:1/?timeoutMS=1", Timeout: time.Hour})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = s.Close(context.Background()) })
	wantUnavailable(t, "ping", s.Ping(t.Context()))
}

func TestOpenRefusesABadURI(t *testing.T) {
	t.Parallel()
	for _, uri := range []string{
		"", "localhost:27017", "http://localhost", "mongodb://", "mongodb://h/?readPreference=nobody", "mongodb://u:hunter2/x@h:1/d",
		"mongodb://u:x@hunter2@h", "mongodb://u:%hunter2@h", "mongodb://u:hunter2@h:port", "mongodb://u:p@h/?readPreference=hunter2",
	} {
		s, err := mongostore.Open(mongostore.Config{URI: uri})
		if err == nil {
			_ = s.Close(t.Context())
			t.Errorf("%q was accepted", uri)
		} else if strings.Contains(err.Error(), "hunter2") {
			t.Errorf("the error repeats a password: %v", err)
		}
	}
}

func BenchmarkSeedAgain(b *testing.B) {
	s := open(b, testenv.NewMongoDatabase(b), time.Now)
	data := cataloguetest.EmbeddedData()
	if err := s.SeedCatalogue(b.Context(), data); err != nil {
		b.Fatal(err)
	}
	for b.Loop() {
		if err := s.SeedCatalogue(b.Context(), data); err != nil {
			b.Fatal(err)
		}
	}
}
