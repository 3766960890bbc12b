package allocation

// edge is one direction of a connection; its other direction is the edge at index^1.
type edge struct {
	to, left int
}

// network is the flow from courses through the credit limits of pools into the pools. Nodes: the courses, then the pools,
// then the limits, then the sink.
type network struct {
	c        *component
	edges    []edge
	out      [][]int
	sinkEdge []int // of each pool of the component
	given    []int // of each course: the credits that it gives
	from     []int // the edge by which a search reached a node
	queue    []int
	local    map[int]int // pool of the problem → position in the component
}

func (n *network) poolNode(k int) int { return len(n.c.courses) + k }

func newNetwork(c *component) *network {
	n := &network{c: c, sinkEdge: make([]int, len(c.pools)), given: make([]int, len(c.courses)), local: map[int]int{}}
	limits := 0
	for k, pool := range c.pools {
		n.local[pool] = k
		limits += len(c.problem.Pools[pool].Limits)
	}
	nodes := len(c.courses) + len(c.pools) + limits + 1
	n.out, n.from = make([][]int, nodes), make([]int, nodes)
	return n
}

func (n *network) sink() int { return len(n.out) - 1 }

func (n *network) addEdge(from, to, room int) int {
	n.edges = append(n.edges, edge{to, room}, edge{from, 0})
	n.out[from] = append(n.out[from], len(n.edges)-2)
	n.out[to] = append(n.out[to], len(n.edges)-1)
	return len(n.edges) - 2
}

// reset builds the network anew. Only completed courses enter the pools of the set done.
func (n *network) reset(allowed [][]Place, done uint64) {
	n.edges = n.edges[:0]
	for i := range n.out {
		n.out[i] = n.out[i][:0]
	}
	clear(n.given)
	limitNode := len(n.c.courses) + len(n.c.pools)
	for k, id := range n.c.pools {
		pool := &n.c.problem.Pools[id]
		n.sinkEdge[k] = n.addEdge(n.poolNode(k), n.sink(), pool.Required)
		limitNode = n.addPool(allowed, k, limitNode, done>>k&1 == 1)
	}
}

// addPool connects the courses of one pool, each through the limits that hold for it, and returns the next free node.
func (n *network) addPool(allowed [][]Place, k, limitNode int, completedOnly bool) int {
	id := n.c.pools[k]
	pool := &n.c.problem.Pools[id]
	type bound struct {
		applies func(Place) bool
		size    int
		node    int
		room    int
	}
	var bounds []bound
	for l, limit := range pool.Limits {
		var b bound
		switch limit.Kind {
		case MostCredits:
			b = bound{applies: func(p Place) bool { return p.InSet>>l&1 == 1 }, room: limit.N}
		case ReserveForSet:
			b = bound{applies: func(p Place) bool { return p.InSet>>l&1 == 0 }, room: max(0, pool.Required-limit.N)}
		default:
			continue
		}
		bounds = append(bounds, b)
	}
	place := func(x int) (Place, bool) {
		for _, p := range allowed[x] {
			if p.Pool == id {
				return p, true
			}
		}
		return Place{}, false
	}
	for b := range bounds {
		bounds[b].node = limitNode
		limitNode++
		for x := range allowed {
			if p, ok := place(x); ok && bounds[b].applies(p) {
				bounds[b].size++
			}
		}
	}
	// The smallest set that holds a course is entered first, and leads to the next larger one that holds it.
	linked := make([]bool, len(bounds))
	for x := range allowed {
		p, ok := place(x)
		course := &n.c.problem.Courses[n.c.courses[x]]
		if !ok || completedOnly && course.Class != Completed {
			continue
		}
		at, room, smallest := x, course.Credits, 0
		for {
			next := -1
			for b := range bounds {
				if bounds[b].applies(p) && bounds[b].node != at && bounds[b].size*len(bounds)+b >= smallest &&
					(next < 0 || bounds[b].size*len(bounds)+b < bounds[next].size*len(bounds)+next) {
					next = b
				}
			}
			if next < 0 {
				n.addEdge(at, n.poolNode(k), room)
				break
			}
			n.addEdge(at, bounds[next].node, room)
			if linked[next] {
				break
			}
			linked[next] = true
			at, room, smallest = bounds[next].node, bounds[next].room, bounds[next].size*len(bounds)+next+1
		}
	}
	return limitNode
}

// search finds a way from the node start to the node end over edges with room left, and returns the room of the way.
func (n *network) search(start, end int) int {
	for i := range n.from {
		n.from[i] = -1
	}
	n.queue = append(n.queue[:0], start)
	for head := 0; head < len(n.queue); head++ {
		at := n.queue[head]
		for _, e := range n.out[at] {
			to := n.edges[e].to
			if n.edges[e].left == 0 || to == start || n.from[to] >= 0 || to == n.sink() && end != to {
				continue
			}
			n.from[to] = e
			if to == end {
				return n.roomTo(start, end)
			}
			n.queue = append(n.queue, to)
		}
	}
	return 0
}

func (n *network) roomTo(start, end int) int {
	room := int(^uint(0) >> 1)
	for at := end; at != start; at = n.edges[n.from[at]^1].to {
		room = min(room, n.edges[n.from[at]].left)
	}
	return room
}

func (n *network) push(start, end, credits int) {
	for at := end; at != start; at = n.edges[n.from[at]^1].to {
		n.edges[n.from[at]].left -= credits
		n.edges[n.from[at]^1].left += credits
	}
}

// giveAll lets the courses of a class give as many credits as they can, the earlier first, and returns the sum.
func (n *network) giveAll(class Class) int {
	sum := 0
	for x, i := range n.c.courses {
		course := &n.c.problem.Courses[i]
		if course.Class != class {
			continue
		}
		for n.given[x] < course.Credits {
			credits := min(n.search(x, n.sink()), course.Credits-n.given[x])
			if credits == 0 {
				break
			}
			n.push(x, n.sink(), credits)
			n.given[x] += credits
			sum += credits
		}
	}
	return sum
}

// fillPools moves credits from the pools outside keep into the pools of fill until those are full, and reports whether
// they are. The sum that each course gives stays.
func (n *network) fillPools(fill, keep uint64) bool {
	for k := range n.c.pools {
		if fill>>k&1 == 0 {
			continue
		}
		for n.edges[n.sinkEdge[k]].left > 0 {
			moved := 0
			for l := range n.c.pools {
				if keep>>l&1 == 1 || n.edges[n.sinkEdge[l]^1].left == 0 {
					continue
				}
				room := min(n.search(n.poolNode(l), n.poolNode(k)), n.edges[n.sinkEdge[l]^1].left, n.edges[n.sinkEdge[k]].left)
				if room > 0 {
					n.push(n.poolNode(l), n.poolNode(k), room)
					n.moveAtSink(l, k, room)
					moved = room
					break
				}
			}
			if moved == 0 {
				return false
			}
		}
	}
	return true
}

func (n *network) moveAtSink(from, to, credits int) {
	n.edges[n.sinkEdge[from]].left += credits
	n.edges[n.sinkEdge[from]^1].left -= credits
	n.edges[n.sinkEdge[to]].left -= credits
	n.edges[n.sinkEdge[to]^1].left += credits
}
