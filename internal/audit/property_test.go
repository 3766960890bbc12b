package audit_test

import (
	"bytes"
	"context"
	"encoding/json"
	"math/rand/v2"
	"slices"
	"testing"

	"github.com/trackmydegree/trackmydegree/internal/audit"
	"github.com/trackmydegree/trackmydegree/internal/catalogue"
	"github.com/trackmydegree/trackmydegree/internal/cataloguetest"
	"github.com/trackmydegree/trackmydegree/internal/fault"
	"github.com/trackmydegree/trackmydegree/internal/term"
)

// drawRecord draws a record of a degree: courses of its pools and some of others, in every state.
func drawRecord(r *rand.Rand, d catalogue.Degree) audit.Record {
	cat := cataloguetest.Embedded()
	record := audit.Record{Current: term.Term{Year: 2026, Season: term.Fall}}
	var codes []string
	for _, id := range d.Pools {
		pool, _ := cat.FindPool(id)
		for range 1 + r.IntN(12) {
			codes = append(codes, pool.Courses[r.IntN(len(pool.Courses))])
		}
	}
	for range r.IntN(4) {
		codes = append(codes, cat.Courses()[r.IntN(len(cat.Courses()))].Code)
	}
	for _, code := range codes {
		a := audit.Attempt{Code: code, Credits: audit.NoCredits, Status: audit.Completed, BelowCMinus: r.IntN(8) == 0}
		a.Term = term.Term{Year: 2023 + r.IntN(3), Season: []term.Season{term.Winter, term.Summer, term.Fall}[r.IntN(3)]}
		switch r.IntN(8) {
		case 0:
			a.Status, a.Term, a.BelowCMinus = audit.InProgress, record.Current, false
		case 1, 2:
			a.Status, a.Term.Year, a.BelowCMinus = audit.Planned, 2027+r.IntN(3), false
		case 3:
			a.Via, a.Term, a.BelowCMinus = audit.ViaTransfer, term.Term{}, false
		case 4:
			a.Status, a.BelowCMinus = audit.Incomplete, false
		}
		record.Attempts = append(record.Attempts, a)
	}
	return record
}

// drawDegree draws a degree.
func drawDegree(r *rand.Rand) catalogue.Degree {
	degrees := cataloguetest.Embedded().StandaloneDegrees()
	return degrees[r.IntN(len(degrees))]
}

func TestAuditProperties(t *testing.T) {
	t.Parallel()
	r := rand.New(rand.NewPCG(5, 6))
	n := 300
	if testing.Short() {
		n = 50
	}
	for range n {
		d := drawDegree(r)
		p, record := programOf(t, d.ID), drawRecord(r, d)
		want := p.Audit(record)
		bytes, _ := json.Marshal(want)

		shuffled := record
		shuffled.Attempts = slices.Clone(record.Attempts)
		r.Shuffle(len(shuffled.Attempts), func(i, j int) {
			shuffled.Attempts[i], shuffled.Attempts[j] = shuffled.Attempts[j], shuffled.Attempts[i]
		})
		if got, _ := json.Marshal(p.Audit(shuffled)); string(got) != string(bytes) {
			t.Fatalf("%s: another order, another audit", d.Name)
		}

		pool, _ := cataloguetest.Embedded().FindPool(d.Pools[r.IntN(len(d.Pools))])
		more := record
		more.Attempts = append(slices.Clone(record.Attempts), audit.Attempt{
			Code: pool.Courses[r.IntN(len(pool.Courses))], Credits: audit.NoCredits, Status: audit.Completed, Term: parseTerm("Winter 2026"),
		})
		if got := p.Audit(more).Totals.Completed; got < want.Totals.Completed {
			t.Fatalf("%s: a completed course lowers the completed credits from %s to %s", d.Name, want.Totals.Completed, got)
		}

		pinned := record
		pinned.Pins = map[string]string{record.Attempts[0].Code: d.Pools[r.IntN(len(d.Pools))]}
		got := p.Audit(pinned).Totals
		if got.Completed > want.Totals.Completed {
			t.Fatalf("%s: a pin raises the completed credits from %s to %s", d.Name, want.Totals.Completed, got.Completed)
		}

		sum := audit.Credits(0)
		for _, c := range want.Courses {
			counted := audit.Credits(0)
			for _, n := range c.Counts {
				counted += n.Credits
			}
			if counted > c.Credits {
				t.Fatalf("%s: %s counts %s of %s credits", d.Name, c.Code, counted, c.Credits)
			}
			sum += counted
		}
		if all := want.Totals.Completed + want.Totals.InProgress + want.Totals.Planned; sum != all {
			t.Fatalf("%s: the courses add up to %s, the totals to %s", d.Name, sum, all)
		}
	}
}

