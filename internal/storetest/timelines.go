package storetest

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/trackmydegree/trackmydegree/internal/audit"
	"github.com/trackmydegree/trackmydegree/internal/fault"
	"github.com/trackmydegree/trackmydegree/internal/timeline"
	"github.com/trackmydegree/trackmydegree/internal/timelines"
	"github.com/trackmydegree/trackmydegree/internal/warning"
)

// newTimeline is a timeline with one of everything.
func newTimeline(owner, name string) timeline.Saved {
	fall, credits := "FALL 2024", 3.5
	return timeline.Saved{
		Owner: owner, Name: name, DegreeID: "soen", Calendar: "2026-27", IsCoop: true,
		Semesters: []timeline.Semester{
			{Term: fall, Courses: []timeline.Sitting{{Code: "COMP 248"}, {Code: "COMP 232", Credits: &credits, IsBelowCMinus: true, Message: "C- needed"}}},
			{Term: "FALL/WINTER 2028-29", Courses: []timeline.Sitting{}},
			{Term: "WINTER 2029", Courses: []timeline.Sitting{{Code: "Electives", Pool: "a pool", Credits: &credits}}},
		},
		States: map[string]timeline.State{
			"COMP 248": {Status: timeline.Completed, Semester: &fall},
			"HIST 283": {Status: timeline.Completed, Via: "transfer"},
		},
		Exemptions:   []string{"MATH 203"},
		Deficiencies: []string{},
		Extra:        []timeline.ExtraCourse{{Code: "ENGR 107", Title: "Éthique", Credits: 0.25}},
		Required:     138,
		Transfers:    []timeline.Transfer{{Title: "PHIL 2XX", Credits: &credits, Via: timeline.ViaTransfer}, {Code: "HIST 283", Via: timeline.ViaTransfer}},
		Warnings:     []warning.Warning{{Code: warning.GPADiffers, Message: "m", Page: 2, Expected: "1", Found: "2"}},
		Pins:         map[string]string{"COMP 248": "a pool"},
		Waivers:      []audit.Waiver{{Code: audit.Excluded, Course: "COMP 232", Reason: "r"}, {Code: audit.Overload, Term: "FALL 2027"}},
	}
}

// clock is a clock that the test sets.
type clock struct {
	mu sync.Mutex
	t  time.Time
}

func newClock() *clock { return &clock{t: time.Date(2026, 11, 23, 10, 0, 0, 123_456_789, time.UTC)} }

func (c *clock) now() time.Time {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.t
}

func (c *clock) step(d time.Duration) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.t = c.t.Add(d)
}

const absent = "0123456789abcdef01234567"

func runTimelines(t *testing.T, open Open) {
	t.Run("life", func(t *testing.T) { t.Parallel(); timelineLifecycle(t, open) })
	t.Run("versions", func(t *testing.T) { t.Parallel(); timelineVersions(t, open) })
	t.Run("visit", func(t *testing.T) { t.Parallel(); visitTimelines(t, open) })
	t.Run("restore", func(t *testing.T) { t.Parallel(); restoreTimelines(t, open) })
	t.Run("installation", func(t *testing.T) { t.Parallel(); adoptInstallation(t, open) })
	t.Run("owners", func(t *testing.T) { t.Parallel(); timelineOwners(t, open) })
	t.Run("everything of an owner", func(t *testing.T) { t.Parallel(); timelinesOfOwner(t, open) })
	t.Run("timelines of guests", func(t *testing.T) { t.Parallel(); timelinesOfGuests(t, open) })
	t.Run("list", func(t *testing.T) { t.Parallel(); timelinePages(t, open) })
	t.Run("one of many writers wins", func(t *testing.T) { t.Parallel(); concurrentWriters(t, open) })
	t.Run("codes that are no codes", func(t *testing.T) {
		t.Parallel()
		s, ctx := open(t, time.Now), t.Context()
		kept := must(s.InsertTimeline(ctx, newTimeline("ann", "plan")))(t)
		for _, code := range []string{"", "COMP.248", "$set", "a\x00b"} {
			bad := kept
			bad.States = map[string]timeline.State{code: {Status: timeline.Planned}}
			_, err := s.InsertTimeline(ctx, bad)
			wantCode(t, fmt.Sprintf("insert of %q", code), err, fault.InvalidForm)
			_, err = s.UpdateTimeline(ctx, bad)
			wantCode(t, fmt.Sprintf("update of %q", code), err, fault.InvalidForm)
		}
		if got := must(s.FindTimeline(ctx, "ann", kept.ID))(t); got.Version != 1 {
			t.Errorf("a refused update raised the version to %d", got.Version)
		}
	})
}

