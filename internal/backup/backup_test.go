package backup_test

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"log/slog"
	"maps"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/trackmydegree/trackmydegree/internal/backup"
	"github.com/trackmydegree/trackmydegree/internal/boltstore"
	"github.com/trackmydegree/trackmydegree/internal/catalogue"
	"github.com/trackmydegree/trackmydegree/internal/guest"
	"github.com/trackmydegree/trackmydegree/internal/storetest"
	"github.com/trackmydegree/trackmydegree/internal/testenv"
	"github.com/trackmydegree/trackmydegree/internal/timeline"
	"github.com/trackmydegree/trackmydegree/internal/timelinetest"
)

var start = time.Date(2026, 11, 28, 2, 0, 0, 0, time.UTC)

// memory is a target in memory. With failAt it fails from that write or deletion on, as a process that is killed.
type memory struct {
	objects map[string][]byte
	failAt  int
	changes int
}

var errKilled = errors.New("killed")

func newMemory() *memory { return &memory{objects: map[string][]byte{}, failAt: -1} }

func (m *memory) countChange() error {
	if m.failAt >= 0 && m.changes >= m.failAt {
		return errKilled
	}
	m.changes++
	return nil
}

func (m *memory) WriteObject(_ context.Context, name string, content []byte) error {
	if err := m.countChange(); err != nil {
		return err
	}
	m.objects[name] = slices.Clone(content)
	return nil
}

func (m *memory) ReadObject(_ context.Context, name string, _ int64) ([]byte, error) {
	content, ok := m.objects[name]
	if !ok {
		return nil, fmt.Errorf("%s: %w", name, fs.ErrNotExist)
	}
	return content, nil
}

func (m *memory) ListObjects(context.Context) ([]string, error) {
	return slices.Collect(maps.Keys(m.objects)), nil
}

func (m *memory) DeleteObject(_ context.Context, name string) error {
	if err := m.countChange(); err != nil {
		return err
	}
	delete(m.objects, name)
	return nil
}

func newArchive(t *testing.T, target backup.Target, c *testenv.Clock) *backup.Archive {
	t.Helper()
	a, err := backup.New(backup.Deps{Target: target, Clock: c.Now, Logger: slog.New(slog.DiscardHandler), Program: "v1"})
	if err != nil {
		t.Fatal(err)
	}
	return a
}

func newDatabase(t *testing.T, c *testenv.Clock) *boltstore.Store {
	t.Helper()
	s, err := boltstore.Open(boltstore.Config{Dir: t.TempDir(), Now: c.Now})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = s.Close() })
	return s
}

func insert(t *testing.T, s *boltstore.Store, owner, name string) timeline.Saved {
	t.Helper()
	return timelinetest.Must(s.InsertTimeline(t.Context(), timeline.Saved{
		Owner: owner, Name: name, DegreeID: "soen", Semesters: []timeline.Semester{}, States: map[string]timeline.State{},
		Exemptions: []string{}, Deficiencies: []string{},
	}))(t)
}

// seed stores two editions.
func seed(t *testing.T, s *boltstore.Store) []catalogue.Data {
	t.Helper()
	var all []catalogue.Data
	for _, calendar := range []string{"2025-26", "2026-27"} {
		edition := storetest.SmallCatalogue()
		edition.Calendar = calendar
		if err := s.SeedCatalogue(t.Context(), edition); err != nil {
			t.Fatal(err)
		}
		all = append(all, edition)
	}
	return all
}

// contents returns the timelines of a database by id.
func contents(t *testing.T, s backup.Source) map[string]timeline.Saved {
	t.Helper()
	all := map[string]timeline.Saved{}
	if err := s.VisitTimelines(t.Context(), func(saved timeline.Saved) error { all[saved.ID] = saved; return nil }); err != nil {
		t.Fatal(err)
	}
	return all
}

func names(all map[string]timeline.Saved) string {
	var list []string
	for _, t := range all {
		list = append(list, t.Owner+" "+t.Name)
	}
	slices.Sort(list)
	return strings.Join(list, ", ")
}

