package s3store_test

import (
	"bytes"
	"crypto/sha256"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"sync/atomic"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/trackmydegree/trackmydegree/internal/fault"
	"github.com/trackmydegree/trackmydegree/internal/job"
	"github.com/trackmydegree/trackmydegree/internal/s3store"
	"github.com/trackmydegree/trackmydegree/internal/storetest"
	"github.com/trackmydegree/trackmydegree/internal/testenv"
)

// The same suite as for the folder, on one server: each store has its own bucket. A prefix would not do: unlike S3,
// the test server removes empty folders while other tests write into them.
func TestUploads(t *testing.T) {
	t.Parallel()
	var names []string
	for n := range 16 {
		names = append(names, "bucket-"+strconv.Itoa(n))
	}
	server := testenv.StartS3(t, names...)
	var n atomic.Int64
	storetest.RunUploads(t, func(t *testing.T) storetest.Uploads {
		cfg := config(server.URL())
		cfg.Bucket = names[n.Add(1)]
		return open(t, cfg)
	})
}

// Documents around the size of a part.
func TestLargeDocuments(t *testing.T) {
	t.Parallel()
	server := testenv.StartS3(t, name)
	s := open(t, config(server.URL()))
	for _, size := range []int{s3store.PartSize - 1, s3store.PartSize, s3store.PartSize + 1, 10 * mib, 2*s3store.PartSize + 1} {
		ticket, want := storetest.NewTicket(), storetest.RandomPDF(size)
		saved, err := s.Save(t.Context(), ticket, bytes.NewReader(want), int64(size))
		if d := cmp.Diff(job.Saved{Size: int64(size), SHA256: sha256.Sum256(want)}, saved); err != nil || d != "" {
			t.Fatalf("save %d bytes: %v\n%s", size, err, d)
		}
		got, err := read(t, s, ticket.ID)
		if err != nil || !bytes.Equal(got, want) {
			t.Errorf("%d bytes come back as %d others (%v)", size, len(got), err)
		}
		if err := s.Delete(t.Context(), ticket.ID); err != nil {
			t.Fatal(err)
		}
	}
	for name, r := range map[string]io.Reader{
		"too large in the second part": bytes.NewReader(storetest.RandomPDF(10*mib + 1)),
		"too large in the third part":  bytes.NewReader(storetest.RandomPDF(3 * s3store.PartSize)),
	} {
		_, err := s.Save(t.Context(), storetest.NewTicket(), r, 10*mib)
		wantCode(t, name, err, fault.TooLarge)
		if left := list(t, s); len(left) != 0 {
			t.Errorf("%s: left behind: %+v", name, left)
		}
	}
	if left := server.ListKeys(t, name); len(left) != 0 {
		t.Errorf("left behind on the server: %v", left)
	}
}

// A prefix is a folder: documents of another prefix, and other objects, do not belong to the store.
func TestPrefixes(t *testing.T) {
	t.Parallel()
	server := testenv.StartS3(t, name)
	cfg := config(server.URL())
	all := open(t, cfg)
	cfg.Prefix = "ours"
	ours := open(t, cfg)
	cfg.Prefix = "ours-not/"
	others := open(t, cfg)
	ticket := storetest.NewTicket()
	if _, err := ours.Save(t.Context(), ticket, bytes.NewReader(storetest.RandomPDF(100)), mib); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(server.BucketDir(name), "strange.pdf"), nil, 0o600); err != nil {
		t.Fatal(err)
	}
	want := []string{"ours/" + string(ticket.ID) + ".json", "ours/" + string(ticket.ID) + ".pdf", "strange.pdf"}
	got := server.ListKeys(t, name)
	slices.Sort(got)
	if d := cmp.Diff(want, got); d != "" {
		t.Error(d)
	}
	if l := list(t, ours); len(l) != 1 || l[0].ID != ticket.ID {
		t.Errorf("listed %+v", l)
	}
	if l := append(list(t, all), list(t, others)...); len(l) != 0 {
		t.Errorf("another's is listed: %+v", l)
	}
	_, err := others.LoadTicket(t.Context(), ticket.ID)
	wantCode(t, "another's ticket", err, fault.JobNotFound)
}

