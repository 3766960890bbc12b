package warning_test

import (
	"encoding/json"
	"fmt"

	"github.com/trackmydegree/trackmydegree/internal/warning"
)

// Clients translate the code; the message is for people.
func Example() {
	b, err := json.Marshal(warning.Warning{
		Code: warning.CreditsDiffer, Message: "The printed credits differ from the sum of the rows.", Expected: "15", Found: "12",
	})
	if err != nil {
		panic(err)
	}
	fmt.Println(string(b))
	// Output: {"code":"credits_differ","message":"The printed credits differ from the sum of the rows.","expected":"15","found":"12"}
}
