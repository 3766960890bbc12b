package executor_test

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"log/slog"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"go.uber.org/goleak"

	"github.com/trackmydegree/trackmydegree/internal/catalogue"
	"github.com/trackmydegree/trackmydegree/internal/cataloguetest"
	"github.com/trackmydegree/trackmydegree/internal/document"
	"github.com/trackmydegree/trackmydegree/internal/executor"
	"github.com/trackmydegree/trackmydegree/internal/fault"
	"github.com/trackmydegree/trackmydegree/internal/job"
	"github.com/trackmydegree/trackmydegree/internal/testenv"
	"github.com/trackmydegree/trackmydegree/internal/timeline"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

const id job.ID = "1b9d6bcd-bbfd-4b2d-9b5d-ab8dfbbd4bed"

// transcript is a document that gives a timeline.
var transcript = document.Document{
	Kind:        document.Transcript,
	ProgramInfo: &document.ProgramInfo{Degree: "Bachelor of Engineering, Software Engineering"},
	Semesters: []document.Semester{{Term: "Fall 2024", Courses: []document.Sitting{
		{Code: "COMP 248", Title: "OBJECT-ORIENTED PROGRAMMING I", CreditsAttempted: 3.5, CreditsEarned: 3.5, Grade: "B+"},
	}}},
}

// world implements all ports of an attempt. It records the calls in order.
type world struct {
	t           *testing.T
	mu          sync.Mutex
	diary       []string
	record      job.Record
	input       []byte
	gone        bool
	stored      job.Stored
	file        bool
	parse       func(ctx context.Context) (document.Document, error)
	keep        bool // the documents of jobs that fail
	facts       executor.Facts
	kept        job.KeptFacts
	postponed   int                 // how often the attempt was postponed
	sealed      []byte              // the facts of a job that runs from them
	onDelete    func()              // while the files are deleted
	onCatalogue func()              // after the catalogue was asked for; may be nil
	imported    *catalogue.Editions // that the store has and the worker has not loaded; may be nil
	saved       map[string]timeline.Saved
	fails       map[string]error // by step
	// documentsDeleted are the jobs whose documents were recorded as deleted.
	documentsDeleted []job.ID
	failed           []error // what the reporter received
	panicked         []any
	log              bytes.Buffer
	registry         *prometheus.Registry
	worker           *executor.Processor
}

func newWorld(t *testing.T) *world {
	return &world{
		t: t, file: true, fails: map[string]error{}, registry: prometheus.NewRegistry(),
		record: job.Record{ID: id, Kind: job.File, Owner: "ann", State: job.Queued, Version: 1, CreatedAt: time.Now()},
		parse:  func(context.Context) (document.Document, error) { return transcript, nil },
	}
}

func (w *world) processor() *executor.Processor { return testenv.Must(executor.New(w.deps())) }

func (w *world) deps() executor.Deps {
	return executor.Deps{
		Jobs: w, Uploads: uploads{w}, Parser: parser{w}, Catalogue: cat{w}, Timelines: w,
		Clock: time.Now, Logger: slog.New(slog.NewTextHandler(&w.log, nil)), Reporter: w, Registerer: w.registry,
		JobTimeout: time.Minute, ParserTimeout: 20 * time.Second, KeepFailed: w.keep, Facts: w.facts,
	}
}

// attempt runs one attempt.
func (w *world) attempt(ctx context.Context, n int) error {
	if w.worker == nil {
		w.worker = w.processor()
	}
	return w.worker.Process(ctx, job.Delivery{
		Task: job.Task{ID: id, Kind: w.record.Kind}, Attempt: n, Last: n >= job.MaxAttempts,
	})
}

func (w *world) step(ctx context.Context, what string) error {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.diary = append(w.diary, what)
	if err := w.fails[what]; err != nil {
		return err
	}
	return ctx.Err()
}

func (w *world) BeginAttempt(ctx context.Context, of job.ID, attempt int) (job.Record, []byte, error) {
	if of != id {
		w.t.Errorf("another job: %s", of)
	}
	if err := w.step(ctx, "begin"); err != nil {
		return job.Record{}, nil, err
	}
	if w.gone {
		return job.Record{}, nil, fault.New(fault.JobNotFound)
	}
	if !w.record.State.IsFinal() {
		w.record.State, w.record.Attempt = job.Processing, attempt
		w.record.Fence++
	}
	return w.record, w.input, nil
}

func (w *world) move(ctx context.Context, fence int64, next job.State, why *job.Failure) error {
	if err := w.step(ctx, string(next)); err != nil {
		return err
	}
	if fence != w.record.Fence || w.gone {
		return job.ErrSuperseded
	}
	w.record.State, w.record.Error = next, why
	return nil
}

func (w *world) CompleteJob(ctx context.Context, _ job.ID, fence int64, result job.Stored) error {
	w.stored = result
	return w.move(ctx, fence, job.Done, nil)
}

func (w *world) ScheduleRetry(ctx context.Context, _ job.ID, fence int64, why job.Failure, at time.Time) error {
	w.record.RetryAt = at
	return w.move(ctx, fence, job.Retrying, &why)
}

func (w *world) PostponeJob(ctx context.Context, _ job.ID, fence int64, why job.Failure, at time.Time) error {
	w.record.RetryAt, w.postponed = at, w.postponed+1
	return w.move(ctx, fence, job.Retrying, &why)
}

