package s3store_test

import (
	"bytes"
	"context"
	"errors"
	"io"
	"io/fs"
	"os"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"testing"

	"github.com/trackmydegree/trackmydegree/internal/fault"
	"github.com/trackmydegree/trackmydegree/internal/job"
	"github.com/trackmydegree/trackmydegree/internal/s3store"
	"github.com/trackmydegree/trackmydegree/internal/storetest"
	"github.com/trackmydegree/trackmydegree/internal/testenv"
)

// stall stops a server, which keeps its connections and answers nothing. The signal takes effect after some time.
func stall(t *testing.T, server *testenv.S3Server) {
	server.Signal(syscall.SIGSTOP)
	testenv.Eventually(t, "the server stands still", func() bool {
		stat, err := os.ReadFile("/proc/" + strconv.Itoa(server.Pid()) + "/stat")
		return err == nil && bytes.Contains(stat, []byte(") T "))
	})
}

// calls runs every call of the store that a client may wait for.
func calls(ctx context.Context, s *s3store.Store, id job.ID) map[string]error {
	form := job.Ticket{ID: newID(), Kind: job.Form, Owner: "ann", Input: []byte("{}")}
	errs, mu, all := map[string]error{}, sync.Mutex{}, sync.WaitGroup{}
	for name, call := range map[string]func() error{
		"save": func() error {
			_, err := s.Save(ctx, storetest.NewTicket(), bytes.NewReader(storetest.RandomPDF(60_000)), mib)
			return err
		},
		"save a form": func() error { _, err := s.Save(ctx, form, nil, 0); return err },
		"open":        func() error { _, err := s.Open(ctx, id); return err },
		"ticket":      func() error { _, err := s.LoadTicket(ctx, id); return err },
		"delete":      func() error { return s.Delete(ctx, id) },
		"discard":     func() error { return s.DeleteTemporary(ctx, job.StoredFiles{Temporary: "x.tmp"}) },
		"ping":        func() error { return s.Ping(ctx) },
		"check":       func() error { return s.CheckAccess(ctx) },
	} {
		all.Go(func() {
			err := call()
			mu.Lock()
			defer mu.Unlock()
			errs[name] = err
		})
	}
	all.Wait()
	return errs
}

// Without a server, and with one that does not answer, every call ends with the code of an outage; when the server is
// back, the calls succeed without a restart.
func TestOutages(t *testing.T) {
	t.Parallel()
	server := testenv.StartS3(t, name)
	s, hurried := open(t, config(server.URL())), open(t, hurriedConfig(server.URL()))
	ticket, want := storetest.NewTicket(), storetest.RandomPDF(60_000)
	if _, err := s.Save(t.Context(), ticket, bytes.NewReader(want), mib); err != nil {
		t.Fatal(err)
	}
	for _, outage := range []struct {
		name       string
		begin, end func()
	}{
		{"gone", server.Kill, func() { server.Restart(t) }},
		{"stalled", func() { stall(t, server) }, func() { server.Signal(syscall.SIGCONT) }},
	} {
		outage.begin()
		for call, err := range calls(t.Context(), hurried, ticket.ID) {
			wantCode(t, outage.name+": "+call, err, fault.StorageUnavailable)
			if errors.Is(err, fs.ErrNotExist) {
				t.Errorf("%s: %s: what cannot be reached is taken for gone", outage.name, call)
			}
			if call == "check" && !errors.Is(err, s3store.ErrUnavailable) {
				t.Errorf("%s: the check takes it for a wrong setting: %v", outage.name, err)
			}
		}
		outage.end()
		testenv.Eventually(t, "the bucket answers", func() bool { return s.Ping(t.Context()) == nil })
		if outage.name == "gone" { // the deletion had reached the server before it stalled
			if got, err := read(t, s, ticket.ID); err != nil || !bytes.Equal(got, want) {
				t.Errorf("%s: %d bytes come back: %v", outage.name, len(got), err)
			}
		}
		if _, err := s.Save(t.Context(), storetest.NewTicket(), bytes.NewReader(want), mib); err != nil {
			t.Errorf("after it was %s: %v", outage.name, err)
		}
	}
}

