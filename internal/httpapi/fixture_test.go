package httpapi_test

import (
	"bytes"
	"context"
	"errors"
	"flag"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"runtime"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/go-chi/chi/v5"
	"github.com/golang-jwt/jwt/v5"
	"github.com/google/uuid"
	"github.com/prometheus/client_golang/prometheus"
	"github.com/redis/go-redis/v9"
	"go.uber.org/goleak"

	"github.com/trackmydegree/trackmydegree/internal/account"
	"github.com/trackmydegree/trackmydegree/internal/admin"
	"github.com/trackmydegree/trackmydegree/internal/advising"
	"github.com/trackmydegree/trackmydegree/internal/boltstore"
	"github.com/trackmydegree/trackmydegree/internal/cache"
	"github.com/trackmydegree/trackmydegree/internal/catalogue"
	"github.com/trackmydegree/trackmydegree/internal/cataloguetest"
	"github.com/trackmydegree/trackmydegree/internal/filestore"
	"github.com/trackmydegree/trackmydegree/internal/httpapi"
	"github.com/trackmydegree/trackmydegree/internal/httpapi/auth"
	"github.com/trackmydegree/trackmydegree/internal/job"
	"github.com/trackmydegree/trackmydegree/internal/jobstore"
	"github.com/trackmydegree/trackmydegree/internal/lifecycle"
	"github.com/trackmydegree/trackmydegree/internal/problem"
	"github.com/trackmydegree/trackmydegree/internal/queueadmin"
	"github.com/trackmydegree/trackmydegree/internal/queuetest"
	"github.com/trackmydegree/trackmydegree/internal/redisurl"
	"github.com/trackmydegree/trackmydegree/internal/submit"
	"github.com/trackmydegree/trackmydegree/internal/testenv"
	"github.com/trackmydegree/trackmydegree/internal/timelines"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(complete{m}) }

// complete runs the tests; when all of them ran, each operation of the description must have had a successful answer.
type complete struct{ *testing.M }

func (c complete) Run() int {
	code := c.M.Run()
	for _, name := range []string{"test.run", "test.skip", "test.list", "test.fuzz"} {
		if flag.Lookup(name).Value.String() != "" {
			return code
		}
	}
	if code != 0 || testing.Short() {
		return code
	}
	all, err := operations()
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		return 1
	}
	for _, o := range all {
		succeeded := false
		for _, status := range []string{"200", "201", "202", "204", "303"} {
			_, ok := seen.Load(o.method + " " + o.path + " " + status)
			succeeded = succeeded || ok
		}
		if !succeeded {
			fmt.Fprintf(os.Stderr, "no test has seen %s %s succeed\n", o.method, o.path)
			code = 1
		}
	}
	return code
}

const secret = "a-secret-for-tests-only-0123456789abcdef"

// now is a day of the calibration cases, at a fixed time; tokens live on the real clock.
var now = time.Date(2026, time.November, 23, 12, 0, 0, 0, time.UTC)

// system is an API on real parts: Redis, files, a store in a file.
type system struct {
	t       testing.TB
	base    string
	client  *http.Client
	redis   redis.UniversalClient
	jobs    *jobstore.Store
	tasks   *queuetest.Queue
	folder  *filestore.Store
	store   *boltstore.Store
	uploads string
	cat     *catalogue.Catalogue
	log     *lockedBuffer
	metrics *prometheus.Registry
	gate    *gate
	report  *reports
	routes  chi.Routes
	api     *httpapi.API
	stop    func()
}

// reports replaces the error tracker, which package telemetry tests over HTTP.
type reports struct {
	mu     sync.Mutex
	panics []problem.Request
	failed []problem.Request
}

func (r *reports) ReportPanic(_ any, q problem.Request) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.panics = append(r.panics, q)
}

func (r *reports) ReportRequest(_ error, q problem.Request) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.failed = append(r.failed, q)
}

type lockedBuffer struct {
	mu sync.Mutex
	b  bytes.Buffer
}

func (l *lockedBuffer) Write(p []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.b.Write(p)
}
func (l *lockedBuffer) String() string { l.mu.Lock(); defer l.mu.Unlock(); return l.b.String() }

// current is a catalogue that is always loaded. Its editions are one value, as in a process: a builder is made once.
type current struct{ *catalogue.Catalogue }

var joined sync.Map // *catalogue.Catalogue → *catalogue.Editions

func (c current) CurrentEditions(context.Context) (*catalogue.Editions, error) {
	if e, ok := joined.Load(c.Catalogue); ok {
		return e.(*catalogue.Editions), nil
	}
	e, err := catalogue.JoinEditions(c.Catalogue)
	joined.Store(c.Catalogue, e)
	return e, err
}

