package audit_test

import (
	"context"
	"fmt"

	"github.com/trackmydegree/trackmydegree/internal/audit"
	"github.com/trackmydegree/trackmydegree/internal/catalogue"
	"github.com/trackmydegree/trackmydegree/internal/term"
)

// smallDegree is a degree of two courses and an elective.
func smallDegree() *audit.Program {
	return newProgram(
		catalogue.Pool{ID: "core", Name: "Core", CreditsRequired: 6, Courses: []string{"COMP 248", "COMP 249"}},
		catalogue.Pool{ID: "electives", Name: "Electives", CreditsRequired: 3, Courses: []string{"HIST 205", "HIST 207"}},
	)
}

// newProgram is a degree with the given pools, over four courses of three credits.
func newProgram(pools ...catalogue.Pool) *audit.Program {
	var ids []string
	for _, p := range pools {
		ids = append(ids, p.ID)
	}
	cat, err := catalogue.New(catalogue.Data{
		Courses: []catalogue.Course{
			{Code: "COMP 248", Title: "Programming I", Credits: 3},
			{Code: "COMP 249", Title: "Programming II", Credits: 3, Rules: []catalogue.Rule{
				{Type: catalogue.RulePrerequisite, CourseList: []string{"COMP 248"}, MinCourses: 1},
			}},
			{Code: "HIST 205", Title: "History", Credits: 3},
			{Code: "HIST 207", Title: "More history", Credits: 3},
		},
		Pools: append(pools, catalogue.Pool{ID: catalogue.CoopPoolID, Name: "Work terms", Courses: []string{}}),
		Degrees: []catalogue.Degree{{
			ID: "small", Name: "BCompSc in Small Things", DegreeType: catalogue.Standalone, TotalCredits: 9, Pools: ids,
		}},
	})
	if err != nil {
		panic(err)
	}
	degree := cat.Data().Degrees[0]
	return audit.NewRulebook(cat, audit.Settings{Calendar: "2026-27"}).NewProgram(degree, audit.DegreePools(cat, degree, false, false))
}

func ExampleProgram_Audit() {
	result := smallDegree().Audit(audit.Record{
		Current: term.Term{Year: 2026, Season: term.Fall},
		Attempts: []audit.Attempt{
			{Code: "HIST 205", Credits: audit.Quarters(3), Status: audit.Completed, Term: term.Term{Year: 2026, Season: term.Winter}},
			{Code: "COMP 249", Credits: audit.NoCredits, Status: audit.Planned, Term: term.Term{Year: 2027, Season: term.Winter}},
		},
	})
	for _, r := range result.Requirements {
		fmt.Println(r.Name, r.Status, r.Completed, r.Planned, r.Remaining)
	}
	for _, r := range result.Remarks {
		fmt.Println(r.Level, r.Code, r.Message)
	}
	// Output:
	// Core missing 0 3 3
	// Electives complete 3 0 0
	// error prerequisite COMP 249 needs COMP 248 before it.
}

func ExampleProgram_Plan() {
	result, err := smallDegree().Plan(context.Background(), audit.Record{Current: term.Term{Year: 2026, Season: term.Fall}}, audit.PlanRequest{})
	if err != nil {
		panic(err)
	}
	for _, t := range result.Terms {
		for _, c := range t.Courses {
			fmt.Println(t.Term, c.Code, c.Because)
		}
	}
	fmt.Println(result.Optimal, result.Reason)
	// Output:
	// WINTER 2027 COMP 248 critical
	// FALL 2027 COMP 249 critical
	// FALL 2027 Electives level
	// true The longest chain of prerequisites takes this long.
}
