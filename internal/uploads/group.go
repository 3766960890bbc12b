package uploads

import "sync"

// group does one thing for many callers at a time: whoever arrives while it is being done shares the next round. It makes
// one sync of the folder serve all the renames before it.
type group struct {
	do func() error

	turn sync.Mutex // held while a round is done

	mu   sync.Mutex
	next *round // the round that callers still join
}

type round struct {
	done bool // both written under turn
	err  error
}

// wait returns after a round that began after the call.
func (g *group) wait() error {
	g.mu.Lock()
	if g.next == nil {
		g.next = new(round)
	}
	mine := g.next
	g.mu.Unlock()

	g.turn.Lock()
	defer g.turn.Unlock()
	if mine.done {
		return mine.err
	}
	// Who arrives from here on may have renamed too late for this round.
	g.mu.Lock()
	g.next = nil
	g.mu.Unlock()
	mine.err, mine.done = g.do(), true
	return mine.err
}
