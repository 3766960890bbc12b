package account_test

import (
	"context"
	"errors"
	"log/slog"
	"maps"
	"slices"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/trackmydegree/trackmydegree/internal/account"
	"github.com/trackmydegree/trackmydegree/internal/fault"
	"github.com/trackmydegree/trackmydegree/internal/guest"
	"github.com/trackmydegree/trackmydegree/internal/job"
	"github.com/trackmydegree/trackmydegree/internal/testenv"
	"github.com/trackmydegree/trackmydegree/internal/timeline"
)

// world is every store in memory. failAt makes the n-th write fail, as a crash does.
type world struct {
	jobs      map[job.ID]job.Record
	tickets   map[job.ID]job.Ticket
	timelines map[string]string // id → owner
	writes    int
	failAt    int
}

var errCrash = errors.New("crash")

func (w *world) write(change func()) error {
	w.writes++
	if w.writes == w.failAt {
		return errCrash
	}
	change()
	return nil
}

func (w *world) ListOwned(_ context.Context, owner string) (owned []job.Record, _ error) {
	for _, id := range slices.Sorted(maps.Keys(w.jobs)) {
		if w.jobs[id].Owner == owner {
			owned = append(owned, w.jobs[id])
		}
	}
	return owned, nil
}

func (w *world) DeleteJob(_ context.Context, id job.ID) error {
	return w.write(func() { delete(w.jobs, id) })
}

func (w *world) TransferJob(_ context.Context, id job.ID, from, to string) error {
	return w.write(func() {
		if r := w.jobs[id]; r.Owner == from {
			r.Owner = to
			w.jobs[id] = r
		}
	})
}

func (w *world) FindTimeline(_ context.Context, owner, id string) (timeline.Saved, error) {
	if w.timelines[id] != owner {
		return timeline.Saved{}, fault.New(fault.TimelineNotFound)
	}
	return timeline.Saved{ID: id, Owner: owner, DegreeID: "soen"}, nil
}

func (w *world) ListTimelines(_ context.Context, owner, cursor string, _ int) ([]timeline.Saved, string, error) {
	for _, id := range slices.Sorted(maps.Keys(w.timelines)) {
		if w.timelines[id] == owner && id > cursor {
			return []timeline.Saved{{ID: id}}, id, nil
		}
	}
	return nil, "", nil
}

func (w *world) DeleteTimelines(_ context.Context, owner string) (int, error) {
	return 0, w.write(func() { maps.DeleteFunc(w.timelines, func(_, o string) bool { return o == owner }) })
}

func (w *world) TransferTimelines(_ context.Context, from, to string) error {
	return w.write(func() {
		for id, owner := range w.timelines {
			if owner == from {
				w.timelines[id] = to
			}
		}
	})
}

func (w *world) DeleteExpiredTimelines(context.Context, time.Time) (int, error) { return 0, nil }

func (w *world) LoadTicket(_ context.Context, id job.ID) (job.Ticket, error) {
	if t, ok := w.tickets[id]; ok {
		return t, nil
	}
	return job.Ticket{}, fault.New(fault.JobNotFound)
}

func (w *world) ReplaceTicket(_ context.Context, t job.Ticket) error {
	return w.write(func() { w.tickets[t.ID] = t })
}

func (w *world) DeleteAll(_ context.Context, id job.ID) error {
	return w.write(func() { delete(w.tickets, id) })
}

var aGuest = guest.NewOwner(time.Unix(2_000_000_000, 0))

func newWorld() *world {
	w := &world{jobs: map[job.ID]job.Record{}, tickets: map[job.ID]job.Ticket{}, timelines: map[string]string{"t1": aGuest, "t2": aGuest, "t3": "bob"}}
	for id, r := range map[job.ID]job.Record{
		"done": {Owner: aGuest, State: job.Done}, "open": {Owner: aGuest, State: job.Processing}, "bobs": {Owner: "bob", State: job.Queued},
	} {
		r.ID = id
		w.jobs[id] = r
		if !r.State.IsFinal() {
			w.tickets[id] = job.Ticket{ID: id, Owner: r.Owner}
		}
	}
	return w
}

