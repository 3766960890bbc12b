package s3store_test

import (
	"bytes"
	"io"
	"log/slog"
	"os"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/uuid"
	"go.uber.org/goleak"

	"github.com/trackmydegree/trackmydegree/internal/fault"
	"github.com/trackmydegree/trackmydegree/internal/job"
	"github.com/trackmydegree/trackmydegree/internal/s3store"
	"github.com/trackmydegree/trackmydegree/internal/testenv"
)

const mib = 1 << 20

func TestMain(m *testing.M) {
	// The SDK reads the environment of the process: this keeps the tests away from AWS.
	for _, v := range testenv.S3Env() {
		name, value, _ := strings.Cut(v, "=")
		os.Setenv(name, value)
	}
	if endpoint := os.Getenv(writeTo); endpoint != "" {
		saveUntilKilled(endpoint)
		return
	}
	goleak.VerifyTestMain(m)
}

// log keeps what a store logs.
type log struct {
	mu sync.Mutex
	b  bytes.Buffer
}

func (l *log) Write(p []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.b.Write(p)
}

func (l *log) String() string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.b.String()
}

const name = "our-uploads"

// config returns the settings of a store for a slow machine.
func config(server string) s3store.Config {
	return s3store.Config{
		Bucket: name, Region: testenv.S3Region, Endpoint: server, PathStyle: true, Timeout: time.Minute, Logger: slog.New(slog.DiscardHandler),
	}
}

// hurriedConfig returns settings with short timeouts.
func hurriedConfig(server string) s3store.Config {
	cfg := config(server)
	cfg.Timeout = time.Second
	return cfg
}

func open(t testing.TB, cfg s3store.Config) *s3store.Store {
	t.Helper()
	s, err := s3store.New(t.Context(), cfg)
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

func wantCode(t *testing.T, what string, err error, want fault.Code) {
	t.Helper()
	if got := fault.CodeOf(err); got != want {
		t.Errorf("%s: %q (%v), want %q", what, got, err, want)
	}
}

// read reads the document of a job.
func read(t *testing.T, s *s3store.Store, id job.ID) ([]byte, error) {
	t.Helper()
	r, err := s.Open(t.Context(), id)
	if err != nil {
		return nil, err
	}
	defer r.Close()
	return io.ReadAll(r)
}

func list(t *testing.T, s *s3store.Store) []job.StoredFiles {
	t.Helper()
	found, err := s.ListFiles(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	return found
}

// after returns a reader that calls do once, after n bytes of r.
func after(r io.Reader, n int64, do func()) io.Reader {
	return io.MultiReader(io.LimitReader(r, n), readerFunc(sync.OnceValue(func() error { do(); return io.EOF })), r)
}

type readerFunc func() error

func (f readerFunc) Read([]byte) (int, error) { return 0, f() }

func newLogger(w io.Writer) *slog.Logger { return slog.New(slog.NewTextHandler(w, nil)) }
