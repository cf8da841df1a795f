package meter

// order is in which order to look at the nodes of a graph, so that what a node calls comes before it.
type order struct {
	nodes []int32
	// group numbers the strongly connected components; nodes of one group may call each other.
	group []int32
	// guarded nodes test when they are entered. Every cycle has one, or a call after the test of a loop.
	guarded []bool
	// recursive nodes are in a group of several, or call themselves.
	recursive []bool
}

// order finds the cycles of the graph (Tarjan, "Depth-first search and linear graph algorithms", 1972) in one search.
// A call that leads back to a node on the path of the search closes a cycle, so its target is guarded; all other calls
// lead to nodes that are finished before.
func (g *graph) order() *order {
	n := g.nodes()
	o := &order{
		nodes: make([]int32, 0, n), group: make([]int32, n), guarded: make([]bool, n), recursive: make([]bool, n),
	}
	t := tarjan{graph: g, order: o, index: make([]int32, n), low: make([]int32, n), onPath: make([]bool, n)}
	for v := range n {
		if t.index[v] == 0 {
			t.search(int32(v))
		}
	}
	return o
}

type tarjan struct {
	graph  *graph
	order  *order
	index  []int32 // when a node was found, from 1
	low    []int32
	onPath []bool
	path   []visit
	open   []int32 // nodes whose component is not complete
	found  int32
	groups int32
}

// visit is a node on the path of the search, and which of its calls is next.
type visit struct {
	node int32
	next int
}

func (t *tarjan) search(root int32) {
	t.enter(root)
	for len(t.path) > 0 {
		top := &t.path[len(t.path)-1]
		targets := t.graph.targets(top.node)
		if top.next == len(targets) {
			t.leave()
			continue
		}
		target := targets[top.next]
		top.next++
		if target.node >= 0 {
			t.follow(top.node, target)
		}
	}
}

func (t *tarjan) follow(from int32, c call) {
	to := c.node
	switch {
	case t.index[to] == 0:
		t.enter(to)
		return
	case t.onPath[to] && !t.graph.isTested(c):
		t.order.guarded[to] = true
	}
	if t.order.group[to] == 0 {
		t.low[from] = min(t.low[from], t.index[to])
	}
	if from == to {
		t.order.recursive[to] = true
	}
}

func (t *tarjan) enter(v int32) {
	t.found++
	t.index[v], t.low[v], t.onPath[v] = t.found, t.found, true
	t.open = append(t.open, v)
	t.path = append(t.path, visit{node: v})
}

func (t *tarjan) leave() {
	v := t.path[len(t.path)-1].node
	t.path = t.path[:len(t.path)-1]
	t.onPath[v] = false
	t.order.nodes = append(t.order.nodes, v)
	if n := len(t.path); n > 0 {
		up := t.path[n-1].node
		t.low[up] = min(t.low[up], t.low[v])
	}
	if t.low[v] != t.index[v] {
		return
	}
	t.groups++
	several := t.open[len(t.open)-1] != v
	for w := int32(-1); w != v; {
		w = t.open[len(t.open)-1]
		t.open = t.open[:len(t.open)-1]
		t.order.group[w] = t.groups
		t.order.recursive[w] = t.order.recursive[w] || several
	}
}
