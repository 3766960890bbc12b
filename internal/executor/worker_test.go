package executor_test

import (
	"bytes"
	"context"
	"errors"
	"io"
	"log/slog"
	"testing"
	"time"

	"github.com/alicebob/miniredis/v2"
	"github.com/google/go-cmp/cmp"
	"github.com/google/uuid"
	"github.com/prometheus/client_golang/prometheus"
	"github.com/redis/go-redis/v9"

	"github.com/trackmydegree/trackmydegree/internal/catalogue"
	"github.com/trackmydegree/trackmydegree/internal/cataloguetest"
	"github.com/trackmydegree/trackmydegree/internal/document"
	"github.com/trackmydegree/trackmydegree/internal/executor"
	"github.com/trackmydegree/trackmydegree/internal/fault"
	files "github.com/trackmydegree/trackmydegree/internal/filestore"
	"github.com/trackmydegree/trackmydegree/internal/job"
	"github.com/trackmydegree/trackmydegree/internal/jobstore"
	"github.com/trackmydegree/trackmydegree/internal/queuetest"
	"github.com/trackmydegree/trackmydegree/internal/redisurl"
	"github.com/trackmydegree/trackmydegree/internal/submit"
	"github.com/trackmydegree/trackmydegree/internal/testenv"
)

// The tests below join submission, records, queue, uploads and executor. Only the parser is a fake.

type parserFunc func(ctx context.Context) (document.Document, error)

func (f parserFunc) Parse(ctx context.Context, _ io.Reader) (document.Document, error) { return f(ctx) }

type shared struct{}

func (shared) FindEditions(context.Context, string, bool) (*catalogue.Editions, error) {
	return cataloguetest.EmbeddedEditions(), nil
}

func (shared) CurrentEditions(context.Context) (*catalogue.Editions, error) {
	return cataloguetest.EmbeddedEditions(), nil
}

type system struct {
	t         *testing.T
	redis     redis.UniversalClient
	records   *jobstore.Store
	files     *files.Store
	tasks     *queuetest.Queue
	submitter *submit.Submitter
}

func newSystem(t *testing.T, url string, timeout time.Duration) *system {
	t.Helper()
	client, err := redisurl.Open(url, redisurl.WithTimeout(timeout))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { client.Close() })
	folder, err := files.New(files.Config{Dir: t.TempDir()})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { folder.Close() })
	s := &system{
		t: t, redis: client, files: folder,
		records: testenv.Must(jobstore.New(jobstore.Deps{Redis: client, Clock: time.Now, Logger: slog.New(slog.DiscardHandler), Refresh: time.Hour})),
		tasks:   queuetest.NewQueue(t, client),
	}
	s.submitter = testenv.Must(submit.New(submit.Deps{
		Uploads: folder, Jobs: s.records, Queue: s.tasks, Clock: time.Now,
		NewID: func() job.ID { return job.ID(uuid.NewString()) }, Logger: slog.New(slog.DiscardHandler),
	}))
	return s
}

func (s *system) processor(parse parserFunc) *executor.Processor {
	return testenv.Must(executor.New(executor.Deps{
		Jobs: s.records, Uploads: s.files, Parser: parse, Catalogue: shared{}, Timelines: slow{},
		Clock: time.Now, Logger: slog.New(slog.NewTextHandler(s.t.Output(), nil)), Registerer: prometheus.NewRegistry(),
	}))
}

// work starts a worker; the returned function drains it.
func (s *system) work(grace time.Duration, parse parserFunc) (drain func()) {
	s.t.Helper()
	server := queuetest.NewServer(s.t, queuetest.Deps{
		Redis: s.redis, Handler: s.processor(parse), Concurrency: 2, Grace: grace, Clock: time.Now,
		Logger: slog.New(slog.NewTextHandler(s.t.Output(), nil)), Registerer: prometheus.NewRegistry(),
	})
	ctx, stop := context.WithCancel(context.Background())
	ended := make(chan error, 1)
	go func() { ended <- server.Run(ctx) }()
	done := false
	drain = func() {
		if done {
			return
		}
		done = true
		stop()
		if err := <-ended; err != nil {
			s.t.Error(err)
		}
	}
	s.t.Cleanup(drain)
	return drain
}

