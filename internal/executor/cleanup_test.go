package executor_test

import (
	"context"
	"testing"
	"testing/synctest"
	"time"

	"github.com/trackmydegree/trackmydegree/internal/executor"
	"github.com/trackmydegree/trackmydegree/internal/fault"
	"github.com/trackmydegree/trackmydegree/internal/job"
)

// The files of a job are deleted some time after its end, and only if the record still says that it ended: a Redis
// that was killed may have lost the end.
func TestFilesOutliveTheirJob(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		meanwhile func(*world) // after the end, before the retention is over
		later     func(*world) // after the retention
		kept      bool
	}{
		"known":                      {},
		"forgotten":                  {meanwhile: func(w *world) { w.record.State = job.Processing }, kept: true},
		"without a record":           {meanwhile: func(w *world) { w.gone = true }, kept: true},
		"Redis away":                 {meanwhile: func(w *world) { w.fails["records"] = fault.New(fault.QueueUnavailable) }, kept: true},
		"Redis away, and back again": {meanwhile: func(w *world) { w.fails["records"] = fault.New(fault.QueueUnavailable) }, later: func(w *world) { delete(w.fails, "records") }},
		"the store away": {meanwhile: func(w *world) { w.fails["delete"] = fault.New(fault.StorageUnavailable) },
			later: func(w *world) { delete(w.fails, "delete") }, kept: true}, // repair deletes them
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			alone(t, func(t *testing.T, w *world) {
				do := func(change func(*world)) {
					w.mu.Lock()
					defer w.mu.Unlock()
					if change != nil {
						change(w)
					}
				}
				wait := func(d time.Duration) {
					time.Sleep(d) //nolint:forbidigo // the time of a synctest bubble
					synctest.Wait()
				}
				w.worker = w.processor()
				ctx, stop := context.WithCancel(t.Context())
				ended := make(chan error, 1)
				go func() { ended <- w.worker.Run(ctx) }()
				synctest.Wait()
				if err := w.attempt(t.Context(), 1); err != nil {
					t.Fatal(err)
				}
				wait(executor.FileRetention - time.Millisecond)
				if !w.there() {
					t.Error("the files went at once")
				}
				do(c.meanwhile)
				wait(3 * time.Second)
				do(c.later)
				wait(time.Minute)
				if w.there() != c.kept {
					t.Errorf("there: %v", w.there())
				}
				if recorded := len(w.documentsDeleted) == 1; recorded == c.kept {
					t.Errorf("recorded as deleted: %v, want that of the job if it is deleted", w.documentsDeleted)
				}
				stop()
				if err := <-ended; err != nil {
					t.Error(err)
				}
			})
		})
	}
}

// An owner who answers while the files of the failed attempt are deleted keeps the ticket of the answer.
func TestAnAnswerDuringTheCleanup(t *testing.T) {
	t.Parallel()
	for name, answered := range map[string]bool{"answered": true, "not answered": false} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			alone(t, func(t *testing.T, w *world) {
				w.withFacts(t, "")
				w.onDelete = func() {
					if answered { // the record, then the ticket
						w.record.State, w.record.FromFacts, w.sealed, w.file = job.Queued, true, w.kept.Sealed, true
					}
				}
				w.worker = w.processor()
				if err := w.attempt(t.Context(), 1); fault.CodeOf(err) != fault.DegreeMissing {
					t.Fatalf("got %v, want %s", err, fault.DegreeMissing)
				}
				if w.there() != answered {
					t.Errorf("got a ticket %v, want %v", w.there(), answered)
				}
			})
		})
	}
}

// A worker that stops deletes the files of the jobs that it has ended, and of those that end later.
func TestFilesGoWithTheWorker(t *testing.T) {
	alone(t, func(t *testing.T, w *world) {
		w.worker = w.processor()
		ctx, stop := context.WithCancel(t.Context())
		ended := make(chan error, 1)
		go func() { ended <- w.worker.Run(ctx) }()
		synctest.Wait()
		if err := w.attempt(t.Context(), 1); err != nil || !w.there() {
			t.Fatalf("%v, there: %v", err, w.there())
		}
		stop()
		if err := <-ended; err != nil || w.there() {
			t.Errorf("%v, there: %v", err, w.there())
		}
		w.record.State, w.file = job.Queued, true
		if err := w.attempt(t.Context(), 1); err != nil || w.there() {
			t.Errorf("%v, there: %v", err, w.there())
		}
	})
}
