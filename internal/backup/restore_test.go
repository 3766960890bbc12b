package backup_test

import (
	"fmt"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/trackmydegree/trackmydegree/internal/backup"
	"github.com/trackmydegree/trackmydegree/internal/testenv"
	"github.com/trackmydegree/trackmydegree/internal/timelinetest"
)

// An empty database has afterwards what the first one had: timelines with ids, versions and times, editions, the id.
func TestRestoreIntoAnEmptyDatabase(t *testing.T) {
	t.Parallel()
	c := testenv.NewClock(start)
	db, target := newDatabase(t, c), newMemory()
	editions := seed(t, db)
	for i := range 450 { // more than two batches
		insert(t, db, fmt.Sprintf("owner-%d", i%7), fmt.Sprintf("plan %d", i))
	}
	a := newArchive(t, target, c)
	m := timelinetest.Must(a.Create(t.Context(), db))(t)
	c.Advance(time.Hour)
	fresh := newDatabase(t, c)
	dry := timelinetest.Must(a.Restore(t.Context(), fresh, backup.Options{DryRun: true}))(t)
	if len(contents(t, fresh)) != 0 {
		t.Error("a dry run stored timelines")
	}
	done := timelinetest.Must(a.Restore(t.Context(), fresh, backup.Options{}))(t)
	want := backup.Restored{Backup: m.Name, Editions: backup.Counts{Added: 2}, Timelines: backup.Counts{Added: 450}}
	if done != want {
		t.Errorf("got %+v, want %+v", done, want)
	}
	if dry.DryRun = false; dry != want {
		t.Errorf("the dry run said %+v, want %+v", dry, want)
	}
	if d := cmp.Diff(contents(t, db), contents(t, fresh)); d != "" {
		t.Errorf("timelines (-want +got):\n%s", d)
	}
	if d := cmp.Diff(editions, timelinetest.Must(fresh.LoadEditions(t.Context()))(t)); d != "" {
		t.Errorf("editions (-want +got):\n%s", d)
	}
	if got, want := timelinetest.Must(fresh.InstallationID(t.Context()))(t), timelinetest.Must(db.InstallationID(t.Context()))(t); got != want {
		t.Errorf("the installation is %q, want %q", got, want)
	}
	again := timelinetest.Must(a.Restore(t.Context(), fresh, backup.Options{Overwrite: backup.OverwriteAlways}))(t)
	if want := (backup.Restored{Backup: m.Name, Editions: backup.Counts{Unchanged: 2}, Timelines: backup.Counts{Unchanged: 450}}); again != want {
		t.Errorf("again: got %+v, want %+v", again, want)
	}
}

// In a database with data each policy replaces what it says, and nothing of another owner.
func TestRestorePolicies(t *testing.T) {
	t.Parallel()
	for policy, want := range map[backup.Overwrite]struct {
		names             string
		replaced, kept    int
		editionsReplaced  int
		restartsAtVersion int64
	}{
		backup.OverwriteNever:  {"ann changed, ann deleted, ann later, bob moved", 0, 1, 0, 2},
		backup.OverwriteOlder:  {"ann changed, ann deleted, ann later, bob moved", 0, 1, 0, 2},
		backup.OverwriteAlways: {"ann as it was, ann deleted, ann later, bob moved", 1, 0, 1, 3},
	} {
		t.Run(string(policy), func(t *testing.T) {
			t.Parallel()
			c, ctx := testenv.NewClock(start), t.Context()
			db := newDatabase(t, c)
			editions := seed(t, db)
			kept, deleted := insert(t, db, "ann", "as it was"), insert(t, db, "ann", "deleted")
			moved := insert(t, db, "carl", "moved")
			a := newArchive(t, newMemory(), c)
			timelinetest.Must(a.Create(ctx, db))(t)

			c.Advance(time.Hour)
			kept.Name = "changed"
			timelinetest.Must(db.UpdateTimeline(ctx, kept))(t)
			if err := db.DeleteTimeline(ctx, "ann", deleted.ID, 0); err != nil {
				t.Fatal(err)
			}
			if err := db.TransferTimelines(ctx, "carl", "bob"); err != nil {
				t.Fatal(err)
			}
			insert(t, db, "ann", "later")
			editions[1].Courses[0].Title = "Another title"
			if err := db.SeedCatalogue(ctx, editions[1]); err != nil {
				t.Fatal(err)
			}

			done := timelinetest.Must(a.Restore(ctx, db, backup.Options{Overwrite: policy}))(t)
			n := done.Timelines
			if n.Added != 1 || n.Replaced != want.replaced || n.Kept != want.kept || n.Conflicts != 1 || done.Editions.Replaced != want.editionsReplaced {
				t.Errorf("got %+v", done)
			}
			all := contents(t, db)
			if got := names(all); got != want.names {
				t.Errorf("the database has %q, want %q", got, want.names)
			}
			if got := all[kept.ID].Version; got != want.restartsAtVersion {
				t.Errorf("version %d, want %d: above every one that a page has seen", got, want.restartsAtVersion)
			}
			if all[moved.ID].Owner != "bob" {
				t.Errorf("a timeline was taken from its owner: %+v", all[moved.ID])
			}
		})
	}
}

