package uploads_test

import (
	"bytes"
	"context"
	"crypto/rand"
	"errors"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"sync"
	"testing"
	"testing/iotest"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/uuid"
	"go.uber.org/goleak"

	"github.com/trackmydegree/trackmydegree/internal/fault"
	"github.com/trackmydegree/trackmydegree/internal/job"
	"github.com/trackmydegree/trackmydegree/internal/process"
	"github.com/trackmydegree/trackmydegree/internal/submit"
	"github.com/trackmydegree/trackmydegree/internal/uploads"
)

const mib = 1 << 20

var (
	_ submit.Uploads  = (*uploads.Store)(nil)
	_ process.Uploads = (*uploads.Store)(nil)
)

func TestMain(m *testing.M) {
	if dir := os.Getenv(writeDir); dir != "" {
		writeForEver(dir)
		return
	}
	goleak.VerifyTestMain(m)
}

func open(t testing.TB, dir string) *uploads.Store {
	t.Helper()
	s, err := uploads.New(uploads.Config{Dir: dir})
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

func newID() job.ID { return job.ID(uuid.NewString()) }

func pdf(size int) []byte {
	b := make([]byte, size)
	_, _ = rand.Read(b)
	copy(b, "%PDF-1.7\n")
	return b
}

func files(t *testing.T, dir string) []string {
	t.Helper()
	entries, err := os.ReadDir(dir)
	if err != nil {
		t.Fatal(err)
	}
	names := make([]string, len(entries))
	for i, e := range entries {
		names[i] = e.Name()
	}
	return names
}

func wantCode(t *testing.T, err error, want fault.Code) {
	t.Helper()
	if got := fault.CodeOf(err); got != want {
		t.Errorf("%q (%v), want %q", got, err, want)
	}
}

func TestWhatIsSavedComesBack(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	s, ctx := open(t, dir), t.Context()
	readers := map[string]func(io.Reader) io.Reader{
		"at once":        func(r io.Reader) io.Reader { return r },
		"half at a time": iotest.HalfReader,
		"end with data":  iotest.DataErrReader,
	}
	for _, size := range []int{5, 1023, 1024, 1025, 60_000, 64 << 10, 64<<10 + 1, 3 * mib} {
		for how, wrap := range readers {
			id, want := newID(), pdf(max(size, 9))[:size]
			n, err := s.Save(ctx, id, wrap(bytes.NewReader(want)), int64(size))
			if err != nil || n != int64(size) {
				t.Fatalf("save %d bytes %s: %d, %v", size, how, n, err)
			}
			f, err := s.Open(ctx, id)
			if err != nil {
				t.Fatal(err)
			}
			got, err := io.ReadAll(f)
			f.Close()
			if err != nil || !bytes.Equal(got, want) {
				t.Errorf("%d bytes %s come back as %d others (%v)", size, how, len(got), err)
			}
			if d := cmp.Diff([]string{string(id) + ".pdf"}, files(t, dir)); d != "" {
				t.Errorf("the folder (-want +got):\n%s", d)
			}
			for range 2 { // again is no error
				if err := s.Delete(ctx, id); err != nil {
					t.Fatal(err)
				}
			}
			_, err = s.Open(ctx, id)
			wantCode(t, err, fault.StorageUnavailable)
		}
	}
	if left := files(t, dir); len(left) != 0 {
		t.Errorf("left behind: %v", left)
	}
}

func TestARefusedUploadLeavesNothing(t *testing.T) {
	t.Parallel()
	cut := errors.New("connection cut")
	late := append(make([]byte, 1020), "%PDF-1.7"...)
	tests := map[string]struct {
		r     io.Reader
		limit int64
		code  fault.Code
		is    error
	}{
		"empty":                           {bytes.NewReader(nil), mib, fault.NotAPDF, nil},
		"no PDF":                          {strings.NewReader("PK\x03\x04" + strings.Repeat("x", 5000)), mib, fault.NotAPDF, nil},
		"header too late":                 {bytes.NewReader(late), mib, fault.NotAPDF, nil},
		"a byte too many":                 {bytes.NewReader(pdf(1001)), 1000, fault.TooLarge, nil},
		"a byte too many, two buffers":    {bytes.NewReader(pdf(64<<10 + 1)), 64 << 10, fault.TooLarge, nil},
		"without end":                     {io.MultiReader(bytes.NewReader(pdf(1000)), endless{}), 2 * mib, fault.TooLarge, nil},
		"cut at once":                     {iotest.ErrReader(cut), mib, "", cut},
		"cut in the header":               {io.MultiReader(bytes.NewReader(pdf(100)), iotest.ErrReader(cut)), mib, "", cut},
		"cut later":                       {io.MultiReader(bytes.NewReader(pdf(mib/2)), iotest.ErrReader(cut)), mib, "", cut},
		"cut as a body reports it, early": {io.MultiReader(bytes.NewReader(pdf(100)), iotest.ErrReader(io.ErrUnexpectedEOF)), mib, "", io.ErrUnexpectedEOF},
		"cut as a body reports it":        {io.MultiReader(bytes.NewReader(pdf(100_000)), iotest.ErrReader(io.ErrUnexpectedEOF)), mib, "", io.ErrUnexpectedEOF},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			dir := t.TempDir()
			_, err := open(t, dir).Save(t.Context(), newID(), tt.r, tt.limit)
			if tt.is != nil && err != tt.is { //nolint:errorlint // it has to come back as it is, not wrapped
				t.Errorf("%v, want %v as it is", err, tt.is)
			}
			if tt.code != "" {
				wantCode(t, err, tt.code)
			}
			if left := files(t, dir); len(left) != 0 {
				t.Errorf("left behind: %v", left)
			}
		})
	}
}

