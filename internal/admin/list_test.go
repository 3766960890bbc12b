package admin_test

import (
	"cmp"
	"context"
	"fmt"
	"log/slog"
	"slices"
	"testing"
	"testing/synctest"
	"time"

	"pgregory.net/rapid"

	"github.com/trackmydegree/trackmydegree/internal/admin"
	"github.com/trackmydegree/trackmydegree/internal/fault"
	"github.com/trackmydegree/trackmydegree/internal/job"
	"github.com/trackmydegree/trackmydegree/internal/testenv"
)

// memory implements queues and jobs with maps.
type memory struct {
	admin.Queue
	tasks   map[job.ID]admin.Task
	records map[job.ID]job.Record
	dead    map[job.ID]job.Record
	load    admin.Load
	fails   map[job.ID]error
	done    []job.ID
	failing error // of CurrentLoad
}

var names = []string{"courseProcessor-high", "courseProcessor", "courseProcessor-low"}

type memoryJobs struct {
	admin.Jobs
	memory *memory
}

func newMemory() *memory {
	return &memory{tasks: map[job.ID]admin.Task{}, records: map[job.ID]job.Record{}, dead: map[job.ID]job.Record{}, fails: map[job.ID]error{}}
}

func (m *memory) deps() admin.Deps {
	return admin.Deps{
		Queue: m, Tasks: unusedTasks{}, Intake: unusedIntake{}, Jobs: memoryJobs{memory: m}, Audit: unusedTrail{}, Clock: time.Now,
		Logger: slog.New(slog.DiscardHandler),
	}
}

func (m *memory) operator() *admin.Service {
	d := m.deps()
	d.Uploads, d.Clock = nothingKept{}, func() time.Time { return noon }
	return testenv.Must(admin.New(d))
}

var noon = time.Date(2026, 11, 23, 12, 0, 0, 0, time.UTC)

func (m *memory) QueueNames() []string { return names }

func (m *memory) QueueOf(_ job.Kind, p job.Priority) string {
	return map[job.Priority]string{job.High: names[0], job.Normal: names[1], job.Low: names[2]}[p]
}

func (m *memory) ListTasks(_ context.Context, queue string, s admin.State) ([]admin.Task, error) {
	var found []admin.Task
	for _, t := range m.tasks {
		if t.Queue == queue && t.State == s {
			found = append(found, t)
		}
	}
	return found, nil
}

func (m *memory) FindTask(_ context.Context, id job.ID) (admin.Task, bool, error) {
	t, ok := m.tasks[id]
	return t, ok, m.fails[id]
}

func (m *memory) RunNow(_ context.Context, t admin.Task) (bool, error) {
	m.done = append(m.done, t.ID)
	return true, nil
}

func (m *memory) CurrentLoad(context.Context) (admin.Load, error) { return m.load, m.failing }

func (m memoryJobs) LoadRecords(_ context.Context, ids []job.ID) (map[job.ID]job.Record, error) {
	return pick(m.memory.records, ids), nil
}

func (m memoryJobs) LoadDeadRecords(_ context.Context, ids []job.ID) (map[job.ID]job.Record, error) {
	return pick(m.memory.dead, ids), nil
}

func pick(from map[job.ID]job.Record, ids []job.ID) map[job.ID]job.Record {
	found := map[job.ID]job.Record{}
	for _, id := range ids {
		if r, ok := from[id]; ok {
			found[id] = r
		}
	}
	return found
}

func (m memoryJobs) ListDead(context.Context) ([]job.ID, error) {
	var ids []job.ID
	for id := range m.memory.dead {
		ids = append(ids, id)
	}
	return ids, nil
}

func (m memoryJobs) CountDead(context.Context) (int, error) { return len(m.memory.dead), nil }

func (m memoryJobs) LoadDead(_ context.Context, id job.ID) (job.Dead, error) {
	r, ok := m.memory.dead[id]
	if !ok {
		return job.Dead{}, fault.New(fault.JobNotFound)
	}
	return job.Dead{Record: r}, nil
}

type nothingKept struct{ admin.Uploads }

// unusedTasks and unusedIntake are dependencies that a list does not call.
type (
	unusedTasks  struct{ admin.Tasks }
	unusedIntake struct{ admin.Intake }
	// unusedTrail keeps nothing.
	unusedTrail struct{ admin.AuditTrail }
)

func (unusedTrail) AppendEntry(context.Context, admin.AuditEntry) error { return nil }

func (nothingKept) HasKeptDocument(context.Context, job.ID) (bool, error) { return false, nil }

