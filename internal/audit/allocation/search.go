package allocation

import (
	"math/bits"
	"slices"
)

// filling is a set of full pools of a component: done by completed credits alone, full by any credits.
type filling struct {
	done, full uint64
}

// target is the best result of a choice, without regard to splits.
type target struct {
	credits    [classes]int
	done, full int       // numbers of pools
	fillings   []filling // every pair of sets that reaches these numbers
}

func (t *target) isBetter(than *target) bool {
	for class := range classes {
		if t.credits[class] != than.credits[class] {
			return t.credits[class] > than.credits[class]
		}
	}
	if t.done != than.done {
		return t.done > than.done
	}
	return t.full > than.full
}

// solve writes the best shares of the component's courses, and reports whether it examined every combination.
func (c *component) solve(shares [][]Share) bool {
	if len(c.courses) == 0 {
		return true
	}
	choices, whole := c.listChoices()
	n := newNetwork(c)
	var best target
	var tied []choice
	var goals []target
	for i, ch := range choices {
		if i > 0 && n.isSpent() {
			whole = false
			break
		}
		t := n.findTarget(ch)
		switch {
		case i == 0 || t.isBetter(&best):
			best, tied, goals = t, append(tied[:0], ch), append(goals[:0], t)
		case !best.isBetter(&t):
			tied, goals = append(tied, ch), append(goals, t)
		}
	}
	g := &group{network: n, choices: tied, goals: goals}
	ideal := n.findHeld(tied, goals)
	// Also when the search ends early, the credits and the full pools are optimal.
	n.reaches(tied[0].allowed, &goals[0], goals[0].fillings[0])
	c.readShares(n, shares)
	for splits := 0; splits <= len(c.courses) && !n.isSpent(); splits++ {
		if g.assignAll(ideal, splits) {
			c.readShares(n, shares)
			return whole
		}
		if g.assignAll(nil, splits) {
			c.readShares(n, shares)
			g.emptyLater(splits, shares)
			return whole && !n.isSpent()
		}
	}
	return false
}

// countCredits returns the most credits of each class that the component's pools can count.
func (c *component) countCredits() [classes]int {
	var best target
	n := newNetwork(c)
	choices, _ := c.listChoices()
	for i, ch := range choices {
		var t target
		n.countCredits(ch, &t)
		if i == 0 || t.isBetter(&best) {
			best = t
		}
	}
	return best.credits
}

// countCredits writes the most credits of each class that a choice can count when courses may be split freely.
func (n *network) countCredits(ch choice, t *target) {
	n.reset(ch.allowed, 0)
	for class := range classes {
		t.credits[class] = n.giveAll(class)
	}
}

// group is the set of choices that reach the best target.
type group struct {
	*network
	choices []choice
	goals   []target
}

// assignAll searches for an assignment with at most this many split courses in which the pools hold no more than
// caps. It leaves the flow in the network.
func (g *group) assignAll(caps []int, splits int) bool {
	g.caps = caps
	for i, ch := range g.choices {
		a := assigner{network: g.network, goal: &g.goals[i], allowed: slices.Clone(ch.allowed), dead: map[string]bool{}}
		if filling, ok := a.assign(0, splits, nil); ok {
			return a.isReached(filling)
		}
	}
	return false
}

// emptyLater minimises the credits of the pools, starting with the last one, within the number of splits. It starts
// from a flow in the network and writes the best shares.
func (g *group) emptyLater(splits int, shares [][]Share) {
	caps := make([]int, len(g.c.pools))
	for k, id := range g.c.pools {
		caps[k] = g.c.problem.Pools[id].Required
	}
	held := make([]int, len(caps))
	readHeld := func() {
		for k := range held {
			held[k] = g.edges[g.sinkEdge[k]^1].left
		}
	}
	readHeld()
	for k := len(caps) - 1; k > 0; k-- {
		for least := 0; least < held[k]; {
			caps[k] = (least + held[k]) / 2
			if g.assignAll(slices.Clone(caps), splits) {
				g.c.readShares(g.network, shares)
				readHeld()
			} else {
				least = caps[k] + 1
			}
			if g.isSpent() {
				return
			}
		}
		caps[k] = held[k]
	}
}

// mostSteps bounds the flow searches of one component. Records of students take some hundred; only random records
// with many unusual numbers of credits take more.
const mostSteps = 4000

// isSpent reports whether the search has used up its steps.
func (n *network) isSpent() bool { return n.steps > mostSteps }