func timelineLifecycle(t *testing.T, open Open) {
	c := newClock()
	s, ctx := open(t, c.now), t.Context()
	in := newTimeline("ann", "plan")
	in.ID, in.Version = "ignored", 7
	got := must(s.InsertTimeline(ctx, in))(t)
	if !timelines.ValidID(got.ID) {
		t.Errorf("the id is %q", got.ID)
	}
	want := newTimeline("ann", "plan")
	want.ID, want.Version = got.ID, 1
	want.CreatedAt = c.now().Truncate(time.Millisecond)
	want.UpdatedAt = want.CreatedAt
	if d := cmp.Diff(want, got); d != "" {
		t.Errorf("inserted (-want +got):\n%s", d)
	}
	if d := cmp.Diff(want, must(s.FindTimeline(ctx, "ann", got.ID))(t)); d != "" {
		t.Errorf("read (-want +got):\n%s", d)
	}

	c.step(time.Minute)
	changed := want
	changed.Name, changed.DegreeID, changed.Calendar, changed.IsCoop, changed.IsExtendedCredit = "plan B", "zz", "2027-28", false, true
	changed.Semesters, changed.Extra = []timeline.Semester{}, nil
	changed.States = map[string]timeline.State{"MATH 204": {Status: timeline.Planned}} // the whole map, not a merge
	changed.Exemptions, changed.Deficiencies = []string{}, []string{"MATH 204"}
	changed.CreatedAt = time.Time{} // ignored: the store sets it
	got = must(s.UpdateTimeline(ctx, changed))(t)
	changed.Version, changed.CreatedAt, changed.UpdatedAt = 2, want.CreatedAt, c.now().Truncate(time.Millisecond)
	if d := cmp.Diff(changed, got); d != "" {
		t.Errorf("updated (-want +got):\n%s", d)
	}
	if d := cmp.Diff(changed, must(s.FindTimeline(ctx, "ann", got.ID))(t)); d != "" {
		t.Errorf("read after the update (-want +got):\n%s", d)
	}

	if err := s.DeleteTimeline(ctx, "ann", got.ID, 0); err != nil {
		t.Fatal(err)
	}
	_, err := s.FindTimeline(ctx, "ann", got.ID)
	wantCode(t, "get after delete", err, fault.TimelineNotFound)
	_, err = s.UpdateTimeline(ctx, changed)
	wantCode(t, "update after delete", err, fault.TimelineNotFound)
	wantCode(t, "delete after delete", s.DeleteTimeline(ctx, "ann", got.ID, 0), fault.TimelineNotFound)
}

func timelineVersions(t *testing.T, open Open) {
	s, ctx := open(t, time.Now), t.Context()
	first := must(s.InsertTimeline(ctx, newTimeline("ann", "plan")))(t)
	second := must(s.UpdateTimeline(ctx, first))(t)
	if second.Version != 2 {
		t.Fatalf("version %d after one update", second.Version)
	}
	_, err := s.UpdateTimeline(ctx, first)
	wantCode(t, "update of an old version", err, fault.PreconditionFailed)
	ahead := second
	ahead.Version = 3
	_, err = s.UpdateTimeline(ctx, ahead)
	wantCode(t, "update of a version to come", err, fault.PreconditionFailed)
	wantCode(t, "delete of an old version", s.DeleteTimeline(ctx, "ann", first.ID, 1), fault.PreconditionFailed)
	whatever := second
	whatever.Version = 0
	if third := must(s.UpdateTimeline(ctx, whatever))(t); third.Version != 3 {
		t.Errorf("version %d after an update of whatever there is, want 3", third.Version)
	}
	if err := s.DeleteTimeline(ctx, "ann", first.ID, 3); err != nil {
		t.Error(err)
	}
	wantCode(t, "delete of what is gone", s.DeleteTimeline(ctx, "ann", first.ID, 3), fault.TimelineNotFound)
}

func timelineOwners(t *testing.T, open Open) {
	s, ctx := open(t, time.Now), t.Context()
	anns := must(s.InsertTimeline(ctx, newTimeline("ann", "plan")))(t)
	nobodys := must(s.InsertTimeline(ctx, newTimeline("", "plan")))(t)
	ids := []string{anns.ID, absent, "", "short", strings.ToUpper(anns.ID), anns.ID + "0", "../../etc/passwd", "$ne"}
	for _, id := range ids {
		for _, owner := range []string{"bob", "", "ann.", "$ne"} {
			what := fmt.Sprintf("%q by %q", id, owner)
			_, err := s.FindTimeline(ctx, owner, id)
			wantCode(t, "get "+what, err, fault.TimelineNotFound)
			stolen := newTimeline(owner, "mine now")
			stolen.ID = id
			_, err = s.UpdateTimeline(ctx, stolen)
			wantCode(t, "update "+what, err, fault.TimelineNotFound)
			stolen.Version = 1
			_, err = s.UpdateTimeline(ctx, stolen)
			wantCode(t, "update of a version of "+what, err, fault.TimelineNotFound)
			wantCode(t, "delete "+what, s.DeleteTimeline(ctx, owner, id, 0), fault.TimelineNotFound)
			wantCode(t, "delete of a version of "+what, s.DeleteTimeline(ctx, owner, id, 1), fault.TimelineNotFound)
		}
	}
	if d := cmp.Diff(anns, must(s.FindTimeline(ctx, "ann", anns.ID))(t)); d != "" {
		t.Errorf("after the others' tries (-want +got):\n%s", d)
	}
	if d := cmp.Diff(nobodys, must(s.FindTimeline(ctx, "", nobodys.ID))(t)); d != "" {
		t.Errorf("of the empty owner (-want +got):\n%s", d)
	}
	if page, next, err := s.ListTimelines(ctx, "bob", "", 10); err != nil || page == nil || len(page) != 0 || next != "" {
		t.Errorf("bob's list is %v, %q, %v", page, next, err)
	}
}

