package submit_test

import (
	"context"
	"errors"
	"io"
	"log/slog"
	"strconv"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/trackmydegree/trackmydegree/internal/document"
	"github.com/trackmydegree/trackmydegree/internal/fault"
	"github.com/trackmydegree/trackmydegree/internal/job"
	"github.com/trackmydegree/trackmydegree/internal/submit"
	"github.com/trackmydegree/trackmydegree/internal/timeline"
)

var now = time.Date(2026, 11, 23, 12, 0, 0, 0, time.UTC)

// world is what a submission touches, and who of it fails. It writes down what was done, in order.
type world struct {
	diary   []string
	fails   map[string]error
	files   map[job.ID]string
	records map[job.ID]job.Record
	inputs  map[job.ID]string
	claims  map[string]job.ID
	tasks   []job.Task
	onFail  func()
}

func newWorld() *world {
	return &world{
		fails: map[string]error{}, files: map[job.ID]string{}, records: map[job.ID]job.Record{},
		inputs: map[job.ID]string{}, claims: map[string]job.ID{},
	}
}

// step writes a step down. A step that fails has done its work nevertheless: what fails may be the answer alone. Undoing
// has to work with a client that is gone.
func (w *world) step(ctx context.Context, what string) error {
	w.diary = append(w.diary, what)
	if err := w.fails[what]; err != nil {
		if w.onFail != nil {
			w.onFail()
		}
		return err
	}
	return ctx.Err()
}

func (w *world) Save(ctx context.Context, id job.ID, r io.Reader, limit int64) (int64, error) {
	if limit != document.MaxBytes {
		return 0, errors.New("another limit")
	}
	b, err := io.ReadAll(r)
	if err != nil {
		return 0, err
	}
	if err := w.step(ctx, "save"); err != nil {
		return 0, err // Save leaves nothing behind
	}
	w.files[id] = string(b)
	return int64(len(b)), nil
}

type uploads struct{ *world }

func (w uploads) Delete(ctx context.Context, id job.ID) error {
	delete(w.files, id)
	return w.step(ctx, "delete file")
}

func (w *world) Create(ctx context.Context, r job.Record, input []byte) error {
	w.records[r.ID], w.inputs[r.ID] = r, string(input)
	return w.step(ctx, "create")
}

func (w *world) Delete(ctx context.Context, id job.ID) error {
	if err := w.step(ctx, "delete record"); err != nil {
		return err
	}
	delete(w.records, id)
	delete(w.inputs, id)
	return nil
}

func (w *world) Claim(ctx context.Context, owner, key string, id job.ID) (job.ID, bool, error) {
	if err := w.step(ctx, "claim"); err != nil {
		return "", false, err
	}
	if holder, ok := w.claims[owner+"/"+key]; ok {
		return holder, false, nil
	}
	w.claims[owner+"/"+key] = id
	return id, true, nil
}

func (w *world) Release(ctx context.Context, owner, key string, id job.ID) error {
	if w.claims[owner+"/"+key] == id {
		delete(w.claims, owner+"/"+key)
	}
	return w.step(ctx, "release")
}

func (w *world) Enqueue(ctx context.Context, t job.Task) error {
	w.tasks = append(w.tasks, t)
	return w.step(ctx, "enqueue")
}

func (w *world) submitter() *submit.Submitter {
	n := 0
	return submit.New(submit.Deps{
		Uploads: uploads{w}, Jobs: w, Queue: w, Clock: func() time.Time { return now },
		NewID:  func() job.ID { n++; return job.ID("id-" + strconv.Itoa(n)) },
		Logger: slog.New(slog.DiscardHandler),
	})
}

func TestFile(t *testing.T) {
	t.Parallel()
	w := newWorld()
	got, err := w.submitter().File(t.Context(), submit.Request{Owner: "ann", Priority: job.High}, strings.NewReader("%PDF-"))
	if err != nil || got != (submit.Receipt{ID: "id-1"}) {
		t.Fatalf("%+v, %v", got, err)
	}
	// The document is there before its record, and the record before its task.
	if diff := cmp.Diff([]string{"save", "create", "enqueue"}, w.diary); diff != "" {
		t.Error(diff)
	}
	want := job.Record{ID: "id-1", Kind: job.File, Owner: "ann", Priority: job.High, State: job.Queued, CreatedAt: now, UpdatedAt: now}
	if diff := cmp.Diff(want, w.records["id-1"]); diff != "" {
		t.Error(diff)
	}
	if diff := cmp.Diff([]job.Task{{ID: "id-1", Kind: job.File, Priority: job.High}}, w.tasks); diff != "" {
		t.Error(diff)
	}
}

func TestFormAndSavedTimeline(t *testing.T) {
	t.Parallel()
	w := newWorld()
	s := w.submitter()
	if _, err := s.Form(t.Context(), submit.Request{Owner: "ann"}, timeline.Form{Degree: "D", FirstTerm: "Fall 2026"}); err != nil {
		t.Fatal(err)
	}
	if _, err := s.Load(t.Context(), submit.Request{Owner: "ann"}, "t-1"); err != nil {
		t.Fatal(err)
	}
	want := map[job.ID]string{"id-1": `{"degree":"D","firstTerm":"Fall 2026"}`, "id-2": "t-1"}
	if diff := cmp.Diff(want, w.inputs); diff != "" {
		t.Error(diff)
	}
	if w.records["id-1"].Kind != job.Form || w.records["id-2"].Kind != job.TimelineData || len(w.files) != 0 {
		t.Errorf("%+v", w.records)
	}
}