// seeded is a store file with the catalogue, created once and copied for each test.
var seeded = sync.OnceValues(func() ([]byte, error) {
	dir, err := os.MkdirTemp("", "tmd-httpapi-")
	if err != nil {
		return nil, err
	}
	defer os.RemoveAll(dir)
	s, err := boltstore.Open(boltstore.Config{Dir: dir})
	if err != nil {
		return nil, err
	}
	if err := s.SeedCatalogue(context.Background(), cataloguetest.EmbeddedData()); err != nil {
		return nil, err
	}
	if err := s.Close(); err != nil {
		return nil, err
	}
	return os.ReadFile(filepath.Join(dir, "store.db"))
})

// submitter keeps its dependencies, so that a test can change them.
type submitter struct {
	*submit.Submitter
	deps submit.Deps
}

func newSubmitter(d submit.Deps) submitter { return submitter{testenv.Must(submit.New(d)), d} }

// withMaxJobs sets the number of open jobs of an owner.
func withMaxJobs(n int) func(*httpapi.Deps) {
	return func(d *httpapi.Deps) {
		deps := d.Submit.(submitter).deps
		deps.MaxJobs = n
		d.Submit = newSubmitter(deps)
	}
}

// setup starts an API; change may alter its dependencies.
func setup(t testing.TB, change ...func(*httpapi.Deps)) *system {
	t.Helper()
	file, err := seeded()
	must(t, err)
	dir := t.TempDir()
	must(t, os.WriteFile(filepath.Join(dir, "store.db"), file, 0o600))
	store, err := boltstore.Open(boltstore.Config{Dir: dir})
	must(t, err)
	t.Cleanup(func() { store.Close() })

	server := testenv.StartRedis(t)
	client, err := redisurl.Open(server.URL(1))
	must(t, err)
	t.Cleanup(func() { client.Close() })
	cached, err := redisurl.Open(server.URL(0))
	must(t, err)
	t.Cleanup(func() { cached.Close() })
	s := &system{
		t: t, redis: client, store: store, cat: cataloguetest.Embedded(), uploads: filepath.Join(dir, "uploads"),
		log: &lockedBuffer{}, metrics: prometheus.NewRegistry(), gate: &gate{}, report: &reports{},
	}
	logger := slog.New(slog.NewJSONHandler(s.log, &slog.HandlerOptions{Level: slog.LevelDebug}))
	s.jobs = testenv.Must(jobstore.New(jobstore.Deps{Redis: client, Clock: time.Now, Logger: logger}))
	files, err := filestore.New(filestore.Config{Dir: s.uploads})
	must(t, err)
	t.Cleanup(func() { files.Close() })
	s.folder = files
	guard, err := auth.New(auth.Deps{Secret: []byte(secret), Clock: time.Now, Logger: logger})
	must(t, err)
	s.tasks = queuetest.NewQueue(t, client)
	advisor, err := advising.New(advising.Deps{Jobs: s.jobs, Timelines: store, Catalogue: current{cataloguetest.Embedded()}, Clock: func() time.Time { return now }})
	must(t, err)
	deps := httpapi.Deps{
		Advisor:  advisor,
		Accounts: testenv.Must(account.New(account.Deps{Jobs: s.jobs, Timelines: store, Uploads: files, Clock: time.Now, Logger: logger})),
		Jobs:     s.jobs,
		Admin: testenv.Must(admin.New(admin.Deps{
			Queue: s.tasks, Tasks: s.tasks, Intake: s.tasks, Jobs: s.jobs, Uploads: files, Audit: queueadmin.NewAuditTrail(s.redis),
			Clock: time.Now, Logger: slog.New(slog.DiscardHandler),
		})),
		Submit: newSubmitter(submit.Deps{
			Uploads: files, Jobs: s.jobs, Queue: s.tasks, Intake: s.tasks,
			Clock: time.Now, NewID: func() job.ID { return job.ID(uuid.NewString()) }, Logger: logger,
		}),
		Uploads: files, Timelines: testenv.Must(timelines.New(timelines.Deps{Jobs: s.jobs, Timelines: store, Catalogue: current{cataloguetest.Embedded()}, Clock: func() time.Time { return now }})), Catalogue: store, Snapshot: current{cataloguetest.Embedded()}, Cache: testenv.Must(cache.New(cache.Deps{Redis: cached, Logger: logger, Registerer: prometheus.NewRegistry()})),
		Auth: guard, Gate: s.gate, Reporter: s.report, Logger: logger, Registerer: s.metrics,
		Health: []httpapi.Dependency{{Name: "queue", Needed: true, Check: s.jobs.Ping}, {Name: "database", Needed: true, Check: store.Ping}},
	}
	for _, c := range change {
		c(&deps)
	}
	api, err := httpapi.New(deps)
	must(t, err)
	s.routes, s.api = api.Routes(), api

	l, err := net.Listen("tcp", "127.0.0.1:0")
	must(t, err)
	s.base = "http://" + l.Addr().String()
	ctx, cancel := context.WithCancel(context.Background())
	var serving, running sync.WaitGroup
	serving.Go(func() {
		if err := lifecycle.RunServer(api.Server(), l, 5*time.Second)(ctx); err != nil && !errors.Is(err, http.ErrServerClosed) {
			t.Errorf("serve: %v", err)
		}
	})
	records, endRecords := context.WithCancel(context.Background())
	running.Go(func() { _ = s.jobs.Run(records) })
	transport := &http.Transport{DisableCompression: true}
	s.client = &http.Client{Transport: described(t, transport), Timeout: 30 * time.Second}
	s.stop = sync.OnceFunc(func() { // in the order in which a process ends
		cancel()
		serving.Wait()
		endRecords()
		running.Wait()
		transport.CloseIdleConnections()
	})
	t.Cleanup(s.stop)
	return s
}

