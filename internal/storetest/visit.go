package storetest

import (
	"errors"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/trackmydegree/trackmydegree/internal/timeline"
)

// visitTimelines visits the timelines of all owners, each whole, and stops when the visitor does.
func visitTimelines(t *testing.T, open Open) {
	s, ctx := open(t, time.Now), t.Context()
	var want []timeline.Saved
	for _, owner := range []string{"ann", "bob", "ann"} {
		want = append(want, must(s.InsertTimeline(ctx, newTimeline(owner, "plan")))(t))
	}
	var got []timeline.Saved
	if err := s.VisitTimelines(ctx, func(saved timeline.Saved) error { got = append(got, saved); return nil }); err != nil {
		t.Fatal(err)
	}
	for _, list := range [][]timeline.Saved{want, got} {
		slices.SortFunc(list, func(a, b timeline.Saved) int { return strings.Compare(a.ID, b.ID) })
	}
	if d := cmp.Diff(want, got); d != "" {
		t.Errorf("visited (-want +got):\n%s", d)
	}
	enough, visits := errors.New("enough"), 0
	if err := s.VisitTimelines(ctx, func(timeline.Saved) error { visits++; return enough }); !errors.Is(err, enough) || visits != 1 {
		t.Errorf("a visitor that stops gets %d timelines and the error %v, want one and its own", visits, err)
	}
}
