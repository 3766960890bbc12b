package storetest

import (
	"bytes"
	"io"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/trackmydegree/trackmydegree/internal/fault"
)

// ticketIsReplaced checks that a job gets another owner while its document stays readable.
func ticketIsReplaced(t *testing.T, s Uploads) {
	ctx := t.Context()
	ticket, pdf := NewTicket(), RandomPDF(3000)
	if err := s.ReplaceTicket(ctx, ticket); fault.CodeOf(err) != fault.JobNotFound {
		t.Errorf("without a ticket: %v, want %s", err, fault.JobNotFound)
	}
	if _, err := s.Save(ctx, ticket, bytes.NewReader(pdf), mib); err != nil {
		t.Fatal(err)
	}
	ticket.Owner = "another owner"
	for range 2 {
		if err := s.ReplaceTicket(ctx, ticket); err != nil {
			t.Fatal(err)
		}
	}
	loaded, err := s.LoadTicket(ctx, ticket.ID)
	if diff := cmp.Diff(ticket, loaded); err != nil || diff != "" {
		t.Errorf("%v; want, got: %s", err, diff)
	}
	f, err := s.Open(ctx, ticket.ID)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	if read, err := io.ReadAll(f); err != nil || !bytes.Equal(read, pdf) {
		t.Errorf("the document: %d bytes (%v), want %d", len(read), err, len(pdf))
	}
	if all := listUploads(t, s); len(all) != 1 || !all[0].Ticket || !all[0].Document {
		t.Errorf("listed %+v, want one job with both", all)
	}
}
