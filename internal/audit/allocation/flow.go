package allocation

import "slices"

// edge is one direction of a connection; its other direction is the edge at index^1.
type edge struct {
	to, left int
}

// network is the flow network from courses through the credit limits of pools into the pools. Nodes: the courses, the
// pools, the limits, the sink. It is built once for a component with every place; a closed edge has no capacity.
type network struct {
	c        *component
	edges    []edge
	room     []int // capacity of each edge, when all are open
	entries  []entry
	out      [][]int
	poolOf   []int // of each node inside a pool: the position of the pool
	sinkEdge []int // of each pool of the component
	given    []int // of each course: the credits that it gives
	from     []int // the edge by which a search reached a node
	seen     []int // the round of searches that reached a node last
	round    int
	queue    []int
	steps    int   // number of flow searches
	caps     []int // of each pool of the component, instead of what it requires; nil for none
}

// entry is the edge by which a course enters a pool.
type entry struct {
	course, pool, edge int
}

func (n *network) poolNode(k int) int { return len(n.c.courses) + k }

func newNetwork(c *component) *network {
	n := &network{c: c, sinkEdge: make([]int, len(c.pools)), given: make([]int, len(c.courses))}
	limits := 0
	for _, pool := range c.pools {
		limits += len(c.problem.Pools[pool].Limits) + 1
	}
	nodes := len(c.courses) + len(c.pools) + limits + 1
	n.out, n.from, n.seen, n.poolOf = make([][]int, nodes), make([]int, nodes), make([]int, nodes), make([]int, nodes)
	node := n.poolNode(len(c.pools))
	for k, id := range c.pools {
		n.sinkEdge[k] = n.addEdge(n.poolNode(k), n.sink(), c.problem.Pools[id].Required)
		n.addPool(k, node)
		n.poolOf[n.poolNode(k)] = k
		for range len(c.problem.Pools[id].Limits) + 1 {
			n.poolOf[node] = k
			node++
		}
	}
	n.room = make([]int, len(n.edges))
	for e := range n.edges {
		n.room[e] = n.edges[e].left
	}
	return n
}

func (n *network) sink() int { return len(n.out) - 1 }

func (n *network) addEdge(from, to, room int) int {
	n.edges = append(n.edges, edge{to, room}, edge{from, 0})
	n.out[from] = append(n.out[from], len(n.edges)-2)
	n.out[to] = append(n.out[to], len(n.edges)-1)
	return len(n.edges) - 2
}

// addPool connects the courses of one pool. A course passes the caps that list it, the smallest first. If credits are
// reserved for sets, it then passes its set, which has its reserved credits and shares the rest of the pool with
// everything else. The nodes from first on are those of the limits and of that rest.
func (n *network) addPool(k, first int) {
	id := n.c.pools[k]
	pool := &n.c.problem.Pools[id]
	rest, kept := first+len(pool.Limits), 0
	for l, limit := range pool.Limits {
		if limit.Kind == ReserveForSet {
			kept += limit.N
			n.addEdge(first+l, n.poolNode(k), limit.N)
			n.addEdge(first+l, rest, pool.Required)
		}
	}
	n.addEdge(rest, n.poolNode(k), max(0, pool.Required-kept))
	caps := n.sortCaps(k)
	linked := make([]bool, len(pool.Limits))
	for x, i := range n.c.courses {
		course := &n.c.problem.Courses[i]
		p := slices.IndexFunc(course.Places, func(p Place) bool { return p.Pool == id })
		if p < 0 {
			continue
		}
		n.entries = append(n.entries, entry{x, k, len(n.edges)})
		inSet := course.Places[p].InSet
		at, room, isLinked := x, course.Credits, false
		for _, l := range caps {
			if inSet>>l&1 == 0 {
				continue
			}
			n.addEdge(at, first+l, room)
			if isLinked = linked[l]; isLinked {
				break
			}
			linked[l] = true
			at, room = first+l, pool.Limits[l].N
		}
		if isLinked {
			continue
		}
		end := n.poolNode(k)
		if kept > 0 {
			end = rest
		}
		for l, limit := range pool.Limits {
			if limit.Kind == ReserveForSet && inSet>>l&1 == 1 {
				end = first + l
				break
			}
		}
		n.addEdge(at, end, room)
	}
}

