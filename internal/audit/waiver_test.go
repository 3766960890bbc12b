package audit_test

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"testing"

	"github.com/trackmydegree/trackmydegree/internal/audit"
	"github.com/trackmydegree/trackmydegree/internal/cataloguetest"
	"github.com/trackmydegree/trackmydegree/internal/term"
)

// waiverOf returns the waiver of a remark, by its course, its pool or its term.
func waiverOf(r audit.Remark) audit.Waiver {
	w := audit.Waiver{Code: r.Code, Course: r.Course, Reason: "agreed"}
	if w.Course == "" {
		w.Pool = r.Pool
	}
	if w.Course == "" && w.Pool == "" {
		w.Term = r.Term
	}
	return w
}

// drawMess draws a record with every kind of fault: full terms, work terms in any order, courses before what they need,
// and pairs that exclude each other.
func drawMess(r *rand.Rand) (*audit.Program, audit.Record) {
	cat := cataloguetest.Embedded()
	degrees := cat.StandaloneDegrees()
	d := degrees[r.IntN(len(degrees))]
	record := drawRecord(r, d)
	if record.IsCoop = r.IntN(2) == 0; record.IsCoop && r.IntN(2) == 0 {
		record.Attempts = nil
	}
	planned := func(code string) {
		t := term.Term{Year: 2027 + r.IntN(2), Season: []term.Season{term.Winter, term.Summer, term.Fall}[r.IntN(3)]}
		record.Attempts = append(record.Attempts, audit.Attempt{Code: code, Credits: audit.NoCredits, Status: audit.Planned, Term: t})
	}
	if record.IsCoop {
		for _, number := range r.Perm(3)[:r.IntN(4)] {
			planned(fmt.Sprintf("CWT %d00", number+1))
			planned(fmt.Sprintf("CWT %d01", number+1))
		}
	}
	for range r.IntN(30) {
		pool, _ := cat.FindPool(d.Pools[r.IntN(len(d.Pools))])
		planned(pool.Courses[r.IntN(len(pool.Courses))])
	}
	courses := cat.Courses()
	for range r.IntN(3) {
		c := courses[r.IntN(len(courses))]
		for _, rule := range c.Rules {
			if len(rule.CourseList) > 0 {
				planned(c.Code)
				planned(rule.CourseList[r.IntN(len(rule.CourseList))])
			}
		}
	}
	return loadBook().NewProgram(d, audit.DegreePools(cat, d, r.IntN(4) == 0, record.IsCoop)), record
}

// The student may waive every remark (audit specification, §4): then nothing is an error. A waiver may make a course
// count, and so bring other remarks, which are waived in their turn.
func TestWaivingEverythingGivesNoError(t *testing.T) {
	t.Parallel()
	r := rand.New(rand.NewPCG(21, 22))
	n := 300
	if testing.Short() {
		n = 60
	}
	seen := map[audit.RemarkCode]bool{}
	for range n {
		p, record := drawMess(r)
		out := p.Audit(record)
		for range 4 {
			for _, remark := range out.Remarks {
				w := waiverOf(remark)
				if remark.Level == audit.Error {
					seen[remark.Code] = true
				}
				if remark.Level != audit.Info && !w.HasOneTarget() {
					t.Fatalf("%s: a waiver has nothing to name in %+v", out.Degree.Name, remark)
				}
				if !remark.Waived && w.HasOneTarget() {
					record.Waivers = append(record.Waivers, w)
				}
			}
			out = p.Audit(record)
		}
		for _, remark := range out.Remarks {
			if !remark.Waived && remark.Level != audit.Info {
				t.Fatalf("%s: got %+v, want it waived", out.Degree.Name, remark)
			}
		}
	}
	for _, code := range audit.RemarkCodes() {
		switch code {
		case audit.Repeated, audit.SetMaximum, audit.CMinus, audit.NotOffered, audit.CoopMissing, audit.PinUnknown, audit.TotalDiffers, audit.MadeUp:
			continue // never an error
		case audit.CoopEnd:
			continue // an error of a whole plan only
		}
		if !seen[code] && !testing.Short() {
			t.Errorf("no record has the error %s", code)
		}
	}
}

// A waiver is for one remark: another course, term or code keeps its own.
func TestWaiversAreForOneRemark(t *testing.T) {
	t.Parallel()
	full := "COMP 232, ENGR 201, ENGR 202, ENGR 213, ENGR 233, ENGR 301, ENCS 282, SOEN 287"
	record := audit.Record{
		Current: parseTerm("Fall 2026"), IsCoop: true,
		Attempts: readAttempts("Fall 2027 planned: " + full + "\nWinter 2028 planned: CWT 100, CWT 101\nFall 2028 planned: COMP 352, COMP 346, COMP 335, SOEN 341, SOEN 343, SOEN 331, ELEC 275"),
		Waivers: []audit.Waiver{
			{Code: audit.Overload, Term: "FALL 2027", Reason: "agreed"}, {Code: audit.Prerequisite, Term: "FALL 2028"}, {Code: audit.CoopMissing, Pool: "COOP_Co-op Work Terms"},
		},
	}
	out := programOf(t, "BEng in Software Engineering", "coop").Audit(record)
	state := func(code audit.RemarkCode, course, term string) string {
		i := slices.IndexFunc(out.Remarks, func(r audit.Remark) bool { return r.Code == code && r.Course == course && r.Term == term })
		if i < 0 {
			return "none"
		}
		return fmt.Sprint(out.Remarks[i].Waived, " ", out.Remarks[i].Reason)
	}
	for _, c := range []struct {
		name, got, want string
	}{
		{"the load of its term", state(audit.Overload, "", "FALL 2027"), "true agreed"},
		{"the load of another term", state(audit.Overload, "", "FALL 2028"), "false "},
		{"a course of the term", state(audit.Prerequisite, "COMP 352", "FALL 2028"), "false "},
		{"another remark about a term", state(audit.CoopTooEarly, "", "WINTER 2028"), "false "},
		{"the missing work terms", state(audit.CoopMissing, "", ""), "true "},
	} {
		if c.got != c.want {
			t.Errorf("%s: got %q, want %q", c.name, c.got, c.want)
		}
	}
}

// Of two courses that both count by a waiver, the remark stays with the one that was waived.
func TestAWaivedExclusionStaysWithItsCourse(t *testing.T) {
	t.Parallel()
	for _, waived := range []string{"COMP 339", "MATH 339"} {
		t.Run(waived, func(t *testing.T) {
			t.Parallel()
			out := programOf(t, "BCompSc in Computer Science").Audit(audit.Record{
				Attempts: readAttempts("Fall 2027 planned: COMP 339\nWinter 2028 planned: MATH 339"), Current: parseTerm("Fall 2026"),
				Waivers: []audit.Waiver{{Code: audit.Excluded, Course: waived}},
			})
			if r := wantRemark(t, out, audit.Excluded, waived); !r.Waived || out.Totals.Planned != audit.Quarters(6) {
				t.Errorf("got %+v with %s planned credits, want it waived and 6", r, out.Totals.Planned)
			}
		})
	}
}