// Whatever fails, nothing is left, although the client has gone meanwhile.
func TestNothingIsLeftHalfDone(t *testing.T) {
	t.Parallel()
	down := fault.New(fault.QueueUnavailable)
	for failing, undone := range map[string][]string{
		"claim":   {"claim"},
		"save":    {"claim", "save", "release"},
		"create":  {"claim", "save", "create", "delete record", "delete file", "release"},
		"enqueue": {"claim", "save", "create", "enqueue", "delete record", "delete file", "release"},
	} {
		t.Run(failing, func(t *testing.T) {
			t.Parallel()
			w := newWorld()
			w.fails[failing] = down
			ctx, gone := context.WithCancel(t.Context())
			w.onFail = gone
			_, err := w.submitter().File(ctx, submit.Request{Owner: "ann", IdempotencyKey: "k"}, strings.NewReader("%PDF-"))
			if fault.CodeOf(err) != fault.QueueUnavailable {
				t.Errorf("%v", err)
			}
			if diff := cmp.Diff(undone, w.diary); diff != "" {
				t.Errorf("steps (-want +got):\n%s", diff)
			}
			if len(w.files)+len(w.records)+len(w.claims) != 0 {
				t.Errorf("left: %v %v %v", w.files, w.records, w.claims)
			}
		})
	}
}

// mute is a queue's Redis that accepts what is sent and answers nothing.
type mute struct{ *world }

func (mute) Delete(ctx context.Context, _ job.ID) error {
	<-ctx.Done()
	return fault.Wrap(fault.QueueUnavailable, ctx.Err())
}

// Who waits for a 503 of a queue that does not answer waits for it once.
func TestUndoingDoesNotWaitForTheQueue(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		w := newWorld()
		w.fails["create"] = fault.New(fault.QueueUnavailable)
		s := w.submitter()
		s.Jobs = mute{w}
		began := time.Now() // the bubble's clock
		_, err := s.File(t.Context(), submit.Request{Owner: "ann"}, strings.NewReader("%PDF-"))
		if fault.CodeOf(err) != fault.QueueUnavailable || time.Since(began) > 500*time.Millisecond {
			t.Errorf("%v after %v", err, time.Since(began))
		}
		if len(w.files) != 0 {
			t.Errorf("left: %v", w.files)
		}
	})
}

// A record that cannot be removed keeps its document and its claim: the same request, sent again, gets the job going.
func TestWhatCannotBeUndoneCanGoOn(t *testing.T) {
	t.Parallel()
	w := newWorld()
	w.fails["enqueue"], w.fails["delete record"] = fault.New(fault.QueueUnavailable), fault.New(fault.QueueUnavailable)
	s := w.submitter()
	request := submit.Request{Owner: "ann", IdempotencyKey: "k"}
	if _, err := s.File(t.Context(), request, strings.NewReader("%PDF-")); err == nil {
		t.Fatal("accepted")
	}
	if len(w.files) != 1 || len(w.records) != 1 {
		t.Fatalf("one without the other: %v, %v", w.files, w.records)
	}
	clear(w.fails)
	w.tasks = nil
	got, err := s.File(t.Context(), request, strings.NewReader("%PDF-"))
	if err != nil || got != (submit.Receipt{ID: "id-1", Existing: true}) || len(w.tasks) != 1 || w.tasks[0].ID != "id-1" {
		t.Errorf("%+v, %v, %v", got, err, w.tasks)
	}
}

// With Redis gone before the record is certain, no document stays.
func TestADocumentDoesNotOutliveItsSubmission(t *testing.T) {
	t.Parallel()
	w := newWorld()
	w.fails["create"], w.fails["delete record"] = fault.New(fault.QueueUnavailable), fault.New(fault.QueueUnavailable)
	if _, err := w.submitter().File(t.Context(), submit.Request{Owner: "ann"}, strings.NewReader("%PDF-")); err == nil {
		t.Fatal("accepted")
	}
	if len(w.files) != 0 {
		t.Errorf("left: %v", w.files)
	}
}

func TestIdempotency(t *testing.T) {
	t.Parallel()
	w := newWorld()
	s := w.submitter()
	send := func(owner, key string) submit.Receipt {
		t.Helper()
		r, err := s.File(t.Context(), submit.Request{Owner: owner, IdempotencyKey: key}, strings.NewReader("%PDF-"))
		if err != nil {
			t.Fatal(err)
		}
		return r
	}
	first := send("ann", "k")
	if again := send("ann", "k"); again.ID != first.ID || !again.Existing {
		t.Errorf("%+v after %+v", again, first)
	}
	if len(w.files) != 1 {
		t.Errorf("%d documents", len(w.files))
	}
	for _, other := range []submit.Receipt{send("bob", "k"), send("ann", "l"), send("ann", ""), send("ann", "")} {
		if other.ID == first.ID || other.Existing {
			t.Errorf("%+v", other)
		}
	}
}

func TestABrokenConnection(t *testing.T) {
	t.Parallel()
	w := newWorld()
	cut := errors.New("connection reset")
	_, err := w.submitter().File(t.Context(), submit.Request{Owner: "ann", IdempotencyKey: "k"}, io.MultiReader(strings.NewReader("%PDF-"), broken{cut}))
	if !errors.Is(err, cut) {
		t.Errorf("%v", err)
	}
	if len(w.claims)+len(w.records)+len(w.tasks) != 0 {
		t.Errorf("left: %v %v %v", w.claims, w.records, w.tasks)
	}
}

type broken struct{ err error }

func (b broken) Read([]byte) (int, error) { return 0, b.err }
