package timelines_test

import (
	"context"
	"errors"
	"fmt"
	"strconv"
	"strings"
	"sync"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/trackmydegree/trackmydegree/internal/fault"
	"github.com/trackmydegree/trackmydegree/internal/job"
	"github.com/trackmydegree/trackmydegree/internal/timeline"
	"github.com/trackmydegree/trackmydegree/internal/timelines"
)

func TestSave(t *testing.T) {
	t.Parallel()
	e, ctx := open(t), t.Context()
	id := e.done(t)
	if _, err := e.EditResult(ctx, owner, id, 0, timeline.Patch{Deficiencies: &[]string{"MATH 204"}}); err != nil {
		t.Fatal(err)
	}

	first, err := e.SaveResult(ctx, owner, id, "  my plan ")
	if err != nil {
		t.Fatal(err)
	}
	if first.Name != "my plan" || first.Owner != owner || first.DegreeID == "" || len(first.Semesters) == 0 || first.Version != 1 ||
		!cmp.Equal(first.Deficiencies, []string{"MATH 204"}) {
		t.Errorf("saved %+v", first)
	}
	record, r := e.result(t, id)
	if r.ID != first.ID || r.TimelineName != "my plan" {
		t.Errorf("the result names timeline %q %q", r.ID, r.TimelineName)
	}

	// A second save updates the same timeline, and keeps its name; the record does not change.
	again, err := e.SaveResult(ctx, owner, id, "")
	if err != nil {
		t.Fatal(err)
	}
	if again.ID != first.ID || again.Version != 2 || again.Name != "my plan" {
		t.Errorf("saved again as %s version %d %q", again.ID, again.Version, again.Name)
	}
	if got, _ := e.result(t, id); got.Version != record.Version {
		t.Error("saving what needs no id raised the version of the record")
	}

	// A timeline that was deleted in the meantime is created again.
	if err := e.DeleteTimeline(ctx, owner, first.ID, 0); err != nil {
		t.Fatal(err)
	}
	anew, err := e.SaveResult(ctx, owner, id, "anew")
	if err != nil {
		t.Fatal(err)
	}
	if _, r := e.result(t, id); r.ID != anew.ID || anew.ID == first.ID {
		t.Errorf("the result names %s, the new timeline is %s", r.ID, anew.ID)
	}
	if n := len(e.list(t)); n != 1 {
		t.Errorf("%d timelines, want 1", n)
	}

	unnamed, err := e.SaveResult(ctx, owner, e.done(t), "")
	if err != nil || unnamed.Name != softwareEngineering {
		t.Errorf("without any name it is called %q (%v)", unnamed.Name, err)
	}
	_, err = e.SaveResult(ctx, owner, id, strings.Repeat("é", timelines.MaxName+1))
	wantCode(t, "a long name", err, fault.InvalidForm)
	if _, err = e.SaveResult(ctx, owner, id, strings.Repeat("é", timelines.MaxName)); err != nil {
		t.Errorf("the longest name: %v", err)
	}
	_, err = e.SaveResult(ctx, owner, id, "\xff")
	wantCode(t, "a name that is no text", err, fault.InvalidForm)
}

// Two saves of one result at the same time create one timeline.
func TestConcurrentSaves(t *testing.T) {
	t.Parallel()
	e, ctx := open(t), t.Context()
	id := e.done(t)
	var wg sync.WaitGroup
	for i := range 4 {
		wg.Go(func() {
			if _, err := e.SaveResult(ctx, owner, id, fmt.Sprintf("plan %d", i)); err != nil {
				t.Error(err)
			}
		})
	}
	wg.Wait()
	ts := e.list(t)
	_, r := e.result(t, id)
	if len(ts) != 1 || ts[0].ID != r.ID {
		t.Errorf("%d timelines; the result names %s", len(ts), r.ID)
	}
}

// When the id cannot be written back, the timeline is deleted: the next save creates it again.
func TestASaveThatFailsHalfway(t *testing.T) {
	t.Parallel()
	e := open(t)
	id := e.done(t)
	ctx, cancel := context.WithCancel(t.Context())
	down := fault.Wrap(fault.QueueUnavailable, errors.New("down"))
	e.before = func(job.ID) error { cancel(); return down } // the client disconnects as well
	_, err := e.SaveResult(ctx, owner, id, "plan")
	wantCode(t, "save", err, fault.QueueUnavailable)
	if n := len(e.list(t)); n != 0 {
		t.Errorf("%d timelines were left", n)
	}
	e.before = nil
	if _, err := e.SaveResult(t.Context(), owner, id, "plan"); err != nil {
		t.Error(err)
	}
	if n := len(e.list(t)); n != 1 {
		t.Errorf("%d timelines, want 1", n)
	}
}