// sortCaps returns the limits of a pool that cap the credits of a set, the one with the fewest courses first.
func (n *network) sortCaps(k int) []int {
	var caps []int
	id := n.c.pools[k]
	limits := n.c.problem.Pools[id].Limits
	size := make([]int, len(limits))
	for l := range limits {
		if limits[l].Kind != MostCredits {
			continue
		}
		caps = append(caps, l)
		for _, i := range n.c.courses {
			if slices.ContainsFunc(n.c.problem.Courses[i].Places, func(p Place) bool { return p.Pool == id && p.InSet>>l&1 == 1 }) {
				size[l]++
			}
		}
	}
	slices.SortStableFunc(caps, func(a, b int) int { return size[a] - size[b] })
	return caps
}

// reset empties the network and opens the allowed places. Only completed courses enter the pools of the set done.
func (n *network) reset(allowed [][]Place, done uint64) {
	for e := range n.edges {
		n.edges[e].left = n.room[e]
	}
	clear(n.given)
	for k := range n.caps {
		n.edges[n.sinkEdge[k]].left = n.caps[k]
	}
	for _, in := range n.entries {
		isClosed := done>>in.pool&1 == 1 && n.c.problem.Courses[n.c.courses[in.course]].Class != Completed
		if isClosed || !slices.ContainsFunc(allowed[in.course], func(p Place) bool { return p.Pool == n.c.pools[in.pool] }) {
			n.edges[in.edge].left = 0
		}
	}
}

// listPools returns the pool of each course in the flow, nowhere or several.
func (n *network) listPools() []int {
	pools := make([]int, len(n.c.courses))
	for x := range pools {
		pools[x] = nowhere
		for _, e := range n.out[x] {
			if e&1 == 1 || n.edges[e^1].left == 0 {
				continue
			}
			if pools[x] != nowhere {
				pools[x] = several
				break
			}
			pools[x] = n.c.pools[n.poolOf[n.edges[e].to]]
		}
	}
	return pools
}

// searchDirect finds what search would: a path of a course to the sink through one pool whose limits do not list it.
// It is most often there, and needs no search.
func (n *network) searchDirect(x int) int {
	for _, e := range n.out[x] {
		at := n.edges[e].to
		if k := at - len(n.c.courses); n.edges[e].left > 0 && k < len(n.c.pools) {
			if sink := n.sinkEdge[k]; n.edges[sink].left > 0 {
				n.from[at], n.from[n.sink()] = e, sink
				return min(n.edges[e].left, n.edges[sink].left)
			}
		}
	}
	return 0
}

// search finds an augmenting path from start to end, and returns its capacity.
func (n *network) search(start, end int) int {
	n.round++
	n.queue = append(n.queue[:0], start)
	for head := 0; head < len(n.queue); head++ {
		at := n.queue[head]
		for _, e := range n.out[at] {
			to := n.edges[e].to
			if n.edges[e].left == 0 || to == start || n.seen[to] == n.round || to == n.sink() && end != to {
				continue
			}
			n.from[to], n.seen[to] = e, n.round
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

// giveAll lets the courses of a class give as many credits as possible, the earlier first, and returns the sum.
func (n *network) giveAll(class Class) int {
	sum := 0
	for x, i := range n.c.courses {
		course := &n.c.problem.Courses[i]
		if course.Class != class {
			continue
		}
		for n.given[x] < course.Credits {
			credits := n.searchDirect(x)
			if credits == 0 {
				credits = n.search(x, n.sink())
			}
			if credits = min(credits, course.Credits-n.given[x]); credits == 0 {
				break
			}
			n.push(x, n.sink(), credits)
			n.given[x] += credits
			sum += credits
		}
	}
	return sum
}

// fillPools moves credits from the pools outside keep into the pools of fill until those are full, and reports
// whether they are. The sum of each course does not change.
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

// drainLater moves credits from the later pools to the earlier ones as far as possible, starting with the last pool,
// and returns the credits of each pool. The pools of keep stay full.
func (n *network) drainLater(keep uint64) []int {
	for k := len(n.c.pools) - 1; k > 0; k-- {
		if keep>>k&1 == 1 {
			continue
		}
		for l := 0; l < k; {
			held, room := n.edges[n.sinkEdge[k]^1].left, n.edges[n.sinkEdge[l]].left
			credits := 0
			if held > 0 && room > 0 {
				credits = min(n.search(n.poolNode(k), n.poolNode(l)), held, room)
			}
			if credits == 0 {
				l++
				continue
			}
			n.push(n.poolNode(k), n.poolNode(l), credits)
			n.moveAtSink(k, l, credits)
		}
	}
	held := make([]int, len(n.c.pools))
	for k := range held {
		held[k] = n.edges[n.sinkEdge[k]^1].left
	}
	return held
}
