package storetest

import (
	"bytes"
	"context"
	"crypto/rand"
	"crypto/sha256"
	"errors"
	"io"
	"slices"
	"strings"
	"sync"
	"testing"
	"testing/iotest"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
	"github.com/google/uuid"

	"github.com/trackmydegree/trackmydegree/internal/account"
	"github.com/trackmydegree/trackmydegree/internal/admin"
	"github.com/trackmydegree/trackmydegree/internal/executor"
	"github.com/trackmydegree/trackmydegree/internal/fault"
	"github.com/trackmydegree/trackmydegree/internal/job"
	"github.com/trackmydegree/trackmydegree/internal/repair"
	"github.com/trackmydegree/trackmydegree/internal/submit"
)

// Uploads is the interface of all stores of documents and tickets.
type Uploads interface {
	submit.Uploads
	executor.Uploads
	repair.Uploads
	admin.Uploads
	account.Uploads
}

// OpenUploads opens a new, empty store for a test.
type OpenUploads func(t *testing.T) Uploads

const mib = 1 << 20

// RunUploads runs the suite on the stores that open returns.
func RunUploads(t *testing.T, open OpenUploads) {
	for name, test := range map[string]func(*testing.T, Uploads){
		"what is saved comes back":              savedComesBack,
		"a ticket alone":                        ticketAlone,
		"a ticket is replaced":                  ticketIsReplaced,
		"a refused upload leaves nothing":       refusedLeavesNothing,
		"a canceled upload leaves nothing":      canceledLeavesNothing,
		"only ids are names":                    onlyIDsAreNames,
		"many at once":                          manyAtOnce,
		"a document is never without a ticket":  neverWithoutATicket,
		"what is not there is no error to drop": dropNothing,
		"what is kept is out of the way":        keptIsOutOfTheWay,
		"what is kept comes back":               keptComesBack,
		"what is not kept does not":             notKeptDoesNot,
	} {
		t.Run(name, func(t *testing.T) { t.Parallel(); test(t, open(t)) })
	}
}

// NewTicket returns a ticket for a document.
func NewTicket() job.Ticket {
	return job.Ticket{
		ID: job.ID(uuid.NewString()), Kind: job.File, Owner: "ünïcode \"owner\" <1>", Priority: job.High,
		CreatedAt: time.Date(2026, 11, 23, 12, 0, 0, 123_000_000, time.UTC), Claim: strings.Repeat("ab", 32),
	}
}

// RandomPDF returns random bytes with a PDF header.
func RandomPDF(size int) []byte {
	b := make([]byte, max(size, 9))
	_, _ = rand.Read(b)
	copy(b, "%PDF-1.7\n")
	return b[:size]
}