// in returns the same system for a subtest.
func (s *system) in(t testing.TB) *system {
	c := *s
	c.t = t
	return &c
}

func must(t testing.TB, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

// token is a valid token of an owner.
func token(t testing.TB, owner string, roles ...string) string {
	t.Helper()
	return sign(t, jwt.SigningMethodHS256, []byte(secret), jwt.MapClaims{"sub": owner, "roles": roles, "exp": time.Now().Add(time.Hour).Unix()})
}

func sign(t testing.TB, method jwt.SigningMethod, key any, claims jwt.MapClaims) string {
	t.Helper()
	s, err := jwt.NewWithClaims(method, claims).SignedString(key)
	must(t, err)
	return s
}

func (s *system) request(q request) *http.Request {
	s.t.Helper()
	r, err := http.NewRequest(q.method, s.base+q.path, q.body)
	must(s.t, err)
	if q.owner != "" {
		r.Header.Set("Authorization", "Bearer "+token(s.t, q.owner, q.roles...))
	}
	for k, v := range q.header {
		r.Header.Set(k, v)
	}
	return r
}

func (s *system) get(owner, path string, header ...string) answer {
	s.t.Helper()
	q := request{method: http.MethodGet, path: path, owner: owner, header: map[string]string{}}
	for i := 0; i+1 < len(header); i += 2 {
		q.header[header[i]] = header[i+1]
	}
	return s.do(q)
}

func (s *system) json(method, owner, path, body string, header ...string) answer {
	s.t.Helper()
	q := request{method: method, path: path, owner: owner, body: strings.NewReader(body), header: map[string]string{"Content-Type": "application/json"}}
	for i := 0; i+1 < len(header); i += 2 {
		q.header[header[i]] = header[i+1]
	}
	return s.do(q)
}

// files lists the stored upload files.
func (s *system) files() []string {
	s.t.Helper()
	entries, err := os.ReadDir(s.uploads)
	must(s.t, err)
	var names []string
	for _, e := range entries {
		names = append(names, e.Name())
	}
	return names
}

// commands returns the number of commands that Redis has run, without this one.
func (s *system) commands() int {
	s.t.Helper()
	info, err := s.redis.Info(s.t.Context(), "commandstats").Result()
	must(s.t, err)
	n := 0
	for line := range strings.SplitSeq(info, "\r\n") {
		name, rest, ok := strings.Cut(strings.TrimPrefix(line, "cmdstat_"), ":calls=")
		if !ok || name == "info" || strings.HasPrefix(name, "client") || name == "hello" {
			continue
		}
		calls, _, _ := strings.Cut(rest, ",")
		c, err := strconv.Atoi(calls)
		must(s.t, err)
		n += c
	}
	return n
}

// allocated returns the bytes that this process has allocated so far.
func allocated() uint64 {
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	return m.TotalAlloc
}

// metric returns the sum of a metric over all its labels; for a histogram, the number of its observations.
func (s *system) metric(name string) float64 {
	s.t.Helper()
	families, err := s.metrics.Gather()
	must(s.t, err)
	sum := 0.0
	for _, f := range families {
		if f.GetName() != name {
			continue
		}
		for _, m := range f.GetMetric() {
			sum += m.GetGauge().GetValue() + float64(m.GetHistogram().GetSampleCount())
		}
	}
	return sum
}