type endless struct{}

func (endless) Read(p []byte) (int, error) { return len(p), nil }

// A client that goes away ends the upload, whatever its reader does.
func TestACanceledUploadLeavesNothing(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	ctx, cancel := context.WithCancel(t.Context())
	r := io.MultiReader(bytes.NewReader(pdf(mib)), readerFunc(func(p []byte) (int, error) { cancel(); return len(p), nil }))
	if _, err := open(t, dir).Save(ctx, newID(), r, 1<<40); !errors.Is(err, context.Canceled) {
		t.Errorf("%v, want the cancellation", err)
	}
	if left := files(t, dir); len(left) != 0 {
		t.Errorf("left behind: %v", left)
	}
}

type readerFunc func([]byte) (int, error)

func (f readerFunc) Read(p []byte) (int, error) { return f(p) }

func TestOnlyIDsAreNames(t *testing.T) {
	t.Parallel()
	outer := t.TempDir()
	dir := filepath.Join(outer, "uploads")
	s, ctx := open(t, dir), t.Context()
	secret := filepath.Join(outer, "secret.pdf")
	if err := os.WriteFile(secret, []byte("secret"), 0o600); err != nil {
		t.Fatal(err)
	}
	good := string(newID())
	for _, id := range []string{"", ".", "..", "../secret", "/etc/passwd", secret, "a/b", good + "/..", "..\\secret", "x\x00y",
		strings.ToUpper(good), "{" + good + "}", "urn:uuid:" + good, strings.ReplaceAll(good, "-", ""), good + ".pdf", strings.Repeat("a", 300)} {
		_, err := s.Save(ctx, job.ID(id), bytes.NewReader(pdf(100)), mib)
		wantCode(t, err, fault.JobNotFound)
		_, err = s.Open(ctx, job.ID(id))
		wantCode(t, err, fault.JobNotFound)
		wantCode(t, s.Delete(ctx, job.ID(id)), fault.JobNotFound)
	}
	// Nor does a link in the folder lead out of it.
	if err := os.Symlink(secret, filepath.Join(dir, good+".pdf")); err != nil {
		t.Fatal(err)
	}
	if f, err := s.Open(ctx, job.ID(good)); err == nil {
		f.Close()
		t.Error("a link out of the folder was followed")
	}
	if _, err := os.Stat(secret); err != nil {
		t.Error(err)
	}
}

func TestManyAtOnce(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	s := open(t, dir)
	var wg sync.WaitGroup
	for range 16 {
		wg.Go(func() {
			for range 8 {
				id, want := newID(), pdf(70_000)
				if _, err := s.Save(t.Context(), id, bytes.NewReader(want), mib); err != nil {
					t.Error(err)
					return
				}
				if got, err := os.ReadFile(filepath.Join(dir, string(id)+".pdf")); err != nil || !bytes.Equal(got, want) {
					t.Errorf("%d bytes come back (%v)", len(got), err)
				}
			}
		})
	}
	wg.Wait()
	if n := len(files(t, dir)); n != 16*8 {
		t.Errorf("%d files, want %d", n, 16*8)
	}
}

// A folder that is gone, or closed, is storage_unavailable.
func TestTheFolderIsGone(t *testing.T) {
	t.Parallel()
	dir := filepath.Join(t.TempDir(), "uploads")
	s, ctx := open(t, dir), t.Context()
	if err := os.Remove(dir); err != nil {
		t.Fatal(err)
	}
	_, err := s.Save(ctx, newID(), bytes.NewReader(pdf(100)), mib)
	wantCode(t, err, fault.StorageUnavailable)
	_, err = s.Open(ctx, newID())
	wantCode(t, err, fault.StorageUnavailable)
	if err := s.Check(ctx); err == nil || !strings.Contains(err.Error(), "TMD_UPLOAD_DIR") || !strings.Contains(err.Error(), dir) {
		t.Errorf("Check of a folder that is gone: %v", err)
	}
	if _, err := uploads.New(uploads.Config{Dir: filepath.Join(dir, "deeper")}); err == nil {
		t.Error("a folder was made where its parent is not mounted")
	}
}

