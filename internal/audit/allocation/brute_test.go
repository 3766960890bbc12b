package allocation_test

import (
	"math/rand/v2"
	"slices"
	"testing"

	"github.com/trackmydegree/trackmydegree/internal/audit/allocation"
)

// score is the objective: completed, in progress, planned, pools done, pools full, courses not split.
type score [6]int

// scoreOf scores an allocation, and reports whether it is valid.
func scoreOf(p *allocation.Problem, shares [][]allocation.Share) (score, bool) {
	var s score
	used := make([]int, len(p.Pools))
	done := make([]int, len(p.Pools))
	inSet := make([][]int, len(p.Pools))
	courses := make([][]int, len(p.Pools))
	for k := range p.Pools {
		inSet[k], courses[k] = make([]int, len(p.Pools[k].Limits)), make([]int, len(p.Pools[k].Limits))
	}
	counts := make([]bool, len(p.Courses))
	for i, list := range shares {
		c := &p.Courses[i]
		sum, places := 0, 0
		for _, sh := range list {
			if sh.Credits <= 0 {
				continue
			}
			at := slices.IndexFunc(c.Places, func(x allocation.Place) bool { return x.Pool == sh.Pool })
			if at < 0 {
				return s, false
			}
			sum += sh.Credits
			places++
			used[sh.Pool] += sh.Credits
			if c.Class == allocation.Completed {
				done[sh.Pool] += sh.Credits
			}
			for l := range p.Pools[sh.Pool].Limits {
				if c.Places[at].InSet>>l&1 == 1 {
					inSet[sh.Pool][l] += sh.Credits
					courses[sh.Pool][l]++
				}
			}
		}
		if sum > c.Credits {
			return s, false
		}
		counts[i] = sum > 0
		s[c.Class] += sum
		if places > 1 {
			s[5]--
		}
	}
	for k, pool := range p.Pools {
		if used[k] > pool.Required {
			return s, false
		}
		beside, kept := used[k], 0
		for l, limit := range pool.Limits {
			switch limit.Kind {
			case allocation.MostCourses:
				if courses[k][l] > limit.N {
					return s, false
				}
			case allocation.MostCredits:
				if inSet[k][l] > limit.N {
					return s, false
				}
			case allocation.ReserveForSet:
				beside -= min(inSet[k][l], limit.N)
				kept += limit.N
			}
		}
		if kept > 0 && beside > max(0, pool.Required-kept) {
			return s, false
		}
		if done[k] == pool.Required {
			s[3]++
		}
		if used[k] == pool.Required {
			s[4]++
		}
	}
	for _, pair := range p.Excluded {
		if pair[0] != pair[1] && counts[pair[0]] && counts[pair[1]] {
			return s, false
		}
	}
	return s, true
}

// bestScore tries every allocation.
func bestScore(p *allocation.Problem) score {
	best := score{-1}
	shares := make([][]allocation.Share, len(p.Courses))
	room := make([]int, len(p.Pools))
	for k := range room {
		room[k] = p.Pools[k].Required
	}
	var course func(i int)
	course = func(i int) {
		if i == len(p.Courses) {
			if s, ok := scoreOf(p, shares); ok && slices.Compare(s[:], best[:]) > 0 {
				best = s
			}
			return
		}
		var place func(at, left int)
		place = func(at, left int) {
			if at == len(p.Courses[i].Places) {
				course(i + 1)
				return
			}
			k := p.Courses[i].Places[at].Pool
			for n := 0; n <= min(left, room[k]); n++ {
				shares[i] = append(shares[i], allocation.Share{Pool: k, Credits: n})
				room[k] -= n
				place(at+1, left-n)
				room[k] += n
				shares[i] = shares[i][:len(shares[i])-1]
			}
		}
		place(0, p.Courses[i].Credits)
	}
	course(0)
	return best
}

// drawProblem draws a small record and degree. The sets of a pool's limits are disjoint or nested, as Limit requires.
func drawProblem(r *rand.Rand) allocation.Problem {
	var p allocation.Problem
	pools, courses := 1+r.IntN(3), 1+r.IntN(4)
	for range pools {
		p.Pools = append(p.Pools, allocation.Pool{Required: r.IntN(6)})
	}
	for i := range courses {
		c := allocation.Course{
			Code: string(rune('A' + r.IntN(26))), When: r.IntN(3), Class: allocation.Class(r.IntN(3)), Credits: r.IntN(4),
		}
		if i > 0 && r.IntN(4) == 0 {
			c.Code = p.Courses[0].Code
		}
		for k := range pools {
			if r.IntN(3) > 0 {
				c.Places = append(c.Places, allocation.Place{Pool: k})
			}
		}
		p.Courses = append(p.Courses, c)
	}
	for k := range pools {
		for range r.IntN(3) {
			l := len(p.Pools[k].Limits)
			kind := allocation.LimitKind(r.IntN(3))
			limit := allocation.Limit{Kind: kind, N: r.IntN(4)}
			nested := l > 0 && r.IntN(2) == 0 && kind != allocation.ReserveForSet
			for i := range p.Courses {
				for x := range p.Courses[i].Places {
					if place := &p.Courses[i].Places[x]; place.Pool == k && r.IntN(2) == 0 && (l == 0 || nested == (place.InSet&1 == 1)) {
						place.InSet |= 1 << l
					}
				}
			}
			p.Pools[k].Limits = append(p.Pools[k].Limits, limit)
			if l == 1 {
				break
			}
		}
	}
	for range r.IntN(3) {
		p.Excluded = append(p.Excluded, [2]int{r.IntN(courses), r.IntN(courses)})
	}
	return p
}

func TestSolveIsTheBest(t *testing.T) {
	t.Parallel()
	n := 100_000
	if testing.Short() {
		n = 5_000
	}
	r := rand.New(rand.NewPCG(1, 2))
	for i := range n {
		p := drawProblem(r)
		solution := allocation.Solve(p)
		got, ok := scoreOf(&p, solution.Shares)
		if want := bestScore(&p); !ok || got != want || !solution.Exact {
			t.Fatalf("problem %d: got %v (allowed %v), want %v\n%+v\n%v", i, got, ok, want, p, solution.Shares)
		}
	}
}
