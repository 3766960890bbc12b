//go:build linux

package parsepool_test

import (
	"bufio"
	"context"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/trackmydegree/trackmydegree/internal/fault"
	"github.com/trackmydegree/trackmydegree/internal/parsepool"
	"github.com/trackmydegree/trackmydegree/internal/testenv"
)

func TestAUsedChildIsReplaced(t *testing.T) {
	t.Parallel()
	p := start(t, parsepool.Deps{Size: 1, MaxDocuments: 2})
	a, b, c := p.ask(t, "pid"), p.ask(t, "pid"), p.ask(t, "pid")
	if a != b || b == c {
		t.Errorf("pids %s %s %s, want a change after the second", a, b, c)
	}
	if got := p.metric(t, "tmd_parser_child_ends_total", "reason", "used"); got != 1 {
		t.Errorf("%v children ended as used, want 1", got)
	}
}

func TestAnIdleChildThatDiesIsReplaced(t *testing.T) {
	t.Parallel()
	p := start(t, parsepool.Deps{Size: 1})
	before := p.ask(t, "pid")
	pid, _ := strconv.Atoi(before)
	if err := syscall.Kill(pid, syscall.SIGKILL); err != nil {
		t.Fatal(err)
	}
	testenv.Eventually(t, "another child reads", func() bool {
		doc, err := p.Parse(t.Context(), []byte("pid"))
		return err == nil && doc.ProgramInfo.Degree != before
	})
}

func TestWhatAChildCanDo(t *testing.T) {
	t.Parallel()
	stranger, err := syscall.Open("/dev/null", syscall.O_RDONLY, 0) // without close-on-exec, as a shell hands them down
	if err != nil {
		t.Fatal(err)
	}
	defer syscall.Close(stranger)
	p := start(t, parsepool.Deps{Size: 1, StartTimeout: time.Minute, MaxDocuments: 100, Deadline: time.Minute})
	path := filepath.Join(t.TempDir(), "file")
	want := []string{
		"open a file: false",
		"create a file: false",
		"list a folder: false",
		"open a socket: false",
		"start a process: false",
		"raise its descriptors: false",
		"pipes: 0 1 2",
		"devices: ",
		"limit of core: 0",
		"limit of file size: 0",
		"limit of descriptors: 0",
		"limit of processor time: 311", // the start, 100 documents, 4 deadlines, and one second to round up
		"capabilities beyond DAC_OVERRIDE: 0 0 <nil>",
		"no new privileges: 1",
		"session of its own: true",
		"niceness: 5",
		"folder: /",
	}
	if diff := cmp.Diff(want, strings.Split(p.ask(t, "confinement "+path), "\n")); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
}

func TestAChildKnowsNothingOfTheEnvironment(t *testing.T) {
	t.Setenv("TMD_TEST_SECRET", "hunter2")
	p := start(t, parsepool.Deps{Size: 1, Env: []string{"TMD_CACHE_DIR=/somewhere"}})
	var names []string
	for line := range strings.Lines(p.ask(t, "environment")) {
		name, _, _ := strings.Cut(line, "=")
		names = append(names, name)
	}
	if diff := cmp.Diff([]string{"GOMAXPROCS", "GOTRACEBACK", "TMD_CACHE_DIR", "TMD_SHARED_MEMORY"}, names); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
}

func TestAChildThatDoesNotStart(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		name string
		deps parsepool.Deps
		says string
	}{
		{"ends", parsepool.Deps{Size: 1, Command: []string{asBroken}}, "the cache folder is gone"},
		{"never is ready", parsepool.Deps{Size: 1, Command: []string{asMute}, StartTimeout: 50 * time.Millisecond}, "deadline exceeded"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			p := start(t, tt.deps)
			testenv.Eventually(t, "two attempts are counted", func() bool {
				return p.metric(t, "tmd_parser_child_ends_total", "reason", "start_fault") >= 2
			})
			if err := p.Ready(); fault.CodeOf(err) != fault.ParserUnavailable {
				t.Errorf("ready: %v", err)
			}
			if err := p.StartError(); err == nil || !strings.Contains(err.Error(), tt.says) {
				t.Errorf("start error %v; want %q", err, tt.says)
			}
			if log := p.logs.String(); !strings.Contains(log, "does not start") || !strings.Contains(log, tt.says) {
				t.Errorf("log %s; want %q", log, tt.says)
			}
		})
	}
}

func TestNoticeOfChildrenIsLoggedOnce(t *testing.T) {
	t.Parallel()
	p := start(t, parsepool.Deps{Size: 3, Command: []string{asNoticing}})
	testenv.Eventually(t, "three children answer", func() bool { return p.Idle() == 3 })
	if n := strings.Count(p.logs.String(), "the cache is read-only"); n != 1 {
		t.Errorf("the notice is logged %d times; want once", n)
	}
	if err := p.StartError(); err != nil {
		t.Errorf("start error %v; want none", err)
	}
}

