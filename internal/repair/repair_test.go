package repair_test

import (
	"context"
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/prometheus/client_golang/prometheus"

	"github.com/trackmydegree/trackmydegree/internal/fault"
	"github.com/trackmydegree/trackmydegree/internal/job"
	"github.com/trackmydegree/trackmydegree/internal/repair"
	"github.com/trackmydegree/trackmydegree/internal/submit"
	"github.com/trackmydegree/trackmydegree/internal/testenv"
)

// Redis loses everything. Accepted jobs are restored and run once.
func TestAWipedRedis(t *testing.T) {
	onBoth(t, func(t *testing.T, e *env) {
		keyed := submit.Request{Owner: "ünïcode \"owner\"", Priority: job.High, IdempotencyKey: "k"}
		ids := []job.ID{e.file(keyed), e.file(submit.Request{Owner: "bob"}), e.form("bob"), e.load("bob"), e.plan("bob")}
		before := map[job.ID]job.Record{}
		for _, id := range ids {
			r, err := e.records.LoadRecord(t.Context(), id)
			e.must(err)
			before[id] = r
		}
		e.wipe()
		e.settle()
		for _, id := range ids {
			r, err := e.records.LoadRecord(t.Context(), id)
			e.must(err)
			if r.Fence < e.clock.Now().Add(-time.Hour).UnixMilli() {
				t.Errorf("the fence %d may be that of an attempt before", r.Fence)
			}
			r.Fence, r.Base, r.UpdatedAt = before[id].Fence, before[id].Base, before[id].UpdatedAt
			if diff := cmp.Diff(before[id], r); diff != "" {
				t.Errorf("a record that was made again (-before +after):\n%s", diff)
			}
		}
		if d := e.depths(); d[0].Pending != 1 || d[1].Pending != 3 || d[3].Pending != 1 {
			t.Errorf("queues: %+v", d)
		}
		if got, err := e.submitter().SubmitFile(t.Context(), keyed, pdf()); err != nil || got != (submit.Receipt{ID: ids[0], Existing: true}) {
			t.Errorf("the same key again: %+v, %v", got, err)
		}
		e.work()
		e.settle()
		for _, id := range ids {
			if e.results[id] != 1 || e.state(id) != job.Done {
				t.Errorf("%s: %d results, %s", id, e.results[id], e.state(id))
			}
		}
		e.quiet()
		if diff := cmp.Diff(map[string]int{"record_lost": 5}, e.healed()); diff != "" {
			t.Error(diff)
		}
		if strings.Contains(e.log.String(), "bob") || strings.Contains(e.log.String(), "BEng") {
			t.Errorf("the log says who or what it was: %s", e.log)
		}
	})
}

// Each part that is lost alone is repaired in the second round and not in the first.
func TestEachLoss(t *testing.T) {
	for name, c := range map[string]struct {
		lose   func(*env, job.ID)
		healed map[string]int
		end    job.State // after a worker has run
	}{
		"nothing": {func(*env, job.ID) {}, map[string]int{}, job.Done},
		"the task": {
			func(e *env, id job.ID) { e.loseTask(id) }, map[string]int{"task_lost": 1}, job.Done,
		},
		"the task, put away": {
			func(e *env, id job.ID) { e.must(e.inspect.ArchiveTask("courseProcessor", string(id))) },
			map[string]int{"task_archived": 1}, job.Done,
		},
		"the record": {
			func(e *env, id job.ID) { e.must(e.redis.Del(e.t.Context(), "job:timeline:"+string(id)).Err()) },
			map[string]int{"record_lost": 1, "index_left": 1}, job.Done,
		},
		"the document and the task": {
			func(e *env, id job.ID) { e.loseTask(id); e.must(e.files.Delete(e.t.Context(), id)) },
			map[string]int{"document_lost": 1}, job.Failed,
		},
		"the document alone and the task": {
			func(e *env, id job.ID) {
				e.loseTask(id)
				ticket, err := e.files.LoadTicket(e.t.Context(), id)
				e.must(err)
				e.must(e.files.Delete(e.t.Context(), id))
				b, err := ticket.Encode()
				e.must(err)
				e.put(string(id)+".json", string(b), time.Hour)
			},
			map[string]int{"document_lost": 1, "files_left": 1}, job.Failed,
		},
		"a ticket, damaged, while all the rest is there": {
			func(e *env, id job.ID) { e.put(string(id)+".json", "{", time.Hour) }, map[string]int{}, job.Done,
		},
	} {
		t.Run(name, func(t *testing.T) {
			onBoth(t, func(t *testing.T, e *env) {
				id := e.file(submit.Request{Owner: "ann"})
				c.lose(e, id)
				e.clock.Advance(10 * time.Second)
				e.round()
				for what := range e.healed() {
					t.Errorf("%s at first sight", what)
				}
				e.round()
				e.work()
				e.settle()
				if got := e.state(id); got != c.end {
					t.Errorf("the job is %q, want %q", got, c.end)
				}
				if diff := cmp.Diff(c.healed, e.healed()); diff != "" {
					t.Errorf("healed (-want +got):\n%s", diff)
				}
				e.quiet()
			})
		})
	}
}

