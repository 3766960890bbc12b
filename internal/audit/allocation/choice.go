package allocation

import "slices"

// mostChoices bounds the combinations of one component. A record of forty courses has a few.
const mostChoices = 1024

// choice fixes what a flow cannot express: which of excluded courses counts, and which courses of a set with a
// limited number. allowed[i] holds the remaining places of course i.
type choice struct {
	allowed [][]Place
}

// listChoices returns every relevant combination, the one that prefers earlier courses first, and whether the list is
// complete.
func (c *component) listChoices() ([]choice, bool) {
	var out []choice
	whole := true
	for _, out1 := range c.listUnexcluded() {
		base := choice{allowed: make([][]Place, len(c.courses))}
		for x, i := range c.courses {
			if !out1[x] && c.problem.Courses[i].Credits > 0 {
				base.allowed[x] = c.problem.Courses[i].Places
			}
		}
		open := []choice{base}
		for _, k := range c.pools {
			for l, limit := range c.problem.Pools[k].Limits {
				if limit.Kind != MostCourses {
					continue
				}
				var next []choice
				for _, ch := range open {
					next = append(next, c.limitCourses(ch, k, l, limit.N)...)
					if len(next) > mostChoices {
						next, whole = next[:mostChoices], false
						break
					}
				}
				open = next
			}
		}
		out = append(out, open...)
		if len(out) > mostChoices {
			return out[:mostChoices], false
		}
	}
	return out, whole
}

// listUnexcluded returns, for each way to resolve the exclusions, the courses that are left out. Each way leaves out
// a minimal set.
func (c *component) listUnexcluded() [][]bool {
	n := len(c.courses)
	if len(c.excluded) == 0 {
		return [][]bool{make([]bool, n)}
	}
	against := make([][]int, n)
	for _, pair := range c.excluded {
		against[pair[0]] = append(against[pair[0]], pair[1])
		against[pair[1]] = append(against[pair[1]], pair[0])
	}
	var ways [][]bool
	state := make([]int8, n) // 0 open, 1 in, -1 out
	var decide func(x int)
	decide = func(x int) {
		for x < n && len(against[x]) == 0 {
			x++
		}
		if len(ways) > mostChoices {
			return
		}
		if x == n {
			left := make([]bool, n)
			for y := range left {
				left[y] = state[y] < 0
				if left[y] && !slices.ContainsFunc(against[y], func(z int) bool { return state[z] > 0 }) {
					return // this course could have been in
				}
			}
			ways = append(ways, left)
			return
		}
		if !slices.ContainsFunc(against[x], func(z int) bool { return state[z] > 0 }) {
			state[x] = 1
			decide(x + 1)
		}
		state[x] = -1
		decide(x + 1)
		state[x] = 0
	}
	decide(0)
	return ways
}

// limitCourses returns ch once for each way to choose n courses of the set of limit l of pool k. Of courses that
// differ only in their time, it chooses the earlier.
func (c *component) limitCourses(ch choice, k, l, n int) []choice {
	var set []int
	for x, places := range ch.allowed {
		if slices.ContainsFunc(places, func(p Place) bool { return p.Pool == k && p.InSet>>l&1 == 1 }) {
			set = append(set, x)
		}
	}
	if len(set) <= n {
		return []choice{ch}
	}
	var out []choice
	chosen := make([]bool, len(set))
	var pick func(at, left int)
	pick = func(at, left int) {
		if len(out) > mostChoices {
			return
		}
		if left == 0 || at == len(set) {
			if left == 0 {
				out = append(out, ch.without(k, set, chosen))
			}
			return
		}
		skipped := slices.ContainsFunc(set[:at], func(y int) bool {
			return !chosen[slices.Index(set, y)] && c.areAlike(ch, y, set[at])
		})
		if !skipped {
			chosen[at] = true
			pick(at+1, left-1)
			chosen[at] = false
		}
		if len(set)-at > left {
			pick(at+1, left)
		}
	}
	pick(0, max(0, n))
	return out
}

// areAlike reports whether two courses are the same with regard to credits.
func (c *component) areAlike(ch choice, x, y int) bool {
	a, b := &c.problem.Courses[c.courses[x]], &c.problem.Courses[c.courses[y]]
	return a.Class == b.Class && a.Credits == b.Credits && slices.Equal(ch.allowed[x], ch.allowed[y])
}

// without returns ch in which the courses of set that are not chosen have no place in pool k.
func (ch choice) without(k int, set []int, chosen []bool) choice {
	next := choice{allowed: slices.Clone(ch.allowed)}
	for s, x := range set {
		if !chosen[s] {
			next.allowed[x] = slices.DeleteFunc(slices.Clone(next.allowed[x]), func(p Place) bool { return p.Pool == k })
		}
	}
	return next
}
