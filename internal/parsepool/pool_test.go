//go:build linux

package parsepool_test

import (
	"bytes"
	"context"
	"errors"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/trackmydegree/trackmydegree/internal/document"
	"github.com/trackmydegree/trackmydegree/internal/fault"
	"github.com/trackmydegree/trackmydegree/internal/parsepool"
	"github.com/trackmydegree/trackmydegree/internal/testenv"
)

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
		want := fault.WithDetail(code, "A sentence for people.")
		if diff := cmp.Diff(want, fault.From(err)); diff != "" {
			t.Errorf("%s (-want +got):\n%s", code, diff)
		}
	}
	if after := p.ask(t, "pid"); after != before {
		t.Errorf("a new child %s, before %s: these faults leave nothing behind", after, before)
	}
	// Codes that no document can have, and errors without a code, are internal; the text stays in the child.
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

// The process that the kernel kills for lack of memory need not be the one that used it: the document gets a second
// child, and no third.
func TestAChildThatIsKilledFromOutside(t *testing.T) {
	t.Parallel()
	p := start(t, parsepool.Deps{Size: 1})
	if _, err := p.Parse(t.Context(), []byte("once "+filepath.Join(t.TempDir(), "met"))); err != nil {
		t.Errorf("a document whose child was killed once: %v", err)
	}
	if _, err := p.Parse(t.Context(), []byte("kill")); fault.CodeOf(err) != fault.TooComplex {
		t.Errorf("a document that takes down each of its children: %v", err)
	}
	testenv.Eventually(t, "three children were killed", func() bool {
		return p.metric(t, "tmd_parser_child_ends_total", "reason", "killed") == 3
	})
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
		if i == 0 { // the second must find the child taken
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
	for range 50 { // all go through the other child
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
