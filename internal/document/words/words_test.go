package words_test

import (
	"fmt"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/trackmydegree/trackmydegree/internal/document/words"
)

func Example() {
	var b words.Builder
	line := words.Run{Baseline: 100, Size: 10}
	x := 40.0
	for _, c := range "COMP" {
		b.Add(words.Character{Code: c, X0: x, X1: x + 6, Y0: 91, Y1: 102}, line, false)
		x += 6
	}
	b.Add(words.Character{Code: '2', X0: x + 3, X1: x + 9, Y0: 91, Y1: 102}, line, true)
	for _, w := range b.Words() {
		fmt.Println(w.Text, w.X0, w.X1)
	}
	// Output:
	// COMP 40 64
	// 2 67 73
}

func TestBuilder(t *testing.T) {
	t.Parallel()
	type step struct {
		code     rune
		gap      float64 // from the end of the previous character, in sizes
		baseline float64
		spaced   bool
	}
	for _, tt := range []struct {
		name  string
		steps []step
		want  []string
	}{
		{"kerning", []step{{'A', 0, 0, false}, {'V', -0.1, 0, false}, {'A', 0.1, 0, false}}, []string{"AVA"}},
		{"a space that was not printed", []step{{'A', 0, 0, false}, {'B', 0.13, 0, false}}, []string{"A", "B"}},
		{"a generated space inside of a word", []step{{'A', 0, 0, false}, {'V', -0.1, 0, true}, {'A', 0.09, 0, true}}, []string{"AVA"}},
		{"a printed space", []step{{'A', 0, 0, false}, {'B', 0.22, 0, true}}, []string{"A", "B"}},
		{"another line", []step{{'A', 0, 0, false}, {'B', 0, 12, false}}, []string{"A", "B"}},
		{"letters in pairs", []step{{'A', 0, 0, false}, {'A', -0.6, 0, false}, {'B', 0, 0, false}, {'B', -0.6, 0, false}}, []string{"AB"}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			var b words.Builder
			const size = 10
			end := 40.0
			for i, s := range tt.steps {
				x := end + s.gap*size
				c := words.Character{Code: s.code, Index: uint64(i), X0: x, X1: x + 0.6*size}
				b.Add(c, words.Run{Baseline: 100 + s.baseline, Size: size}, s.spaced)
				end = c.X1
			}
			var got []string
			for _, w := range b.Words() {
				got = append(got, w.Text)
			}
			if diff := cmp.Diff(tt.want, got); diff != "" {
				t.Errorf("(-want +got):\n%s", diff)
			}
		})
	}
}
