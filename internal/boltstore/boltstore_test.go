package boltstore_test

import (
	"context"
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"go.uber.org/goleak"

	"github.com/trackmydegree/trackmydegree/internal/boltstore"
	"github.com/trackmydegree/trackmydegree/internal/fault"
	"github.com/trackmydegree/trackmydegree/internal/storetest"
	"github.com/trackmydegree/trackmydegree/internal/timeline"
)

// holdDir names the variable that makes this test program a process that only holds a data folder.
const holdDir = "TEST_HOLD_DIR"

func TestMain(m *testing.M) {
	if dir := os.Getenv(holdDir); dir != "" {
		hold(dir)
		return
	}
	goleak.VerifyTestMain(m)
}

func hold(dir string) {
	s, err := boltstore.Open(boltstore.Config{Dir: dir})
	if err != nil {
		os.Stdout.WriteString(err.Error() + "\n")
		return
	}
	if _, err := s.InsertTimeline(context.Background(), timeline.Saved{Owner: "ann", Name: "kept"}); err != nil {
		os.Stdout.WriteString(err.Error() + "\n")
		return
	}
	os.Stdout.WriteString("held\n")
	_, _ = os.Stdin.Read(make([]byte, 1)) // until the pipe closes or the process is killed
}

func open(t *testing.T, dir string, now func() time.Time) *boltstore.Store {
	t.Helper()
	s, err := boltstore.Open(boltstore.Config{Dir: dir, Now: now})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := s.Close(); err != nil {
			t.Error(err)
		}
	})
	return s
}

func TestConformance(t *testing.T) {
	t.Parallel()
	storetest.TestStore(t, func(t *testing.T, now func() time.Time) storetest.Store { return open(t, t.TempDir(), now) })
}

func TestDataOutlivesTheProcess(t *testing.T) {
	t.Parallel()
	dir := filepath.Join(t.TempDir(), "made", "by", "open")
	s, err := boltstore.Open(boltstore.Config{Dir: dir})
	if err != nil {
		t.Fatal(err)
	}
	if err := s.SeedCatalogue(t.Context(), storetest.SmallCatalogue()); err != nil {
		t.Fatal(err)
	}
	want, err := s.InsertTimeline(t.Context(), timeline.Saved{Owner: "ann", Name: "plan"})
	if err != nil {
		t.Fatal(err)
	}
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	wantUnavailable(t, s.Ping(t.Context()))

	again := open(t, dir, time.Now)
	got, err := again.FindTimeline(t.Context(), "ann", want.ID)
	if err != nil {
		t.Fatal(err)
	}
	if d := cmp.Diff(want, got); d != "" {
		t.Errorf("after opening again (-want +got):\n%s", d)
	}
	if v, err := again.CatalogueVersion(t.Context()); err != nil || v != storetest.SmallCatalogue().Fingerprint() {
		t.Errorf("the catalogue's version is %q (%v)", v, err)
	}
}

func wantUnavailable(t *testing.T, err error) {
	t.Helper()
	if fault.CodeOf(err) != fault.DatabaseUnavailable {
		t.Errorf("%v, want database_unavailable", err)
	}
}

func TestOneProcessAtATime(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	cmd := exec.Command(os.Args[0], "-test.run=^$")
	cmd.Env = append(os.Environ(), holdDir+"="+dir)
	in, err := cmd.StdinPipe()
	if err != nil {
		t.Fatal(err)
	}
	defer in.Close()
	out, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	said := make([]byte, 4)
	if _, err := out.Read(said); err != nil || string(said) != "held" {
		t.Fatalf("the other process says %q (%v)", said, err)
	}
	_, err = boltstore.Open(boltstore.Config{Dir: dir})
	if err == nil || !strings.Contains(err.Error(), dir) || !strings.Contains(err.Error(), "another process") {
		t.Errorf("opening a folder that is in use: %v", err)
	}

	// After a SIGKILL the folder is free, and what was stored is there.
	if err := cmd.Process.Kill(); err != nil {
		t.Fatal(err)
	}
	var killed *exec.ExitError
	if err := cmd.Wait(); !errors.As(err, &killed) {
		t.Fatalf("the other process ended with %v", err)
	}
	ts, _, err := open(t, dir, time.Now).ListTimelines(t.Context(), "ann", "", 0)
	if err != nil || len(ts) != 1 || ts[0].Name != "kept" {
		t.Errorf("after the kill the list is %v (%v)", ts, err)
	}
}

func TestOpenSaysWhatIsWrong(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	file := filepath.Join(dir, "file")
	if err := os.WriteFile(file, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	if _, err := boltstore.Open(boltstore.Config{Dir: file}); err == nil {
		t.Error("a file was opened as a folder")
	}
	if err := os.WriteFile(filepath.Join(dir, "store.db"), []byte(strings.Repeat("no database ", 1000)), 0o600); err != nil {
		t.Fatal(err)
	}
	if _, err := boltstore.Open(boltstore.Config{Dir: dir}); err == nil || !strings.Contains(err.Error(), "store.db") {
		t.Errorf("a damaged file: %v", err)
	}
}