func newService(w *world) *account.Service {
	return testenv.Must(account.New(account.Deps{Jobs: w, Timelines: w, Uploads: w, Clock: time.Now, Logger: slog.New(slog.DiscardHandler)}))
}

// ownedBy returns what an owner has.
func (w *world) ownedBy(owner string) []string {
	names := []string{}
	for id, r := range w.jobs {
		if r.Owner == owner {
			names = append(names, "job "+string(id))
		}
	}
	for id, t := range w.tickets {
		if t.Owner == owner {
			names = append(names, "ticket "+string(id))
		}
	}
	for id, o := range w.timelines {
		if o == owner {
			names = append(names, "timeline "+id)
		}
	}
	slices.Sort(names)
	return names
}

func (w *world) wantOwned(t *testing.T, owner string, want ...string) {
	t.Helper()
	if diff := cmp.Diff(append([]string{}, want...), w.ownedBy(owner)); diff != "" {
		t.Errorf("%s: want, got: %s", owner, diff)
	}
}

// After a crash at any write the same call again transfers the rest, and what was of another owner stays there.
func TestClaimGuest(t *testing.T) {
	t.Parallel()
	for failAt := range 6 {
		w := newWorld()
		w.failAt = failAt
		if err := newService(w).ClaimGuest(t.Context(), aGuest, "ann"); failAt > 0 && failAt <= 4 && !errors.Is(err, errCrash) {
			t.Errorf("a crash at %d: got %v", failAt, err)
		}
		if all := len(w.ownedBy(aGuest)) + len(w.ownedBy("ann")); all != 5 {
			t.Errorf("after a crash at %d there are %d things, want 5", failAt, all)
		}
		w.failAt = 0
		if err := newService(w).ClaimGuest(t.Context(), aGuest, "ann"); err != nil {
			t.Errorf("again after a crash at %d: %v", failAt, err)
		}
		w.wantOwned(t, aGuest)
		w.wantOwned(t, "ann", "job done", "job open", "ticket open", "timeline t1", "timeline t2")
		w.wantOwned(t, "bob", "job bobs", "ticket bobs", "timeline t3")
	}
}

func TestClaimsThatAreNone(t *testing.T) {
	t.Parallel()
	w := newWorld()
	for _, c := range [][2]string{{"bob", "ann"}, {aGuest, guest.NewOwner(time.Unix(1, 0))}, {aGuest, ""}} {
		if err := newService(w).ClaimGuest(t.Context(), c[0], c[1]); fault.CodeOf(err) != fault.Internal {
			t.Errorf("from %q to %q: got %v", c[0], c[1], err)
		}
	}
	w.wantOwned(t, "bob", "job bobs", "ticket bobs", "timeline t3")
}

func TestEraseAll(t *testing.T) {
	t.Parallel()
	for failAt := range 6 {
		w := newWorld()
		w.failAt = failAt
		if err := newService(w).EraseAll(t.Context(), aGuest); failAt > 0 && !errors.Is(err, errCrash) {
			t.Errorf("a crash at %d: got %v", failAt, err)
		}
		w.failAt = 0
		if err := newService(w).EraseAll(t.Context(), aGuest); err != nil {
			t.Errorf("again after a crash at %d: %v", failAt, err)
		}
		w.wantOwned(t, aGuest)
		w.wantOwned(t, "bob", "job bobs", "ticket bobs", "timeline t3")
	}
}

func TestExportAll(t *testing.T) {
	t.Parallel()
	all, err := newService(newWorld()).ExportAll(t.Context(), aGuest)
	if err != nil || len(all.Jobs) != 2 || len(all.Timelines) != 2 || all.Timelines[1].DegreeID != "soen" {
		t.Errorf("got %+v (%v)", all, err)
	}
	empty, err := newService(newWorld()).ExportAll(t.Context(), "eve")
	if err != nil || len(empty.Jobs) != 0 || empty.Timelines == nil || len(empty.Timelines) != 0 {
		t.Errorf("of another owner: %+v (%v)", empty, err)
	}
}

// The cleanup runs once at the start, and ends with its context.
func TestRun(t *testing.T) {
	t.Parallel()
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if err := newService(newWorld()).Run(ctx); err != nil {
		t.Errorf("got %v, want nil", err)
	}
}
