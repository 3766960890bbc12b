package s3store_test

import (
	"bytes"
	"os"
	"path/filepath"
	"testing"

	"github.com/trackmydegree/trackmydegree/internal/fault"
	"github.com/trackmydegree/trackmydegree/internal/job"
	"github.com/trackmydegree/trackmydegree/internal/storetest"
	"github.com/trackmydegree/trackmydegree/internal/testenv"
)

// The source of a copy is in a header, with its own escaping.
func TestKeepUnderAnyPrefix(t *testing.T) {
	t.Parallel()
	server := testenv.StartS3(t, name)
	for _, prefix := range []string{"", "a b+c/d%20e", "ünïcode/&=?"} {
		cfg := config(server.URL())
		cfg.Prefix = prefix
		s, ctx := open(t, cfg), t.Context()
		ticket, want := storetest.NewTicket(), storetest.RandomPDF(10_000)
		if _, err := s.Save(ctx, ticket, bytes.NewReader(want), mib); err != nil {
			t.Fatal(err)
		}
		if err := s.KeepDocument(ctx, ticket.ID); err != nil {
			t.Errorf("%q: keep: %v", prefix, err)
		}
		if err := s.RestoreDocument(ctx, ticket); err != nil {
			t.Errorf("%q: restore: %v", prefix, err)
		}
		if got, err := read(t, s, ticket.ID); err != nil || !bytes.Equal(got, want) {
			t.Errorf("%q: %d bytes, %v", prefix, len(got), err)
		}
	}
}

// A document without its digest is not restored, and the attempt leaves nothing.
func TestRestoreOfWhatWasNotKept(t *testing.T) {
	t.Parallel()
	server := testenv.StartS3(t, name)
	s, ticket := open(t, config(server.URL())), storetest.NewTicket()
	kept := filepath.Join(server.BucketDir(name), string(ticket.ID)+".failed.pdf")
	if err := os.WriteFile(kept, []byte("%PDF-"), 0o600); err != nil {
		t.Fatal(err)
	}
	wantCode(t, "restore", s.RestoreDocument(t.Context(), ticket), fault.StorageUnavailable)
	if l := list(t, s); len(l) != 1 || !l[0].Kept {
		t.Errorf("listed %+v", l)
	}
}

// While S3 is unavailable no document is lost: it stays the job's, or stays kept.
func TestKeepAndRestoreWithoutS3(t *testing.T) {
	t.Parallel()
	server := testenv.StartS3(t, name)
	s, ctx := open(t, config(server.URL())), t.Context()
	failed, kept := storetest.NewTicket(), storetest.NewTicket()
	for _, ticket := range []job.Ticket{failed, kept} {
		if _, err := s.Save(ctx, ticket, bytes.NewReader(storetest.RandomPDF(1000)), mib); err != nil {
			t.Fatal(err)
		}
	}
	if err := s.KeepDocument(ctx, kept.ID); err != nil {
		t.Fatal(err)
	}
	server.Kill()
	wantCode(t, "keep", s.KeepDocument(ctx, failed.ID), fault.StorageUnavailable)
	wantCode(t, "restore", s.RestoreDocument(ctx, kept), fault.StorageUnavailable)
	_, err := s.HasKeptDocument(ctx, kept.ID)
	wantCode(t, "kept", err, fault.StorageUnavailable)
	wantCode(t, "purge", s.DeleteAll(ctx, kept.ID), fault.StorageUnavailable)
	server.Restart(t)
	if l := list(t, s); len(l) != 2 {
		t.Errorf("listed %+v", l)
	}
	if err := s.RestoreDocument(ctx, kept); err != nil {
		t.Error(err)
	}
	if err := s.KeepDocument(ctx, failed.ID); err != nil {
		t.Error(err)
	}
}
