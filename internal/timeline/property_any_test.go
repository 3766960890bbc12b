package timeline_test

import (
	"bytes"
	"encoding/json"
	"slices"
	"testing"

	"pgregory.net/rapid"

	"github.com/trackmydegree/trackmydegree/internal/catalogue"
	"github.com/trackmydegree/trackmydegree/internal/term"
	"github.com/trackmydegree/trackmydegree/internal/timeline"
	"github.com/trackmydegree/trackmydegree/internal/timeline/wire"
	"github.com/trackmydegree/trackmydegree/internal/timelinetest"
)

func TestAnyDocument(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		doc := genDocument(t)
		r, err := smallBuilder().FromDocument(doc, now)
		first := encoded(t, r, err)
		again, err := smallBuilder().FromDocument(doc, now)
		same(t, "built twice", first, encoded(t, again, err))
		hold(t, r)
		stable(t, r)

		sat := map[string]int{}
		for _, s := range doc.Semesters {
			printed, _ := term.Parse(s.Term)
			for _, c := range s.Courses {
				sat[printed.UpperLabel()+" "+catalogue.NormalizeCode(c.Code)]++
			}
		}
		for _, s := range r.Semesters {
			for _, c := range s.Courses {
				sat[s.Term+" "+c.Code]--
				if _, ok := r.Courses[c.Code]; !ok {
					t.Fatalf("%s was sat and has no entry", c.Code)
				}
			}
		}
		for sitting, n := range sat {
			if n != 0 {
				t.Fatalf("%s: %+d sittings", sitting, -n)
			}
		}
	})
}

func TestAnyForm(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		f := genForm(t)
		r, err := smallBuilder().FromForm(f, now)
		encoded(t, r, err)
		hold(t, r)
		stable(t, r)

		b, err := json.Marshal(f)
		if err != nil {
			t.Fatal(err)
		}
		back, err := wire.DecodeForm(bytes.NewReader(b))
		if err != nil {
			t.Fatal(timelinetest.DescribeFault(err))
		}
		if again, _ := json.Marshal(back); !bytes.Equal(b, again) {
			t.Fatalf("%s became %s", b, again)
		}
	})
}

func TestAnyEdits(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		r, err := smallBuilder().FromDocument(genDocument(t), now)
		encoded(t, r, err)
		for range rapid.IntRange(1, 4).Draw(t, "edits") {
			p := genPatch(t, r)
			b, err := json.Marshal(p)
			if err != nil {
				t.Fatal(err)
			}
			sent, err := wire.DecodePatch(bytes.NewReader(b))
			if err != nil {
				t.Fatalf("%s: %s", b, timelinetest.DescribeFault(err))
			}
			before := encoded(t, r, nil)
			next, err := smallBuilder().ApplyPatch(r, p, now)
			after := encoded(t, next, err)
			same(t, "an edit leaves what it edits alone", before, encoded(t, r, nil))
			again, err := smallBuilder().ApplyPatch(r, sent, now)
			same(t, "the edit as it is sent", after, encoded(t, again, err))
			hold(t, next)
			stable(t, next)
			r = next
		}
	})
}

// Changing flags and changing them back gives the same timeline.
func TestAnyFlagsTurnedBack(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		r, err := smallBuilder().FromDocument(genDocument(t), now)
		want := encoded(t, r, err)
		coop, extended := rapid.Bool().Draw(t, "to co-op"), rapid.Bool().Draw(t, "to extended")
		other, err := smallBuilder().ApplyPatch(r, timeline.Patch{IsCoop: &coop, IsExtendedCredit: &extended}, now)
		encoded(t, other, err)
		hold(t, other)
		if has := slices.Contains(poolIDs(other), catalogue.CoopPoolID); has != coop || other.IsExtendedCredit != extended {
			t.Fatalf("co-op pool %v, co-op %v, extended %v", has, coop, other.IsExtendedCredit)
		}
		back, err := smallBuilder().ApplyPatch(other, timeline.Patch{IsCoop: &r.IsCoop, IsExtendedCredit: &r.IsExtendedCredit}, now)
		same(t, "turned back", want, encoded(t, back, err))
	})
}
