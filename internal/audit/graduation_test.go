package audit_test

import (
	"encoding/json"
	"math/rand/v2"
	"slices"
	"testing"

	"github.com/trackmydegree/trackmydegree/internal/audit"
	"github.com/trackmydegree/trackmydegree/internal/catalogue"
	"github.com/trackmydegree/trackmydegree/internal/cataloguetest"
	"github.com/trackmydegree/trackmydegree/internal/term"
)

// allPrograms returns the program of every degree that a student can be in.
func allPrograms() []*audit.Program {
	cat := cataloguetest.Embedded()
	var out []*audit.Program
	for _, d := range cat.StandaloneDegrees() {
		out = append(out, loadBook().NewProgram(d, audit.DegreePools(cat, d, false, false)))
	}
	return out
}

// What-if depends neither on the order of the record nor on that of the degrees. Degrees with the same remaining
// credits and the same end are in the order of their names.
func TestComparisonIsOfTheRecordAlone(t *testing.T) {
	t.Parallel()
	r := rand.New(rand.NewPCG(31, 32))
	programs := allPrograms()
	n := 12
	if testing.Short() {
		n = 3
	}
	for i := range n {
		record := audit.Record{Current: term.Term{Year: 2026, Season: term.Fall}}
		if i > 0 { // the empty record is full of ties
			record = drawRecord(r, drawDegree(r))
		}
		compare := func() []audit.WhatIf { return audit.CompareDegrees(t.Context(), programs, record) }
		list := compare()
		want, err := json.Marshal(list)
		if err != nil {
			t.Fatal(err)
		}
		r.Shuffle(len(record.Attempts), func(i, j int) {
			record.Attempts[i], record.Attempts[j] = record.Attempts[j], record.Attempts[i]
		})
		r.Shuffle(len(programs), func(i, j int) { programs[i], programs[j] = programs[j], programs[i] })
		if got, _ := json.Marshal(compare()); string(got) != string(want) {
			t.Fatalf("another order: got\n%s\nwant\n%s", got, want)
		}
		for k := 1; k < len(list); k++ {
			x, y := &list[k-1], &list[k]
			isTie := x.Totals.Remaining == y.Totals.Remaining && (x.Graduation == nil) == (y.Graduation == nil) &&
				(x.Graduation == nil || x.Graduation.Term == y.Graduation.Term)
			if x.Totals.Remaining > y.Totals.Remaining || isTie && x.Degree.Name >= y.Degree.Name {
				t.Errorf("%s stands before %s", x.Degree.Name, y.Degree.Name)
			}
		}
	}
}

// The comparison says of each degree what its own audit says.
func TestComparisonAgreesWithTheAudit(t *testing.T) {
	t.Parallel()
	r := rand.New(rand.NewPCG(33, 34))
	record := drawRecord(r, drawDegree(r))
	cat := cataloguetest.Embedded()
	for _, w := range audit.CompareDegrees(t.Context(), allPrograms(), record) {
		i := slices.IndexFunc(cat.StandaloneDegrees(), func(d catalogue.Degree) bool { return d.ID == w.Degree.ID })
		d := cat.StandaloneDegrees()[i]
		if got := programOf(t, d.ID).Audit(record).Totals; got != w.Totals {
			t.Errorf("%s: got %+v, the audit says %+v", w.Degree.Name, w.Totals, got)
		}
	}
}
