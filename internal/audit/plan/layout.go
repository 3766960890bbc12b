package plan

import "slices"

// layout is a layout that is built term by term.
type layout struct {
	*solver
	start []int // -1 for what is not placed yet
	load  []int
	left  int
}

// newLayout returns a layout that holds the fixed tasks only.
func (s *solver) newLayout() *layout {
	l := &layout{solver: s, start: make([]int, len(s.Tasks)), load: make([]int, len(s.Terms)+1)}
	for i := range l.start {
		l.start[i] = -1
	}
	l.left = len(l.start)
	for i := range s.Tasks {
		if s.Tasks[i].Fixed >= 0 {
			l.place(i, s.Tasks[i].Fixed)
		}
	}
	return l
}

func (l *layout) place(i, t int) {
	l.start[i] = t
	l.addLoad(i, t, 1)
	l.left--
}

func (l *layout) remove(i int) {
	l.addLoad(i, l.start[i], -1)
	l.start[i] = -1
	l.left++
}

func (l *layout) addLoad(i, t, sign int) {
	task := &l.Tasks[i]
	switch {
	case task.Exempt:
	case task.FullYear:
		l.load[t] += sign * ((task.Credits + 1) / 2)
		l.load[t+1] += sign * (task.Credits / 2)
	default:
		l.load[t] += sign * task.Credits
	}
}

// fits reports whether a term has room for a task within the given load, -1 for the term's room only.
func (l *layout) fits(i, t, most int) bool {
	task := &l.Tasks[i]
	room := func(t int) int {
		if most < 0 {
			return l.Terms[t].Room - l.load[t]
		}
		return min(l.Terms[t].Room, most) - l.load[t]
	}
	switch {
	case task.Exempt:
		return true
	case task.FullYear:
		return (task.Credits+1)/2 <= room(t) && task.Credits/2 <= room(t+1)
	}
	return task.Credits <= room(t)
}

// isReady reports whether everything that a task requires is before term t.
func (l *layout) isReady(i, t int) bool {
	for _, need := range l.Tasks[i].Needs {
		have := 0
		for _, j := range need.Tasks {
			switch at := l.start[j]; {
			case at < 0:
			case need.Together && at <= t, !need.Together && l.endOf(j, at) < t:
				have++
			}
		}
		if have < need.Count {
			return false
		}
	}
	return l.Tasks[i].CreditsBefore == 0 || l.creditsBefore(t) >= l.Tasks[i].CreditsBefore
}

// creditsBefore returns the credits of the tasks that end before a term.
func (l *layout) creditsBefore(t int) int {
	sum := l.Before
	for i, at := range l.start {
		if at >= 0 && !l.Tasks[i].Exempt && l.endOf(i, at) < t {
			sum += l.Tasks[i].Credits
		}
	}
	return sum
}

// isSound reports whether every placed task has its needs and no term is overfull; fixed tasks are exempt.
func (l *layout) isSound() bool {
	for t := range l.Terms {
		if l.load[t] > l.Terms[t].Room {
			return false
		}
	}
	for i, at := range l.start {
		if at < 0 || !l.isReady(i, at) {
			return false
		}
	}
	return true
}

// layOut fills term after term with the most urgent ready tasks, up to the given load, -1 for the terms' room. Tasks
// that cannot wait may exceed that load, but not the room.
func (s *solver) layOut(last, most int) ([]int, bool) {
	l := s.newLayout()
	queue := make([]int, 0, len(s.Tasks))
	for i := range s.Tasks {
		if l.start[i] < 0 {
			queue = append(queue, i)
		}
	}
	slices.SortFunc(queue, s.order)
	for t := 0; t <= last; t++ {
		for again := true; again; {
			again = false
			for _, i := range queue {
				if l.start[i] >= 0 || !s.mayStart(i, t) || s.endOf(i, t) > last {
					continue
				}
				load := -1
				if most >= 0 && s.latest[i] > t {
					load = most
				}
				if l.fits(i, t, load) && l.isReady(i, t) {
					l.place(i, t)
					again = true
				}
			}
		}
		for _, i := range queue {
			if l.start[i] < 0 && s.latest[i] <= t {
				return nil, false
			}
		}
	}
	return l.start, l.left == 0 && l.isSound()
}

// searchAll searches every layout that could end with the term last, up to the limit of steps. Moving a task forward
// never hurts what follows, so among tasks of one term it tries only sets to which nothing can be added.
func (s *solver) searchAll(last int) ([]int, bool) {
	s.nodes = 0
	x := &search{layout: s.newLayout(), last: last, dead: map[string]bool{}}
	found := x.fillTerm(0)
	s.isRefuted = !found && s.nodes < mostNodes && s.ctx.Err() == nil
	if found {
		return slices.Clone(x.start), true
	}
	return nil, false
}