// submit submits a document.
func (s *system) submit() job.ID {
	s.t.Helper()
	pdf := bytes.NewReader(append([]byte("%PDF-1.7\n"), make([]byte, 2000)...))
	r, err := s.submitter.SubmitFile(s.t.Context(), submit.Request{Owner: "ann"}, pdf)
	if err != nil {
		s.t.Fatal(err)
	}
	return r.ID
}

func (s *system) until(id job.ID, state job.State) job.Record {
	s.t.Helper()
	var r job.Record
	testenv.Eventually(s.t, "the job is "+string(state), func() bool {
		got, err := s.records.LoadRecord(s.t.Context(), id)
		r = got
		return err == nil && got.State == state
	})
	return r
}

// kept reports whether the document of a job is stored.
func (s *system) kept(id job.ID) bool {
	s.t.Helper()
	f, err := s.files.Open(s.t.Context(), id)
	if err != nil {
		return false
	}
	f.Close()
	return true
}

// empty waits until no task is left.
func (s *system) empty() {
	s.t.Helper()
	testenv.Eventually(s.t, "no task is left", func() bool {
		depths, err := s.tasks.ReadDepths(s.t.Context())
		left := int64(0)
		for _, d := range depths {
			left += d.Backlog()
		}
		return err == nil && left == 0
	})
}

// relaxed is longer than in the product: a slow test machine must not count as a dead Redis.
const relaxed = 20 * time.Second

func onBoth(t *testing.T, test func(s *system)) {
	t.Parallel()
	t.Run("redis", func(t *testing.T) {
		t.Parallel()
		test(newSystem(t, testenv.StartRedis(t).URL(1), relaxed))
	})
	t.Run("miniredis", func(t *testing.T) {
		t.Parallel()
		test(newSystem(t, "redis://"+miniredis.RunT(t).Addr()+"/1", relaxed))
	})
}

func TestFromUploadToDone(t *testing.T) {
	onBoth(t, func(s *system) {
		t, ctx := s.t, s.t.Context()
		running, stop := context.WithCancel(ctx)
		ended := make(chan error, 1)
		go func() { ended <- s.records.Run(running) }()
		testenv.Eventually(t, "changes are listened for", func() bool {
			return s.redis.PubSubNumSub(ctx, "job:timeline:events").Val()["job:timeline:events"] == 1
		})
		calls := 0
		s.work(time.Second, func(context.Context) (document.Document, error) {
			if calls++; calls == 1 {
				return document.Document{}, fault.New(fault.Timeout)
			}
			return transcript, nil
		})
		id := s.submit()
		changes, err := s.records.WatchRecord(ctx, id)
		if err != nil {
			t.Fatal(err)
		}
		// The watch may have started after the first attempt began.
		var seen []job.State
		for r := range changes {
			seen = append(seen, r.State)
			if r.State == job.Retrying && !s.kept(id) {
				t.Error("the document is gone before the next attempt")
			}
		}
		want := []job.State{job.Processing, job.Retrying, job.Processing, job.Done}
		if len(seen) > len(want) {
			seen = seen[1:] // queued
		}
		if diff := cmp.Diff(want[len(want)-len(seen):], seen); diff != "" || len(seen) < 3 {
			t.Errorf("changes (-want +got):\n%s", diff)
		}
		r, result, err := s.records.LoadWithResult(ctx, id, true)
		if err != nil || r.Attempt != 2 || len(result) == 0 {
			t.Errorf("%+v, %d bytes, %v", r, len(result), err)
		}
		testenv.Eventually(t, "the document is gone", func() bool { return !s.kept(id) })
		s.empty()
		stop()
		if err := <-ended; err != nil {
			t.Error(err)
		}
	})
}