func (w *world) RecordDocumentsDeleted(_ context.Context, ids []job.ID) error {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.documentsDeleted = append(w.documentsDeleted, ids...)
	return nil
}

func (w *world) FailJob(ctx context.Context, _ job.ID, fence int64, why job.Failure) error {
	return w.move(ctx, fence, job.Failed, &why)
}

func (w *world) FailAnswerable(ctx context.Context, _ job.ID, fence int64, why job.Failure, kept job.KeptFacts) error {
	w.kept, w.record.AnswerUntil = kept, kept.Until
	return w.move(ctx, fence, job.Failed, &why)
}

func (w *world) LoadFacts(ctx context.Context, _ job.ID) ([]byte, error) {
	if w.sealed == nil {
		return nil, fault.New(fault.FactsExpired)
	}
	return w.sealed, w.step(ctx, "facts")
}

func (w *world) LoadTicket(ctx context.Context, _ job.ID) (job.Ticket, error) {
	if err := w.step(ctx, "ticket"); err != nil {
		return job.Ticket{}, err
	}
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.record.State.IsFinal() || !w.record.FromFacts {
		return job.Ticket{}, fault.New(fault.JobNotFound)
	}
	return job.Ticket{ID: id, Facts: w.sealed}, nil
}

func (w *world) RequeueJob(ctx context.Context, _ job.ID, fence int64) error {
	return w.move(ctx, fence, job.Queued, nil)
}

func (w *world) LoadRecords(ctx context.Context, ids []job.ID) (map[job.ID]job.Record, error) {
	if err := w.step(ctx, "records"); err != nil {
		return nil, err
	}
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.gone || !slices.Contains(ids, id) {
		return nil, nil
	}
	return map[job.ID]job.Record{id: w.record}, nil
}

// there reports whether the document is stored.
func (w *world) there() bool {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.file
}

type uploads struct{ *world }

func (w uploads) Open(ctx context.Context, _ job.ID) (io.ReadCloser, error) {
	if err := w.step(ctx, "open"); err != nil {
		return nil, err
	}
	return io.NopCloser(strings.NewReader("%PDF-")), nil
}

func (w uploads) Delete(ctx context.Context, _ job.ID) error {
	if err := w.step(ctx, "delete"); err != nil {
		return err
	}
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.onDelete != nil {
		w.onDelete()
	}
	w.file = false
	return nil
}

func (w uploads) Save(ctx context.Context, t job.Ticket, r io.Reader, _ int64) (job.Saved, error) {
	if err := w.step(ctx, "save"); err != nil {
		return job.Saved{}, err
	}
	w.mu.Lock()
	defer w.mu.Unlock()
	w.file = t.ID == id && len(t.Facts) > 0 && r == nil
	return job.Saved{}, nil
}

func (w uploads) KeepDocument(ctx context.Context, _ job.ID) error { return w.step(ctx, "keep") }

type parser struct{ *world }

func (w parser) Parse(ctx context.Context, pdf io.Reader) (document.Document, error) {
	if b, err := io.ReadAll(pdf); string(b) != "%PDF-" {
		w.t.Errorf("the parser gets %q, %v", b, err)
	}
	if err := w.step(ctx, "parse"); err != nil {
		return document.Document{}, err
	}
	return w.parse(ctx)
}

type cat struct{ *world }

func (w cat) CurrentEditions(ctx context.Context) (*catalogue.Editions, error) {
	err := w.step(ctx, "catalogue")
	if w.onCatalogue != nil {
		w.onCatalogue()
	}
	return cataloguetest.EmbeddedEditions(), err
}

// FindEditions returns what was imported since the editions were loaded, when a job asks for it.
func (w cat) FindEditions(_ context.Context, calendar string, _ bool) (*catalogue.Editions, error) {
	if w.imported != nil && calendar == w.imported.Latest().Calendar() {
		return w.imported, nil
	}
	return cataloguetest.EmbeddedEditions(), nil
}

func (w *world) FindTimeline(ctx context.Context, owner, id string) (timeline.Saved, error) {
	if err := w.step(ctx, "load"); err != nil {
		return timeline.Saved{}, err
	}
	saved, ok := w.saved[owner+"/"+id]
	if !ok {
		return timeline.Saved{}, fault.New(fault.TimelineNotFound)
	}
	return saved, nil
}

func (w *world) ReportJob(_ context.Context, _ job.ID, _ int, err error) {
	w.failed = append(w.failed, err)
}
func (w *world) ReportJobPanic(_ context.Context, _ job.ID, value any) {
	w.panicked = append(w.panicked, value)
}

// metrics returns the counters by name and label values, without those at zero.
func (w *world) metrics() map[string]float64 {
	families, err := w.registry.Gather()
	if err != nil {
		w.t.Fatal(err)
	}
	values := map[string]float64{}
	for _, f := range families {
		for _, m := range f.GetMetric() {
			var labels []string
			for _, l := range m.GetLabel() {
				labels = append(labels, l.GetValue())
			}
			if v := m.GetCounter().GetValue() + float64(m.GetHistogram().GetSampleCount()); v != 0 {
				values[fmt.Sprint(f.GetName(), labels)] = v
			}
		}
	}
	return values
}