// Files without an owner: how long each stays.
func TestLeftovers(t *testing.T) {
	ticket := func(id job.ID, kind job.Kind, input string) string {
		b, err := job.Ticket{ID: id, Kind: kind, Owner: "ann", CreatedAt: time.Now(), Input: []byte(input)}.Encode()
		if err != nil {
			panic(err)
		}
		return string(b)
	}
	for name, c := range map[string]struct {
		put  func(e *env, id job.ID, age time.Duration)
		stay time.Duration // it is deleted at that age
		what string
	}{
		"a document alone": {func(e *env, id job.ID, age time.Duration) { e.put(string(id)+".pdf", "%PDF-", age) }, 24 * time.Hour, "files_expired"},
		"a document with a damaged ticket": {func(e *env, id job.ID, age time.Duration) {
			e.put(string(id)+".pdf", "%PDF-", age)
			e.put(string(id)+".json", `{"apiVersion":"v1"}`, age)
		}, 24 * time.Hour, "files_expired"},
		"a document with the ticket of another": {func(e *env, id job.ID, age time.Duration) {
			e.put(string(id)+".pdf", "%PDF-", age)
			e.put(string(id)+".json", ticket(newID(), job.File, ""), age)
		}, 24 * time.Hour, "files_expired"},
		"a ticket alone":   {func(e *env, id job.ID, age time.Duration) { e.put(string(id)+".json", ticket(id, job.File, ""), age) }, time.Hour, "files_expired"},
		"a damaged ticket": {func(e *env, id job.ID, age time.Duration) { e.put(string(id)+".json", "", age) }, time.Hour, "files_expired"},
		"a temporary file": {func(e *env, id job.ID, age time.Duration) { e.put(string(id)+".ABCDEFGH.tmp", "%PDF-", age) }, time.Hour, "draft_left"},
		"a job of yesterday": {func(e *env, id job.ID, age time.Duration) {
			e.put(string(id)+".pdf", "%PDF-", age)
			e.put(string(id)+".json", ticket(id, job.File, ""), age)
		}, 0, "files_expired"},
	} {
		t.Run(name, func(t *testing.T) {
			onBoth(t, func(t *testing.T, e *env) {
				if c.stay > 0 {
					young := newID()
					c.put(e, young, c.stay-time.Minute)
					e.round()
					e.round()
					if len(e.names()) == 0 || len(e.healed()) != 0 {
						t.Errorf("gone before its time: %v, %v", e.names(), e.healed())
					}
					e.must(e.files.Delete(t.Context(), young))
				}
				old := newID()
				c.put(e, old, max(c.stay, 24*time.Hour))
				e.put("notes.txt", "x", 100*24*time.Hour)
				e.round()
				e.round()
				for _, name := range e.names() {
					if strings.HasPrefix(name, string(old)) {
						t.Errorf("%s stays", name)
					}
				}
				if e.healed()[c.what] == 0 {
					t.Errorf("healed %v", e.healed())
				}
				if state := e.state(old); state != "" {
					t.Errorf("it was made a job: %s", state)
				}
			})
		})
	}
}

// Young items are not repaired: their submission may be under way.
func TestTheYoungAreLeftAlone(t *testing.T) {
	onBoth(t, func(t *testing.T, e *env) {
		id := e.file(submit.Request{Owner: "ann"})
		e.loseTask(id)
		e.must(e.sweeper.RepairOnce(t.Context()))
		e.must(e.sweeper.RepairOnce(t.Context()))
		e.wipe()
		e.must(e.sweeper.RepairOnce(t.Context()))
		e.must(e.sweeper.RepairOnce(t.Context()))
		if len(e.healed()) != 0 {
			t.Errorf("healed %v", e.healed())
		}
	})
}

