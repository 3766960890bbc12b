package backup_test

import (
	"bytes"
	"compress/gzip"
	"errors"
	"fmt"
	"io"
	"strings"
	"testing"
	"time"

	"github.com/trackmydegree/trackmydegree/internal/backup"
	"github.com/trackmydegree/trackmydegree/internal/testenv"
	"github.com/trackmydegree/trackmydegree/internal/timelinetest"
)

// readsAnywhere reports whether a text is in an object of the target, compressed or not.
func readsAnywhere(t *testing.T, m *memory, text string) bool {
	t.Helper()
	for name, content := range m.objects {
		if strings.HasSuffix(name, ".gz") {
			zip := timelinetest.Must(gzip.NewReader(bytes.NewReader(content)))(t)
			content = timelinetest.Must(io.ReadAll(zip))(t)
		}
		if strings.Contains(string(content), text) {
			return true
		}
	}
	return false
}

// Wherever an erasure is killed, each backup can be restored, and the same call ends it.
func TestEraseOwner(t *testing.T) {
	t.Parallel()
	for failAt := range 9 {
		t.Run(fmt.Sprintf("killed at change %d", failAt), func(t *testing.T) {
			t.Parallel()
			c, target := testenv.NewClock(start), newMemory()
			db := newDatabase(t, c)
			seed(t, db)
			for _, name := range []string{"secret one", "secret two"} {
				insert(t, db, "ann", name)
				insert(t, db, "bob", "of bob")
			}
			a := newArchive(t, target, c)
			for range 2 {
				c.Advance(time.Hour)
				timelinetest.Must(a.Create(t.Context(), db))(t)
			}
			target.failAt = target.changes + failAt
			_, err := a.EraseOwner(t.Context(), "ann")
			if err != nil && !errors.Is(err, errKilled) {
				t.Fatal(err)
			}
			complete, incomplete, err := a.List(t.Context())
			if err != nil || len(complete) != 2 || len(incomplete) != 0 {
				t.Fatalf("the backups are %+v and %v, %v", complete, incomplete, err)
			}
			for _, m := range complete {
				timelinetest.Must(a.Verify(t.Context(), m.Name))(t)
			}

			target.failAt = -1
			timelinetest.Must(a.EraseOwner(t.Context(), "ann"))(t)
			if readsAnywhere(t, target, "secret") || readsAnywhere(t, target, `"ann"`) {
				t.Error("the owner's timelines are still in a backup")
			}
			for _, m := range complete {
				fresh := newDatabase(t, c)
				timelinetest.Must(a.Restore(t.Context(), fresh, backup.Options{Name: m.Name}))(t)
				if got := names(contents(t, fresh)); got != "bob of bob, bob of bob" {
					t.Errorf("restored %q", got)
				}
			}
		})
	}
}

// What may still be written is reported, what was interrupted is deleted, and what cannot be read is not passed over.
func TestEraseOwnerBesideOtherBackups(t *testing.T) {
	t.Parallel()
	c, target := testenv.NewClock(start), newMemory()
	db := newDatabase(t, c)
	insert(t, db, "ann", "secret")
	a := newArchive(t, target, c)
	old := timelinetest.Must(a.Create(t.Context(), db))(t)
	delete(target.objects, old.Name+"/manifest.json")
	c.Advance(25 * time.Hour)
	running := timelinetest.Must(a.Create(t.Context(), db))(t)
	delete(target.objects, running.Name+"/manifest.json")
	done := timelinetest.Must(a.EraseOwner(t.Context(), "ann"))(t)
	if len(done.Unfinished) != 1 || done.Unfinished[0] != running.Name {
		t.Errorf("unfinished: %v, want %s", done.Unfinished, running.Name)
	}
	for name := range target.objects {
		if strings.HasPrefix(name, old.Name) {
			t.Errorf("%s of an interrupted backup is left", name)
		}
	}
	whole := timelinetest.Must(a.Create(t.Context(), db))(t)
	target.objects[whole.Name+"/manifest.json"] = []byte("{}")
	if _, err := a.EraseOwner(t.Context(), "ann"); !errors.Is(err, backup.ErrDamaged) {
		t.Errorf("an unreadable backup: %v, want ErrDamaged", err)
	}
	if _, err := a.EraseOwner(t.Context(), ""); err == nil {
		t.Error("an empty owner is accepted")
	}
}
