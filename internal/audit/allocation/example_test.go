package allocation_test

import (
	"fmt"

	"github.com/trackmydegree/trackmydegree/internal/audit/allocation"
)

// The course that both pools list counts where the other course cannot.
func ExampleSolve() {
	solution := allocation.Solve(allocation.Problem{
		Pools: []allocation.Pool{{Required: 3}, {Required: 3}},
		Courses: []allocation.Course{
			{Code: "COMP 361", Credits: 3, Places: []allocation.Place{{Pool: 0}, {Pool: 1}}},
			{Code: "COMP 353", When: 1, Credits: 3, Places: []allocation.Place{{Pool: 0}}},
		},
	})
	fmt.Println(solution.Shares)
	// Output: [[{1 3}] [{0 3}]]
}
