package lifecycle

import "sync/atomic"

// Gate is the readiness flag: true after all components have started and until draining begins. A nil gate may be
// opened and closed and is never ready.
type Gate struct{ ready atomic.Bool }

// IsReady reports whether the gate is open.
func (g *Gate) IsReady() bool { return g != nil && g.ready.Load() }

func (g *Gate) markReady() {
	if g != nil {
		g.ready.Store(true)
	}
}

func (g *Gate) markNotReady() {
	if g != nil {
		g.ready.Store(false)
	}
}
