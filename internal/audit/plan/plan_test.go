package plan_test

import (
	"context"
	"fmt"
	"math/rand/v2"
	"testing"

	"github.com/trackmydegree/trackmydegree/internal/audit/plan"
)

// check returns the last term of a layout, and whether it follows every rule.
func check(p *plan.Problem, start []int) (int, bool) {
	load := make([]int, len(p.Terms)+1)
	last := -1
	end := func(i int) int {
		if p.Tasks[i].FullYear {
			return start[i] + 1
		}
		return start[i]
	}
	for i, task := range p.Tasks {
		t := start[i]
		if t < 0 || end(i) >= len(p.Terms) || task.Fixed >= 0 && t != task.Fixed || task.Fixed < 0 && !task.Starts[t] {
			return 0, false
		}
		last = max(last, end(i))
		if task.FullYear {
			load[t] += (task.Credits + 1) / 2
			load[t+1] += task.Credits / 2
		} else {
			load[t] += task.Credits
		}
		before := p.Before
		for j := range p.Tasks {
			if end(j) < t {
				before += p.Tasks[j].Credits
			}
		}
		if before < task.CreditsBefore {
			return 0, false
		}
		for _, n := range task.Needs {
			have := 0
			for _, j := range n.Tasks {
				if n.Together && start[j] <= t || !n.Together && end(j) < t {
					have++
				}
			}
			if have < n.Count {
				return 0, false
			}
		}
	}
	for t := range p.Terms {
		if load[t] > p.Terms[t].Room {
			return 0, false
		}
	}
	return last, true
}

// bestLast tries every layout.
func bestLast(p *plan.Problem) int {
	best := len(p.Terms)
	start := make([]int, len(p.Tasks))
	var place func(i int)
	place = func(i int) {
		if i == len(start) {
			if last, ok := check(p, start); ok && last < best {
				best = last
			}
			return
		}
		for t := range p.Terms {
			start[i] = t
			place(i + 1)
		}
	}
	place(0)
	return best
}

func drawProblem(r *rand.Rand) *plan.Problem {
	p := &plan.Problem{Before: r.IntN(4)}
	terms := 2 + r.IntN(4)
	for range terms {
		room := 0
		if r.IntN(4) > 0 {
			room = 2 + r.IntN(5)
		}
		p.Terms = append(p.Terms, plan.Term{Room: room})
	}
	for i := range 1 + r.IntN(5) {
		task := plan.Task{Name: fmt.Sprint("T", i), Credits: r.IntN(5), Rank: r.IntN(3), Fixed: -1, FullYear: r.IntN(8) == 0, Starts: make([]bool, terms)}
		for t := range task.Starts {
			task.Starts[t] = r.IntN(4) > 0
		}
		if r.IntN(6) == 0 {
			task.CreditsBefore = r.IntN(10)
		}
		if r.IntN(10) == 0 {
			task.Fixed = r.IntN(terms)
		}
		for range r.IntN(3) {
			if i == 0 {
				break
			}
			need := plan.Need{Tasks: []int{r.IntN(i)}, Count: 1, Together: r.IntN(3) == 0}
			if other := r.IntN(i); other != need.Tasks[0] {
				need.Tasks = append(need.Tasks, other)
				need.Count = 1 + r.IntN(2)
			}
			task.Needs = append(task.Needs, need)
		}
		p.Tasks = append(p.Tasks, task)
	}
	return p
}

func TestSolveNeedsTheFewestTerms(t *testing.T) {
	t.Parallel()
	n := 20_000
	if testing.Short() {
		n = 2_000
	}
	r := rand.New(rand.NewPCG(3, 4))
	for i := range n {
		p := drawProblem(r)
		want := bestLast(p)
		got, ok := plan.Solve(context.Background(), p)
		if ok != (want < len(p.Terms)) {
			t.Fatalf("problem %d: found %v, want %d\n%+v", i, ok, want, p)
		}
		if !ok {
			continue
		}
		if last, sound := check(p, got.Start); !sound || last != want || got.Last != want || !got.Optimal || got.Bound != want {
			t.Fatalf("problem %d: got %+v (last %d, sound %v), want %d\n%+v", i, got, last, sound, want, p)
		}
	}
}