// A canceled call is no outage.
func TestACallerThatGoesAway(t *testing.T) {
	t.Parallel()
	server := testenv.StartS3(t, name)
	s := open(t, config(server.URL()))
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	for call, err := range calls(ctx, s, newID()) {
		if !errors.Is(err, context.Canceled) || fault.CodeOf(err) == fault.StorageUnavailable && call != "check" {
			t.Errorf("%s: %v, want the cancellation", call, err)
		}
	}
}

// The server is killed, or stalls, after the first part of a document: the upload fails, and no document is visible.
func TestAnOutageDuringAnUpload(t *testing.T) {
	t.Parallel()
	for what, begin := range map[string]func(*testing.T, *testenv.S3Server){
		"killed":  func(_ *testing.T, s *testenv.S3Server) { s.Kill() },
		"stalled": stall,
	} {
		t.Run(what, func(t *testing.T) {
			t.Parallel()
			server := testenv.StartS3(t, name)
			s := open(t, config(server.URL()))
			r := after(bytes.NewReader(storetest.RandomPDF(10*mib)), s3store.PartSize+mib, func() { begin(t, server) })
			_, err := open(t, hurriedConfig(server.URL())).Save(t.Context(), storetest.NewTicket(), r, 10*mib)
			wantCode(t, "save", err, fault.StorageUnavailable)
			server.Kill()
			server.Restart(t)
			for _, l := range list(t, s) {
				if l.Temporary == "" {
					t.Errorf("left behind: %+v", l)
					continue
				}
				for range 2 { // repeating it is no error
					if err := s.DeleteTemporary(t.Context(), l); err != nil {
						t.Error(err)
					}
				}
			}
			if left := list(t, s); len(left) != 0 {
				t.Errorf("left behind: %+v", left)
			}
		})
	}
}

// The server stalls while a document is read.
func TestAnOutageDuringARead(t *testing.T) {
	t.Parallel()
	server := testenv.StartS3(t, name)
	s := open(t, config(server.URL()))
	s.LimitMemory(64 * mib)
	ticket := storetest.NewTicket()
	if _, err := s.Save(t.Context(), ticket, bytes.NewReader(storetest.RandomPDF(48*mib)), 48*mib); err != nil {
		t.Fatal(err)
	}
	r, err := open(t, hurriedConfig(server.URL())).Open(t.Context(), ticket.ID)
	if err != nil {
		t.Fatal(err)
	}
	defer r.Close()
	if _, err := io.CopyN(io.Discard, r, mib); err != nil {
		t.Fatal(err)
	}
	stall(t, server)
	_, err = io.Copy(io.Discard, r)
	wantCode(t, "read", err, fault.StorageUnavailable)
}

// A missing document and a missing bucket are different errors.
func TestWhatIsNotThere(t *testing.T) {
	t.Parallel()
	server := testenv.StartS3(t, name)
	s := open(t, config(server.URL()))
	_, err := s.Open(t.Context(), newID())
	wantCode(t, "open", err, fault.StorageUnavailable)
	if !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("open: %v, want one that says that it is not there", err)
	}
	cfg := config(server.URL())
	cfg.Bucket = "another-bucket"
	other := open(t, cfg)
	_, err = other.LoadTicket(t.Context(), newID())
	wantCode(t, "ticket, without a bucket", err, fault.StorageUnavailable)
	wantCode(t, "ping, without a bucket", other.Ping(t.Context()), fault.StorageUnavailable)
	if err := other.CheckAccess(t.Context()); err == nil || !strings.Contains(err.Error(), "TMD_S3_BUCKET") || errors.Is(err, s3store.ErrUnavailable) {
		t.Errorf("check, without a bucket: %v", err)
	}
}
