package filestore_test

import (
	"bytes"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"testing"

	"github.com/trackmydegree/trackmydegree/internal/fault"
	"github.com/trackmydegree/trackmydegree/internal/filestore"
	"github.com/trackmydegree/trackmydegree/internal/job"
)

// mount creates a file system of a fixed size, which only root may do.
func mount(t *testing.T, flags uintptr, options string) string {
	t.Helper()
	dir := t.TempDir()
	if err := syscall.Mount("tmpfs", dir, "tmpfs", flags, options); err != nil {
		t.Skipf("a file system of the test's own cannot be mounted: %v", err)
	}
	t.Cleanup(func() {
		if err := syscall.Unmount(dir, 0); err != nil {
			t.Error(err)
		}
	})
	return dir
}

func TestAFullDisk(t *testing.T) {
	t.Parallel()
	dir := mount(t, 0, "size=1m")
	s, ctx := open(t, dir), t.Context()
	_, err := s.Save(ctx, ticket(newID()), bytes.NewReader(pdf(2*mib)), 10*mib)
	wantCode(t, err, fault.StorageUnavailable)
	if left := files(t, dir); len(left) != 0 {
		t.Errorf("left behind: %v", left)
	}
	// A failed upload frees its space, to the last page.
	saved := 0
	for err = nil; err == nil; saved++ {
		_, err = s.Save(ctx, ticket(newID()), bytes.NewReader(pdf(mib/8)), mib)
	}
	if saved < 5 {
		t.Errorf("%d documents of 128 KiB fit on a disk of 1 MiB", saved)
	}
	err = nil
	for i := 0; err == nil; i++ {
		err = os.WriteFile(filepath.Join(dir, strconv.Itoa(i)), make([]byte, 4096), 0o600)
	}
	if err := s.CheckAccess(ctx); err == nil || !strings.Contains(err.Error(), "full") {
		t.Errorf("Check of a full disk: %v", err)
	}
}

func TestADiskThatCannotBeWritten(t *testing.T) {
	t.Parallel()
	dir := mount(t, syscall.MS_RDONLY, "")
	s := open(t, dir)
	_, err := s.Save(t.Context(), ticket(newID()), bytes.NewReader(pdf(100)), mib)
	wantCode(t, err, fault.StorageUnavailable)
	if err := s.CheckAccess(t.Context()); err == nil || !strings.Contains(err.Error(), "readOnly: false") {
		t.Errorf("Check of a disk that cannot be written: %v", err)
	}
}

// The disk becomes full in the document or in its ticket, by its size or by its number of files: both are stored or
// neither.
func TestTheDiskEndsSomewhere(t *testing.T) {
	t.Parallel()
	const page = 4096
	for _, options := range []string{"size=64k", "size=1m,nr_inodes=3", "size=1m,nr_inodes=2", "size=1m,nr_inodes=1"} {
		dir := mount(t, 0, options)
		s, ctx := open(t, dir), t.Context()
		saved := 0
		for size := 5 * page; size >= 9; {
			one := ticket(newID())
			_, err := s.Save(ctx, one, bytes.NewReader(pdf(size)), mib)
			if err == nil {
				saved++
				if _, err := s.LoadTicket(ctx, one.ID); err != nil {
					t.Errorf("%s: saved without its ticket: %v", options, err)
				}
				continue
			}
			wantCode(t, err, fault.StorageUnavailable)
			size -= page // until not even a small one fits
		}
		if n := len(files(t, dir)); n != saved {
			t.Errorf("%s: %d files of %d uploads", options, n, saved)
		}
		form := ticket(newID())
		form.Kind, form.Input = job.Form, []byte(`{}`)
		if _, err := s.Save(ctx, form, nil, mib); err != nil { // it may fit where no document does
			wantCode(t, err, fault.StorageUnavailable)
		}
		for _, l := range listed(t, s) {
			if l.Temporary != "" || l.Document != (l.ID != form.ID) || l.Ticket == l.Document {
				t.Errorf("%s: %+v", options, l)
			}
		}
	}
}

func listed(t *testing.T, s *filestore.Store) []job.StoredFiles {
	t.Helper()
	all, err := s.ListFiles(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	return all
}
