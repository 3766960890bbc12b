package plan

import (
	"cmp"
	"slices"
)

// wholeCourse is the credits of most courses, in quarters: these fill terms without waste.
const wholeCourse = 12

// orderAwkward prefers tasks whose credits do not fill a term evenly, so that the others remain for the end.
func (s *solver) orderAwkward(i, j int) int {
	awkward := func(i int) int {
		if s.Tasks[i].Credits%wholeCourse == 0 {
			return 1
		}
		return 0
	}
	return cmp.Or(cmp.Compare(awkward(i), awkward(j)), s.order(i, j))
}

// orderLatestAwkward prefers tasks that cannot wait longer than a few terms, then those that fill terms badly.
func (s *solver) orderLatestAwkward(i, j int) int {
	return cmp.Or(cmp.Compare(s.latest[i]/3, s.latest[j]/3), s.orderAwkward(i, j))
}

// orderMixed returns an order that keeps urgent tasks in front and shuffles the rest, differently for each seed.
func (s *solver) orderMixed(seed uint32) func(i, j int) int {
	mix := func(i int) uint32 {
		h := uint32(i+1)*2654435761 ^ (seed+1)*2246822519
		h ^= h >> 15
		h *= 2246822519
		return h ^ h>>13
	}
	span := 1 + int(seed%4)
	return func(i, j int) int {
		return cmp.Or(cmp.Compare(s.latest[i]/span, s.latest[j]/span), cmp.Compare(mix(i), mix(j)), cmp.Compare(i, j))
	}
}

// fillTight fills each term as far as the ready tasks allow, with the most urgent among the best sets. It finds
// layouts in which no credit of a term may be wasted.
func (s *solver) fillTight(last int, order func(i, j int) int) ([]int, bool) {
	l := s.newLayout()
	queue := make([]int, 0, len(s.Tasks))
	for i := range s.Tasks {
		if l.start[i] < 0 {
			queue = append(queue, i)
		}
	}
	slices.SortFunc(queue, order)
	for t := 0; t <= last; t++ {
		for again := true; again; {
			again = false
			for _, i := range queue { // tasks that cannot wait, and those without credits
				if l.start[i] < 0 && s.mayStart(i, t) && s.endOf(i, t) <= last && (s.latest[i] <= t || s.Tasks[i].Exempt) && l.fits(i, t, -1) && l.isReady(i, t) {
					l.place(i, t)
					again = true
				}
			}
		}
		for again := true; again; {
			again = false
			for _, i := range l.pickTight(queue, t, last) {
				l.place(i, t)
				again = true
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

// pickTight returns the ready tasks that together best fill the remaining room of term t; among equal sets the one
// whose tasks are earlier in the queue.
func (l *layout) pickTight(queue []int, t, last int) []int {
	room := l.Terms[t].Room - l.load[t]
	if room <= 0 {
		return nil
	}
	var ready []int
	for _, i := range queue {
		if l.start[i] < 0 && l.mayStart(i, t) && l.endOf(i, t) <= last && l.fits(i, t, -1) && l.isReady(i, t) {
			ready = append(ready, i)
		}
	}
	// reach[k] holds the possible sums of the ready tasks from k on.
	reach := make([][]bool, len(ready)+1)
	reach[len(ready)] = make([]bool, room+1)
	reach[len(ready)][0] = true
	for k := len(ready) - 1; k >= 0; k-- {
		reach[k] = slices.Clone(reach[k+1])
		for sum, credits := 0, l.creditsIn(ready[k]); sum+credits <= room; sum++ {
			reach[k][sum+credits] = reach[k][sum+credits] || reach[k+1][sum]
		}
	}
	sum := room
	for !reach[0][sum] {
		sum--
	}
	var out []int
	next := 0 // the part of full-year tasks in the next term
	for k, i := range ready {
		credits := l.creditsIn(i)
		if credits > sum || !reach[k+1][sum-credits] {
			continue
		}
		if l.Tasks[i].FullYear {
			if next+l.load[t+1]+l.Tasks[i].Credits/2 > l.Terms[t+1].Room {
				continue
			}
			next += l.Tasks[i].Credits / 2
		}
		sum -= credits
		out = append(out, i)
	}
	return out
}

// creditsIn returns the credits of a task in the term in which it begins.
func (l *layout) creditsIn(i int) int {
	if l.Tasks[i].FullYear {
		return (l.Tasks[i].Credits + 1) / 2
	}
	return l.Tasks[i].Credits
}