type search struct {
	*layout
	last int
	dead map[string]bool
}

// stopped reports whether the search has used up its steps or its time.
func (x *search) stopped() bool {
	return x.nodes >= mostNodes || x.nodes%64 == 0 && x.ctx.Err() != nil
}

// fillTerm assigns the terms from t on.
func (x *search) fillTerm(t int) bool {
	if x.left == 0 {
		return x.isSound()
	}
	if t > x.last || x.stopped() {
		return false
	}
	for i, at := range x.start {
		if at < 0 && x.latest[i] < t {
			return false
		}
	}
	if !x.hasRoomFrom(t) {
		return false
	}
	key := x.encodeState(t)
	if x.dead[key] {
		return false
	}
	var ready []int
	for i, at := range x.start {
		if at < 0 && x.mayStart(i, t) && x.endOf(i, t) <= x.last {
			ready = append(ready, i)
		}
	}
	// A task that may share the term of another comes after it.
	slices.SortFunc(ready, func(i, j int) int {
		if a, b := x.countTogether(i), x.countTogether(j); a != b {
			return a - b
		}
		return x.order(i, j)
	})
	if x.choose(t, ready, 0, nil) {
		return true
	}
	if !x.stopped() {
		x.dead[key] = true
	}
	return false
}

// hasRoomFrom reports whether the terms from t on have room for the remaining tasks.
func (x *search) hasRoomFrom(t int) bool {
	room, need := 0, 0
	for ; t <= x.last; t++ {
		room += max(0, x.Terms[t].Room-x.load[t])
	}
	for i, at := range x.start {
		if at < 0 && !x.Tasks[i].Exempt {
			need += x.Tasks[i].Credits
		}
	}
	return need <= room
}

// choose takes or skips each ready task of term t. skipped are those that were skipped although they fit.
func (x *search) choose(t int, ready []int, at int, skipped []int) bool {
	x.nodes++
	if x.stopped() {
		return false
	}
	if at == len(ready) {
		for _, i := range skipped {
			if !x.Tasks[i].FullYear && x.fits(i, t, -1) && x.isReady(i, t) {
				return false // more would fit
			}
		}
		return x.fillTerm(t + 1)
	}
	i := ready[at]
	alike := slices.ContainsFunc(skipped, func(j int) bool { return x.areAlike(i, j) })
	if !alike && x.fits(i, t, -1) && x.isReady(i, t) {
		x.place(i, t)
		if x.choose(t, ready, at+1, skipped) {
			return true
		}
		x.remove(i)
	}
	if x.latest[i] <= t && !x.waitsInTerm(i, t) {
		return false
	}
	return x.choose(t, ready, at+1, append(skipped[:len(skipped):len(skipped)], i))
}

// waitsInTerm reports whether a task that is chosen later in the same term may make this one ready.
func (x *search) waitsInTerm(i, t int) bool { return x.countTogether(i) > 0 && !x.isReady(i, t) }

// countTogether returns how many needs of a task the same term can meet.
func (x *search) countTogether(i int) int {
	n := 0
	for _, need := range x.Tasks[i].Needs {
		if need.Together {
			n++
		}
	}
	return n
}

// areAlike reports whether two tasks differ only in their names.
func (x *search) areAlike(i, j int) bool {
	a, b := &x.Tasks[i], &x.Tasks[j]
	return a.Credits == b.Credits && len(a.Needs) == 0 && len(b.Needs) == 0 && a.CreditsBefore == b.CreditsBefore &&
		a.FullYear == b.FullYear && x.latest[i] == x.latest[j] && slices.Equal(a.Starts, b.Starts) && !x.isNeeded(i) && !x.isNeeded(j)
}

// isNeeded reports whether another task requires this one.
func (x *search) isNeeded(i int) bool {
	return slices.ContainsFunc(x.Tasks, func(task Task) bool {
		return slices.ContainsFunc(task.Needs, func(n Need) bool { return slices.Contains(n.Tasks, i) })
	})
}

// encodeState encodes everything on which the terms from t on depend: the placed tasks, and those that extend into
// these terms.
func (x *search) encodeState(t int) string {
	b := make([]byte, 0, len(x.start)+2)
	b = append(b, byte(t))
	for i, at := range x.start {
		switch {
		case at < 0:
			b = append(b, 0)
		case x.endOf(i, at) >= t:
			b = append(b, 2)
		default:
			b = append(b, 1)
		}
	}
	return string(b)
}
