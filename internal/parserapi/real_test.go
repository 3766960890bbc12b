package parserapi_test

import (
	"bufio"
	"bytes"
	"encoding/json"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"syscall"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"github.com/trackmydegree/trackmydegree/internal/document"
	"github.com/trackmydegree/trackmydegree/internal/fault"
	"github.com/trackmydegree/trackmydegree/internal/parserapi"
	"github.com/trackmydegree/trackmydegree/internal/testenv"
)

// maxResident is the memory of the parser's own process, in bytes, without its children.
const maxResident = memoryFactor * 150 << 20

// expected is the correct answer of a parser to a document: facts, or one of several codes.
type expected struct {
	name  string
	pdf   []byte
	codes []fault.Code
	facts document.Document
}

func (e expected) check(tb testing.TB, doc document.Document, err error) {
	tb.Helper()
	switch {
	case len(e.codes) > 0:
		if !slices.Contains(e.codes, fault.CodeOf(err)) {
			tb.Errorf("%s: %v, want one of %v", e.name, err, e.codes)
		}
	case err != nil:
		tb.Errorf("%s: %v", e.name, err)
	default:
		if diff := cmp.Diff(e.facts, doc.Plain(), cmpopts.EquateEmpty()); diff != "" {
			tb.Errorf("%s (-want +got):\n%s", e.name, diff)
		}
	}
}

// documents returns the samples of a folder of tests/documents.
func documents(tb testing.TB, folder string) []expected {
	tb.Helper()
	files, err := filepath.Glob(filepath.Join(testenv.RepoRoot(), "tests", "documents", folder, "*.expected.json"))
	if err != nil || len(files) == 0 {
		tb.Fatalf("no documents: %v", err)
	}
	var all []expected
	for _, file := range files {
		name := strings.TrimSuffix(filepath.Base(file), ".expected.json")
		e := expected{name: name, pdf: sample(tb, filepath.Join(folder, name+".pdf"))}
		b, err := os.ReadFile(file)
		if err != nil {
			tb.Fatal(err)
		}
		var refused struct {
			Error json.RawMessage `json:"error"`
		}
		if err := json.Unmarshal(b, &refused); err != nil {
			tb.Fatal(err)
		}
		if refused.Error == nil {
			err = json.Unmarshal(b, &e.facts)
		} else if json.Unmarshal(refused.Error, &e.codes) != nil {
			e.codes = make([]fault.Code, 1)
			err = json.Unmarshal(refused.Error, &e.codes[0])
		}
		if err != nil {
			tb.Fatalf("%s: %v", name, err)
		}
		all = append(all, e)
	}
	return all
}

// service is the parser in its own process.
type service struct {
	*parserapi.Client
	cmd *exec.Cmd
}

func startService(tb testing.TB) *service {
	tb.Helper()
	self, err := os.Executable()
	if err != nil {
		tb.Fatal(err)
	}
	cmd := exec.Command(self, asParser)
	var log bytes.Buffer
	cmd.Stderr = &log
	out, err := cmd.StdoutPipe()
	if err != nil {
		tb.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		tb.Fatal(err)
	}
	tb.Cleanup(func() {
		_ = cmd.Process.Kill()
		_ = cmd.Wait()
		if tb.Failed() {
			tb.Logf("log of the parser:\n%s", log.String())
		}
	})
	addr, err := bufio.NewReader(out).ReadString('\n')
	if err != nil {
		tb.Fatal(err)
	}
	s := &service{cmd: cmd, Client: newClient(tb, parserapi.ClientDeps{BaseURL: "http://" + strings.TrimSpace(addr)})}
	testenv.Eventually(tb, "the parser is healthy", func() bool { return s.Check(tb.Context()) == nil })
	return s
}

// resident returns the peak memory of the process, in bytes.
func (s *service) resident(tb testing.TB) int64 {
	tb.Helper()
	b, err := os.ReadFile(fmt.Sprintf("/proc/%d/status", s.cmd.Process.Pid))
	if err != nil {
		tb.Fatal(err)
	}
	_, rest, _ := strings.Cut(string(b), "VmHWM:")
	var kib int64
	if _, err := fmt.Sscan(rest, &kib); err != nil {
		tb.Fatal(err)
	}
	return kib << 10
}

func (s *service) isWell(tb testing.TB) {
	tb.Helper()
	if err := s.cmd.Process.Signal(syscall.Signal(0)); err != nil {
		tb.Fatalf("the parser is gone: %v", err)
	}
	if err := s.Check(tb.Context()); err != nil {
		tb.Errorf("health: %v", err)
	}
	got := s.resident(tb)
	if got > maxResident {
		tb.Errorf("%d MiB resident, at most %d", got>>20, maxResident>>20)
	}
	tb.Logf("%d MiB resident at most", got>>20)
}

func TestEveryDocumentThroughTheService(t *testing.T) {
	t.Parallel()
	s := startService(t)
	for _, folder := range []string{"transcripts", "letters", "hostile"} {
		for _, e := range documents(t, folder) {
			doc, err := s.Parse(t.Context(), bytes.NewReader(e.pdf))
			e.check(t, doc, err)
		}
	}
	good := documents(t, "letters")[0]
	doc, err := s.Parse(t.Context(), bytes.NewReader(good.pdf))
	good.check(t, doc, err)
	s.isWell(t)
}

// Thirty hostile documents at once: each ends with its own code, or is refused for lack of room. Meanwhile retried
// good documents still return their facts.
func TestHostileDocumentsBesideGoodOnes(t *testing.T) {
	t.Parallel()
	s := startService(t)
	hostile, good := documents(t, "hostile"), documents(t, "letters")
	large := expected{name: "10 MiB of nothing", pdf: append([]byte("%PDF-1.7\n"), make([]byte, document.MaxBytes-9)...), codes: []fault.Code{fault.Corrupt, fault.NoText}}
	var crowd []expected
	for i := range 30 {
		crowd = append(crowd, hostile[i%len(hostile)])
	}
	var wg sync.WaitGroup
	for _, e := range append(crowd, slices.Repeat([]expected{large}, 10)...) {
		wg.Go(func() {
			doc, err := s.Parse(t.Context(), bytes.NewReader(e.pdf))
			if code := fault.CodeOf(err); code != fault.ParserUnavailable && code != fault.Timeout {
				e.check(t, doc, err)
			}
		})
	}
	for i := range 12 {
		e := good[i%len(good)]
		wg.Go(func() {
			var doc document.Document
			var err error
			for range 10 { // a worker retries as well
				if doc, err = s.Parse(t.Context(), bytes.NewReader(e.pdf)); !fault.CodeOf(err).IsTransient() || err == nil {
					break
				}
			}
			e.check(t, doc, err)
		})
	}
	wg.Wait()
	doc, err := s.Parse(t.Context(), bytes.NewReader(good[0].pdf))
	good[0].check(t, doc, err)
	s.isWell(t)
}
