package executor_test

import (
	"context"
	"errors"
	"testing"
	"testing/synctest"
	"time"

	"github.com/trackmydegree/trackmydegree/internal/document"
	"github.com/trackmydegree/trackmydegree/internal/fault"
	"github.com/trackmydegree/trackmydegree/internal/job"
)

// With KeepFailed the document of a failed job is kept, and nothing else.
func TestKeepingDocumentsOfFailedJobs(t *testing.T) {
	t.Parallel()
	refuse := func(w *world) {
		w.parse = func(context.Context) (document.Document, error) {
			return document.Document{}, fault.New(fault.UnrecognizedDocument)
		}
	}
	for name, c := range map[string]struct {
		keep   bool
		change func(*world)
		want   []string
	}{
		"a failed document": {true, refuse, []string{"begin", "catalogue", "open", "parse", "failed", "keep"}},
		"not by default":    {false, refuse, []string{"begin", "catalogue", "open", "parse", "failed", "delete"}},
		"one that is done":  {true, func(*world) {}, []string{"begin", "catalogue", "open", "parse", "done", "delete"}},
		"a form": {true, func(w *world) { w.record.Kind, w.input = job.Form, []byte(`{"degree":7}`) },
			[]string{"begin", "catalogue", "failed", "delete"}},
		"one that failed and was delivered again":  {true, func(w *world) { w.record.State = job.Failed }, []string{"begin", "keep"}},
		"one that is done and was delivered again": {true, func(w *world) { w.record.State = job.Done }, []string{"begin", "delete"}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				w := newWorld(t)
				w.keep = c.keep
				c.change(w)
				_ = w.attempt(t.Context(), 1)
				w.did(t, c.want...)
			})
		})
	}
}

// A restored job waits out an outage as a new job does: its fence continues from its earlier life.
func TestAnOutageInANewLife(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t)
		w.record.Fence, w.record.Base = 1_764_000_000_000, 1_764_000_000_000
		w.fails["parse"] = fault.New(fault.ParserUnavailable)
		for _, want := range []time.Duration{2 * time.Second, 4 * time.Second} {
			var later *job.Postponement
			if err := w.attempt(t.Context(), 1); !errors.As(err, &later) || later.After != want {
				t.Errorf("%v, want after %s", err, want)
			}
		}
	})
}
