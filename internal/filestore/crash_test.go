package filestore_test

import (
	"fmt"
	"syscall"
	"testing"

	"github.com/trackmydegree/trackmydegree/internal/filestore"
	"github.com/trackmydegree/trackmydegree/internal/storetest"
)

// writeDir names the variable that makes this test program a process that saves uploads until it is killed.
const writeDir = "TEST_WRITE_DIR"

// crashSize is large enough that a kill interrupts some uploads.
const crashSize = 2 * mib

func saveUntilKilled(dir string) {
	syscall.Umask(0o077)
	s, err := filestore.New(filestore.Config{Dir: dir})
	if err != nil {
		fmt.Println(err)
		return
	}
	storetest.SaveUntilKilled(s, crashSize)
}

// A writer is killed during its work: each document under a job's name is complete, and none is without its ticket,
// every other file is temporary, and each acknowledged upload is there.
func TestAKilledWriterLeavesOnlyTemporaries(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	acknowledged := storetest.KillWriter(t, writeDir+"="+dir, 8)

	s, ctx := open(t, dir), t.Context()
	found, err := s.ListFiles(ctx)
	if err != nil {
		t.Fatal(err)
	}
	temporaries := 0
	for _, f := range found {
		switch {
		case f.Temporary != "":
			temporaries++
			if err := s.DeleteTemporary(ctx, f); err != nil {
				t.Error(err)
			}
			continue
		case !f.Document:
			t.Log("a ticket, or half of one, was left alone")
		default:
			if got, err := s.LoadTicket(ctx, f.ID); err != nil || got.ID != f.ID {
				t.Errorf("a ticket comes back as %+v, %v", got, err)
			}
			if size := len(readDocument(t, s, f.ID)); size != crashSize {
				t.Errorf("a document of %d bytes, want %d", size, crashSize)
			}
			delete(acknowledged, f.ID)
		}
		if err := s.Delete(ctx, f.ID); err != nil {
			t.Error(err)
		}
	}
	if len(acknowledged) != 0 {
		t.Errorf("acknowledged and lost: %v", acknowledged)
	}
	t.Logf("%d temporary files were left", temporaries)
	if left := files(t, dir); len(left) != 0 {
		t.Errorf("strange files: %v", left)
	}
}
