package storetest

import (
	"slices"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/trackmydegree/trackmydegree/internal/timeline"
)

// restoreTimelines restores timelines as they were, over none, over one of a known version, and not over any other.
func restoreTimelines(t *testing.T, open Open) {
	s, ctx := open(t, time.Now), t.Context()
	kept := must(s.InsertTimeline(ctx, newTimeline("ann", "kept")))(t)
	changed := must(s.UpdateTimeline(ctx, must(s.InsertTimeline(ctx, newTimeline("ann", "changed")))(t)))(t)
	mine := must(s.InsertTimeline(ctx, newTimeline("bob", "mine")))(t)

	lost := newTimeline("carl", "lost")
	lost.ID, lost.Version = absent, 7
	lost.CreatedAt = time.Date(2025, 1, 2, 3, 4, 5, 6_000_000, time.UTC)
	lost.UpdatedAt = lost.CreatedAt.Add(time.Hour)
	over := changed
	over.Name, over.Version = "from the backup", 9
	stolen, late := mine, kept
	stolen.Owner, late.Name = "mallory", "too late"

	n := must(s.RestoreTimelines(ctx, []timeline.Saved{lost, over, stolen, late, kept},
		map[string]int64{over.ID: changed.Version, stolen.ID: mine.Version, late.ID: kept.Version + 1}))(t)
	if n != 2 {
		t.Errorf("restored %d timelines, want the lost one and the changed one", n)
	}
	ids := []string{lost.ID, over.ID, mine.ID, kept.ID, "ffffffffffffffffffffffff"}
	got := must(s.FindTimelines(ctx, ids))(t)
	want := map[string]timeline.Saved{lost.ID: lost, over.ID: over, mine.ID: mine, kept.ID: kept}
	if d := cmp.Diff(want, got); d != "" {
		t.Errorf("found (-want +got):\n%s", d)
	}
	page, _, err := s.ListTimelines(ctx, "carl", "", 10)
	if err != nil || !slices.ContainsFunc(page, func(l timeline.Saved) bool { return l.ID == lost.ID }) {
		t.Errorf("its owner's list is %+v, %v; want the lost one", page, err)
	}
}

// adoptInstallation stores the id of an installation once.
func adoptInstallation(t *testing.T, open Open) {
	s, ctx := open(t, time.Now), t.Context()
	for _, id := range []string{"first", "second"} {
		if err := s.AdoptInstallation(ctx, id); err != nil {
			t.Fatal(err)
		}
		if got := must(s.InstallationID(ctx))(t); got != "first" {
			t.Errorf("the installation is %q, want the first that was stored", got)
		}
	}
}