func listUploads(t *testing.T, s Uploads) []job.StoredFiles {
	t.Helper()
	l, err := s.ListFiles(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	return l
}

// maxTicket is more than the size of the ticket that a store may add to a document.
const maxTicket = 2 << 10

// wantFile checks the entry of a document, whose size may include a ticket.
func wantFile(t *testing.T, want, got job.StoredFiles) {
	t.Helper()
	if got.Size < want.Size || got.Size > want.Size+maxTicket {
		t.Errorf("%d bytes are listed, want %d", got.Size, want.Size)
	}
	if d := cmp.Diff(want, got, cmpopts.IgnoreFields(job.StoredFiles{}, "Size", "Modified")); d != "" {
		t.Error(d)
	}
}

func wantEmpty(t *testing.T, s Uploads) {
	t.Helper()
	if left := listUploads(t, s); len(left) != 0 {
		t.Errorf("left behind: %+v", left)
	}
}

func savedComesBack(t *testing.T, s Uploads) {
	ctx := t.Context()
	readers := map[string]func(io.Reader) io.Reader{
		"at once":        func(r io.Reader) io.Reader { return r },
		"half at a time": iotest.HalfReader,
		"end with data":  iotest.DataErrReader,
	}
	for _, size := range []int{5, 1023, 1024, 1025, 60_000, 64<<10 - 100, 64 << 10, 64<<10 + 1, 3 * mib} {
		for how, wrap := range readers {
			ticket, want := NewTicket(), RandomPDF(size)
			// A document at the limit, which leaves no room for its ticket, and a usual one.
			limit := int64(size + len(how)%2*mib)
			saved, err := s.Save(ctx, ticket, wrap(bytes.NewReader(want)), limit)
			if d := cmp.Diff(job.Saved{Size: int64(size), SHA256: sha256.Sum256(want)}, saved); err != nil || d != "" {
				t.Fatalf("save %d bytes %s: %v\n%s", size, how, err, d)
			}
			f, err := s.Open(ctx, ticket.ID)
			if err != nil {
				t.Fatal(err)
			}
			got, err := io.ReadAll(f)
			if cerr := f.Close(); err != nil || cerr != nil || !bytes.Equal(got, want) {
				t.Errorf("%d bytes %s come back as %d others (%v, %v)", size, how, len(got), err, cerr)
			}
			if got, err := s.LoadTicket(ctx, ticket.ID); err != nil || !cmp.Equal(got, ticket) {
				t.Errorf("the ticket comes back as %+v, %v", got, err)
			}
			all := listUploads(t, s)
			if len(all) != 1 || time.Since(all[0].Modified).Abs() > time.Minute {
				t.Fatalf("listed %+v", all)
			}
			wantFile(t, job.StoredFiles{ID: ticket.ID, Document: true, Ticket: all[0].Ticket, Size: int64(size)}, all[0])
			for range 2 { // repeating it is no error
				if err := s.Delete(ctx, ticket.ID); err != nil {
					t.Fatal(err)
				}
			}
			_, err = s.Open(ctx, ticket.ID)
			wantCode(t, "open what was deleted", err, fault.StorageUnavailable)
			_, err = s.LoadTicket(ctx, ticket.ID)
			wantCode(t, "the ticket of what was deleted", err, fault.JobNotFound)
		}
	}
	wantEmpty(t, s)
}

func ticketAlone(t *testing.T, s Uploads) {
	ctx := t.Context()
	for _, want := range []job.Ticket{
		{ID: job.ID(uuid.NewString()), Kind: job.Form, Owner: "ann", CreatedAt: time.Now().UTC(), Input: []byte(`{"degree":"x"}`)},
		{ID: job.ID(uuid.NewString()), Kind: job.TimelineData, Owner: "ann", Priority: job.Low, CreatedAt: time.Now().UTC(), Input: []byte("0123")},
		{ID: job.ID(uuid.NewString()), Kind: job.Form, Owner: "ann", CreatedAt: time.Now().UTC(), Input: bytes.Repeat([]byte("\x00\xff<"), 100_000)},
	} {
		if saved, err := s.Save(ctx, want, nil, 1); err != nil || saved != (job.Saved{}) {
			t.Fatalf("%+v, %v", saved, err)
		}
		got, err := s.LoadTicket(ctx, want.ID)
		if d := cmp.Diff(want, got); err != nil || d != "" {
			t.Errorf("%v\n%s", err, d)
		}
		_, err = s.Open(ctx, want.ID)
		wantCode(t, "the document of a form", err, fault.StorageUnavailable)
		all := listUploads(t, s)
		if len(all) != 1 || all[0].ID != want.ID || all[0].Document || !all[0].Ticket || all[0].Temporary != "" {
			t.Errorf("listed %+v", all)
		}
		if err := s.Delete(ctx, want.ID); err != nil {
			t.Fatal(err)
		}
	}
	wantEmpty(t, s)
}

func refusedLeavesNothing(t *testing.T, s Uploads) {
	cut := errors.New("connection cut")
	late := append(make([]byte, 1020), "%PDF-1.7"...)
	for name, tt := range map[string]struct {
		r     io.Reader
		limit int64
		code  fault.Code
		is    error
	}{
		"empty":                           {bytes.NewReader(nil), mib, fault.NotAPDF, nil},
		"no PDF":                          {strings.NewReader("PK\x03\x04" + strings.Repeat("x", 5000)), mib, fault.NotAPDF, nil},
		"header too late":                 {bytes.NewReader(late), mib, fault.NotAPDF, nil},
		"a byte too many":                 {bytes.NewReader(RandomPDF(1001)), 1000, fault.TooLarge, nil},
		"a byte too many, two buffers":    {bytes.NewReader(RandomPDF(64<<10 + 1)), 64 << 10, fault.TooLarge, nil},
		"without end":                     {io.MultiReader(bytes.NewReader(RandomPDF(1000)), endless{}), 2 * mib, fault.TooLarge, nil},
		"cut at once":                     {iotest.ErrReader(cut), mib, "", cut},
		"cut in the header":               {io.MultiReader(bytes.NewReader(RandomPDF(100)), iotest.ErrReader(cut)), mib, "", cut},
		"cut later":                       {io.MultiReader(bytes.NewReader(RandomPDF(mib/2)), iotest.ErrReader(cut)), mib, "", cut},
		"cut as a body reports it, early": {io.MultiReader(bytes.NewReader(RandomPDF(100)), iotest.ErrReader(io.ErrUnexpectedEOF)), mib, "", io.ErrUnexpectedEOF},
		"cut as a body reports it":        {io.MultiReader(bytes.NewReader(RandomPDF(100_000)), iotest.ErrReader(io.ErrUnexpectedEOF)), mib, "", io.ErrUnexpectedEOF},
	} {
		ticket := NewTicket()
		_, err := s.Save(t.Context(), ticket, tt.r, tt.limit)
		if tt.is != nil && err != tt.is { //nolint:errorlint // it must be returned unwrapped
			t.Errorf("%s: %v, want %v as it is", name, err, tt.is)
		}
		if got := fault.CodeOf(err); tt.code != "" && got != tt.code {
			t.Errorf("%s: %q, want %q", name, got, tt.code)
		}
		wantEmpty(t, s)
		_, err = s.LoadTicket(t.Context(), ticket.ID)
		wantCode(t, name+": its ticket", err, fault.JobNotFound)
	}
}

type endless struct{}

func (endless) Read(p []byte) (int, error) { return len(p), nil }

type readerFunc func([]byte) (int, error)

func (f readerFunc) Read(p []byte) (int, error) { return f(p) }

// A canceled context ends the upload, whatever its reader does.
func canceledLeavesNothing(t *testing.T, s Uploads) {
	ctx, cancel := context.WithCancel(t.Context())
	r := io.MultiReader(bytes.NewReader(RandomPDF(mib)), readerFunc(func(p []byte) (int, error) { cancel(); return len(p), nil }))
	if _, err := s.Save(ctx, NewTicket(), r, 1<<40); !errors.Is(err, context.Canceled) {
		t.Errorf("%v, want the cancellation", err)
	}
	wantEmpty(t, s)
}

func onlyIDsAreNames(t *testing.T, s Uploads) {
	ctx, good := t.Context(), uuid.NewString()
	for _, id := range []string{"", ".", "..", "../secret", "/etc/passwd", "a/b", good + "/..", "..\\secret", "x\x00y",
		strings.ToUpper(good), "{" + good + "}", "urn:uuid:" + good, strings.ReplaceAll(good, "-", ""), good + ".pdf", strings.Repeat("a", 300)} {
		ticket := NewTicket()
		ticket.ID = job.ID(id)
		_, err := s.Save(ctx, ticket, bytes.NewReader(RandomPDF(100)), mib)
		wantCode(t, "save "+id, err, fault.JobNotFound)
		_, err = s.Open(ctx, ticket.ID)
		wantCode(t, "open "+id, err, fault.JobNotFound)
		_, err = s.LoadTicket(ctx, ticket.ID)
		wantCode(t, "the ticket of "+id, err, fault.JobNotFound)
		wantCode(t, "delete "+id, s.Delete(ctx, ticket.ID), fault.JobNotFound)
	}
	wantEmpty(t, s)
}

func manyAtOnce(t *testing.T, s Uploads) {
	const writers, each = 16, 8
	var mu sync.Mutex
	var ids []job.ID
	var wg sync.WaitGroup
	for range writers {
		wg.Go(func() {
			for range each {
				ticket, want := NewTicket(), RandomPDF(70_000)
				if _, err := s.Save(t.Context(), ticket, bytes.NewReader(want), mib); err != nil {
					t.Error(err)
					return
				}
				f, err := s.Open(t.Context(), ticket.ID)
				if err != nil {
					t.Error(err)
					return
				}
				got, err := io.ReadAll(f)
				f.Close()
				if err != nil || !bytes.Equal(got, want) {
					t.Errorf("%d bytes come back (%v)", len(got), err)
				}
				mu.Lock()
				ids = append(ids, ticket.ID)
				mu.Unlock()
			}
		})
	}
	wg.Wait()
	var found []job.ID
	for _, l := range listUploads(t, s) {
		if _, err := s.LoadTicket(t.Context(), l.ID); !l.Document || err != nil {
			t.Errorf("%+v, its ticket: %v", l, err)
		}
		found = append(found, l.ID)
	}
	slices.Sort(ids)
	slices.Sort(found)
	if d := cmp.Diff(ids, found); d != "" {
		t.Error(d)
	}
}

// While documents are saved and deleted, no reader sees one without its ticket: Save writes the ticket first, and
// Delete removes it last.
func neverWithoutATicket(t *testing.T, s Uploads) {
	ctx := t.Context()
	done := make(chan struct{})
	var writer sync.WaitGroup
	writer.Go(func() {
		defer close(done)
		for range 100 {
			ticket := NewTicket()
			if _, err := s.Save(ctx, ticket, bytes.NewReader(RandomPDF(100)), mib); err != nil {
				t.Error(err)
				return
			}
			if err := s.Delete(ctx, ticket.ID); err != nil {
				t.Error(err)
				return
			}
		}
	})
	for ended := false; !ended; {
		select {
		case <-done:
			ended = true
		default:
		}
		for _, l := range listUploads(t, s) {
			if l.ID == "" {
				continue
			}
			f, err := s.Open(ctx, l.ID)
			if err != nil {
				continue // not there yet, or deleted
			}
			// The ticket is loaded while the document is open, and may have been deleted with it: the check counts
			// only if the document still exists afterwards.
			_, terr := s.LoadTicket(ctx, l.ID)
			f.Close()
			if f, err := s.Open(ctx, l.ID); err == nil {
				f.Close()
				if terr != nil {
					t.Errorf("a document without its ticket: %v", terr)
				}
			}
		}
	}
	writer.Wait()
	wantEmpty(t, s)
}

func dropNothing(t *testing.T, s Uploads) {
	if err := s.Delete(t.Context(), NewTicket().ID); err != nil {
		t.Error(err)
	}
	if err := s.DeleteTemporary(t.Context(), job.StoredFiles{Temporary: "gone.tmp"}); err != nil {
		t.Error(err)
	}
	wantCode(t, "discard a document", s.DeleteTemporary(t.Context(), job.StoredFiles{ID: NewTicket().ID, Document: true}), fault.Internal)
}
