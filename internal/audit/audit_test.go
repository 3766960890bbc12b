package audit_test

import (
	"encoding/json"
	"math/rand/v2"
	"testing"

	"github.com/trackmydegree/trackmydegree/internal/audit"
	"github.com/trackmydegree/trackmydegree/internal/catalogue"
	"github.com/trackmydegree/trackmydegree/internal/cataloguetest"
)

func TestCountsTheMostCredits(t *testing.T) {
	t.Parallel()
	for _, terms := range []string{
		"Fall 2027 planned: COMP 361, COMP 339\nWinter 2028 planned: COMP 353, COMP 371, COMP 442",
		"Fall 2027 planned: COMP 353, COMP 371, COMP 442\nWinter 2028 planned: COMP 361, COMP 339",
	} {
		out := programOf(t, "BCompSc in Computer Science").Audit(audit.Record{Attempts: readAttempts(terms)})
		if got := requirementOf(t, out, "COMP_Computer Science Electives").Planned; got != audit.Quarters(12) {
			t.Errorf("computer science electives: got %s, want 12", got)
		}
		if got := requirementOf(t, out, "Mathematics Electives").Planned; got != audit.Quarters(6) {
			t.Errorf("mathematics electives: got %s, want 6", got)
		}
		if out.Totals.Planned != audit.Quarters(18) {
			t.Errorf("overall: got %s, want 18", out.Totals.Planned)
		}
	}
}

func TestLimitsHold(t *testing.T) {
	t.Parallel()
	out := programOf(t, "BEng in Industrial Engineering").Audit(audit.Record{
		Attempts: readAttempts("Fall 2027 planned: BANA 478, BTM 480, MANA 300, ENGR 411, ENGR 412"),
	})
	r := requirementOf(t, out, "Industrial Engineering Electives")
	if r.Planned != audit.Quarters(3) || r.Remaining != audit.Quarters(9) || r.Status != audit.RequirementMissing {
		t.Errorf("got %s planned, %s remaining, %s; want 3, 9, missing", r.Planned, r.Remaining, r.Status)
	}
	wantRemark(t, out, audit.SetMaximum, "")
	if got := wantRemark(t, out, audit.SetMinimum, "").Params.Needed; got != 3 {
		t.Errorf("set minimum: got %d courses missing, want 3", got)
	}
}

func TestOneOfExcludedCoursesCounts(t *testing.T) {
	t.Parallel()
	out := programOf(t, "BEng in Software Engineering").Audit(audit.Record{
		Attempts: readAttempts("Fall 2027 planned: COMP 352\nWinter 2028 planned: COMP 248, SOEN 490, ENGR 490, COMP 228, SOEN 228"),
	})
	if got := requirementOf(t, out, "SOEN_Software Engineering Core").Planned; got != audit.Quarters(10) { // SOEN 228 is 4
		t.Errorf("core: got %s, want 10", got)
	}
	r := wantRemark(t, out, audit.Prerequisite, "COMP 352")
	if r.Level != audit.Error || r.Term != "FALL 2027" {
		t.Errorf("COMP 352 before COMP 249: got %+v", r)
	}
}

func wantRemark(t *testing.T, a *audit.Audit, code audit.RemarkCode, course string) audit.Remark {
	t.Helper()
	for _, r := range a.Remarks {
		if r.Code == code && r.Course == course {
			return r
		}
	}
	t.Errorf("no remark %s about %q among %+v", code, course, a.Remarks)
	return audit.Remark{}
}

const softwareRecord = `
- exemption: MATH 203=0
Fall 2023 completed: COMP 232, COMP 248, ENGR 201, ENGR 213
Winter 2024 completed: COMP 249, ENGR 233, SOEN 228, SOEN 287
Fall 2024 completed: COMP 348, COMP 352 D, ENCS 282, ENGR 202, ENGR 371
Winter 2025 completed: COMP 346, ELEC 275, SOEN 331, SOEN 341
Fall 2025 completed: COMP 335, SOEN 342, SOEN 343, SOEN 384, HIST 205
Fall 2026 inprogress: SOEN 363, SOEN 345, SOEN 357, SOEN 390, COMP 472
Winter 2027 planned: ENGR 301, SOEN 321, COMP 442, COMP 371
Fall/Winter 2027-28 planned: SOEN 490
Winter 2028 planned: ENGR 392, COMP 353, MIAE 221
`

func TestOrderDoesNotMatter(t *testing.T) {
	t.Parallel()
	p := programOf(t, "BEng in Software Engineering")
	attempts := readAttempts(softwareRecord)
	r := rand.New(rand.NewPCG(1, 2))
	want := ""
	for range 20 {
		b, err := json.Marshal(p.Audit(audit.Record{Attempts: attempts, Current: parseTerm("Fall 2026")}))
		if err != nil {
			t.Fatal(err)
		}
		if want == "" {
			want = string(b)
		}
		if string(b) != want {
			t.Fatalf("another order of the input: got\n%s\nwant\n%s", b, want)
		}
		r.Shuffle(len(attempts), func(i, j int) { attempts[i], attempts[j] = attempts[j], attempts[i] })
	}
}

