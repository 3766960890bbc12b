package advising_test

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"flag"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/trackmydegree/trackmydegree/internal/advising"
	"github.com/trackmydegree/trackmydegree/internal/audit"
	"github.com/trackmydegree/trackmydegree/internal/catalogue"
	"github.com/trackmydegree/trackmydegree/internal/cataloguetest"
	"github.com/trackmydegree/trackmydegree/internal/document"
	"github.com/trackmydegree/trackmydegree/internal/fault"
	"github.com/trackmydegree/trackmydegree/internal/job"
	"github.com/trackmydegree/trackmydegree/internal/resultcodec"
	"github.com/trackmydegree/trackmydegree/internal/testenv"
	"github.com/trackmydegree/trackmydegree/internal/timeline"
	"github.com/trackmydegree/trackmydegree/internal/timelinetest"
)

var update = flag.Bool("update", false, "write the golden files again")

const (
	owner      = "ann"
	jobID      = job.ID("6f1c7b9e-3c7e-4c2a-9d35-7a8f3f6f2f11")
	timelineID = "0123456789abcdef01234567"
)

// now is a day in the fall term of 2026.
var now = time.Date(2026, time.November, 23, 12, 0, 0, 0, time.UTC)

// stores holds one result, as a job and as a saved timeline.
type stores struct {
	state  job.State
	packed []byte
	saved  timeline.Saved
}

func (s *stores) LoadWithResult(_ context.Context, id job.ID, _ bool) (job.Record, []byte, error) {
	if id != jobID {
		return job.Record{}, nil, fault.New(fault.JobNotFound)
	}
	return job.Record{ID: id, Owner: owner, State: s.state, Version: 3}, s.packed, nil
}

func (s *stores) FindTimeline(_ context.Context, by, id string) (timeline.Saved, error) {
	if by != owner || id != timelineID {
		return timeline.Saved{}, fault.New(fault.TimelineNotFound)
	}
	return s.saved, nil
}

func (*stores) CurrentEditions(context.Context) (*catalogue.Editions, error) {
	return cataloguetest.EmbeddedEditions(), nil
}

// newStores returns stores with the timeline of a document of tests/documents.
func newStores(tb testing.TB, name string) *stores {
	tb.Helper()
	var doc document.Document
	b := must(os.ReadFile(filepath.Join(testenv.RepoRoot(), "tests", "documents", name+".expected.json")))(tb)
	if err := json.Unmarshal(b, &doc); err != nil {
		tb.Fatal(err)
	}
	r := must(timelinetest.Builder().FromDocument(doc, now))(tb)
	saved := r.ToSaved()
	saved.Owner, saved.Version = owner, 2
	return &stores{state: job.Done, packed: must(resultcodec.EncodeResult(r))(tb).Slim, saved: saved}
}

func newAdvisor(tb testing.TB, s *stores) *advising.Advisor {
	tb.Helper()
	return must(advising.New(advising.Deps{Jobs: s, Timelines: s, Catalogue: s, Clock: func() time.Time { return now }}))(tb)
}

func must[T any](v T, err error) func(testing.TB) T {
	return func(tb testing.TB) T {
		tb.Helper()
		if err != nil {
			tb.Fatalf("%v %v", err, fault.From(err).Fields)
		}
		return v
	}
}

func wantCode(t *testing.T, what string, err error, want fault.Code) {
	t.Helper()
	if fault.CodeOf(err) != want {
		t.Errorf("%s: got %v, want %s", what, err, want)
	}
}

