package parsepool_test

import (
	"bufio"
	"bytes"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/prometheus/client_golang/prometheus"

	"github.com/trackmydegree/trackmydegree/internal/document"
	"github.com/trackmydegree/trackmydegree/internal/fault"
	"github.com/trackmydegree/trackmydegree/internal/parsepool"
	"github.com/trackmydegree/trackmydegree/internal/testenv"
)

// plenty is more than a child of a test takes, the race detector's own memory included.
const plenty = 2 << 30

// running is a pool whose Run is under way.
type running struct {
	*parsepool.Pool
	registry *prometheus.Registry
	logs     *logs
	stop     func()
}

// start runs a pool until the test ends.
func start(tb testing.TB, d parsepool.Deps) *running {
	tb.Helper()
	if d.Command == nil {
		d.Command = []string{asChild}
	}
	if d.MemoryLimit == 0 {
		d.MemoryLimit = plenty
	}
	if d.Deadline == 0 {
		d.Deadline = time.Minute // only tests of the deadline wait for it
	}
	r := &running{registry: prometheus.NewRegistry(), logs: &logs{}}
	d.Registerer = r.registry
	d.Logger = slog.New(slog.NewTextHandler(r.logs, &slog.HandlerOptions{Level: slog.LevelDebug}))
	r.Pool = parsepool.New(d)
	ctx, cancel := context.WithCancel(context.Background())
	done := make(chan error, 1)
	go func() { done <- r.Run(ctx) }()
	r.stop = sync.OnceFunc(func() {
		cancel()
		if err := <-done; err != nil {
			tb.Errorf("Run: %v", err)
		}
		if tb.Failed() {
			tb.Logf("logs:\n%s", r.logs)
		}
	})
	tb.Cleanup(r.stop)
	return r
}

// ask hands an order to a child and returns what it says.
func (r *running) ask(tb testing.TB, order string) string {
	tb.Helper()
	doc, err := r.Parse(tb.Context(), []byte(order))
	if err != nil {
		tb.Fatalf("%.40q: %v", order, err)
	}
	return doc.ProgramInfo.Degree
}

// metric returns the value of a series, as in `tmd_parser_child_ends_total{reason="crash"}`.
func (r *running) metric(tb testing.TB, name, label, value string) float64 {
	tb.Helper()
	families, err := r.registry.Gather()
	if err != nil {
		tb.Fatal(err)
	}
	for _, f := range families {
		if f.GetName() != name {
			continue
		}
		for _, m := range f.GetMetric() {
			if label == "" || m.GetLabel()[0].GetName() == label && m.GetLabel()[0].GetValue() == value {
				return m.GetCounter().GetValue() + m.GetGauge().GetValue() + float64(m.GetHistogram().GetSampleCount())
			}
		}
	}
	tb.Fatalf("no series %s{%s=%q}", name, label, value)
	return 0
}

type logs struct {
	mu sync.Mutex
	b  bytes.Buffer
}

func (l *logs) Write(b []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.b.Write(b)
}

func (l *logs) String() string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.b.String()
}

// runs reports whether the process is there and not a zombie.
func runs(pid int) bool {
	b, err := os.ReadFile(fmt.Sprintf("/proc/%d/stat", pid))
	if err != nil {
		return false
	}
	_, rest, _ := strings.Cut(string(b), ") ")
	return !strings.HasPrefix(rest, "Z") && !strings.HasPrefix(rest, "X")
}

func TestDocumentsShareAChild(t *testing.T) {
	t.Parallel()
	p := start(t, parsepool.Deps{Size: 1})
	first := p.ask(t, "pid")
	if pid, _ := strconv.Atoi(first); pid == os.Getpid() || !runs(pid) {
		t.Fatalf("pid %s: not in a child", first)
	}
	for range 3 {
		if got := p.ask(t, "pid"); got != first {
			t.Fatalf("a new child %s for a good document, before %s", got, first)
		}
	}
	if err := p.Ready(); err != nil {
		t.Error(err)
	}
	// Whole documents, up to the limit, and a large answer.
	big := append([]byte("size "), make([]byte, document.MaxBytes-5)...)
	if got := p.ask(t, string(big)); got != strconv.Itoa(document.MaxBytes) {
		t.Errorf("the child got %s bytes", got)
	}
	if _, err := p.Parse(t.Context(), append(big, 0)); fault.CodeOf(err) != fault.TooLarge {
		t.Errorf("one byte more: %v", err)
	}
	doc, err := parsepool.Stream{Pool: p.Pool}.Parse(t.Context(), strings.NewReader("pid"))
	if err != nil || doc.ProgramInfo.Degree != first {
		t.Errorf("a stream: %+v, %v", doc, err)
	}
	if _, err := (parsepool.Stream{Pool: p.Pool}).Parse(t.Context(), bytes.NewReader(append(big, 0, 0))); fault.CodeOf(err) != fault.TooLarge {
		t.Errorf("a stream beyond the limit: %v", err)
	}
	if got := p.metric(t, "tmd_parser_documents_total", "outcome", "ok"); got != 6 {
		t.Errorf("%v documents counted, want 6", got)
	}
	if got := p.metric(t, "tmd_parser_document_seconds", "", ""); got != 8 {
		t.Errorf("%v durations observed, want 8", got)
	}
}

