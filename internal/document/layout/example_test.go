package layout_test

import (
	"fmt"

	"github.com/trackmydegree/trackmydegree/internal/document/layout"
)

func ExampleSplitSheets() {
	word := func(text string, x, y float64) layout.Word {
		return layout.Word{Text: text, X0: x, X1: x + 5*float64(len(text)), Top: y - 8, Bottom: y + 2, Baseline: y, Size: 10}
	}
	sheets := layout.SplitSheets([]layout.Page{{Width: 800, Height: 600, Words: []layout.Word{
		word("COMP", 20, 100), word("248", 50, 100), word("3.00", 200, 100), word("1/2", 20, 580),
		word("COMP", 420, 100), word("249", 450, 100), word("3.50", 600, 100), word("2/2", 420, 580),
	}}})
	for _, s := range sheets {
		fmt.Println(s.Number, "of", s.Total, s.Lines[0].Text)
	}
	// Output:
	// 1 of 2 COMP 248 3.00
	// 2 of 2 COMP 249 3.50
}