// A plan follows the rules, and keeps the kept courses; or every fault has a field and a sentence.
func TestPlanProperties(t *testing.T) {
	t.Parallel()
	r := rand.New(rand.NewPCG(7, 8))
	n, planned := 60, 0
	if testing.Short() {
		n = 10
	}
	for range n {
		d := drawDegree(r)
		p, record := programOf(t, d.ID), drawRecord(r, d)
		q := audit.PlanRequest{MaxCredits: audit.Quarters(float64(12 + r.IntN(8))), Summers: r.IntN(2) == 0}
		if r.IntN(2) == 0 {
			pool, _ := cataloguetest.Embedded().FindPool(d.Pools[0])
			q.Keep = []audit.KeptCourse{{Code: pool.Courses[r.IntN(len(pool.Courses))], Term: "Fall 2028"}}
		}
		got, err := p.Plan(context.Background(), record, q)
		if err != nil {
			f := fault.From(err)
			if f.Code != fault.InvalidForm || len(f.Fields) == 0 {
				t.Fatalf("%s: %v", d.Name, err)
			}
			continue
		}
		planned++
		current := record.Current
		for _, remark := range got.Audit.Remarks {
			at, _ := term.Parse(remark.Term)
			if remark.Level == audit.Error && term.Compare(at, current) > 0 {
				t.Errorf("%s: plan breaks a rule: %s %s %s: %s", d.Name, remark.Code, remark.Term, remark.Course, remark.Message)
			}
		}
		if got.Audit.Totals.Remaining != 0 {
			t.Errorf("%s: plan leaves %s credits", d.Name, got.Audit.Totals.Remaining)
		}
		for _, k := range q.Keep {
			if !slices.ContainsFunc(got.Attempts, func(a audit.Attempt) bool {
				return a.Code == k.Code && a.Status == audit.Planned && a.Term == parseTerm(k.Term)
			}) {
				t.Errorf("%s: %s is not kept in %s", d.Name, k.Code, k.Term)
			}
		}
		again, err := p.Plan(context.Background(), record, q)
		x, _ := json.Marshal(got)
		y, _ := json.Marshal(again)
		if err != nil || string(x) != string(y) {
			t.Errorf("%s: the same request, another plan", d.Name)
		}
	}
	if planned < n/3 {
		t.Errorf("got %d plans of %d requests, want more", planned, n)
	}
}

// Every list of an audit, a plan and a comparison is a list in JSON, also when it is empty: a page need not expect
// null.
func TestListsAreNeverNull(t *testing.T) {
	t.Parallel()
	r := rand.New(rand.NewPCG(15, 16))
	for range 20 {
		d := drawDegree(r)
		p, record := programOf(t, d.ID), drawRecord(r, d)
		if r.IntN(4) == 0 {
			record.Attempts = nil
		}
		values := []any{p.Audit(record), audit.CompareDegrees(t.Context(), []*audit.Program{p}, record)}
		if plan, err := p.Plan(t.Context(), record, audit.PlanRequest{}); err == nil {
			values = append(values, plan)
		}
		for _, v := range values {
			b, err := json.Marshal(v)
			if at := bytes.Index(b, []byte("null")); err != nil || at >= 0 {
				t.Fatalf("%s: got null, %v, want a list: %s", d.ID, err, b[max(0, at-80):])
			}
		}
	}
}
