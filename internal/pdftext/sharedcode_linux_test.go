package pdftext_test

import (
	"context"
	"encoding/json"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/prometheus/procfs"
	"golang.org/x/sys/unix"

	"github.com/trackmydegree/trackmydegree/internal/document"
	"github.com/trackmydegree/trackmydegree/internal/pdftext"
	"github.com/trackmydegree/trackmydegree/internal/testenv"
)

// sharingProcess names the variable that makes this test program a process that shares its code and reads a document.
const sharingProcess = "TEST_SHARE_CODE"

// sharingReport is what such a process prints.
type sharingReport struct {
	Problem string
	Shares  bool // a file of memory is mapped to run
	Pages   []document.Page
}

func shareAndRead() {
	report, err := attemptSharing()
	if err == nil {
		err = json.NewEncoder(os.Stdout).Encode(report)
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, err) // without a report the test fails
	}
}

func attemptSharing() (r sharingReport, err error) {
	e, err := pdftext.New(pdftext.Config{CacheDir: testenv.WasmCache()})
	if err != nil {
		return r, err
	}
	if err := e.ShareCode(os.NewFile(3, "shared")); err != nil {
		r.Problem = err.Error()
	}
	self, err := procfs.Self()
	if err != nil {
		return r, err
	}
	maps, err := self.ProcMaps()
	if err != nil {
		return r, err
	}
	r.Shares = slices.ContainsFunc(maps, func(m *procfs.ProcMap) bool {
		return m.Perms.Execute && filepath.Base(m.Pathname) == "memfd:test (deleted)"
	})
	pdf, err := os.ReadFile(filepath.Join(testenv.RepoRoot(), "tests/documents/transcripts/soen-coop.pdf"))
	if err != nil {
		return r, err
	}
	if r.Pages, err = e.Pages(context.Background(), pdf); err != nil {
		return r, err
	}
	return r, e.Close()
}

func runSharing(t *testing.T, shared *os.File) sharingReport {
	t.Helper()
	cmd := exec.CommandContext(t.Context(), os.Args[0])
	cmd.Env = append(os.Environ(), sharingProcess+"=1")
	cmd.ExtraFiles = []*os.File{shared}
	cmd.Stderr = os.Stderr
	out, err := cmd.Output()
	if err != nil {
		t.Fatal(err)
	}
	var r sharingReport
	if err := json.Unmarshal(out, &r); err != nil {
		t.Fatal(err)
	}
	return r
}

func newMemory(t *testing.T) *os.File {
	t.Helper()
	fd, err := unix.MemfdCreate("test", unix.MFD_CLOEXEC|unix.MFD_ALLOW_SEALING)
	if err != nil {
		t.Skipf("no memory to share: %v", err)
	}
	f := os.NewFile(uintptr(fd), "test")
	t.Cleanup(func() { f.Close() })
	return f
}

// Processes that share their code read what a process with its own code reads.
func TestShareCode(t *testing.T) {
	t.Parallel()
	e := newExtractor(t) // fills the cache
	want, err := e.Pages(t.Context(), sample(t, "transcripts/soen-coop.pdf"))
	if err != nil {
		t.Fatal(err)
	}
	shared := newMemory(t)
	if _, err := shared.WriteAt([]byte("a part that a process wrote before it was killed"), 0); err != nil {
		t.Fatal(err)
	}
	for _, name := range []string{"the first process", "the second process"} {
		got := runSharing(t, shared)
		if got.Problem != "" || !got.Shares {
			t.Errorf("%s: shares %v (%s), want it", name, got.Shares, got.Problem)
		}
		if d := cmp.Diff(want, got.Pages); d != "" {
			t.Errorf("%s: -want +got:\n%s", name, d)
		}
	}
	if _, err := shared.WriteAt([]byte("x"), 0); err == nil {
		t.Error("shared code can be changed")
	}
}

// A process keeps its own code when the shared code differs in one byte.
func TestShareCodeThatDiffers(t *testing.T) {
	t.Parallel()
	newExtractor(t)
	good := newMemory(t)
	runSharing(t, good)
	info, err := good.Stat()
	if err != nil {
		t.Fatal(err)
	}
	code := make([]byte, info.Size())
	if _, err := good.ReadAt(code, 0); err != nil {
		t.Fatal(err)
	}
	code[len(code)/2] ^= 1
	for name, content := range map[string][]byte{"a byte": code, "shorter": code[:len(code)/3], "empty": nil} {
		t.Run(name, func(t *testing.T) {
			shared := newMemory(t)
			if _, err := shared.Write(content); err != nil {
				t.Fatal(err)
			}
			all := unix.F_SEAL_SEAL | unix.F_SEAL_SHRINK | unix.F_SEAL_GROW | unix.F_SEAL_WRITE
			if _, err := unix.FcntlInt(shared.Fd(), unix.F_ADD_SEALS, all); err != nil {
				t.Fatal(err)
			}
			got := runSharing(t, shared)
			if got.Problem == "" || got.Shares {
				t.Errorf("shares %v (%s), want a problem", got.Shares, got.Problem)
			}
			if len(got.Pages) == 0 {
				t.Error("it reads nothing with its own code")
			}
		})
	}
}