func timelinePages(t *testing.T, open Open) {
	c := newClock()
	s, ctx := open(t, c.now), t.Context()
	var names []string
	for i := range 7 {
		if i%2 == 0 {
			c.step(time.Second) // pairs share a time
		}
		name := fmt.Sprintf("plan %d", i)
		must(s.InsertTimeline(ctx, newTimeline("ann", name)))(t)
		must(s.InsertTimeline(ctx, newTimeline("bob", "bob's")))(t)
		names = append(names, name)
	}
	page := func(cursor string, limit int) ([]timeline.Saved, string) {
		t.Helper()
		ts, next, err := s.ListTimelines(ctx, "ann", cursor, limit)
		if err != nil {
			t.Fatal(err)
		}
		return ts, next
	}
	everything, end := page("", 0)
	if len(everything) != len(names) || end != "" {
		t.Fatalf("%d timelines and cursor %q, want %d and none", len(everything), end, len(names))
	}
	if !slices.IsSortedFunc(everything, func(a, b timeline.Saved) int { return b.UpdatedAt.Compare(a.UpdatedAt) }) {
		t.Error("the newest is not first")
	}
	bare := must(s.FindTimeline(ctx, "ann", everything[0].ID))(t)
	bare.Semesters, bare.States, bare.Extra = nil, nil, nil
	bare.Required, bare.Transfers, bare.Warnings, bare.Pins, bare.Waivers = 0, nil, nil, nil, nil
	if d := cmp.Diff(bare, everything[0]); d != "" {
		t.Errorf("an entry of the list (-want +got):\n%s", d)
	}

	// The pages contain each of the old timelines once, while new ones are added.
	var got []string
	cursor := ""
	for pages := 0; ; pages++ {
		ts, next := page(cursor, 2)
		if len(ts) > 2 || pages > len(names) {
			t.Fatalf("page %d holds %d timelines", pages, len(ts))
		}
		for _, x := range ts {
			got = append(got, x.Name)
		}
		if next == "" {
			break
		}
		c.step(time.Second)
		must(s.InsertTimeline(ctx, newTimeline("ann", "newer")))(t)
		cursor = next
	}
	slices.Sort(got)
	if d := cmp.Diff(names, got); d != "" {
		t.Errorf("all pages together (-want +got):\n%s", d)
	}

	// An update brings a timeline to the front.
	c.step(time.Second)
	oldest := everything[len(everything)-1]
	must(s.UpdateTimeline(ctx, timeline.Saved{ID: oldest.ID, Owner: "ann", Name: "renamed"}))(t)
	if ts, _ := page("", 1); ts[0].ID != oldest.ID {
		t.Errorf("first is %q, want the one that was updated last", ts[0].Name)
	}

	// A full last page has no cursor.
	if ts, next, err := s.ListTimelines(ctx, "bob", "", len(names)); err != nil || len(ts) != len(names) || next != "" {
		t.Errorf("bob's whole list: %d, %q, %v", len(ts), next, err)
	}
	for _, bad := range []string{"x", "%%%", cursor + "A", "MTIz", strings.Repeat("A", 5000)} {
		_, _, err := s.ListTimelines(ctx, "ann", bad, 2)
		wantCode(t, fmt.Sprintf("cursor %.20q", bad), err, fault.BadRequest)
	}
}

// concurrentWriters lets many writers update one version at a time: in each round one succeeds and the others get
// precondition_failed.
func concurrentWriters(t *testing.T, open Open) {
	s, ctx := open(t, time.Now), t.Context()
	at := must(s.InsertTimeline(ctx, newTimeline("ann", "plan")))(t)
	const rounds, writers = 5, 6
	for range rounds {
		errs := make(chan error, writers)
		for range writers {
			go func() {
				_, err := s.UpdateTimeline(ctx, at)
				errs <- err
			}()
		}
		won := 0
		for range writers {
			err := <-errs
			if err == nil {
				won++
			} else if known := (*fault.Error)(nil); !errors.As(err, &known) || known.Code != fault.PreconditionFailed {
				t.Errorf("a loser gets %v", err)
			}
		}
		if won != 1 {
			t.Fatalf("%d of %d writers won", won, writers)
		}
		at = must(s.FindTimeline(ctx, "ann", at.ID))(t)
	}
	if at.Version != rounds+1 {
		t.Errorf("version %d after %d updates", at.Version, rounds)
	}
}
