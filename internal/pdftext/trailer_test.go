package pdftext_test

import (
	"os"
	"path/filepath"
	"reflect"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/uuid"

	"github.com/trackmydegree/trackmydegree/internal/document"
	"github.com/trackmydegree/trackmydegree/internal/fault"
	"github.com/trackmydegree/trackmydegree/internal/filestore"
	"github.com/trackmydegree/trackmydegree/internal/job"
	"github.com/trackmydegree/trackmydegree/internal/testenv"
)

// A worker of an earlier release reads a file of a newer API, which contains the ticket behind the document, as the
// document: the words and the faults of every document are the same.
func TestATicketBehindADocumentChangesNothing(t *testing.T) {
	if testing.Short() {
		t.Skip("it reads every document twice")
	}
	t.Parallel()
	names, err := filepath.Glob(filepath.Join(testenv.RepoRoot(), "tests/documents/*/*.pdf"))
	if err != nil || len(names) == 0 {
		t.Fatalf("no documents: %v", err)
	}
	dir := t.TempDir()
	store, err := filestore.New(filestore.Config{Dir: dir})
	if err != nil {
		t.Fatal(err)
	}
	defer store.Close()
	e := newExtractor(t)
	for _, name := range names {
		f, err := os.Open(name)
		if err != nil {
			t.Fatal(err)
		}
		ticket := newTicket()
		_, err = store.Save(t.Context(), ticket, f, document.MaxBytes)
		f.Close()
		if fault.CodeOf(err) == fault.NotAPDF {
			continue
		}
		if err != nil {
			t.Fatal(err)
		}
		alone, err := os.ReadFile(name)
		if err != nil {
			t.Fatal(err)
		}
		stored, err := os.ReadFile(filepath.Join(dir, string(ticket.ID)+".pdf"))
		if err != nil {
			t.Fatal(err)
		}
		if len(stored) == len(alone) {
			t.Errorf("%s: the stored file has no ticket", name)
		}
		want, wantErr := e.Pages(t.Context(), alone)
		got, gotErr := e.Pages(t.Context(), stored)
		if fault.CodeOf(gotErr) != fault.CodeOf(wantErr) {
			t.Errorf("%s: %v, want %v", name, gotErr, wantErr)
		}
		// The comparison that explains a difference takes longer than the reading.
		if !reflect.DeepEqual(want, got) {
			t.Errorf("%s: -want +got:\n%s", name, cmp.Diff(want, got))
		}
	}
}

func newTicket() job.Ticket {
	return job.Ticket{ID: job.ID(uuid.NewString()), Kind: job.File, Owner: "owner", CreatedAt: time.Now()}
}
