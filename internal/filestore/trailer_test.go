package filestore_test

import (
	"bytes"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/trackmydegree/trackmydegree/internal/fault"
	"github.com/trackmydegree/trackmydegree/internal/filestore"
	"github.com/trackmydegree/trackmydegree/internal/job"
)

// saveFile saves a document and returns its file: the path and the bytes.
func saveFile(t *testing.T, s *filestore.Store, dir string, one job.Ticket, document []byte) (path string, content []byte) {
	t.Helper()
	if _, err := s.Save(t.Context(), one, bytes.NewReader(document), mib); err != nil {
		t.Fatal(err)
	}
	path = filepath.Join(dir, string(one.ID)+".pdf")
	content, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	return path, content
}

func writeFile(t *testing.T, path string, content []byte) {
	t.Helper()
	if err := os.WriteFile(path, content, 0o600); err != nil {
		t.Fatal(err)
	}
}

// No job is restored from a file that was cut at any byte, nor from one of which a block was lost, as a power failure
// may leave it.
func TestATornFileHasNoTicket(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	s := open(t, dir)
	one := ticket(newID())
	path, whole := saveFile(t, s, dir, one, pdf(5000))
	wantNoTicket := func(what string, content []byte) {
		t.Helper()
		writeFile(t, path, content)
		if _, err := s.LoadTicket(t.Context(), one.ID); fault.CodeOf(err) != fault.JobNotFound {
			t.Errorf("%s: %v, want %s", what, err, fault.JobNotFound)
		}
	}
	for size := range len(whole) {
		wantNoTicket("cut", whole[:size])
		const block = 64
		lost := bytes.Clone(whole)
		clear(lost[size:min(size+block, len(lost))])
		wantNoTicket("a lost block", lost)
		wantNoTicket("a lost end", append(whole[:size:size], make([]byte, len(whole)-size)...))
	}
	wantNoTicket("more behind the end", append(bytes.Clone(whole), 0))
	writeFile(t, path, whole)
	if _, err := s.LoadTicket(t.Context(), one.ID); err != nil {
		t.Errorf("the whole file: %v", err)
	}
}

// A sender who ends a document like a file with a ticket gets no job with that ticket: the store keeps to its own.
func TestADocumentThatEndsLikeATicket(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	s := open(t, dir)
	other := ticket(newID())
	other.Owner = "another owner"
	_, forged := saveFile(t, s, dir, other, pdf(500))

	t.Run("uploaded", func(t *testing.T) {
		mine := ticket(newID())
		saveFile(t, s, dir, mine, forged)
		if got := readDocument(t, s, mine.ID); !bytes.Equal(got, forged) {
			t.Errorf("%d bytes come back, want all %d", len(got), len(forged))
		}
		if got, err := s.LoadTicket(t.Context(), mine.ID); err != nil || got.Owner != mine.Owner {
			t.Errorf("the owner is %q (%v), want %q", got.Owner, err, mine.Owner)
		}
	})
	t.Run("in a file without a ticket of the store", func(t *testing.T) {
		mine := newID()
		writeFile(t, filepath.Join(dir, string(mine)+".pdf"), forged)
		if _, err := s.LoadTicket(t.Context(), mine); fault.CodeOf(err) != fault.JobNotFound {
			t.Errorf("%v, want %s", err, fault.JobNotFound)
		}
		if got := readDocument(t, s, mine); !bytes.Equal(got, forged) {
			t.Errorf("%d bytes come back, want all %d", len(got), len(forged))
		}
	})
}

// The files of an earlier release, a document and its ticket, are one upload; so are those of a long ticket.
func TestATicketInAFileOfItsOwn(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	s := open(t, dir)
	one, document := ticket(newID()), pdf(3000)
	one.CreatedAt = one.CreatedAt.UTC().Truncate(time.Millisecond)
	encoded, err := one.Encode()
	if err != nil {
		t.Fatal(err)
	}
	writeFile(t, filepath.Join(dir, string(one.ID)+".pdf"), document)
	writeFile(t, filepath.Join(dir, string(one.ID)+".json"), encoded)

	long := ticket(newID())
	long.CreatedAt, long.Owner = one.CreatedAt, strings.Repeat("a long name ", 100)
	if _, err := s.Save(t.Context(), long, bytes.NewReader(document), mib); err != nil {
		t.Fatal(err)
	}
	for _, want := range []job.Ticket{one, long} {
		got, err := s.LoadTicket(t.Context(), want.ID)
		if d := cmp.Diff(want, got); err != nil || d != "" {
			t.Errorf("%v, -want +got:\n%s", err, d)
		}
		if got := readDocument(t, s, want.ID); !bytes.Equal(got, document) {
			t.Errorf("%d bytes come back, want %d", len(got), len(document))
		}
		if err := s.Delete(t.Context(), want.ID); err != nil {
			t.Error(err)
		}
	}
	if left := files(t, dir); len(left) != 0 {
		t.Errorf("left behind: %v", left)
	}
}

// A damaged ticket in a file of its own is not replaced by an older one in the document.
func TestTheTicketInAFileOfItsOwnTakesPrecedence(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	s := open(t, dir)
	one := ticket(newID())
	saveFile(t, s, dir, one, pdf(500))
	writeFile(t, filepath.Join(dir, string(one.ID)+".json"), []byte(`{"jobId":`))
	if _, err := s.LoadTicket(t.Context(), one.ID); !errors.Is(err, job.ErrTicket) {
		t.Errorf("%v, want %v", err, job.ErrTicket)
	}
}