func TestFaultsOfADocument(t *testing.T) {
	t.Parallel()
	p := start(t, parsepool.Deps{Size: 1})
	before := p.ask(t, "pid")
	for _, code := range []fault.Code{
		fault.NotAPDF, fault.Encrypted, fault.NoText, fault.Corrupt, fault.UnrecognizedDocument, fault.TooManyPages,
	} {
		_, err := p.Parse(t.Context(), []byte("fault "+code))
		want := fault.Detailed(code, "A sentence for people.")
		if diff := cmp.Diff(want, fault.From(err)); diff != "" {
			t.Errorf("%s (-want +got):\n%s", code, diff)
		}
	}
	if after := p.ask(t, "pid"); after != before {
		t.Errorf("a new child %s, before %s: these faults leave nothing behind", after, before)
	}
	// Codes that no document can have, and errors without a code, are the reader's own; the text stays in the child.
	for _, order := range []string{"fault database_unavailable", "fault invented", "error 40012345"} {
		_, err := p.Parse(t.Context(), []byte(order))
		if fault.CodeOf(err) != fault.Internal || strings.Contains(err.Error(), "40012345") {
			t.Errorf("%s: %v", order, err)
		}
	}
}

func TestAChildThatFailsCostsItsDocumentAlone(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name, order string
		want        fault.Code
		reason      string
		deps        parsepool.Deps
	}{
		{"computes for ever", "spin", fault.TooComplex, "deadline", parsepool.Deps{Deadline: time.Second}},
		{"waits for ever", "sleep", fault.TooComplex, "deadline", parsepool.Deps{Deadline: time.Second}},
		{"panics", "panic 40012345", fault.Corrupt, "crash", parsepool.Deps{}},
		{"exits", "exit", fault.Corrupt, "crash", parsepool.Deps{}},
		{"takes page after page", "touch", fault.TooComplex, "memory", parsepool.Deps{MemoryLimit: touchLimit}},
		{"takes addresses beyond measure", "reserve", fault.TooComplex, "memory", parsepool.Deps{}},
		{"stopped in the middle", "fault too_complex", fault.TooComplex, "suspect", parsepool.Deps{}},
		{"announces more than it may", "stdout \xff\xff\xff\xff", fault.Corrupt, "rubbish", parsepool.Deps{}},
		{"answers rubbish", "stdout \x00\x00\x00\x02{]", fault.Corrupt, "rubbish", parsepool.Deps{}},
		{"answers neither facts nor a fault", "kindless", fault.Corrupt, "rubbish", parsepool.Deps{}},
		{"finds more than an answer holds", "many", fault.TooComplex, "suspect", parsepool.Deps{}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			tt.deps.Size = 1
			p := start(t, tt.deps)
			before := p.ask(t, "pid")
			if _, err := p.Parse(t.Context(), []byte(tt.order)); fault.CodeOf(err) != tt.want {
				t.Errorf("%v, want %s", err, tt.want)
			}
			if after := p.ask(t, "pid"); after == before {
				t.Error("the child was not replaced")
			}
			if got := p.metric(t, "tmd_parser_child_ends_total", "reason", tt.reason); got != 1 {
				t.Errorf("%v children ended for %s, want 1", got, tt.reason)
			}
			if got := p.metric(t, "tmd_parser_documents_total", "outcome", string(tt.want)); got != 1 {
				t.Errorf("%v documents counted as %s, want 1", got, tt.want)
			}
			p.stop()
			if strings.Contains(p.logs.String(), "40012345") {
				t.Error("the log quotes the document")
			}
			if pid, _ := strconv.Atoi(before); runs(pid) {
				t.Errorf("child %d lives on", pid)
			}
		})
	}
}

// Whom the kernel kills for want of memory need not be who took it: the document gets a second child, and no third.
func TestAChildThatIsKilledFromOutside(t *testing.T) {
	t.Parallel()
	p := start(t, parsepool.Deps{Size: 1})
	if _, err := p.Parse(t.Context(), []byte("once "+filepath.Join(t.TempDir(), "met"))); err != nil {
		t.Errorf("a document whose child was killed once: %v", err)
	}
	if _, err := p.Parse(t.Context(), []byte("kill")); fault.CodeOf(err) != fault.TooComplex {
		t.Errorf("a document that takes down each of its children: %v", err)
	}
	if got := p.metric(t, "tmd_parser_child_ends_total", "reason", "killed"); got != 3 {
		t.Errorf("%v children were killed, want 3", got)
	}
}

