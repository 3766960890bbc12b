package outages_test

import (
	"os"
	"path/filepath"
	"syscall"
	"testing"

	"github.com/trackmydegree/trackmydegree/internal/fault"
)

func TestUploads(t *testing.T) {
	t.Parallel()
	disk := t.TempDir()
	if err := syscall.Mount("tmpfs", disk, "tmpfs", 0, "size=4m"); err != nil {
		t.Skipf("a file system of the test's own cannot be mounted: %v", err)
	}
	t.Cleanup(func() {
		if err := syscall.Unmount(disk, syscall.MNT_DETACH); err != nil {
			t.Error(err)
		}
	})
	w := newWorld(t, reads(t), nil, func(w *world) { w.uploads = disk })
	// Whether a form needs the folder is no matter here: it is answered.
	away := expectedStatuses{"upload": 503, "form": -1, "load": -1}

	ballast := filepath.Join(disk, "ballast")
	if err := fill(ballast); err != nil {
		t.Fatal(err)
	}
	w.checkDuring(t, "the disk of uploads is full", "COMP 248", fault.StorageUnavailable, away)
	if err := os.Remove(ballast); err != nil {
		t.Fatal(err)
	}
	w.requireRecovery(t, "the disk was full")
	w.waitForState(t, w.requireStatus(t, 202, uploadRequest(t)).JobID, "done")

	if err := syscall.Mount("", disk, "", syscall.MS_REMOUNT|syscall.MS_RDONLY, ""); err != nil {
		t.Fatal(err)
	}
	w.checkDuring(t, "the disk of uploads is read-only", "COMP 249", fault.StorageUnavailable, away)
	if err := syscall.Mount("", disk, "", syscall.MS_REMOUNT, ""); err != nil {
		t.Fatal(err)
	}
	w.requireRecovery(t, "the disk was read-only")
	w.waitForState(t, w.requireStatus(t, 202, uploadRequest(t)).JobID, "done")
}

// fill writes a file until the disk has room for nothing more.
func fill(name string) error {
	f, err := os.Create(name)
	if err != nil {
		return err
	}
	defer f.Close()
	for piece := make([]byte, 1<<20); len(piece) > 0; {
		if _, err := f.Write(piece); err != nil {
			piece = piece[:len(piece)/2]
		}
	}
	return nil
}
