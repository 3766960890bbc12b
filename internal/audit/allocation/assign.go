package allocation

import (
	"encoding/binary"
	"slices"
)

// assigner assigns one pool to each course, in order: the earliest pool with which the goal is still reachable. It
// leaves as many courses to be split as allowed.
type assigner struct {
	network *network
	goal    *target
	allowed [][]Place
	dead    map[string]bool // states without a solution
	kinds   []boundKind
	key     []byte
}

func (a *assigner) isReached(f filling) bool { return a.network.reaches(a.allowed, a.goal, f) }

// witness is a flow that reaches the goal: the pair of sets that it fills, and the pool of each course: nowhere for a
// course that it leaves out, several for one that it splits.
type witness struct {
	filling filling
	pools   []int
}

const (
	nowhere = -1
	several = -2
)

// findWitness returns a flow for the first reachable pair of sets, nil when there is none.
func (a *assigner) findWitness() *witness {
	for _, f := range a.goal.fillings {
		if a.isReached(f) {
			return &witness{filling: f, pools: a.network.listPools()}
		}
	}
	return nil
}

// assign assigns the courses from x on. w is a flow that reaches the goal, nil when none is known.
func (a *assigner) assign(x, splits int, w *witness) (filling, bool) {
	for x < len(a.allowed) && len(a.allowed[x]) < 2 {
		x++
	}
	if a.network.isSpent() || len(a.dead) > 0 && a.dead[string(a.encodeState(x, splits))] {
		return filling{}, false
	}
	if w == nil {
		w = a.findWitness()
	}
	if w == nil {
		a.dead[string(a.encodeState(x, splits))] = true
		return filling{}, false
	}
	if x == len(a.allowed) {
		return w.filling, true
	}
	places := a.allowed[x]
	for p := range places {
		a.allowed[x] = places[p : p+1]
		next := w
		if at := w.pools[x]; at != places[p].Pool && at != nowhere {
			next = nil
		}
		if f, ok := a.assign(x+1, splits, next); ok {
			return f, true
		}
	}
	a.allowed[x] = places
	if splits > 0 {
		if f, ok := a.assign(x+1, splits-1, w); ok {
			return f, true
		}
	}
	a.dead[string(a.encodeState(x, splits))] = true
	return filling{}, false
}

// boundKind is the sum of the credits of a class that are bound to a place.
type boundKind struct {
	class   Class
	place   Place
	credits int
}

// encodeState encodes the effect of the courses before x on those from x on: the credits of each class and the limits
// that are bound to each pool, and the courses that remain to be split. The result holds until the next call.
func (a *assigner) encodeState(x, splits int) []byte {
	kinds := a.kinds[:0]
	key := binary.AppendUvarint(a.key[:0], uint64(x))
	key = binary.AppendUvarint(key, uint64(splits))
	for y := range x {
		course := &a.network.c.problem.Courses[a.network.c.courses[y]]
		switch places := a.allowed[y]; len(places) {
		case 0:
		case 1:
			k := slices.IndexFunc(kinds, func(k boundKind) bool { return k.class == course.Class && k.place == places[0] })
			if k < 0 {
				k, kinds = len(kinds), append(kinds, boundKind{class: course.Class, place: places[0]})
			}
			kinds[k].credits += course.Credits
		default:
			key = binary.AppendUvarint(key, uint64(y))
		}
	}
	slices.SortFunc(kinds, func(a, b boundKind) int {
		if a.class != b.class {
			return int(a.class) - int(b.class)
		}
		if a.place.Pool != b.place.Pool {
			return a.place.Pool - b.place.Pool
		}
		return int(int64(a.place.InSet) - int64(b.place.InSet))
	})
	key = append(key, 0xff)
	for _, k := range kinds {
		key = append(key, byte(k.class))
		key = binary.AppendUvarint(key, uint64(k.place.Pool))
		key = binary.AppendUvarint(key, k.place.InSet)
		key = binary.AppendUvarint(key, uint64(k.credits))
	}
	a.kinds, a.key = kinds, key
	return key
}