// add draws a job in any state.
func (m *memory) add(t *rapid.T, n int) job.ID {
	id := job.ID(fmt.Sprintf("%04d", rapid.IntRange(0, 9999).Draw(t, "id"))) // in random order, and sometimes repeated
	delete(m.tasks, id)
	delete(m.dead, id)
	at := noon.Add(-time.Duration(rapid.IntRange(0, 20).Draw(t, "age")) * time.Minute) // often equal
	r := job.Record{
		ID: id, Kind: rapid.SampledFrom([]job.Kind{job.File, job.Form}).Draw(t, "kind"), CreatedAt: at, FinishedAt: at,
		Priority: rapid.SampledFrom([]job.Priority{job.High, job.Normal, job.Low}).Draw(t, "priority"),
	}
	if code := rapid.SampledFrom([]fault.Code{"", fault.Timeout, fault.Internal}).Draw(t, "code"); code != "" {
		r.Error = &job.Failure{Code: code}
	}
	s := rapid.SampledFrom(admin.AllStates()).Draw(t, "state")
	if s == admin.Dead {
		m.dead[id] = r
		return id
	}
	m.tasks[id] = admin.Task{ID: id, Queue: m.QueueOf(r.Kind, r.Priority), State: s}
	delete(m.records, id)
	if n%10 > 0 { // some have lost their record
		m.records[id] = r
	}
	return id
}

// A job that stays is listed exactly once, in the order of time, whatever jobs come and go between two pages.
func TestPagesAreWhole(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		m, ctx := newMemory(), context.Background()
		for n := range rapid.IntRange(0, 40).Draw(t, "jobs") {
			m.add(t, n)
		}
		f := admin.Filter{
			Kind:   rapid.SampledFrom([]job.Kind{"", job.File}).Draw(t, "of kind"),
			Code:   rapid.SampledFrom([]fault.Code{"", fault.Timeout}).Draw(t, "of code"),
			Queue:  rapid.SampledFrom([]string{"", names[0]}).Draw(t, "of queue"),
			States: rapid.SampledFrom([][]admin.State{nil, {admin.Dead}, {admin.Retry, admin.Pending}}).Draw(t, "of states"),
		}
		staying, _, err := m.operator().ListJobs(ctx, f, admin.Page{Limit: admin.MaxLimit})
		if err != nil {
			t.Fatal(err)
		}
		var walked []admin.Job
		for cursor, first := "", true; first || cursor != ""; first = false {
			var page []admin.Job
			limit := rapid.IntRange(1, 7).Draw(t, "limit")
			if page, cursor, err = m.operator().ListJobs(ctx, f, admin.Page{Limit: limit, Cursor: cursor}); err != nil {
				t.Fatal(err)
			}
			if len(page) > limit || cursor != "" && len(page) < limit {
				t.Fatalf("%d jobs on a page of %d", len(page), limit)
			}
			walked = append(walked, page...)
			// A client retries the listed jobs, and new jobs arrive.
			for _, j := range page {
				if rapid.Bool().Draw(t, "goes") {
					delete(m.tasks, j.ID)
					delete(m.dead, j.ID)
				}
			}
			if rapid.Bool().Draw(t, "comes") {
				id := m.add(t, 1)
				staying = slices.DeleteFunc(staying, func(j admin.Job) bool { return j.ID == id })
			}
		}
		times := map[job.ID]int{}
		for _, j := range walked {
			times[j.ID]++
		}
		for _, j := range staying {
			if times[j.ID] != 1 {
				t.Errorf("%s (%s) is listed %d times", j.ID, j.State, times[j.ID])
			}
		}
		if !slices.IsSortedFunc(walked, func(a, b admin.Job) int { return cmp.Or(a.Since.Compare(b.Since), cmp.Compare(a.ID, b.ID)) }) {
			t.Errorf("in no order: %+v", walked)
		}
	})
}

func TestFiltersThatCannotBeMeant(t *testing.T) {
	t.Parallel()
	for name, f := range map[string]admin.Filter{
		"state":    {States: []admin.State{admin.Dead, "lost"}},
		"kind":     {Kind: "x"},
		"code":     {Code: "x"},
		"negative": {OlderThan: -1},
		"backward": {OlderThan: time.Hour, NewerThan: time.Hour},
	} {
		if err := f.Validate(); fault.CodeOf(err) != fault.BadRequest || len(fault.From(err).Fields) == 0 {
			t.Errorf("%s: %v", name, err)
		}
	}
	o := newMemory().operator()
	for name, p := range map[string]admin.Page{"limit": {Limit: admin.MaxLimit + 1}, "none": {Limit: -1}, "cursor": {Cursor: "?"}, "half": {Cursor: "MTIz"}} {
		_, _, err := o.ListJobs(t.Context(), admin.Filter{}, p)
		wantCode(t, name, err, fault.BadRequest)
	}
	_, _, err := o.ListJobs(t.Context(), admin.Filter{Queue: "x"}, admin.Page{})
	wantCode(t, "queue", err, fault.NotFound)
	for _, all := range []func(context.Context, admin.BulkRequest) (admin.BulkReport, error){o.RetryAll, o.DeleteAll} {
		_, err := all(t.Context(), admin.BulkRequest{})
		wantCode(t, "a bulk of whatever", err, fault.BadRequest)
	}
}

func ids(jobs []admin.Job) string {
	text := ""
	for _, j := range jobs {
		text += string(j.ID)
	}
	return text
}

// waiting returns four jobs that wait for their next attempt.
func waiting() *memory {
	m := newMemory()
	for i, id := range []job.ID{"a", "b", "c", "d"} {
		m.tasks[id] = admin.Task{ID: id, Queue: names[1], State: admin.Retry}
		m.records[id] = job.Record{ID: id, Kind: job.Form, CreatedAt: noon.Add(time.Duration(i) * time.Second)}
	}
	return m
}

