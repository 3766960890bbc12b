package submit_test

import (
	"context"
	"crypto/sha256"
	"encoding/json"
	"errors"
	"io"
	"log/slog"
	"strconv"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/trackmydegree/trackmydegree/internal/audit"
	"github.com/trackmydegree/trackmydegree/internal/document"
	"github.com/trackmydegree/trackmydegree/internal/fault"
	"github.com/trackmydegree/trackmydegree/internal/job"
	"github.com/trackmydegree/trackmydegree/internal/submit"
	"github.com/trackmydegree/trackmydegree/internal/testenv"
	"github.com/trackmydegree/trackmydegree/internal/timeline"
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

func (w *world) submitter() *submit.Submitter {
	n := 0
	return testenv.Must(submit.New(submit.Deps{
		Uploads: w, Jobs: w, Queue: w, Clock: func() time.Time { return now },
		NewID:  func() job.ID { n++; return job.ID("id-" + strconv.Itoa(n)) },
		Logger: slog.New(slog.DiscardHandler), MaxJobs: w.maxJobs,
	}))
}

func TestFile(t *testing.T) {
	t.Parallel()
	w := newWorld()
	got, err := w.submitter().SubmitFile(t.Context(), submit.Request{Owner: "ann", Priority: job.High, IdempotencyKey: "k"}, strings.NewReader("%PDF-"))
	if err != nil || got != (submit.Receipt{ID: "id-1"}) {
		t.Fatalf("%+v, %v", got, err)
	}
	// The document is stored before its record, and the record before its task.
	if diff := cmp.Diff([]string{"claim", "save", "admit", "enqueue"}, w.diary); diff != "" {
		t.Error(diff)
	}
	want := job.Record{ID: "id-1", Kind: job.File, Owner: "ann", Priority: job.High, State: job.Queued, CreatedAt: now, UpdatedAt: now}
	if diff := cmp.Diff(want, w.records["id-1"]); diff != "" {
		t.Error(diff)
	}
	if diff := cmp.Diff([]job.Task{{ID: "id-1", Kind: job.File, Priority: job.High}}, w.tasks); diff != "" {
		t.Error(diff)
	}
	// The ticket agrees with the record, and contains the digest of the key.
	ticket := w.files["id-1"].ticket
	if w.claims[ticket.Claim] != "id-1" || strings.Contains(ticket.Claim, "ann") {
		t.Errorf("the claim is %q of %v", ticket.Claim, w.claims)
	}
	ticket.Claim = ""
	if diff := cmp.Diff(job.Ticket{ID: "id-1", Kind: job.File, Owner: "ann", Priority: job.High, CreatedAt: now}, ticket); diff != "" {
		t.Error(diff)
	}
}

func TestFormAndSavedTimeline(t *testing.T) {
	t.Parallel()
	w := newWorld()
	s := w.submitter()
	if _, err := s.SubmitForm(t.Context(), submit.Request{Owner: "ann"}, timeline.Form{Degree: "D", FirstTerm: "Fall 2026"}); err != nil {
		t.Fatal(err)
	}
	if _, err := s.SubmitTimeline(t.Context(), submit.Request{Owner: "ann"}, "t-1"); err != nil {
		t.Fatal(err)
	}
	in := timeline.PlanInput{Timeline: timeline.Saved{DegreeID: "D", Owner: "ann"}, Request: audit.PlanRequest{MaxCredits: audit.Quarters(12)}}
	if _, err := s.SubmitPlan(t.Context(), submit.Request{Owner: "ann"}, in); err != nil {
		t.Fatal(err)
	}
	planned, err := json.Marshal(in)
	if err != nil {
		t.Fatal(err)
	}
	want := map[job.ID]string{"id-1": `{"degree":"D","firstTerm":"Fall 2026"}`, "id-2": "t-1", "id-3": string(planned)}
	if diff := cmp.Diff(want, w.inputs); diff != "" {
		t.Error(diff)
	}
	if w.records["id-1"].Kind != job.Form || w.records["id-2"].Kind != job.TimelineData || w.records["id-3"].Kind != job.Plan {
		t.Errorf("%+v", w.records)
	}
	for id, input := range want {
		if k := w.files[id]; string(k.ticket.Input) != input || k.content != "" {
			t.Errorf("%+v is kept", k)
		}
	}
}

// A timeline that no ticket could hold is refused before anything is kept.
func TestAPlanThatIsTooLarge(t *testing.T) {
	t.Parallel()
	w := newWorld()
	in := timeline.PlanInput{Timeline: timeline.Saved{Name: strings.Repeat("x", 513<<10)}}
	if _, err := w.submitter().SubmitPlan(t.Context(), submit.Request{Owner: "ann"}, in); fault.CodeOf(err) != fault.TooLarge {
		t.Errorf("got %v, want too_large", err)
	}
	if len(w.files) != 0 || len(w.records) != 0 {
		t.Errorf("got %v and %v, want nothing", w.files, w.records)
	}
	in.Timeline.Name = strings.Repeat("x", 511<<10)
	if _, err := w.submitter().SubmitPlan(t.Context(), submit.Request{Owner: "ann"}, in); err != nil {
		t.Errorf("the largest: %v", err)
	}
	for id, k := range w.files {
		if b, err := k.ticket.Encode(); err != nil || len(b) > job.MaxTicket {
			t.Errorf("the ticket of %s takes %d bytes, %v; want at most %d", id, len(b), err, job.MaxTicket)
		}
	}
}

// After any failure nothing is left, even when the client disconnects.
func TestNothingIsLeftHalfDone(t *testing.T) {
	t.Parallel()
	down := fault.New(fault.QueueUnavailable)
	for failing, undone := range map[string][]string{
		"claim":   {"claim"},
		"room":    {"claim", "room", "release"},
		"save":    {"claim", "room", "save", "release"},
		"admit":   {"claim", "room", "save", "admit", "withdraw", "delete files", "release"},
		"enqueue": {"claim", "room", "save", "admit", "enqueue", "withdraw", "delete files", "release"},
	} {
		t.Run(failing, func(t *testing.T) {
			t.Parallel()
			w := newWorld()
			w.maxJobs = 3
			w.fails[failing] = down
			ctx, gone := context.WithCancel(t.Context())
			w.onFail = gone
			_, err := w.submitter().SubmitFile(ctx, submit.Request{Owner: "ann", IdempotencyKey: "k"}, strings.NewReader("%PDF-"))
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

// mute is the Redis of a queue that accepts data and never answers.
type mute struct{ *world }

func (mute) WithdrawJob(ctx context.Context, _ job.ID) (bool, error) {
	<-ctx.Done()
	return false, fault.Wrap(fault.QueueUnavailable, ctx.Err())
}

// A client waits only once for a queue that does not answer.
func TestUndoingDoesNotWaitForTheQueue(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		w := newWorld()
		w.fails["admit"] = fault.New(fault.QueueUnavailable)
		s := w.submitter()
		s.Jobs = mute{w}
		began := time.Now() // the bubble's clock
		_, err := s.SubmitFile(t.Context(), submit.Request{Owner: "ann"}, strings.NewReader("%PDF-"))
		if fault.CodeOf(err) != fault.QueueUnavailable || time.Since(began) > 500*time.Millisecond {
			t.Errorf("%v after %v", err, time.Since(began))
		}
	})
}

// slow is a queue that does each step, and takes its time for it, or all the time until the deadline.
type slow struct {
	*world
	takes time.Duration
}

func (s slow) wait(ctx context.Context) error {
	select {
	case <-time.After(s.takes):
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}

func (s slow) ClaimKey(ctx context.Context, claim string, id job.ID) (job.ID, bool, error) {
	if err := s.wait(ctx); err != nil {
		return "", false, err
	}
	return s.world.ClaimKey(ctx, claim, id)
}

func (s slow) CheckQuota(ctx context.Context, owner string, limit int) error {
	if err := s.wait(ctx); err != nil {
		return err
	}
	return s.world.CheckQuota(ctx, owner, limit)
}

func (s slow) AdmitJob(ctx context.Context, r job.Record, input []byte, terms submit.AdmissionPolicy) (job.ID, error) {
	if err := s.wait(ctx); err != nil {
		return "", err
	}
	return s.world.AdmitJob(ctx, r, input, terms)
}

func (s slow) Enqueue(ctx context.Context, t job.Task) error {
	if err := s.wait(ctx); err != nil {
		return err
	}
	return s.world.Enqueue(ctx, t)
}

func (s slow) WithdrawJob(ctx context.Context, id job.ID) (bool, error) {
	if err := s.wait(ctx); err != nil {
		return false, err
	}
	return s.world.WithdrawJob(ctx, id)
}

func (s slow) ReleaseKey(ctx context.Context, claim string, id job.ID) error {
	if err := s.wait(ctx); err != nil {
		return err
	}
	return s.world.ReleaseKey(ctx, claim, id)
}

// Even when each step is slow, a client has its answer within two seconds of its last byte.
func TestASlowQueueIsNotWaitedForAtEachStep(t *testing.T) {
	t.Parallel()
	for _, takes := range []time.Duration{100 * time.Millisecond, 700 * time.Millisecond, 900 * time.Millisecond, 1500 * time.Millisecond, time.Hour} {
		synctest.Test(t, func(t *testing.T) {
			w := newWorld()
			w.maxJobs = 5
			s := w.submitter()
			s.Jobs, s.Queue = slow{w, takes}, slow{w, takes}
			began := time.Now() // the bubble's clock
			var last time.Time  // byte of the body
			body := readerFunc(func([]byte) (int, error) { last = time.Now(); return 0, io.EOF })
			_, err := s.SubmitFile(t.Context(), submit.Request{Owner: "ann", IdempotencyKey: "k"}, body)
			took := time.Since(began)
			if !last.IsZero() {
				took = max(last.Sub(began), time.Since(last))
			}
			if took > 2*time.Second {
				t.Errorf("steps of %v: %v after %v", takes, err, took)
			}
			if takes == time.Hour && fault.CodeOf(err) != fault.Timeout || takes < time.Second/2 && err != nil {
				t.Errorf("steps of %v: %v", takes, err)
			}
		})
	}
}

// A job whose record may exist, and cannot be withdrawn for certain, keeps its files and its claim. It is a complete
// job, which repair restores, and a repeated request receives it.
func TestWhatCannotBeUndoneGoesOn(t *testing.T) {
	t.Parallel()
	lost := func(w *world) { clear(w.records) } // by a Redis that was wiped
	for name, c := range map[string]struct {
		fails   []string
		prepare func(*world)
	}{
		"Redis cannot be reached":             {[]string{"enqueue", "withdraw"}, nil},
		"Redis is lost before its answer":     {[]string{"admit", "withdraw"}, nil},
		"Redis was wiped":                     {[]string{"enqueue"}, lost},
		"Redis was wiped before its answer":   {[]string{"admit"}, lost},
		"another request was given the job":   {[]string{"enqueue"}, func(w *world) { w.shared["id-1"] = true }},
		"a worker has begun":                  {[]string{"enqueue"}, func(w *world) { w.records["id-1"] = job.Record{State: job.Processing} }},
		"given to another before its answer":  {[]string{"admit"}, func(w *world) { w.shared["id-1"] = true }},
		"begun by a worker before its answer": {[]string{"admit"}, func(w *world) { w.records["id-1"] = job.Record{State: job.Done} }},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := newWorld()
			for _, step := range c.fails {
				w.fails[step] = fault.New(fault.QueueUnavailable)
			}
			w.onFail = func() {
				if c.prepare != nil {
					c.prepare(w)
				}
			}
			s := w.submitter()
			request := submit.Request{Owner: "ann", IdempotencyKey: "k"}
			if _, err := s.SubmitFile(t.Context(), request, strings.NewReader("%PDF-")); err == nil {
				t.Fatal("accepted")
			}
			if len(w.files) != 1 || len(w.claims) != 1 {
				t.Fatalf("one without the other: %v, %v", w.files, w.claims)
			}
			clear(w.fails)
			if got, err := s.SubmitFile(t.Context(), request, strings.NewReader("%PDF-")); err != nil || got != (submit.Receipt{ID: "id-1", Existing: true}) {
				t.Errorf("%+v, %v", got, err)
			}
		})
	}
}

// A client that disconnected while its document was being stored has no job.
func TestAClientThatLeft(t *testing.T) {
	t.Parallel()
	w := newWorld()
	ctx, leave := context.WithCancel(t.Context())
	s := w.submitter()
	s.Uploads = leaving{w, leave}
	if _, err := s.SubmitFile(ctx, submit.Request{Owner: "ann", IdempotencyKey: "k"}, strings.NewReader("%PDF-")); !errors.Is(err, context.Canceled) {
		t.Errorf("%v", err)
	}
	if diff := cmp.Diff([]string{"claim", "save", "delete files", "release"}, w.diary); diff != "" {
		t.Error(diff)
	}
	if len(w.files)+len(w.records)+len(w.claims) != 0 {
		t.Errorf("left: %v %v %v", w.files, w.records, w.claims)
	}
}

type leaving struct {
	*world
	leave func()
}

func (l leaving) Save(ctx context.Context, t job.Ticket, r io.Reader, limit int64) (job.Saved, error) {
	defer l.leave()
	return l.world.Save(ctx, t, r, limit)
}

func TestIdempotency(t *testing.T) {
	t.Parallel()
	w := newWorld()
	s := w.submitter()
	n := 0
	send := func(owner, key string) submit.Receipt {
		t.Helper()
		n++ // the content differs each time
		r, err := s.SubmitFile(t.Context(), submit.Request{Owner: owner, IdempotencyKey: key}, strings.NewReader("%PDF-"+strconv.Itoa(n)))
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
	// Keys belong to an owner, and no other owner can construct them.
	for _, other := range []submit.Receipt{send("bob", "k"), send("an", "nk"), send("ann", "l"), send("ann", ""), send("ann", "")} {
		if other.ID == first.ID || other.Existing {
			t.Errorf("%+v", other)
		}
	}
}

// The same content of the same owner is the same job while that is open, and its files are stored once.
func TestTheSameContentTwice(t *testing.T) {
	t.Parallel()
	for kind, send := range map[string]func(*submit.Submitter, submit.Request, string) (submit.Receipt, error){
		"file": func(s *submit.Submitter, r submit.Request, of string) (submit.Receipt, error) {
			return s.SubmitFile(t.Context(), r, strings.NewReader("%PDF-"+of))
		},
		"form": func(s *submit.Submitter, r submit.Request, of string) (submit.Receipt, error) {
			return s.SubmitForm(t.Context(), r, timeline.Form{Degree: of})
		},
		"load": func(s *submit.Submitter, r submit.Request, of string) (submit.Receipt, error) {
			return s.SubmitTimeline(t.Context(), r, of)
		},
	} {
		t.Run(kind, func(t *testing.T) {
			w := newWorld()
			s := w.submitter()
			want := func(r submit.Request, of string, id job.ID, existing bool) {
				t.Helper()
				got, err := send(s, r, of)
				if err != nil || got != (submit.Receipt{ID: id, Existing: existing}) {
					t.Errorf("%+v, %v; want %s, %v", got, err, id, existing)
				}
			}
			want(submit.Request{Owner: "ann"}, "a", "id-1", false)
			want(submit.Request{Owner: "ann"}, "a", "id-1", true)
			want(submit.Request{Owner: "ann", IdempotencyKey: "k"}, "a", "id-1", true)
			want(submit.Request{Owner: "ann"}, "b", "id-4", false)
			want(submit.Request{Owner: "bob"}, "a", "id-5", false)
			want(submit.Request{Owner: "ann", Force: true}, "a", "id-6", false)
			if len(w.files) != 4 || len(w.tasks) != 4 {
				t.Errorf("%d jobs' files, %d tasks, want 4", len(w.files), len(w.tasks))
			}
			for id, r := range w.records {
				r.State = job.Done
				w.records[id] = r
			}
			want(submit.Request{Owner: "ann"}, "a", "id-7", false)
		})
	}
}

// An owner at the limit of open jobs is refused before the document is read. If other requests reach the limit in the
// meantime, the submission is refused with nothing left behind.
func TestTooManyJobs(t *testing.T) {
	t.Parallel()
	w := newWorld()
	w.maxJobs = 2
	s := w.submitter()
	send := func(owner, of string) error {
		_, err := s.SubmitFile(t.Context(), submit.Request{Owner: owner, IdempotencyKey: owner + of}, strings.NewReader("%PDF-"+of))
		return err
	}
	for _, of := range []string{"a", "b"} {
		if err := send("ann", of); err != nil {
			t.Fatal(err)
		}
	}
	read := false
	_, err := s.SubmitFile(t.Context(), submit.Request{Owner: "ann"}, readerFunc(func([]byte) (int, error) { read = true; return 0, io.EOF }))
	if fault.CodeOf(err) != fault.TooManyJobs || read {
		t.Errorf("%v, the document was read: %v", err, read)
	}
	if err := send("bob", "a"); err != nil {
		t.Errorf("another owner: %v", err)
	}
	w.diary = nil
	s.Jobs = always{w} // at the check there is room
	if err := send("ann", "c"); fault.CodeOf(err) != fault.TooManyJobs {
		t.Error(err)
	}
	if diff := cmp.Diff([]string{"claim", "save", "admit", "delete files", "release"}, w.diary); diff != "" {
		t.Error(diff)
	}
	if len(w.files) != 3 || len(w.records) != 3 || len(w.claims) != 3 {
		t.Errorf("left: %v %v %v", w.files, w.records, w.claims)
	}
}

// always reports that there is room.
type always struct{ *world }

func (always) CheckQuota(context.Context, string, int) error { return nil }

type readerFunc func([]byte) (int, error)

func (f readerFunc) Read(p []byte) (int, error) { return f(p) }

func TestABrokenConnection(t *testing.T) {
	t.Parallel()
	w := newWorld()
	cut := errors.New("connection reset")
	_, err := w.submitter().SubmitFile(t.Context(), submit.Request{Owner: "ann", IdempotencyKey: "k"}, io.MultiReader(strings.NewReader("%PDF-"), broken{cut}))
	if !errors.Is(err, cut) {
		t.Errorf("%v", err)
	}
	if len(w.claims)+len(w.records)+len(w.tasks) != 0 {
		t.Errorf("left: %v %v %v", w.claims, w.records, w.tasks)
	}
}

type broken struct{ err error }

func (b broken) Read([]byte) (int, error) { return 0, b.err }
