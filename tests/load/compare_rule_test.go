//go:build load

package load

import "testing"

func TestAFigureIsWorseBeyondTheNoiseOfTheOtherBuild(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		moreIsGood  bool
		other, this []float64
		want        bool
	}{
		"slower in every round":           {false, []float64{10, 11, 12}, []float64{13, 14, 15}, true},
		"within the range of the other":   {false, []float64{10, 11, 18}, []float64{13, 14, 15}, false},
		"slower by less than tolerated":   {false, []float64{100, 101, 102}, []float64{103, 104, 104}, false},
		"faster":                          {false, []float64{10, 11, 12}, []float64{5, 6, 7}, false},
		"a lower rate in every round":     {true, []float64{50, 51, 52}, []float64{40, 41, 42}, true},
		"a higher rate":                   {true, []float64{50, 51, 52}, []float64{60, 61, 62}, false},
		"too few rounds":                  {false, []float64{10, 10}, []float64{20, 20}, false},
		"a rate within the other's noise": {true, []float64{40, 51, 52}, []float64{41, 42, 43}, false},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			if got := isWorse(figure{moreIsGood: test.moreIsGood}, test.other, test.this); got != test.want {
				t.Errorf("worse: got %v, want %v", got, test.want)
			}
		})
	}
}