func TestBulk(t *testing.T) {
	t.Parallel()
	all := admin.Filter{States: []admin.State{admin.Retry, admin.Dead}}

	t.Run("one that is refused keeps no other", func(t *testing.T) {
		t.Parallel()
		m := waiting()
		m.fails["b"] = fault.WithDetail(fault.Conflict, "Not this one.")
		m.dead["e"] = job.Record{ID: "e", Kind: job.File, FinishedAt: noon.Add(time.Hour)}
		r, err := m.operator().RetryAll(t.Context(), admin.BulkRequest{Filter: all})
		if err != nil || ids(r.Jobs) != "acd" || len(r.Failed) != 2 || r.Failed[0].ID != "b" || r.Failed[0].Detail != "Not this one." || r.Failed[1].ID != "e" || r.Next != "" {
			t.Errorf("%+v, %v", r, err)
		}
	})
	t.Run("a dry run does nothing, and says what would be refused", func(t *testing.T) {
		t.Parallel()
		m := waiting()
		m.dead["e"] = job.Record{ID: "e", Kind: job.File, FinishedAt: noon.Add(time.Hour)}
		r, err := m.operator().RetryAll(t.Context(), admin.BulkRequest{Filter: all, DryRun: true})
		if err != nil || !r.DryRun || ids(r.Jobs) != "abcd" || len(r.Failed) != 1 || r.Failed[0].ID != "e" || len(m.done) > 0 {
			t.Errorf("%+v, %v, done %v", r, err, m.done)
		}
	})
	t.Run("an unavailable part ends it, and the rest can be done later", func(t *testing.T) {
		t.Parallel()
		m := waiting()
		m.fails["c"] = fault.New(fault.QueueUnavailable)
		r, err := m.operator().RetryAll(t.Context(), admin.BulkRequest{Filter: all})
		wantCode(t, "retry", err, fault.QueueUnavailable)
		if ids(r.Jobs) != "ab" || r.Next == "" {
			t.Errorf("%+v", r)
		}
		delete(m.fails, "c")
		r, err = m.operator().RetryAll(t.Context(), admin.BulkRequest{Filter: all, Page: admin.Page{Cursor: r.Next}})
		if err != nil || ids(r.Jobs) != "cd" {
			t.Errorf("%+v, %v", r, err)
		}
	})
	t.Run("a caller without time gets the first, and the cursor of the next", func(t *testing.T) {
		t.Parallel()
		m, got := waiting(), ""
		b := admin.BulkRequest{Filter: all}
		for range 4 {
			ctx, cancel := context.WithTimeout(t.Context(), 300*time.Millisecond) // less than the reserve for the answer
			r, err := m.operator().RetryAll(ctx, b)
			cancel()
			if err != nil || len(r.Jobs) != 1 {
				t.Fatalf("%+v, %v", r, err)
			}
			got, b.Cursor = got+ids(r.Jobs), r.Next
		}
		if got != "abcd" || b.Cursor != "" {
			t.Errorf("%s, then %q", got, b.Cursor)
		}
	})
}

// The queues count as empty after two empty readings that are far enough apart for a submission under way.
func TestDrained(t *testing.T) {
	t.Parallel()
	full := admin.Load{Queues: []admin.QueueLoad{{Active: 1}}}
	for name, c := range map[string]struct {
		at   map[int]admin.Load // by reading
		fail map[int]error
		want int // the reading at which it ends
	}{
		"empty from the start":           {want: 7}, // after 3 s
		"work that ends":                 {at: map[int]admin.Load{1: full, 7: full, 8: full}, want: 10},
		"a task that changes places":     {at: map[int]admin.Load{7: full, 9: full}, want: 11},
		"Redis is unavailable meanwhile": {fail: map[int]error{6: fault.New(fault.QueueUnavailable), 8: fault.New(fault.QueueUnavailable)}, want: 10},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				m := newMemory()
				m.load, m.failing = c.at[1], c.fail[1]
				o := testenv.Must(admin.New(m.deps()))
				looks := 0
				err := o.WaitUntilDrained(t.Context(), func(admin.Stats, error) {
					looks++
					m.load, m.failing = c.at[looks+1], c.fail[looks+1]
				})
				if err != nil || looks != c.want {
					t.Errorf("after %d looks, want %d: %v", looks, c.want, err)
				}
			})
		})
	}
}

func TestDrainedEndsWithItsContext(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		m := newMemory()
		m.load = admin.Load{Queues: []admin.QueueLoad{{Retry: 1}}}
		o := testenv.Must(admin.New(m.deps()))
		late := fmt.Errorf("too late")
		ctx, cancel := context.WithTimeoutCause(t.Context(), time.Minute, late)
		defer cancel()
		if err := o.WaitUntilDrained(ctx, func(admin.Stats, error) {}); err != late { //nolint:errorlint // exactly this error
			t.Errorf("%v", err)
		}
	})
}