// wantGolden compares an answer, as JSON, with a file of testdata.
func wantGolden(t *testing.T, name string, v any) {
	t.Helper()
	var got bytes.Buffer
	e := json.NewEncoder(&got)
	e.SetEscapeHTML(false)
	e.SetIndent("", " ")
	if err := e.Encode(v); err != nil {
		t.Fatal(err)
	}
	path := filepath.Join("testdata", name+".golden.json")
	if *update {
		if err := os.WriteFile(path, got.Bytes(), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(path)
	if err != nil {
		t.Fatalf("%v (run with -update)", err)
	}
	if diff := cmp.Diff(string(want), got.String()); diff != "" {
		t.Errorf("%s (-want +got):\n%s", name, diff)
	}
}

// The three answers, as clients get them.
func TestAnswers(t *testing.T) {
	t.Parallel()
	ctx := t.Context()
	c := must(newAdvisor(t, newStores(t, "transcripts/soen-coop")).OpenJob(ctx, owner, jobID))(t)
	wantGolden(t, "audit", must(c.Audit(ctx, ""))(t))
	wantGolden(t, "audit-other", must(c.Audit(ctx, "BCompSc in Computer Science"))(t))
	wantGolden(t, "what-if", must(c.CompareDegrees(ctx))(t))
	plan, _, err := c.PlanInline(ctx, audit.PlanRequest{Prefer: []string{"COMP 442"}})
	if err != nil || plan == nil {
		t.Fatalf("got %v, %v; want a plan", plan, err)
	}
	wantGolden(t, "plan", plan)
}

// A job and the timeline that was saved from it get the same answers.
func TestOpen(t *testing.T) {
	t.Parallel()
	ctx := t.Context()
	s := newStores(t, "transcripts/cs-regular")
	a := newAdvisor(t, s)
	fromJob, fromTimeline := must(a.OpenJob(ctx, owner, jobID))(t), must(a.OpenTimeline(ctx, owner, timelineID))(t)
	one, other := must(fromJob.Audit(ctx, ""))(t), must(fromTimeline.Audit(ctx, ""))(t)
	if one.GeneratedFrom == other.GeneratedFrom || !strings.Contains(other.GeneratedFrom, timelineID) {
		t.Errorf("got %q and %q, want the names of the two", one.GeneratedFrom, other.GeneratedFrom)
	}
	other.GeneratedFrom = one.GeneratedFrom
	if diff := cmp.Diff(one, other); diff != "" {
		t.Errorf("job and timeline differ (-job +timeline):\n%s", diff)
	}
	tags := map[string]string{fromJob.AnswerTag(): "job", fromTimeline.AnswerTag(): "timeline"}
	s.saved.Version++
	tags[must(a.OpenTimeline(ctx, owner, timelineID))(t).AnswerTag()] = "edited"
	later := must(advising.New(advising.Deps{Jobs: s, Timelines: s, Catalogue: s, Clock: func() time.Time { return now.AddDate(0, 2, 0) }}))(t)
	tags[must(later.OpenJob(ctx, owner, jobID))(t).AnswerTag()] = "next term"
	if len(tags) != 4 {
		t.Errorf("got the tags %v, want four different ones", tags)
	}
	if again := must(a.OpenJob(ctx, owner, jobID))(t); again.AnswerTag() != fromJob.AnswerTag() {
		t.Error("the tag of the same timeline changed")
	}

	_, err := a.OpenJob(ctx, "bob", jobID)
	wantCode(t, "another's job", err, fault.JobNotFound)
	_, err = a.OpenTimeline(ctx, "bob", timelineID)
	wantCode(t, "another's timeline", err, fault.TimelineNotFound)
	s.state = job.Processing
	_, err = a.OpenJob(ctx, owner, jobID)
	wantCode(t, "a job at work", err, fault.Conflict)
	_, err = fromJob.Audit(ctx, "no such degree")
	wantCode(t, "no degree", err, fault.DegreeNotFound)
	if _, err := advising.New(advising.Deps{}); err == nil {
		t.Error("an advisor without its dependencies is made")
	}
}

func TestDamagedResult(t *testing.T) {
	t.Parallel()
	s := newStores(t, "transcripts/cs-regular")
	s.packed = []byte("damaged")
	c := must(newAdvisor(t, s).OpenJob(t.Context(), owner, jobID))(t)
	_, err := c.Audit(t.Context(), "")
	wantCode(t, "audit", err, fault.Internal)
}

// An answer that waits for a free worker ends with its context, and one whose context ended is none.
func TestContextEnds(t *testing.T) {
	t.Parallel()
	s := newStores(t, "transcripts/soen-regular")
	c := must(newAdvisor(t, s).OpenJob(t.Context(), owner, jobID))(t)
	ended, cancel := context.WithCancel(t.Context())
	cancel()
	_, err := c.Audit(ended, "")
	if !errors.Is(err, context.Canceled) {
		t.Errorf("audit: got %v, want canceled", err)
	}
	if _, err := c.CompareDegrees(ended); !errors.Is(err, context.Canceled) {
		t.Errorf("what-if: got %v, want canceled", err)
	}
	if _, _, err := c.PlanInline(ended, audit.PlanRequest{}); !errors.Is(err, context.Canceled) {
		t.Errorf("plan: got %v, want canceled", err)
	}
}

func BenchmarkAnswers(b *testing.B) {
	ctx := b.Context()
	a := newAdvisor(b, newStores(b, "transcripts/soen-coop"))
	for name, answer := range map[string]func(*advising.Case) error{
		"Audit":  func(c *advising.Case) error { _, err := c.Audit(ctx, ""); return err },
		"WhatIf": func(c *advising.Case) error { _, err := c.CompareDegrees(ctx); return err },
		"Plan":   func(c *advising.Case) error { _, _, err := c.PlanInline(ctx, audit.PlanRequest{}); return err },
	} {
		b.Run(name, func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				c, err := a.OpenJob(ctx, owner, jobID)
				if err == nil {
					err = answer(c)
				}
				if err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}
