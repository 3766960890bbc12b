package budget_test

import (
	"fmt"

	"github.com/trackmydegree/trackmydegree/internal/budget"
)

// A limit inside another one is shorter, so the inner part reports the error.
func Example() {
	fmt.Println(budget.RedisCall < budget.Answer, budget.Answer < budget.Unavailable)
	// Output: true true
}