func TestCheck(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	if err := open(t, dir).Check(t.Context()); err != nil {
		t.Error(err)
	}
	if left := files(t, dir); len(left) != 0 {
		t.Errorf("left behind: %v", left)
	}
}

func TestListAndSweep(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	s, ctx := open(t, dir), t.Context()
	old, young := newID(), newID()
	for _, id := range []job.ID{old, young} {
		if _, err := s.Save(ctx, id, bytes.NewReader(pdf(100)), mib); err != nil {
			t.Fatal(err)
		}
	}
	long := time.Now().Add(-time.Hour)
	for _, name := range []string{string(newID()) + ".ABCDEFGH.tmp", "check.X.tmp", "notes.txt", "lost+found.pdf"} {
		if err := os.WriteFile(filepath.Join(dir, name), []byte("x"), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	if err := os.Mkdir(filepath.Join(dir, "folder.tmp"), 0o700); err != nil {
		t.Fatal(err)
	}
	for _, name := range files(t, dir) {
		if name != string(young)+".pdf" {
			if err := os.Chtimes(filepath.Join(dir, name), long, long); err != nil {
				t.Fatal(err)
			}
		}
	}
	found, err := s.List(ctx)
	if err != nil {
		t.Fatal(err)
	}
	temporary, jobs := 0, []job.ID{}
	for _, f := range found {
		if f.Temporary {
			temporary++
		}
		if f.Job != "" {
			jobs = append(jobs, f.Job)
		}
	}
	slices.Sort(jobs)
	want := []job.ID{old, young}
	slices.Sort(want)
	if temporary != 2 || len(found) != 6 || !slices.Equal(jobs, want) {
		t.Errorf("listed %+v", found)
	}
	n, err := s.Sweep(ctx, time.Now().Add(-time.Minute))
	if err != nil || n != 3 {
		t.Errorf("swept %d (%v), want 3", n, err)
	}
	wantLeft := []string{string(young) + ".pdf", "folder.tmp", "lost+found.pdf", "notes.txt"}
	slices.Sort(wantLeft)
	if d := cmp.Diff(wantLeft, files(t, dir)); d != "" {
		t.Errorf("after the sweep (-want +got):\n%s", d)
	}
}

// What an upload takes of memory does not grow with its size. Not parallel: it reads the counters of the process.
func TestMemoryDoesNotGrowWithTheUpload(t *testing.T) {
	dir := t.TempDir()
	s := open(t, dir)
	save := func(size int64) uint64 {
		r := io.MultiReader(strings.NewReader("%PDF-1.7\n"), io.LimitReader(endless{}, size))
		var before, after runtime.MemStats
		runtime.ReadMemStats(&before)
		if _, err := s.Save(t.Context(), newID(), r, 1<<40); err != nil {
			t.Fatal(err)
		}
		runtime.ReadMemStats(&after)
		return after.TotalAlloc - before.TotalAlloc
	}
	save(1000)
	if got := save(64 * mib); got > 128<<10 {
		t.Errorf("an upload of 64 MiB allocated %d kB", got>>10)
	}
}

// One document that cannot get its name fails alone, others of the same round do not.
func TestANameThatIsTaken(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	s := open(t, dir)
	taken := newID()
	if err := os.MkdirAll(filepath.Join(dir, string(taken)+".pdf", "full"), 0o700); err != nil {
		t.Fatal(err)
	}
	var wg sync.WaitGroup
	for range 12 {
		wg.Go(func() {
			if _, err := s.Save(t.Context(), newID(), bytes.NewReader(pdf(100)), mib); err != nil {
				t.Error(err)
			}
		})
		wg.Go(func() {
			_, err := s.Save(t.Context(), taken, bytes.NewReader(pdf(100)), mib)
			wantCode(t, err, fault.StorageUnavailable)
		})
	}
	wg.Wait()
	if left := files(t, dir); len(left) != 12+1 {
		t.Errorf("%d names, want 12 documents and the folder: %v", len(left), left)
	}
}

// A folder that users of other groups may not write to: Check says whose it is and what to turn.
func TestCheckSaysWhatToTurn(t *testing.T) {
	t.Parallel()
	if os.Geteuid() == 0 {
		t.Skip("root may write everywhere")
	}
	dir := t.TempDir()
	s := open(t, dir)
	if err := os.Chmod(dir, 0o500); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = os.Chmod(dir, fs.FileMode(0o700)) })
	err := s.Check(t.Context())
	wantCode(t, err, fault.StorageUnavailable)
	if err == nil || !strings.Contains(err.Error(), "supplementalGroups") {
		t.Errorf("the advice is %v", err)
	}
}