func TestNothingIsLeftWhenThePoolStops(t *testing.T) {
	t.Parallel()
	p := start(t, parsepool.Deps{Size: 2, Queue: 1})
	p.busy(t, 2, 0)
	var pids []int
	testenv.Eventually(t, "two children answer", func() bool {
		pids = childrenOf(t, p)
		return len(pids) == 2
	})
	results := make(chan error, 3)
	for range 3 {
		go func() {
			_, err := p.Parse(context.Background(), []byte("spin"))
			results <- err
		}()
	}
	p.busy(t, 2, 1)
	p.stop()
	for range 3 {
		if err := <-results; fault.CodeOf(err) != fault.ParserUnavailable {
			t.Errorf("a document under way: %v", err)
		}
	}
	for _, pid := range pids {
		if runs(pid) {
			t.Errorf("child %d lives on", pid)
		}
	}
	if _, err := p.Parse(t.Context(), []byte("pid")); fault.CodeOf(err) != fault.ParserUnavailable {
		t.Errorf("after the end: %v", err)
	}
	if err := p.Ready(); err == nil {
		t.Error("ready after the end")
	}
}

// childrenOf returns the pids in the log of the pool.
func childrenOf(t *testing.T, p *running) []int {
	t.Helper()
	var pids []int
	for line := range strings.Lines(p.logs.String()) {
		if !strings.Contains(line, "parser child ready") {
			continue
		}
		_, after, _ := strings.Cut(line, "pid=")
		pid, err := strconv.Atoi(strings.Fields(after)[0])
		if err != nil {
			t.Fatal(err)
		}
		pids = append(pids, pid)
	}
	return pids
}

// A parser that was started at a lower priority than its children request cannot give them a higher one.
func TestChildrenOfAParserThatIsNice(t *testing.T) {
	t.Parallel()
	self, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	cmd := exec.CommandContext(t.Context(), "nice", "-n", "12", self, asParent)
	cmd.Stderr = os.Stderr
	out, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	defer func() {
		_ = cmd.Process.Kill()
		_ = cmd.Wait()
	}()
	line, err := bufio.NewReader(out).ReadString('\n')
	if err != nil {
		t.Fatal("no child reads: ", err)
	}
	var pid int
	if _, err := fmt.Sscan(line, &pid); err != nil {
		t.Fatal(err)
	}
	own, _ := syscall.Getpriority(syscall.PRIO_PROCESS, 0)
	got, err := syscall.Getpriority(syscall.PRIO_PROCESS, pid)
	if want := max(own-12, 1); err != nil || got != want { // the system call answers 20 - nice
		t.Errorf("niceness %d %v, want %d", 20-got, err, 20-want)
	}
}

// The parser is killed while its children compute. They are stopped before, so that they do not notice the end of
// their pipes: only the death signal reaches them.
func TestNoChildOutlivesAKilledParser(t *testing.T) {
	t.Parallel()
	self, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	cmd := exec.Command(self, asParent)
	cmd.Stderr = os.Stderr
	out, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	line, err := bufio.NewReader(out).ReadString('\n')
	if err != nil {
		t.Fatal(err)
	}
	var pids [2]int
	if _, err := fmt.Sscan(line, &pids[0], &pids[1]); err != nil {
		t.Fatal(err)
	}
	for _, pid := range pids {
		if !runs(pid) {
			t.Fatalf("child %d does not run", pid)
		}
		if err := syscall.Kill(pid, syscall.SIGSTOP); err != nil {
			t.Fatal(err)
		}
	}
	if err := cmd.Process.Kill(); err != nil {
		t.Fatal(err)
	}
	_ = cmd.Wait()
	for _, pid := range pids {
		testenv.Eventually(t, fmt.Sprintf("child %d is gone", pid), func() bool { return !runs(pid) })
	}
}

// Without the death signal, the end of its input ends a child, also in the middle of an endless document.
func TestAChildEndsWithItsInput(t *testing.T) {
	t.Parallel()
	self, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	for _, order := range []string{"", "spin"} {
		cmd := exec.Command(self, asChild)
		in, err := cmd.StdinPipe()
		if err != nil {
			t.Fatal(err)
		}
		out, err := cmd.StdoutPipe()
		if err != nil {
			t.Fatal(err)
		}
		if err := cmd.Start(); err != nil {
			t.Fatal(err)
		}
		ready := make([]byte, 4)
		if _, err := out.Read(ready); err != nil {
			t.Fatal(err)
		}
		if order != "" {
			if _, err := fmt.Fprintf(in, "\x00\x00\x00%c%s", len(order), order); err != nil {
				t.Fatal(err)
			}
		}
		in.Close()
		if err := cmd.Wait(); err != nil {
			t.Errorf("%q: %v", order, err)
		}
	}
}

// The pool does not wait for a child that closes its pipe but does not end.
func TestAChildThatClosesItsPipe(t *testing.T) {
	t.Parallel()
	p := start(t, parsepool.Deps{Size: 1})
	if _, err := p.Parse(t.Context(), []byte("close")); err == nil {
		t.Error("an answer out of nothing")
	}
	p.ask(t, "pid")
}
