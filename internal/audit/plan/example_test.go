package plan_test

import (
	"context"
	"fmt"

	"github.com/trackmydegree/trackmydegree/internal/audit/plan"
)

// Two courses in sequence and an independent one, at six credits a term.
func ExampleSolve() {
	open := []bool{true, true, true}
	schedule, ok := plan.Solve(context.Background(), &plan.Problem{
		Terms: []plan.Term{{Room: 6}, {Room: 6}, {Room: 6}},
		Tasks: []plan.Task{
			{Name: "COMP 248", Credits: 3, Starts: open, Fixed: -1},
			{Name: "COMP 249", Credits: 3, Starts: open, Fixed: -1, Needs: []plan.Need{{Tasks: []int{0}, Count: 1}}},
			{Name: "HIST 205", Credits: 3, Starts: open, Fixed: -1},
		},
	})
	fmt.Println(ok, schedule.Start, schedule.Optimal)
	// Output: true [0 1 1] true
}
