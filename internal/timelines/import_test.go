package timelines_test

import (
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"github.com/trackmydegree/trackmydegree/internal/fault"
	"github.com/trackmydegree/trackmydegree/internal/timeline"
)

// A timeline that was exported comes to be another one of the same content.
func TestImportTimeline(t *testing.T) {
	t.Parallel()
	e, ctx := open(t), t.Context()
	first, err := e.SaveResult(ctx, owner, e.done(t), "plan")
	if err != nil {
		t.Fatal(err)
	}
	exported := first
	exported.ID, exported.Owner, exported.Version = "", "", 0
	got, err := e.ImportTimeline(ctx, "bob", exported, "again")
	if err != nil {
		t.Fatal(err)
	}
	if got.ID == first.ID || got.ID == "" || got.Owner != "bob" || got.Name != "again" || got.Version != 1 {
		t.Errorf("got %s of %s, %q, version %d, want a new timeline of bob", got.ID, got.Owner, got.Name, got.Version)
	}
	ignored := cmpopts.IgnoreFields(timeline.Saved{}, "ID", "Owner", "Name", "Version", "CreatedAt", "UpdatedAt")
	if diff := cmp.Diff(first, got, ignored, cmpopts.EquateEmpty()); diff != "" {
		t.Errorf("(-exported +imported):\n%s", diff)
	}
	if n := len(e.list(t)); n != 1 {
		t.Errorf("the first owner has %d timelines, want 1", n)
	}
	unnamed, err := e.ImportTimeline(ctx, owner, exported, "")
	if err != nil || unnamed.Name != softwareEngineering {
		t.Errorf("without a name: got %q (%v), want the degree's", unnamed.Name, err)
	}
	exported.DegreeID = "Alchemy"
	_, err = e.ImportTimeline(ctx, owner, exported, "")
	wantCode(t, "an unknown degree", err, fault.DegreeNotFound)
	_, err = e.ImportTimeline(ctx, owner, first, "a\nb")
	wantCode(t, "a name of two lines", err, fault.InvalidForm)
}