// The course that both requirements list is pinned to the one that another course could fill.
func TestPinsHaveACost(t *testing.T) {
	t.Parallel()
	record := audit.Record{
		Attempts: readAttempts("Fall 2027 planned: HIST 205, HIST 207"),
		Pins:     map[string]string{"HIST 205": "history"},
	}
	p := programWith(t, catalogue.Pool{ID: "history", Name: "History", CreditsRequired: 3, Courses: []string{"HIST 205", "HIST 207"}},
		catalogue.Pool{ID: "old", Name: "Old history", CreditsRequired: 3, Courses: []string{"HIST 205"}})
	out := p.Audit(record)
	if len(out.Pins) != 1 || !out.Pins[0].Applied || out.Pins[0].Cost == nil || out.Pins[0].Cost.Planned != audit.Quarters(3) {
		t.Errorf("got %+v, want a cost of 3 planned credits", out.Pins)
	}
	if record.Pins = nil; p.Audit(record).Totals.Planned != audit.Quarters(6) {
		t.Errorf("without the pin: got %s planned, want 6", p.Audit(record).Totals.Planned)
	}
}

// Six credits are reserved for each of two sets; three are left for any course.
func TestSeveralMinima(t *testing.T) {
	t.Parallel()
	minimum := func(codes ...string) catalogue.Rule {
		return catalogue.Rule{Type: catalogue.RuleMinCreditsFromSet, CourseList: codes, MinCredits: 3}
	}
	p := programWith(t, catalogue.Pool{
		ID: "arts", Name: "Arts", CreditsRequired: 9, Courses: []string{"HIST 205", "HIST 207", "COMP 248", "COMP 249"},
		Rules: []catalogue.Rule{minimum("HIST 205"), minimum("HIST 207")},
	})
	out := p.Audit(audit.Record{Attempts: readAttempts("Fall 2027 planned: COMP 248\nWinter 2028 planned: COMP 249")})
	if out.Totals.Planned != audit.Quarters(3) || out.Requirements[0].Remaining != audit.Quarters(6) {
		t.Errorf("got %s planned, %s remaining; want 3, 6", out.Totals.Planned, out.Requirements[0].Remaining)
	}
	for _, choice := range out.Requirements[0].Choices {
		if choice.Code != "HIST 205" && choice.Code != "HIST 207" {
			t.Errorf("%s is a choice, want the kept courses only", choice.Code)
		}
	}
}

func BenchmarkAudit(b *testing.B) {
	p := programOf(b, "BEng in Software Engineering")
	record := audit.Record{Attempts: readAttempts(softwareRecord), Current: parseTerm("Fall 2026")}
	b.ReportAllocs()
	for b.Loop() {
		p.Audit(record)
	}
}

func BenchmarkAuditWithSharedPools(b *testing.B) {
	p := programOf(b, "BCompSc in Computer Science", "ecp")
	record := audit.Record{Current: parseTerm("Fall 2026"), Attempts: readAttempts(`
Fall 2023 completed: COMP 232, COMP 248, MATH 203, MATH 204, HIST 205
Winter 2024 completed: COMP 249, COMP 228, COMP 233, MATH 205, HIST 206
Fall 2024 completed: COMP 348, COMP 352, ENCS 282, COMP 353, COMP 371
Winter 2025 completed: COMP 346, COMP 354, COMP 335, COMP 472, COMP 474
Fall 2025 completed: COMP 442, COMP 425, COMP 361, COMP 339, HIST 207
Fall 2026 inprogress: COMP 426, COMP 428, COMP 445, MAST 332, ENCS 393
Winter 2027 planned: ANTH 202, ANTH 203, ANTH 204, ARTH 201, ARTH 202
Fall 2027 planned: ARTH 262, ARTH 263, ARTH 264, ARTH 265, ARTH 266
`)}
	b.ReportAllocs()
	for b.Loop() {
		p.Audit(record)
	}
}

// Two topics under one code are two attempts: each gives the credits beyond the requirements once.
func TestTopicsFillOtherCredits(t *testing.T) {
	t.Parallel()
	cat := cataloguetest.Embedded()
	d, ok := cat.FindDegree("BSc in Cybersecurity")
	if !ok {
		t.Skip("the catalogue has no BSc in Cybersecurity")
	}
	book := audit.NewRulebook(cat, audit.Settings{Repeatable: func(code string) bool { return code == "ARTT 399" }})
	out := book.NewProgram(d, audit.DegreePools(cat, d, false, false)).Audit(audit.Record{
		Required: audit.Quarters(120), Attempts: readAttempts("Fall 2024 completed: ARTT 399=4\nWinter 2025 completed: ARTT 399=6"),
	})
	counted := audit.Credits(0)
	for _, c := range out.Courses {
		for _, count := range c.Counts {
			counted += count.Credits
		}
	}
	if counted != out.Totals.Completed || counted != audit.Quarters(10) {
		t.Errorf("the attempts count %s credits, the total is %s, want 10", counted, out.Totals.Completed)
	}
}