func TestANameIsOneLine(t *testing.T) {
	t.Parallel()
	e, ctx := open(t), t.Context()
	id := e.done(t)
	kept, err := e.SaveResult(ctx, owner, id, " Plan à 🎓 \n")
	if err != nil || kept.Name != "Plan à 🎓" {
		t.Fatalf("%q, %v", kept.Name, err)
	}
	for _, name := range []string{"a\nb", "a\x00b", "a\x1b[31mb", "a\u2028b", "a\u0085b", "a\tb"} {
		_, err := e.SaveResult(ctx, owner, id, name)
		wantCode(t, "save as "+strconv.Quote(name), err, fault.InvalidForm)
		_, err = e.UpdateTimeline(ctx, owner, kept.ID, 0, &name, nil)
		wantCode(t, "rename to "+strconv.Quote(name), err, fault.InvalidForm)
	}
}

func TestUpdate(t *testing.T) {
	t.Parallel()
	e, ctx := open(t), t.Context()
	first, err := e.SaveResult(ctx, owner, e.done(t), "plan")
	if err != nil {
		t.Fatal(err)
	}
	name := "renamed"
	got, err := e.UpdateTimeline(ctx, owner, first.ID, first.Version, &name, nil)
	if err != nil {
		t.Fatal(err)
	}
	want := first
	want.Name, want.Version, want.UpdatedAt = name, 2, got.UpdatedAt
	if d := cmp.Diff(want, got); d != "" {
		t.Errorf("renamed (-want +got):\n%s", d)
	}
	_, err = e.UpdateTimeline(ctx, owner, first.ID, first.Version, &name, nil)
	wantCode(t, "rename of an old version", err, fault.PreconditionFailed)

	other := e.done(t)
	if _, err := e.EditResult(ctx, owner, other, 0, timeline.Patch{Exemptions: &[]string{"MATH 203"}}); err != nil {
		t.Fatal(err)
	}
	got, err = e.UpdateTimeline(ctx, owner, first.ID, 0, nil, &other)
	if err != nil {
		t.Fatal(err)
	}
	if got.ID != first.ID || got.Version != 3 || got.Name != name || !cmp.Equal(got.Exemptions, []string{"MATH 203"}) {
		t.Errorf("replaced: %s version %d %q, exemptions %v", got.ID, got.Version, got.Name, got.Exemptions)
	}

	empty := " "
	for what, f := range map[string]func() error{
		"nothing":     func() error { _, err := e.UpdateTimeline(ctx, owner, first.ID, 0, nil, nil); return err },
		"empty name":  func() error { _, err := e.UpdateTimeline(ctx, owner, first.ID, 0, &empty, nil); return err },
		"empty name+": func() error { _, err := e.UpdateTimeline(ctx, owner, first.ID, 0, &empty, &other); return err },
	} {
		wantCode(t, what, f(), fault.InvalidForm)
	}
	_, err = e.UpdateTimeline(ctx, owner, "0123456789abcdef01234567", 0, &name, nil)
	wantCode(t, "what is not there", err, fault.TimelineNotFound)
	if err := e.DeleteTimeline(ctx, owner, first.ID, 2); fault.CodeOf(err) != fault.PreconditionFailed {
		t.Errorf("delete of an old version: %v", err)
	}
	if err := e.DeleteTimeline(ctx, owner, first.ID, 3); err != nil {
		t.Error(err)
	}
}

func FuzzCursor(f *testing.F) {
	f.Add("")
	f.Add(timelines.Position{UpdatedAt: now(), ID: "0123456789abcdef01234567"}.EncodeCursor())
	f.Fuzz(func(t *testing.T, s string) {
		p, err := timelines.DecodeCursor(s)
		if err != nil {
			wantCode(t, "a bad cursor", err, fault.BadRequest)
			return
		}
		if p.EncodeCursor() != s {
			t.Errorf("%q is read as %q", s, p.EncodeCursor())
		}
	})
}
