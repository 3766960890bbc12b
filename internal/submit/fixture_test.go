package submit_test

import (
	"context"
	"crypto/sha256"
	"errors"
	"io"
	"log/slog"
	"strconv"
	"time"

	"github.com/trackmydegree/trackmydegree/internal/document"
	"github.com/trackmydegree/trackmydegree/internal/fault"
	"github.com/trackmydegree/trackmydegree/internal/job"
	"github.com/trackmydegree/trackmydegree/internal/submit"
	"github.com/trackmydegree/trackmydegree/internal/testenv"
)

var now = time.Date(2026, 11, 23, 12, 0, 0, 0, time.UTC)

// kept is what the upload store holds of a job.
type kept struct {
	ticket  job.Ticket
	content string
}

// world implements all ports of a submission, and the test chooses which of them fail. It records the calls in order.
type world struct {
	diary   []string
	fails   map[string]error
	files   map[job.ID]kept
	records map[job.ID]job.Record
	inputs  map[job.ID]string
	content map[string]job.ID // owner and digest
	shared  map[job.ID]bool
	claims  map[string]job.ID
	tasks   []job.Task
	ids     int // issued
	onFail  func()
	maxJobs int
}

func newWorld() *world {
	return &world{
		fails: map[string]error{}, files: map[job.ID]kept{}, records: map[job.ID]job.Record{}, content: map[string]job.ID{},
		shared: map[job.ID]bool{}, inputs: map[job.ID]string{}, claims: map[string]job.ID{},
	}
}

// step records a step. A failing step has still done its work: only its answer may be lost. Undoing must work after
// the client has disconnected.
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

func (w *world) Save(ctx context.Context, t job.Ticket, r io.Reader, limit int64) (job.Saved, error) {
	if limit != document.MaxBytes {
		return job.Saved{}, errors.New("another limit")
	}
	var b []byte
	var err error
	if r != nil {
		if b, err = io.ReadAll(r); err != nil {
			return job.Saved{}, err
		}
	}
	if err := w.step(ctx, "save"); err != nil {
		return job.Saved{}, err // Save removes its own files
	}
	w.files[t.ID] = kept{t, string(b)}
	return job.Saved{Size: int64(len(b)), SHA256: sha256.Sum256(b)}, nil
}

func (w *world) Delete(ctx context.Context, id job.ID) error {
	if err := w.step(ctx, "delete files"); err != nil {
		return err
	}
	delete(w.files, id)
	return nil
}

func (w *world) CheckQuota(ctx context.Context, owner string, limit int) error {
	if err := w.step(ctx, "room"); err != nil {
		return err
	}
	return w.room(owner, limit)
}

func (w *world) room(owner string, limit int) error {
	open := 0
	for _, r := range w.records {
		if r.Owner == owner && !r.State.IsFinal() {
			open++
		}
	}
	if limit > 0 && open >= limit {
		return fault.New(fault.TooManyJobs)
	}
	return nil
}

func (w *world) AdmitJob(ctx context.Context, r job.Record, input []byte, terms submit.AdmissionPolicy) (job.ID, error) {
	key := r.Owner + "/" + string(terms.ContentDigest)
	if holder, ok := w.content[key]; ok && terms.ContentDigest != nil && !w.records[holder].State.IsFinal() {
		w.shared[holder] = true
		return holder, w.step(ctx, "admit")
	}
	if err := w.room(r.Owner, terms.MaxOpenJobs); err != nil {
		w.diary = append(w.diary, "admit")
		return "", err
	}
	w.records[r.ID], w.inputs[r.ID], w.content[key] = r, string(input), r.ID
	return r.ID, w.step(ctx, "admit")
}

func (w *world) WithdrawJob(ctx context.Context, id job.ID) (bool, error) {
	if err := w.step(ctx, "withdraw"); err != nil {
		return false, err
	}
	if w.shared[id] || w.records[id].State != "" && w.records[id].State != job.Queued {
		return true, fault.New(fault.Conflict)
	}
	_, found := w.records[id]
	delete(w.records, id)
	delete(w.inputs, id)
	return found, nil
}

func (w *world) ClaimKey(ctx context.Context, claim string, id job.ID) (job.ID, bool, error) {
	if err := w.step(ctx, "claim"); err != nil {
		return "", false, err
	}
	if holder, ok := w.claims[claim]; ok {
		w.shared[holder] = true
		return holder, false, nil
	}
	w.claims[claim] = id
	return id, true, nil
}

func (w *world) ReleaseKey(ctx context.Context, claim string, id job.ID) error {
	if w.claims[claim] == id {
		delete(w.claims, claim)
	}
	return w.step(ctx, "release")
}

func (w *world) Enqueue(ctx context.Context, t job.Task) error {
	w.tasks = append(w.tasks, t)
	return w.step(ctx, "enqueue")
}

func (w *world) RequeueArchived(ctx context.Context, t job.Task) error {
	w.tasks = append(w.tasks, t)
	return w.step(ctx, "requeue")
}

func (w *world) AnswerJob(ctx context.Context, a submit.Answer, maxOpenJobs int) (job.Record, job.Ticket, error) {
	if err := w.room(a.Owner, maxOpenJobs); err != nil {
		return job.Record{}, job.Ticket{}, err
	}
	r := w.records[a.ID]
	t := job.Ticket{ID: a.ID, Kind: r.Kind, Owner: r.Owner, CreatedAt: now, Input: []byte(a.Degree), Facts: []byte("facts")}
	return r, t, w.step(ctx, "answer")
}

// submitter returns a submitter on the world; change may alter its dependencies.
func (w *world) submitter(change ...func(*submit.Deps)) *submit.Submitter {
	d := submit.Deps{
		Uploads: w, Jobs: w, Queue: w, Clock: func() time.Time { return now },
		NewID:  func() job.ID { w.ids++; return job.ID("id-" + strconv.Itoa(w.ids)) },
		Logger: slog.New(slog.DiscardHandler), MaxJobs: w.maxJobs,
	}
	for _, c := range change {
		c(&d)
	}
	return testenv.Must(submit.New(d))
}

type readerFunc func([]byte) (int, error)

func (f readerFunc) Read(p []byte) (int, error) { return f(p) }
