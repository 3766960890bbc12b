package uploads_test

import (
	"bufio"
	"bytes"
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/trackmydegree/trackmydegree/internal/uploads"
)

// writeDir names the variable that makes this test program a writer of uploads that never stops.
const writeDir = "TEST_WRITE_DIR"

// crashSize is large enough that a kill falls into the middle of some.
const crashSize = 2 * mib

func writeForEver(dir string) {
	syscall.Umask(0o077)
	s, err := uploads.New(uploads.Config{Dir: dir})
	if err != nil {
		fmt.Println(err)
		return
	}
	whole := pdf(crashSize)
	var wg sync.WaitGroup
	for range 4 {
		wg.Go(func() {
			for {
				id := newID()
				if _, err := s.Save(context.Background(), id, bytes.NewReader(whole), crashSize); err != nil {
					fmt.Println(err)
					return
				}
				fmt.Println(id)
			}
		})
	}
	wg.Wait()
}

// A writer is killed in the middle of its work: every document under a job's name is whole, everything else is temporary,
// and what was acknowledged is there.
func TestAKilledWriterLeavesOnlyTemporaries(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	cmd := exec.Command(os.Args[0], "-test.run=^$")
	cmd.Env = append(os.Environ(), writeDir+"="+dir)
	cmd.Stderr = os.Stderr
	out, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	acknowledged := map[string]bool{}
	lines := bufio.NewScanner(out)
	for lines.Scan() {
		if !strings.Contains(lines.Text(), "-") {
			t.Fatalf("the writer says %s", lines.Text())
		}
		acknowledged[lines.Text()+".pdf"] = true
		if len(acknowledged) == 8 {
			if err := cmd.Process.Kill(); err != nil {
				t.Fatal(err)
			}
		}
	}
	var killed *exec.ExitError
	if err := cmd.Wait(); !errors.As(err, &killed) {
		t.Fatalf("the writer ended with %v", err)
	}
	if len(acknowledged) < 8 {
		t.Fatalf("the writer acknowledged %d uploads", len(acknowledged))
	}

	s := open(t, dir)
	found, err := s.List(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	temporaries := 0
	for _, f := range found {
		switch {
		case f.Temporary:
			temporaries++
		case f.Job == "":
			t.Errorf("a strange file: %s", f.Name)
		default:
			if f.Size != crashSize {
				t.Errorf("a document of %d bytes, want %d", f.Size, crashSize)
			}
			info, err := os.Stat(filepath.Join(dir, f.Name))
			if err != nil {
				t.Fatal(err)
			}
			if info.Mode().Perm() != uploads.DefaultMode {
				t.Errorf("mode %s, want %s whatever the umask", info.Mode().Perm(), uploads.DefaultMode)
			}
			delete(acknowledged, f.Name)
		}
	}
	if len(acknowledged) != 0 {
		t.Errorf("acknowledged and lost: %v", acknowledged)
	}
	t.Logf("%d temporary files were left", temporaries)
	if n, err := s.Sweep(t.Context(), time.Now().Add(time.Minute)); err != nil || n != len(found) {
		t.Errorf("swept %d of %d files (%v)", n, len(found), err)
	}
}
