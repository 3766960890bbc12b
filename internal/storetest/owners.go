package storetest

import (
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"github.com/trackmydegree/trackmydegree/internal/guest"
	"github.com/trackmydegree/trackmydegree/internal/timeline"
	"github.com/trackmydegree/trackmydegree/internal/timelines"
)

// countTimelines returns the number of an owner's timelines.
func countTimelines(t *testing.T, s Store, owner string) int {
	t.Helper()
	page, next, err := s.ListTimelines(t.Context(), owner, "", timelines.MaxPage)
	if err != nil || next != "" {
		t.Fatal(next, err)
	}
	return len(page)
}

func timelinesOfOwner(t *testing.T, open Open) {
	ctx, s := t.Context(), open(t, newClock().now)
	for _, owner := range []string{"ann", "ann", "bob"} {
		must(s.InsertTimeline(ctx, newTimeline(owner, "a plan")))(t)
	}
	for _, want := range []int{2, 0} {
		if n := must(s.DeleteTimelines(ctx, "ann"))(t); n != want {
			t.Errorf("%d are deleted, want %d", n, want)
		}
	}
	if ann, bob := countTimelines(t, s, "ann"), countTimelines(t, s, "bob"); ann != 0 || bob != 1 {
		t.Errorf("ann has %d, want 0; bob has %d, want 1", ann, bob)
	}
}

func timelinesOfGuests(t *testing.T, open Open) {
	ctx, clock := t.Context(), newClock()
	s := open(t, clock.now)
	ends := clock.now().Add(time.Hour).Truncate(time.Second)
	early, late := guest.NewOwner(ends), guest.NewOwner(ends.Add(time.Hour))
	saved := must(s.InsertTimeline(ctx, newTimeline(early, "a plan")))(t)
	must(s.InsertTimeline(ctx, newTimeline(early, "another")))(t)
	must(s.InsertTimeline(ctx, newTimeline(late, "a plan")))(t)
	must(s.InsertTimeline(ctx, newTimeline("ann", "hers")))(t)

	// A guest signs in: the timelines become the user's as they are, and no longer end.
	for range 2 {
		if err := s.TransferTimelines(ctx, early, "ann"); err != nil {
			t.Fatal(err)
		}
	}
	found := must(s.FindTimeline(ctx, "ann", saved.ID))(t)
	if diff := cmp.Diff(saved, found, cmpopts.IgnoreFields(timeline.Saved{}, "Owner"), cmpopts.EquateEmpty()); diff != "" || found.Owner != "ann" {
		t.Errorf("the owner is %q; want, got: %s", found.Owner, diff)
	}
	if n := countTimelines(t, s, early); n != 0 {
		t.Errorf("the guest still has %d", n)
	}
	for _, step := range []struct {
		at   time.Time
		want int
	}{{ends.Add(time.Minute), 0}, {ends.Add(2 * time.Hour), 1}, {ends.Add(1000 * time.Hour), 0}} {
		if n := must(s.DeleteExpiredTimelines(ctx, step.at))(t); n != step.want {
			t.Errorf("%d are deleted at %s, want %d", n, step.at, step.want)
		}
	}
	if n := countTimelines(t, s, "ann"); n != 3 {
		t.Errorf("ann has %d, want 3", n)
	}
}