// findHeld returns the credits of the pools in the best allocation: the later pools have as few as possible, so that
// the wide ones at the end, such as general electives, stay free.
func (n *network) findHeld(tied []choice, goals []target) []int {
	var best []int
	for i, ch := range tied {
		for _, f := range goals[i].fillings {
			if !n.reaches(ch.allowed, &goals[i], f) {
				continue
			}
			held := n.drainLater(f.full)
			if best == nil || isLaterFree(held, best) {
				best = held
			}
		}
	}
	return best
}

// isLaterFree reports whether the last pool in which two allocations differ holds less in the first.
func isLaterFree(a, b []int) bool {
	for k := len(a) - 1; k >= 0; k-- {
		if a[k] != b[k] {
			return a[k] < b[k]
		}
	}
	return false
}

// findTarget returns the best result of a choice when courses may be split freely.
func (n *network) findTarget(ch choice) target {
	var t target
	n.countCredits(ch, &t)
	can, canDone := n.findCandidates(ch)
	for _, done := range subsetsBySize(canDone) {
		if size := bits.OnesCount64(done); len(t.fillings) > 0 && size < t.done {
			break
		} else if !n.reaches(ch.allowed, &t, filling{done, 0}) {
			continue
		}
		for _, more := range subsetsBySize(can &^ done) {
			size, f := bits.OnesCount64(done), filling{done, done | more}
			full := bits.OnesCount64(f.full)
			if len(t.fillings) > 0 && full < t.full {
				break
			}
			if more != 0 && !n.reaches(ch.allowed, &t, f) {
				continue
			}
			if len(t.fillings) == 0 || full > t.full {
				t.done, t.full, t.fillings = size, full, nil
			}
			t.fillings = append(t.fillings, f)
		}
	}
	return t
}

// findCandidates returns the pools that could be full, and those that completed courses alone could fill. A pool that
// requires nothing is neither, because it is full in every allocation.
func (n *network) findCandidates(ch choice) (can, canDone uint64) {
	for k, id := range n.c.pools {
		required, any, completed := n.c.problem.Pools[id].Required, 0, 0
		if required == 0 {
			continue
		}
		for x, places := range ch.allowed {
			course := &n.c.problem.Courses[n.c.courses[x]]
			if slices.ContainsFunc(places, func(p Place) bool { return p.Pool == id }) {
				any += course.Credits
				if course.Class == Completed {
					completed += course.Credits
				}
			}
		}
		if any >= required {
			can |= 1 << k
		}
		if completed >= required {
			canDone |= 1 << k
		}
	}
	return can, canDone
}

// subsetsBySize returns the subsets of a set, largest first, and among equals the one with the earlier pools.
func subsetsBySize(set uint64) []uint64 {
	var all []uint64
	for sub := set; ; sub = (sub - 1) & set {
		all = append(all, sub)
		if sub == 0 {
			break
		}
	}
	slices.SortStableFunc(all, func(a, b uint64) int {
		if d := bits.OnesCount64(b) - bits.OnesCount64(a); d != 0 {
			return d
		}
		for k := range 64 { // the earlier pool decides
			if x, y := a>>k&1, b>>k&1; x != y {
				return int(y) - int(x)
			}
		}
		return 0
	})
	return all
}

// reaches reports whether courses in the allowed places can give the credits of t and fill the pools of f. It leaves
// that flow in the network.
func (n *network) reaches(allowed [][]Place, t *target, f filling) bool {
	for k, held := range n.caps {
		if (f.done|f.full)>>k&1 == 1 && held < n.c.problem.Pools[n.c.pools[k]].Required {
			return false
		}
	}
	n.steps++
	n.reset(allowed, f.done)
	if n.giveAll(Completed) != t.credits[Completed] || !n.fillPools(f.done, f.done) {
		return false
	}
	for class := InProgress; class < classes; class++ {
		if n.giveAll(class) != t.credits[class] {
			return false
		}
	}
	return n.fillPools(f.full&^f.done, f.full)
}

// readShares writes the shares of the network's flow.
func (c *component) readShares(n *network, shares [][]Share) {
	for x, i := range c.courses {
		var out []Share
		for _, e := range n.out[x] {
			if credits := n.edges[e^1].left; e&1 == 0 && credits > 0 {
				out = append(out, Share{Pool: c.pools[n.poolOf[n.edges[e].to]], Credits: credits})
			}
		}
		slices.SortFunc(out, func(a, b Share) int { return a.Pool - b.Pool })
		shares[i] = out
	}
}