func TestTheLogSaysWhereAChildCrashed(t *testing.T) {
	t.Parallel()
	p := start(t, parsepool.Deps{Size: 1})
	if got := p.ask(t, "noise 40012345"); got != "noisy" {
		t.Fatal(got)
	}
	_, _ = p.Parse(t.Context(), []byte("panic 40012345"))
	p.ask(t, "pid") // by a new child: the end of the other is in the log
	log := p.logs.String()
	for _, want := range []string{"reason=crash", "crash=panic", "parsepool/main_test.go:", `exit="exit status 2"`} {
		if !strings.Contains(log, want) {
			t.Errorf("the log lacks %s", want)
		}
	}
	if strings.Contains(log, "40012345") {
		t.Error("the log quotes the document")
	}
}

// busy waits until each of n children works on a document that never ends, and the queue holds queued more.
func (r *running) busy(tb testing.TB, n, queued int) {
	tb.Helper()
	testenv.Eventually(tb, "children are busy", func() bool {
		return r.metric(tb, "tmd_parser_children", "", "") == float64(n) && r.metric(tb, "tmd_parser_queue_depth", "", "") == float64(queued)
	})
}

func TestBeyondAShortQueueTheParserIsUnavailable(t *testing.T) {
	t.Parallel()
	p := start(t, parsepool.Deps{Size: 1, Queue: 1})
	p.ask(t, "pid")
	ctx, cancel := context.WithCancel(t.Context())
	results := make(chan error, 2)
	for i := range 2 { // one in the child, one in the queue
		go func() {
			_, err := p.Parse(ctx, []byte("spin"))
			results <- err
		}()
		p.busy(t, 1, i)
		if i == 0 { // the second is to find the child taken
			testenv.Eventually(t, "the child is taken", func() bool { return p.Idle() == 0 })
		}
	}
	if _, err := p.Parse(t.Context(), []byte("pid")); fault.CodeOf(err) != fault.ParserUnavailable {
		t.Errorf("a third document: %v", err)
	}
	cancel()
	for range 2 {
		if err := <-results; fault.CodeOf(err) != fault.ParserUnavailable || !errors.Is(err, context.Canceled) {
			t.Errorf("a cancelled document: %v", err)
		}
	}
	p.ask(t, "pid")
	if got := p.metric(t, "tmd_parser_child_ends_total", "reason", "abandoned"); got != 1 {
		t.Errorf("%v children ended as abandoned, want 1", got)
	}
}

func TestWhoWaitsTooLongIsSentAway(t *testing.T) {
	t.Parallel()
	p := start(t, parsepool.Deps{Size: 1, Command: []string{asMute}, Deadline: 10 * time.Millisecond})
	if _, err := p.Parse(t.Context(), []byte("pid")); fault.CodeOf(err) != fault.ParserUnavailable {
		t.Errorf("no child in time: %v", err)
	}
	ctx, cancel := context.WithTimeout(t.Context(), time.Millisecond)
	defer cancel()
	<-ctx.Done()
	if _, err := p.Parse(ctx, []byte("pid")); fault.CodeOf(err) != fault.Timeout {
		t.Errorf("a deadline of the caller's: %v", err)
	}
	if err := p.Ready(); fault.CodeOf(err) != fault.ParserUnavailable {
		t.Errorf("ready without a child: %v", err)
	}
}

func TestDocumentsRunSideBySide(t *testing.T) {
	t.Parallel()
	p := start(t, parsepool.Deps{Size: 2, Queue: 100})
	p.busy(t, 2, 0)
	ctx, cancel := context.WithCancel(t.Context())
	var endless sync.WaitGroup
	endless.Go(func() { _, _ = p.Parse(ctx, []byte("sleep")) })
	testenv.Eventually(t, "one child is taken", func() bool { return p.Idle() == 1 })
	var wg sync.WaitGroup
	for range 50 { // all go through the other
		wg.Go(func() {
			if _, err := p.Parse(ctx, []byte("pid")); err != nil {
				t.Error(err)
			}
		})
	}
	wg.Wait()
	cancel()
	endless.Wait()
}

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
	if diff := cmp.Diff([]string{"GOMAXPROCS", "GOTRACEBACK", "TMD_CACHE_DIR"}, names); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
}

func TestAChildThatDoesNotStart(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		name string
		deps parsepool.Deps
	}{
		{"ends", parsepool.Deps{Size: 1, Command: []string{asBroken}}},
		{"never is ready", parsepool.Deps{Size: 1, Command: []string{asMute}, StartTimeout: 50 * time.Millisecond}},
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
			if !strings.Contains(p.logs.String(), "does not start") {
				t.Error("the log says nothing")
			}
		})
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

// childrenOf returns the pids that the log of the pool names.
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

// A parser that was started at a lower priority than its children ask for cannot give them a higher one.
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

// The parser is killed outright while its children compute. They are stopped before, so that they do not notice the end
// of their pipes: only the death signal reaches them.
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

// A child that breaks its pipe but lives on is not waited for.
func TestAChildThatClosesItsPipe(t *testing.T) {
	t.Parallel()
	p := start(t, parsepool.Deps{Size: 1})
	if _, err := p.Parse(t.Context(), []byte("close")); err == nil {
		t.Error("an answer out of nothing")
	}
	p.ask(t, "pid")
}
