package term_test

import (
	"fmt"

	"github.com/trackmydegree/trackmydegree/internal/term"
)

// A term is read as it is printed, and the next one follows it in the calendar.
func ExampleParse() {
	t, err := term.Parse("Fall 2026")
	if err != nil {
		panic(err)
	}
	next := t.NextTerm()
	fmt.Println(t, t.UpperLabel())
	fmt.Println(next, term.Compare(t, next))
	// Output:
	// Fall 2026 FALL 2026
	// Winter 2027 -1
}