// A list has several pages, and the two objects of a job may be on different ones.
func TestListOfSeveralPages(t *testing.T) {
	t.Parallel()
	server := testenv.StartS3(t, name)
	const jobs = 1001
	for range jobs {
		id := string(newID())
		for suffix, content := range map[string]string{".pdf": "%PDF-", ".json": "{}"} {
			if err := os.WriteFile(filepath.Join(server.BucketDir(name), id+suffix), []byte(content), 0o600); err != nil {
				t.Fatal(err)
			}
		}
	}
	found := list(t, open(t, config(server.URL())))
	if len(found) != jobs {
		t.Fatalf("%d of %d jobs are listed", len(found), jobs)
	}
	for _, l := range found {
		if !l.Document || !l.Ticket || l.Size != 5 || l.Modified.IsZero() {
			t.Errorf("%+v", l)
		}
	}
}

// A changed object gives an error to its reader, and a log line to the operator.
func TestDamage(t *testing.T) {
	t.Parallel()
	server := testenv.StartS3(t, name)
	for what, damage := range map[string]func(document string) error{
		"a byte is another": func(document string) error {
			f, err := os.OpenFile(document, os.O_WRONLY, 0)
			if err != nil {
				return err
			}
			_, err = f.WriteAt([]byte{^byte(0)}, 4321)
			return fmt.Errorf("%w%w", err, f.Close())
		},
		"the end is missing": func(document string) error { return os.Truncate(document, 9_999) },
		"nothing is left":    func(document string) error { return os.Truncate(document, 0) },
		"there is more": func(document string) error {
			f, err := os.OpenFile(document, os.O_WRONLY|os.O_APPEND, 0)
			if err != nil {
				return err
			}
			_, err = f.WriteString("x")
			return fmt.Errorf("%w%w", err, f.Close())
		},
	} {
		cfg, told := config(server.URL()), &log{}
		cfg.Logger = newLogger(told)
		s := open(t, cfg)
		ticket, want := storetest.NewTicket(), storetest.RandomPDF(10_000)
		want[4321] = 1
		if _, err := s.Save(t.Context(), ticket, bytes.NewReader(want), mib); err != nil {
			t.Fatal(err)
		}
		_ = damage(filepath.Join(server.BucketDir(name), string(ticket.ID)+".pdf"))
		got, err := read(t, s, ticket.ID)
		wantCode(t, what, err, fault.StorageUnavailable)
		if !errors.Is(err, fs.ErrNotExist) {
			t.Errorf("%s: %v is waited for as an outage", what, err)
		}
		if bytes.Equal(got, want) {
			t.Errorf("%s: nothing was damaged", what)
		}
		if !strings.Contains(told.String(), "damaged") || !strings.Contains(told.String(), string(ticket.ID)) {
			t.Errorf("%s: the log says %q", what, told)
		}
	}
}

// Without its digest a document cannot be verified.
func TestADocumentWithoutItsDigest(t *testing.T) {
	t.Parallel()
	server := testenv.StartS3(t, name)
	s := open(t, config(server.URL()))
	id := newID()
	path := filepath.Join(server.BucketDir(name), string(id))
	if err := os.WriteFile(path+".pdf", []byte("%PDF-"), 0o600); err != nil {
		t.Fatal(err)
	}
	_, err := s.Open(t.Context(), id)
	wantCode(t, "without a ticket", err, fault.StorageUnavailable)
	if err := os.WriteFile(path+".json", []byte("{}"), 0o600); err != nil {
		t.Fatal(err)
	}
	_, err = s.Open(t.Context(), id)
	wantCode(t, "with another's ticket", err, fault.StorageUnavailable)
}

// Uploads have a memory limit: one that does not fit is refused, and fits later.
func TestMemoryOfUploadsIsBounded(t *testing.T) {
	t.Parallel()
	s := open(t, config(testenv.StartS3(t, name).URL()))
	s.LimitMemory(mib)
	reached, release, done := make(chan struct{}), make(chan struct{}), make(chan error)
	go func() {
		_, err := s.Save(t.Context(), storetest.NewTicket(), after(bytes.NewReader(storetest.RandomPDF(mib)), mib/2+1, func() {
			close(reached)
			<-release
		}), mib)
		done <- err
	}()
	<-reached
	_, err := s.Save(t.Context(), storetest.NewTicket(), bytes.NewReader(storetest.RandomPDF(mib/2)), mib)
	wantCode(t, "more than fits", err, fault.StorageUnavailable)
	if _, err := s.Save(t.Context(), storetest.NewTicket(), bytes.NewReader(storetest.RandomPDF(1000)), mib); err != nil {
		t.Errorf("a small one: %v", err)
	}
	close(release)
	if err := <-done; err != nil {
		t.Error(err)
	}
	if _, err := s.Save(t.Context(), storetest.NewTicket(), bytes.NewReader(storetest.RandomPDF(mib)), mib); err != nil {
		t.Errorf("when there is room again: %v", err)
	}
}