// A backup is not seen before its manifest, whichever write it ended at, and the next one is whole.
func TestAnInterruptedBackupIsRefused(t *testing.T) {
	t.Parallel()
	c := testenv.NewClock(start)
	db := newDatabase(t, c)
	seed(t, db)
	insert(t, db, "ann", "plan")
	for failAt := range 4 { // two editions, timelines, the manifest
		target := newMemory()
		target.failAt = failAt
		a := newArchive(t, target, c)
		if _, err := a.Create(t.Context(), db); !errors.Is(err, errKilled) {
			t.Fatalf("interrupted at write %d: %v", failAt, err)
		}
		want := backup.ErrDamaged
		if failAt == 0 {
			want = backup.ErrNotFound
		}
		if _, err := a.Restore(t.Context(), newDatabase(t, c), backup.Options{}); !errors.Is(err, want) {
			t.Errorf("a restore of a backup that ended at write %d: %v, want %v", failAt, err, want)
		}
		target.failAt = -1
		whole := timelinetest.Must(a.Create(t.Context(), db))(t)
		if got := timelinetest.Must(a.Verify(t.Context(), ""))(t); got.Name != whole.Name {
			t.Errorf("the newest whole backup is %s, want %s", got.Name, whole.Name)
		}
	}
}

// Every changed, cut, exchanged or missing object is noticed, and the database stays as it was.
func TestADamagedBackupChangesNothing(t *testing.T) {
	t.Parallel()
	c := testenv.NewClock(start)
	db := newDatabase(t, c)
	seed(t, db)
	insert(t, db, "ann", "plan")
	target := newMemory()
	m := timelinetest.Must(newArchive(t, target, c).Create(t.Context(), db))(t)
	for name, content := range target.objects {
		for kind, damage := range map[string][]byte{
			"missing": nil, "empty": {}, "cut": content[:len(content)-3], "changed": append(slices.Clone(content[:len(content)-2]), 'x', 'y'),
			"another": []byte("{}"),
		} {
			t.Run(strings.TrimPrefix(name, m.Name+"/")+" "+kind, func(t *testing.T) {
				broken := newMemory()
				broken.objects = maps.Clone(target.objects)
				broken.objects[name] = damage
				if damage == nil {
					delete(broken.objects, name)
				}
				fresh := newDatabase(t, c)
				if _, err := newArchive(t, broken, c).Restore(t.Context(), fresh, backup.Options{Name: m.Name}); !errors.Is(err, backup.ErrDamaged) {
					t.Errorf("got %v, want ErrDamaged", err)
				}
				if version := timelinetest.Must(fresh.CatalogueVersion(t.Context()))(t); version != "" || len(contents(t, fresh)) != 0 {
					t.Errorf("the database has the catalogue %q and %d timelines, want nothing", version, len(contents(t, fresh)))
				}
			})
		}
	}
}

func TestDeleteOld(t *testing.T) {
	t.Parallel()
	c := testenv.NewClock(start)
	db, target := newDatabase(t, c), newMemory()
	a := newArchive(t, target, c)
	target.objects["someone/else.txt"] = []byte("x")
	target.objects["tmd-notes/manifest.json"] = []byte("x")
	var made []string
	for range 4 {
		c.Advance(24 * time.Hour)
		insert(t, db, "ann", "plan")
		made = append(made, timelinetest.Must(a.Create(t.Context(), db))(t).Name)
	}
	delete(target.objects, made[1]+"/manifest.json") // interrupted two days ago
	delete(target.objects, made[3]+"/manifest.json") // perhaps still written
	deleted := timelinetest.Must(a.DeleteOld(t.Context(), 1))(t)
	if want := []string{made[1], made[0]}; !slices.Equal(deleted, want) {
		t.Errorf("deleted %v, want %v", deleted, want)
	}
	complete, incomplete, err := a.List(t.Context())
	if err != nil || len(complete) != 1 || complete[0].Name != made[2] || !slices.Equal(incomplete, made[3:]) {
		t.Errorf("left %+v and %v, %v", complete, incomplete, err)
	}
	if target.objects["someone/else.txt"] == nil || target.objects["tmd-notes/manifest.json"] == nil {
		t.Error("objects of others were deleted")
	}
}

// Guests were promised that what they own ends after a day.
func TestGuestsAreLeftOut(t *testing.T) {
	t.Parallel()
	c := testenv.NewClock(start)
	db, target := newDatabase(t, c), newMemory()
	insert(t, db, guest.NewOwner(start.Add(guest.Lifetime)), "of a guest")
	insert(t, db, "ann", "plan")
	a := newArchive(t, target, c)
	if m := timelinetest.Must(a.Create(t.Context(), db))(t); m.Timelines != 1 {
		t.Errorf("%d timelines, want that of ann alone", m.Timelines)
	}
	fresh := newDatabase(t, c)
	timelinetest.Must(a.Restore(t.Context(), fresh, backup.Options{}))(t)
	if got := names(contents(t, fresh)); got != "ann plan" {
		t.Errorf("restored %q", got)
	}
}
