package plan

import (
	"encoding/binary"
	"maps"
	"slices"
)

// mostPackings bounds the steps of one proof that courses do not fit into terms.
const mostPackings = 20_000

// packing decides whether courses fit into equal terms in any order: eighteen courses of 3.5 credits do not fill
// terms of 15 without waste, whatever else is in them.
type packing struct {
	sizes []int // the different numbers of credits, the largest first
	left  []int // the remaining courses of each size
	most  []int // how many of each can share a term: a course and its prerequisite cannot
	room  int
	steps int
	dead  map[string]bool
}

// canPack reports whether the credits of all tasks fit into the open terms up to the term last. It returns true when
// the open terms differ, or when the proof takes too many steps.
func (s *solver) canPack(last int) bool {
	p := packing{dead: map[string]bool{}}
	terms := 0
	for t := 0; t <= last; t++ {
		room := s.Terms[t].Room
		if room == 0 {
			continue
		}
		if terms > 0 && room != p.room {
			return true
		}
		p.room = room
		terms++
	}
	count := map[int]int{}
	total := 0
	add := func(credits int) {
		if credits > 0 {
			count[credits]++
			total += credits
		}
	}
	for i := range s.Tasks {
		switch task := &s.Tasks[i]; {
		case task.Exempt:
		case task.FullYear:
			add((task.Credits + 1) / 2)
			add(task.Credits / 2)
		default:
			add(task.Credits)
		}
	}
	p.sizes = slices.SortedFunc(maps.Keys(count), func(a, b int) int { return b - a })
	for _, size := range p.sizes {
		p.left = append(p.left, count[size])
		p.most = append(p.most, min(count[size], s.countChains(size)))
	}
	if slack := terms*p.room - total; slack >= 0 && p.fillTerms(terms, slack) {
		return true
	}
	return p.steps >= mostPackings || s.ctx.Err() != nil
}

// fillTerms reports whether the remaining courses fit into this many terms with at most this many wasted credits. The
// first term takes the largest remaining course: some term must.
func (p *packing) fillTerms(terms, slack int) bool {
	largest := slices.IndexFunc(p.left, func(n int) bool { return n > 0 })
	if largest < 0 {
		return true
	}
	if terms == 0 || p.sizes[largest] > p.room {
		return false
	}
	key := make([]byte, 0, 16)
	key = binary.AppendUvarint(key, uint64(terms))
	for _, n := range p.left {
		key = binary.AppendUvarint(key, uint64(n))
	}
	if p.dead[string(key)] {
		return false
	}
	p.left[largest]--
	ok := p.fillTerm(largest, 1, p.room-p.sizes[largest], terms, slack)
	p.left[largest]++
	if !ok {
		p.dead[string(key)] = true
	}
	return ok
}

// fillTerm adds courses of the sizes from an index on to a term with this much room, which already holds used courses
// of the first of these sizes.
func (p *packing) fillTerm(from, used, room, terms, slack int) bool {
	if p.steps++; p.steps >= mostPackings {
		return false
	}
	for k := from; k < len(p.sizes); k++ {
		if k > from {
			used = 0
		}
		if p.left[k] == 0 || p.sizes[k] > room || used >= p.most[k] {
			continue
		}
		p.left[k]--
		ok := p.fillTerm(k, used+1, room-p.sizes[k], terms, slack)
		p.left[k]++
		if ok {
			return true
		}
	}
	return room <= slack && p.fillTerms(terms-1, slack-room)
}

// countChains returns the number of chains of prerequisites that cover the tasks of a size: no more of them can share
// a term.
func (s *solver) countChains(size int) int {
	var tasks []int
	chains := 0
	for i := range s.Tasks {
		switch task := &s.Tasks[i]; {
		case task.Exempt:
		case task.FullYear:
			if (task.Credits+1)/2 == size || task.Credits/2 == size {
				chains += 2
			}
		case task.Credits == size:
			tasks = append(tasks, i)
		}
	}
	slices.SortStableFunc(tasks, func(i, j int) int { return s.earliest[i] - s.earliest[j] })
	var tails []int
	for _, i := range tasks {
		before := s.listBefore(i)
		if k := slices.IndexFunc(tails, func(j int) bool { return before[j] }); k >= 0 {
			tails[k] = i
		} else {
			tails = append(tails, i)
		}
	}
	return chains + len(tails)
}

// listBefore returns the tasks that are before a task in every layout.
func (s *solver) listBefore(i int) []bool {
	before := make([]bool, len(s.Tasks))
	open := []int{i}
	for len(open) > 0 {
		at := open[len(open)-1]
		open = open[:len(open)-1]
		for _, need := range s.Tasks[at].Needs {
			if need.Together || need.Count < len(need.Tasks) {
				continue
			}
			for _, j := range need.Tasks {
				if !before[j] {
					before[j] = true
					open = append(open, j)
				}
			}
		}
	}
	return before
}
