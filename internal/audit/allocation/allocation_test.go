package allocation_test

import (
	"math/rand/v2"
	"reflect"
	"testing"

	"github.com/trackmydegree/trackmydegree/internal/audit/allocation"
)

// A solver that has solved other problems answers as a new one does, and the credits of a class are those of the
// shares.
func TestSolverRemembersSolutionsOfEqualComponents(t *testing.T) {
	t.Parallel()
	n := 20_000
	if testing.Short() {
		n = 2_000
	}
	r := rand.New(rand.NewPCG(21, 22))
	var solver *allocation.Solver
	var p allocation.Problem
	for i := range n {
		if i%8 == 0 {
			p, solver = drawProblem(r), new(allocation.Solver)
		} else {
			changeProblem(r, &p)
		}
		want, got := allocation.Solve(p), solver.Solve(p)
		if !reflect.DeepEqual(got, want) {
			t.Fatalf("problem %d: got %v, want %v\n%+v", i, got, want, p)
		}
		for _, class := range []allocation.Class{allocation.Completed, allocation.InProgress, allocation.Planned} {
			sum := 0
			for x, shares := range want.Shares {
				for _, share := range shares {
					if p.Courses[x].Class == class {
						sum += share.Credits
					}
				}
			}
			if count := allocation.CountCredits(p, class); count != sum {
				t.Fatalf("problem %d: got %d credits of class %d, want %d\n%+v", i, count, class, sum, p)
			}
		}
	}
}

// changeProblem changes one part of a problem.
func changeProblem(r *rand.Rand, p *allocation.Problem) {
	course, pool := &p.Courses[r.IntN(len(p.Courses))], &p.Pools[r.IntN(len(p.Pools))]
	switch r.IntN(6) {
	case 0:
		course.Class = allocation.Class(r.IntN(3))
	case 1:
		course.Credits = r.IntN(4)
	case 2:
		pool.Required = r.IntN(6)
	case 3:
		p.Excluded = nil
		if r.IntN(2) == 0 {
			p.Excluded = [][2]int{{r.IntN(len(p.Courses)), r.IntN(len(p.Courses))}}
		}
	case 4:
		if len(pool.Limits) > 0 {
			pool.Limits[0].N = r.IntN(4)
		}
	case 5:
		if len(course.Places) > 0 {
			course.Places[0].InSet = uint64(r.IntN(2))
		}
	}
}