// With the policy older the backup replaces what is older than it, as in a database of last week.
func TestRestoreOverOlder(t *testing.T) {
	t.Parallel()
	c, ctx := testenv.NewClock(start), t.Context()
	db := newDatabase(t, c)
	plan := insert(t, db, "ann", "old")
	a := newArchive(t, newMemory(), c)
	timelinetest.Must(a.Create(ctx, db))(t)
	c.Advance(time.Hour)
	plan.Name = "new"
	timelinetest.Must(db.UpdateTimeline(ctx, plan))(t)
	c.Advance(time.Hour)
	timelinetest.Must(a.Create(ctx, db))(t)
	complete, _, err := a.List(ctx)
	if err != nil || len(complete) != 2 {
		t.Fatalf("%d backups, %v", len(complete), err)
	}
	fresh := newDatabase(t, c)
	for i, want := range []string{"ann old", "ann new", "ann new"} {
		timelinetest.Must(a.Restore(ctx, fresh, backup.Options{Name: complete[i%2].Name, Overwrite: backup.OverwriteOlder}))(t)
		if got := names(contents(t, fresh)); got != want {
			t.Errorf("after restore %d: %q, want %q", i, got, want)
		}
	}
}

// Of one owner nothing else comes back, and the id of the installation stays.
func TestRestoreOfOneOwner(t *testing.T) {
	t.Parallel()
	c, ctx := testenv.NewClock(start), t.Context()
	db := newDatabase(t, c)
	seed(t, db)
	insert(t, db, "ann", "plan")
	insert(t, db, "bob", "plan")
	a := newArchive(t, newMemory(), c)
	timelinetest.Must(a.Create(ctx, db))(t)
	fresh := newDatabase(t, c)
	timelinetest.Must(a.Restore(ctx, fresh, backup.Options{Owner: "bob"}))(t)
	if got := names(contents(t, fresh)); got != "bob plan" {
		t.Errorf("restored %q", got)
	}
	if version := timelinetest.Must(fresh.CatalogueVersion(ctx))(t); version != "" {
		t.Errorf("the catalogue came too: %s", version)
	}
	if timelinetest.Must(fresh.InstallationID(ctx))(t) == timelinetest.Must(db.InstallationID(ctx))(t) {
		t.Error("the id of the installation came too")
	}
}

func TestParseOverwrite(t *testing.T) {
	t.Parallel()
	if _, err := backup.ParseOverwrite("newer"); err == nil {
		t.Error("an unknown policy is accepted")
	}
	if o, err := backup.ParseOverwrite("older"); err != nil || o != backup.OverwriteOlder {
		t.Errorf("got %q, %v", o, err)
	}
}
