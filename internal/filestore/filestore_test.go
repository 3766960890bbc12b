package filestore_test

import (
	"bytes"
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
	"syscall"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
	"github.com/google/uuid"
	"go.uber.org/goleak"

	"github.com/trackmydegree/trackmydegree/internal/fault"
	"github.com/trackmydegree/trackmydegree/internal/filestore"
	"github.com/trackmydegree/trackmydegree/internal/job"
	"github.com/trackmydegree/trackmydegree/internal/storetest"
)

const mib = 1 << 20

func TestMain(m *testing.M) {
	if dir := os.Getenv(writeDir); dir != "" {
		saveUntilKilled(dir)
		return
	}
	goleak.VerifyTestMain(m)
}

func open(t testing.TB, dir string) *filestore.Store {
	t.Helper()
	s, err := filestore.New(filestore.Config{Dir: dir})
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

func ticket(id job.ID) job.Ticket {
	return job.Ticket{ID: id, Kind: job.File, Owner: "owner-1", CreatedAt: time.Now()}
}

type endless struct{}

func (endless) Read(p []byte) (int, error) { return len(p), nil }

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

func readDocument(t *testing.T, s *filestore.Store, id job.ID) []byte {
	t.Helper()
	f, err := s.Open(t.Context(), id)
	if err != nil {
		t.Error(err)
		return nil
	}
	defer f.Close()
	b, err := io.ReadAll(f)
	if err != nil {
		t.Error(err)
	}
	return b
}

func wantCode(t *testing.T, err error, want fault.Code) {
	t.Helper()
	if got := fault.CodeOf(err); got != want {
		t.Errorf("%q (%v), want %q", got, err, want)
	}
}

func TestTheFolderIsAStore(t *testing.T) {
	t.Parallel()
	storetest.RunUploads(t, func(t *testing.T) storetest.Uploads { return open(t, t.TempDir()) })
}

func TestNamesAndModes(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	s, id := open(t, dir), newID()
	if _, err := s.Save(t.Context(), ticket(id), bytes.NewReader(pdf(100)), mib); err != nil {
		t.Fatal(err)
	}
	form := ticket(newID())
	form.Kind, form.Input = job.Form, []byte("{}")
	if _, err := s.Save(t.Context(), form, nil, mib); err != nil {
		t.Fatal(err)
	}
	want := []string{string(id) + ".pdf", string(form.ID) + ".json"}
	slices.Sort(want)
	if d := cmp.Diff(want, files(t, dir)); d != "" {
		t.Error(d)
	}
	for _, name := range files(t, dir) {
		if info, err := os.Stat(filepath.Join(dir, name)); err != nil || info.Mode().Perm() != 0o640 {
			t.Errorf("%s: %v, %v", name, info.Mode(), err)
		}
	}
}

// A link in the folder does not lead out of it, and a ticket that blocks its reader is invalid.
func TestNothingLeadsOutOfTheFolder(t *testing.T) {
	t.Parallel()
	outer := t.TempDir()
	dir := filepath.Join(outer, "uploads")
	s, ctx, id := open(t, dir), t.Context(), newID()
	secret := filepath.Join(outer, "secret")
	if err := os.WriteFile(secret, []byte("secret"), 0o600); err != nil {
		t.Fatal(err)
	}
	for _, end := range []string{".pdf", ".json"} {
		if err := os.Symlink(secret, filepath.Join(dir, string(id)+end)); err != nil {
			t.Fatal(err)
		}
	}
	if f, err := s.Open(ctx, id); err == nil {
		f.Close()
		t.Error("a link out of the folder was followed")
	}
	if _, err := s.LoadTicket(ctx, id); err == nil {
		t.Error("a link out of the folder was followed")
	}
	pipe := newID()
	if err := syscall.Mkfifo(filepath.Join(dir, string(pipe)+".json"), 0o600); err != nil {
		t.Fatal(err)
	}
	if _, err := s.LoadTicket(ctx, pipe); err == nil {
		t.Error("a pipe is a ticket")
	}
	if all, err := s.ListFiles(ctx); err != nil || len(all) != 0 {
		t.Errorf("listed %+v, %v", all, err)
	}
	if _, err := os.Stat(secret); err != nil {
		t.Error(err)
	}
}

// An invalid ticket, a missing ticket and a failing disk are different errors.
func TestDamagedTickets(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	s := open(t, dir)
	for name, content := range map[string]string{
		"empty": "", "cut": `{"jobId":"`, "other": `{"kind":"Deployment","owner":"x"}`, "zeros": string(make([]byte, 4096)),
		"large": strings.Repeat(" ", job.MaxTicket+1),
	} {
		id := newID()
		if err := os.WriteFile(filepath.Join(dir, string(id)+".json"), []byte(content), 0o600); err != nil {
			t.Fatal(err)
		}
		if _, err := s.LoadTicket(t.Context(), id); !errors.Is(err, job.ErrTicket) {
			t.Errorf("%s: %v", name, err)
		}
	}
	folder := newID()
	if err := os.Mkdir(filepath.Join(dir, string(folder)+".json"), 0o700); err != nil {
		t.Fatal(err)
	}
	_, err := s.LoadTicket(t.Context(), folder)
	wantCode(t, err, fault.StorageUnavailable)
}

// A folder that is deleted or closed is storage_unavailable.
func TestTheFolderIsGone(t *testing.T) {
	t.Parallel()
	dir := filepath.Join(t.TempDir(), "uploads")
	s, ctx := open(t, dir), t.Context()
	if err := os.Remove(dir); err != nil {
		t.Fatal(err)
	}
	_, err := s.Save(ctx, ticket(newID()), bytes.NewReader(pdf(100)), mib)
	wantCode(t, err, fault.StorageUnavailable)
	_, err = s.Open(ctx, newID())
	wantCode(t, err, fault.StorageUnavailable)
	if err := s.CheckAccess(ctx); err == nil || !strings.Contains(err.Error(), "TMD_UPLOAD_DIR") || !strings.Contains(err.Error(), dir) {
		t.Errorf("Check of a folder that is gone: %v", err)
	}
	if _, err := filestore.New(filestore.Config{Dir: filepath.Join(dir, "deeper")}); err == nil {
		t.Error("a folder was made where its parent is not mounted")
	}
}

func TestCheck(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	if err := open(t, dir).CheckAccess(t.Context()); err != nil {
		t.Error(err)
	}
	if left := files(t, dir); len(left) != 0 {
		t.Errorf("left behind: %v", left)
	}
}

func TestList(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	s, ctx := open(t, dir), t.Context()
	whole, bare := newID(), newID()
	if _, err := s.Save(ctx, ticket(whole), bytes.NewReader(pdf(100)), mib); err != nil {
		t.Fatal(err)
	}
	draft := string(newID()) + ".ABCDEFGH.tmp"
	for _, name := range []string{draft, string(bare) + ".pdf", "notes.txt", "lost+found.pdf", "package.json"} {
		if err := os.WriteFile(filepath.Join(dir, name), []byte("x"), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	if err := os.Mkdir(filepath.Join(dir, "folder.tmp"), 0o700); err != nil {
		t.Fatal(err)
	}
	if err := s.ReplaceTicket(ctx, ticket(whole)); err != nil {
		t.Fatal(err)
	}
	// The later modification time of the two files counts.
	young, old := time.Now().Add(-time.Hour).Truncate(time.Second), time.Now().Add(-2*time.Hour).Truncate(time.Second)
	info, err := os.Stat(filepath.Join(dir, string(whole)+".pdf"))
	if err != nil {
		t.Fatal(err)
	}
	for name, at := range map[string]time.Time{
		string(whole) + ".pdf": old, string(whole) + ".json": young, string(bare) + ".pdf": old, draft: old,
	} {
		if err := os.Chtimes(filepath.Join(dir, name), at, at); err != nil {
			t.Fatal(err)
		}
	}
	found, err := s.ListFiles(ctx)
	if err != nil {
		t.Fatal(err)
	}
	want := []job.StoredFiles{
		{ID: whole, Document: true, Ticket: true, Size: info.Size(), Modified: young},
		{ID: bare, Document: true, Size: 1, Modified: old},
		{Temporary: draft, Modified: old},
	}
	order := cmpopts.SortSlices(func(a, b job.StoredFiles) bool { return a.ID+job.ID(a.Temporary) < b.ID+job.ID(b.Temporary) })
	if d := cmp.Diff(want, found, order); d != "" {
		t.Error(d)
	}
	for _, l := range found {
		if l.Temporary != "" {
			err = s.DeleteTemporary(ctx, l)
		} else {
			err = s.Delete(ctx, l.ID)
		}
		if err != nil {
			t.Fatal(err)
		}
	}
	wantLeft := []string{"folder.tmp", "lost+found.pdf", "notes.txt", "package.json"}
	if d := cmp.Diff(wantLeft, files(t, dir)); d != "" {
		t.Errorf("files that are not ours (-want +got):\n%s", d)
	}
}

// The memory of an upload does not grow with its size. Not parallel: the test reads the counters of the process.
func TestMemoryDoesNotGrowWithTheUpload(t *testing.T) {
	dir := t.TempDir()
	s := open(t, dir)
	save := func(size int64) uint64 {
		r := io.MultiReader(strings.NewReader("%PDF-1.7\n"), io.LimitReader(endless{}, size))
		var before, after runtime.MemStats
		runtime.ReadMemStats(&before)
		if _, err := s.Save(t.Context(), ticket(newID()), r, 1<<40); err != nil {
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

// A document that cannot be renamed fails alone; the others of its round succeed.
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
			if _, err := s.Save(t.Context(), ticket(newID()), bytes.NewReader(pdf(100)), mib); err != nil {
				t.Error(err)
			}
		})
		wg.Go(func() {
			_, err := s.Save(t.Context(), ticket(taken), bytes.NewReader(pdf(100)), mib)
			wantCode(t, err, fault.StorageUnavailable)
		})
	}
	wg.Wait()
	if left := files(t, dir); len(left) != 12+1 {
		t.Errorf("%d names, want 12 documents with their tickets and the folder: %v", len(left), left)
	}
}

// For a folder without write permission, CheckAccess names its owner and the setting to change.
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
	err := s.CheckAccess(t.Context())
	wantCode(t, err, fault.StorageUnavailable)
	if err == nil || !strings.Contains(err.Error(), "supplementalGroups") {
		t.Errorf("the advice is %v", err)
	}
}