// Two workers hold one delivery, as after a lost lease: the writes of the older one have no effect.
func TestTwoWorkersWithOneDelivery(t *testing.T) {
	onBoth(t, func(s *system) {
		t, ctx := s.t, s.t.Context()
		now := time.Now()
		id := job.ID(uuid.NewString())
		record := job.Record{ID: id, Kind: job.File, Owner: "ann", State: job.Queued, CreatedAt: now, UpdatedAt: now}
		if _, err := s.records.AdmitJob(ctx, record, nil, submit.AdmissionPolicy{}); err != nil {
			t.Fatal(err)
		}
		if _, err := s.files.Save(ctx, job.Ticket{ID: id, Kind: job.File, Owner: "ann", CreatedAt: now}, bytes.NewReader(append([]byte("%PDF-1.7\n"), make([]byte, 2000)...)), document.MaxBytes); err != nil {
			t.Fatal(err)
		}
		d := job.Delivery{Task: job.Task{ID: id, Kind: job.File}, Attempt: 1}
		reading, release := make(chan struct{}), make(chan struct{})
		old := make(chan error, 1)
		go func() {
			old <- s.processor(func(context.Context) (document.Document, error) {
				close(reading)
				<-release
				return document.Document{}, fault.New(fault.Corrupt) // it would fail the job
			}).Process(ctx, d)
		}()
		<-reading
		// The newer one fails; the document must still be there for the next attempt.
		d.Attempt = 2
		if err := s.processor(func(context.Context) (document.Document, error) {
			return document.Document{}, fault.New(fault.Timeout)
		}).Process(ctx, d); fault.CodeOf(err) != fault.Timeout {
			t.Fatal(err)
		}
		before := s.until(id, job.Retrying)
		close(release)
		if err := <-old; !errors.Is(err, job.ErrSuperseded) {
			t.Errorf("the older attempt: %v", err)
		}
		if diff := cmp.Diff(before, s.until(id, job.Retrying)); diff != "" || !s.kept(id) {
			t.Errorf("the older attempt left its mark (document kept: %v):\n%s", s.kept(id), diff)
		}
	})
}

// Redis is killed while a job runs, and started again: the result is stored without any restart of a worker.
func TestRedisIsKilledInTheMiddle(t *testing.T) {
	t.Parallel()
	server := testenv.StartRedis(t)
	s := newSystem(t, server.URL(1), redisurl.DefaultTimeout)
	reading, release := make(chan struct{}, 3), make(chan struct{})
	s.work(time.Second, func(context.Context) (document.Document, error) {
		reading <- struct{}{}
		<-release
		return transcript, nil
	})
	id := s.submit()
	<-reading
	server.Kill()
	close(release)
	// The attempt is at its last step, or soon will be; in both cases it has to wait.
	time.AfterFunc(time.Second, func() { server.Restart(t) })
	r := s.until(id, job.Done)
	if r.Attempt != 1 || len(reading) != 0 {
		t.Errorf("%+v, parsed %d times more", r, len(reading))
	}
	s.empty()
	if s.kept(id) {
		t.Error("the document stays")
	}
}

// A worker that is stopped returns its job; the next worker runs it as the same attempt.
func TestDrain(t *testing.T) {
	onBoth(t, func(s *system) {
		t := s.t
		reading := make(chan struct{})
		drain := s.work(600*time.Millisecond, func(ctx context.Context) (document.Document, error) {
			close(reading)
			<-ctx.Done()
			if !errors.Is(context.Cause(ctx), job.ErrInterrupted) {
				t.Errorf("stopped by %v", context.Cause(ctx))
			}
			return document.Document{}, ctx.Err()
		})
		id := s.submit()
		<-reading
		drain()
		r, err := s.records.LoadRecord(t.Context(), id)
		if err != nil || r.State != job.Queued || !s.kept(id) {
			t.Errorf("%+v, document kept: %v, %v", r, s.kept(id), err)
		}
		s.work(time.Second, func(context.Context) (document.Document, error) { return transcript, nil })
		if r := s.until(id, job.Done); r.Attempt != 1 || r.Fence != 2 {
			t.Errorf("%+v", r)
		}
	})
}

// A job that is deleted while it runs leaves nothing.
func TestDeletedWhileItRuns(t *testing.T) {
	onBoth(t, func(s *system) {
		t, ctx := s.t, s.t.Context()
		reading, release := make(chan struct{}), make(chan struct{})
		s.work(time.Second, func(context.Context) (document.Document, error) {
			close(reading)
			<-release
			return transcript, nil
		})
		id := s.submit()
		<-reading
		if err := s.records.DeleteJob(ctx, id); err != nil {
			t.Fatal(err)
		}
		if err := s.files.Delete(ctx, id); err != nil {
			t.Fatal(err)
		}
		close(release)
		s.empty()
		if keys := s.redis.Keys(ctx, "job:*").Val(); len(keys) != 0 {
			t.Errorf("left: %v", keys)
		}
	})
}
