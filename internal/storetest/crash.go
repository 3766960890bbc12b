package storetest

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
	"testing"

	"github.com/trackmydegree/trackmydegree/internal/job"
	"github.com/trackmydegree/trackmydegree/internal/submit"
)

// SaveUntilKilled saves documents of size bytes from four writers, and prints the id of each that the store has
// acknowledged. It returns only when the store fails, after it has printed the error.
func SaveUntilKilled(s submit.Uploads, size int) {
	whole := RandomPDF(size)
	var wg sync.WaitGroup
	for range 4 {
		wg.Go(func() {
			for {
				ticket := NewTicket()
				if _, err := s.Save(context.Background(), ticket, bytes.NewReader(whole), int64(size)); err != nil {
					fmt.Println(err)
					return
				}
				fmt.Println(ticket.ID)
			}
		})
	}
	wg.Wait()
}

// KillWriter runs the test program with the variable env, under which it has to call SaveUntilKilled, and kills it
// with SIGKILL after n acknowledged uploads. It returns the ids of all uploads that were acknowledged.
func KillWriter(t *testing.T, env string, n int) map[job.ID]bool {
	t.Helper()
	cmd := exec.Command(os.Args[0], "-test.run=^$")
	cmd.Env = append(os.Environ(), env)
	cmd.Stderr = os.Stderr
	out, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	acknowledged := map[job.ID]bool{}
	for lines := bufio.NewScanner(out); lines.Scan(); {
		if !strings.Contains(lines.Text(), "-") {
			t.Errorf("the writer says %s", lines.Text())
		}
		acknowledged[job.ID(lines.Text())] = true
		if len(acknowledged) == n {
			if err := cmd.Process.Kill(); err != nil {
				t.Fatal(err)
			}
		}
	}
	var killed *exec.ExitError
	if err := cmd.Wait(); !errors.As(err, &killed) {
		t.Fatalf("the writer ended with %v", err)
	}
	if len(acknowledged) < n {
		t.Fatalf("the writer acknowledged %d uploads, want %d", len(acknowledged), n)
	}
	return acknowledged
}