// An item that moves between two checks is not lost.
func TestTwoLooks(t *testing.T) {
	onBoth(t, func(t *testing.T, e *env) {
		id := e.file(submit.Request{Owner: "ann"})
		e.clock.Advance(time.Minute)
		for range 3 {
			e.loseTask(id)
			e.round()
			e.must(e.tasks.Enqueue(t.Context(), job.Task{ID: id, Kind: job.File}))
			e.round()
		}
		if len(e.healed()) != 0 {
			t.Errorf("healed %v", e.healed())
		}
	})
}

// between calls a function when a record is about to be restored.
type between struct {
	repair.Jobs
	do func()
}

func (b between) RestoreRecord(ctx context.Context, t job.Ticket) (bool, error) {
	b.do()
	return b.Jobs.RestoreRecord(ctx, t)
}

// A job that its owner deletes during the restore stays deleted.
func TestDeletedMeanwhile(t *testing.T) {
	onBoth(t, func(t *testing.T, e *env) {
		id := e.file(submit.Request{Owner: "ann"})
		d := e.deps("one", prometheus.NewRegistry())
		deleted := false
		d.Jobs = between{e.records, func() {
			deleted = true
			e.must(e.files.Delete(t.Context(), id))
			e.must(e.records.DeleteJob(t.Context(), id))
		}}
		e.sweeper = testenv.Must(repair.New(d))
		e.wipe()
		e.settle()
		if !deleted || e.state(id) != "" {
			t.Errorf("it is %q again; deleted: %v", e.state(id), deleted)
		}
		e.settle()
		e.quiet()
	})
}

// A submission that continues after repair has restored its job does no harm.
func TestASlowSubmission(t *testing.T) {
	onBoth(t, func(t *testing.T, e *env) {
		s := e.submitter(func(d *submit.Deps) {
			d.Jobs = slow{e.records, func() {
				e.settle() // the files have no record
				e.work()
			}}
		})
		got, err := s.SubmitFile(t.Context(), submit.Request{Owner: "ann"}, pdf())
		if err != nil || got.Existing {
			t.Fatalf("%+v, %v", got, err)
		}
		e.work()
		e.settle()
		if e.results[got.ID] != 1 || e.state(got.ID) != job.Done {
			t.Errorf("%d results, %s", e.results[got.ID], e.state(got.ID))
		}
		e.quiet()
	})
}

type slow struct {
	submit.Jobs
	before func()
}

func (s slow) AdmitJob(ctx context.Context, r job.Record, input []byte, terms submit.AdmissionPolicy) (job.ID, error) {
	s.before()
	return s.Jobs.AdmitJob(ctx, r, input, terms)
}

// An attempt that began before Redis was wiped writes nothing to the restored record.
func TestAnAttemptOfTheEarlierLife(t *testing.T) {
	onBoth(t, func(t *testing.T, e *env) {
		id := e.file(submit.Request{Owner: "ann"})
		old, _, err := e.records.BeginAttempt(t.Context(), id, 1)
		e.must(err)
		e.wipe()
		e.settle()
		if _, _, err := e.records.BeginAttempt(t.Context(), id, 1); err != nil {
			t.Fatal(err)
		}
		if err := e.records.FailJob(t.Context(), id, old.Fence, job.Failure{Code: fault.Timeout}); !errors.Is(err, job.ErrSuperseded) {
			t.Errorf("%v", err)
		}
	})
}

// Many jobs take several round trips, and none is skipped.
func TestManyJobs(t *testing.T) {
	onBoth(t, func(t *testing.T, e *env) {
		const n = 450
		for i := range n {
			id := newID()
			r := job.Record{ID: id, Kind: job.Form, Owner: "ann", State: job.Queued, CreatedAt: e.clock.Now(), UpdatedAt: e.clock.Now()}
			_, err := e.records.AdmitJob(t.Context(), r, []byte("{}"), submit.AdmissionPolicy{})
			e.must(err)
			if i%3 == 0 {
				e.must(e.tasks.Enqueue(t.Context(), job.Task{ID: id, Kind: job.Form}))
			}
		}
		e.settle()
		if got := e.depths()[1].Pending; got != n || e.healed()["task_lost"] != n-n/3 {
			t.Errorf("%d tasks of %d, healed %v", got, n, e.healed())
		}
	})
}
