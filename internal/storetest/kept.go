package storetest

import (
	"bytes"
	"io"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/trackmydegree/trackmydegree/internal/fault"
	"github.com/trackmydegree/trackmydegree/internal/job"
)

// keepDocument saves a document and keeps it as that of a failed job.
func keepDocument(t *testing.T, s Uploads, pdf []byte) job.Ticket {
	t.Helper()
	ticket := NewTicket()
	if _, err := s.Save(t.Context(), ticket, bytes.NewReader(pdf), mib); err != nil {
		t.Fatal(err)
	}
	for range 2 { // repeating it is no error
		if err := s.KeepDocument(t.Context(), ticket.ID); err != nil {
			t.Fatal(err)
		}
	}
	return ticket
}

func isKept(t *testing.T, s Uploads, id job.ID) bool {
	t.Helper()
	kept, err := s.HasKeptDocument(t.Context(), id)
	if err != nil {
		t.Fatal(err)
	}
	return kept
}

// keptIsOutOfTheWay checks that no job is restored from a kept document, and that the cleanup of the job leaves it.
func keptIsOutOfTheWay(t *testing.T, s Uploads) {
	ctx := t.Context()
	ticket := keepDocument(t, s, RandomPDF(1000))
	if !isKept(t, s, ticket.ID) {
		t.Error("it is not kept")
	}
	if f, err := s.Open(ctx, ticket.ID); err == nil {
		f.Close()
		t.Error("it is still the job's document")
	}
	if _, err := s.LoadTicket(ctx, ticket.ID); fault.CodeOf(err) != fault.JobNotFound {
		t.Errorf("its ticket: %v", err)
	}
	if err := s.Delete(ctx, ticket.ID); err != nil {
		t.Fatal(err)
	}
	all := listUploads(t, s)
	if len(all) != 1 || time.Since(all[0].Modified).Abs() > time.Minute {
		t.Fatalf("listed %+v", all)
	}
	wantFile(t, job.StoredFiles{ID: ticket.ID, Kept: true, Size: 1000}, all[0])
	// Another document of the same job is a separate entry.
	if _, err := s.Save(ctx, ticket, bytes.NewReader(RandomPDF(500)), mib); err != nil {
		t.Fatal(err)
	}
	if all := listUploads(t, s); len(all) != 2 {
		t.Errorf("listed %+v", all)
	}
	for range 2 {
		if err := s.DeleteAll(ctx, ticket.ID); err != nil {
			t.Fatal(err)
		}
	}
	wantEmpty(t, s)
	if isKept(t, s, ticket.ID) {
		t.Error("it is kept after its deletion")
	}
}

// keptComesBack restores a kept document with a new ticket, as if it had been saved now.
func keptComesBack(t *testing.T, s Uploads) {
	ctx := t.Context()
	want := RandomPDF(70_000)
	ticket := keepDocument(t, s, want)
	ticket.CreatedAt, ticket.Claim = ticket.CreatedAt.Add(time.Hour), ""
	if err := s.RestoreDocument(ctx, ticket); err != nil {
		t.Fatal(err)
	}
	f, err := s.Open(ctx, ticket.ID)
	if err != nil {
		t.Fatal(err)
	}
	got, err := io.ReadAll(f)
	if cerr := f.Close(); err != nil || cerr != nil || !bytes.Equal(got, want) {
		t.Errorf("it comes back as %d others (%v, %v)", len(got), err, cerr)
	}
	if got, err := s.LoadTicket(ctx, ticket.ID); err != nil || !cmp.Equal(got, ticket) {
		t.Errorf("the ticket comes back as %+v, %v", got, err)
	}
	if isKept(t, s, ticket.ID) {
		t.Error("it is still kept")
	}
	if all := listUploads(t, s); len(all) != 1 || !all[0].Document || !all[0].Ticket || all[0].Kept {
		t.Errorf("listed %+v", all)
	}
}

// notKeptDoesNot checks that a missing document leaves no ticket, from which a job would be restored.
func notKeptDoesNot(t *testing.T, s Uploads) {
	ctx := t.Context()
	ticket := NewTicket()
	if err := s.RestoreDocument(ctx, ticket); fault.CodeOf(err) != fault.JobNotFound {
		t.Errorf("restore: %v", err)
	}
	if err := s.KeepDocument(ctx, ticket.ID); err != nil { // a form has none
		t.Errorf("keep: %v", err)
	}
	if isKept(t, s, ticket.ID) || isKept(t, s, "../x") {
		t.Error("nothing is kept")
	}
	wantEmpty(t, s)
}
