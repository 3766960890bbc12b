package progress

import (
	"bytes"
	"strings"
	"testing"

	"github.com/trackmydegree/trackmydegree/internal/apiclient"
	"github.com/trackmydegree/trackmydegree/internal/fault"
	"github.com/trackmydegree/trackmydegree/internal/job"
)

func TestBar(t *testing.T) {
	t.Parallel()
	var w bytes.Buffer
	b := newBar(&w, map[string]int{"a": 100, "b": 300})
	at := func(what string, want int64) {
		t.Helper()
		if got := b.bar.State().CurrentNum; got != want {
			t.Errorf("%s: the bar is at %d, want %d", what, got, want)
		}
	}
	b.ShowSent("a", 60)
	at("60 of 100 bytes", 60)
	b.ShowSent("a", 10) // the connection broke, and the upload starts again
	at("sent again", 10)
	b.ShowSent("a", 250) // the form around the file
	at("all of a", 100)
	b.ShowSent("b", 300)
	b.ShowStatus("a", apiclient.JobStatus{Status: job.Processing})
	at("a is read", 450)
	b.ShowStatus("a", apiclient.JobStatus{Status: job.Retrying})
	at("a is tried again", 430)
	b.ShowEnd("a")
	b.ShowEnd("b")
	at("both ended", 800)
	if got := b.describeState(); got != "2 of 2 done" {
		t.Errorf("described as %q", got)
	}
	b.Finish()
	if !strings.Contains(w.String(), "0 of 2 done") {
		t.Errorf("nothing was drawn: %q", w.String())
	}
}

func TestLinesTellEachChangeOnce(t *testing.T) {
	t.Parallel()
	var w bytes.Buffer
	l := NewDisplay(&w, nil)
	for _, s := range []apiclient.JobStatus{
		{Status: job.Queued}, {Status: job.Queued, WorkerStartSeconds: 24}, {Status: job.Queued, WorkerStartSeconds: 24}, {Status: job.Processing}, {Status: job.Processing},
		{Status: job.Retrying, Error: job.FailureOf(fault.New(fault.ParserUnavailable))}, {Status: job.Processing}, {Status: job.Done},
	} {
		l.ShowStatus("a.pdf", s)
	}
	want := `a.pdf: queued
a.pdf: queued, a worker is starting, which usually takes 24 s
a.pdf: processing
a.pdf: retrying, Documents cannot be read at the moment. Try again shortly.
a.pdf: processing
a.pdf: done
`
	if w.String() != want {
		t.Errorf("%s", w.String())
	}
}
