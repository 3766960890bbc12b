package filestore_test

import (
	"bufio"
	"bytes"
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"strings"
	"sync"
	"syscall"
	"testing"

	"github.com/trackmydegree/trackmydegree/internal/filestore"
	"github.com/trackmydegree/trackmydegree/internal/job"
)

// writeDir names the variable that makes this test program a process that saves uploads until it is killed.
const writeDir = "TEST_WRITE_DIR"

// crashSize is large enough that a kill interrupts some uploads.
const crashSize = 2 * mib

func writeForEver(dir string) {
	syscall.Umask(0o077)
	s, err := filestore.New(filestore.Config{Dir: dir})
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
				if _, err := s.Save(context.Background(), ticket(id), bytes.NewReader(whole), crashSize); err != nil {
					fmt.Println(err)
					return
				}
				fmt.Println(id)
			}
		})
	}
	wg.Wait()
}

// A writer is killed during its work: each file under a job's name is complete, no document is without its ticket,
// every other file is temporary, and each acknowledged upload is there.
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
	acknowledged := map[job.ID]bool{}
	lines := bufio.NewScanner(out)
	for lines.Scan() {
		if !strings.Contains(lines.Text(), "-") {
			t.Fatalf("the writer says %s", lines.Text())
		}
		acknowledged[job.ID(lines.Text())] = true
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
		case f.Document && f.Size != crashSize:
			t.Errorf("a document of %d bytes, want %d", f.Size, crashSize)
		case f.Document && !f.Ticket:
			t.Error("a document without its ticket")
		case !f.Document:
			t.Log("a ticket, or half of one, was left alone")
		default:
			if got, err := s.LoadTicket(ctx, f.ID); err != nil || got.Owner != "owner-1" {
				t.Errorf("a ticket comes back as %+v, %v", got, err)
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
