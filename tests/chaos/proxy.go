//go:build chaos

package chaos

import (
	"net"
	"sync"
	"time"
)

// link is a TCP proxy between two processes. Faults can be set while it carries connections. Delayed bytes arrive later
// and in order, as on a network that retransmits lost packets.
type link struct {
	name, addr, upstream string

	mu       sync.Mutex
	listener net.Listener
	pairs    map[*pair]bool
	distance time.Duration // constant delay of all bytes
	delay    time.Duration // further delay by a fault
	stalled  chan struct{} // closed while bytes may pass
}

// pair is the two connections of a carried connection.
type pair struct{ down, up *net.TCPConn }

// reset resets both, as the end of a process does.
func (p *pair) reset() {
	for _, c := range []*net.TCPConn{p.down, p.up} {
		_ = c.SetLinger(0)
		_ = c.Close()
	}
}

func newLink(name, addr, upstream string) (*link, error) {
	l := &link{name: name, addr: addr, upstream: upstream, pairs: map[*pair]bool{}, stalled: make(chan struct{})}
	close(l.stalled)
	return l, l.open()
}

// open accepts connections, again after refuse.
func (l *link) open() error {
	listener, err := net.Listen("tcp", l.addr)
	if err != nil {
		return err
	}
	l.mu.Lock()
	l.listener = listener
	l.mu.Unlock()
	go func() {
		for {
			c, err := listener.Accept()
			if err != nil {
				return
			}
			go l.serveConnection(c.(*net.TCPConn))
		}
	}()
	return nil
}

// refuse resets all connections and accepts none until open.
func (l *link) refuse() {
	l.mu.Lock()
	_ = l.listener.Close()
	l.mu.Unlock()
	l.cut()
}

// cut resets all connections.
func (l *link) cut() {
	l.mu.Lock()
	defer l.mu.Unlock()
	for p := range l.pairs {
		p.reset()
	}
}

// setDelay delays all bytes.
func (l *link) setDelay(by time.Duration) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.delay = by
}

// stall delays all bytes until release is called.
func (l *link) stall() (release func()) {
	l.mu.Lock()
	defer l.mu.Unlock()
	gate := make(chan struct{})
	l.stalled = gate
	return sync.OnceFunc(func() { close(gate) })
}

func (l *link) serveConnection(down *net.TCPConn) {
	c, err := net.DialTimeout("tcp", l.upstream, time.Second)
	if err != nil {
		_ = down.SetLinger(0)
		_ = down.Close()
		return
	}
	p := &pair{down, c.(*net.TCPConn)}
	l.mu.Lock()
	l.pairs[p] = true
	l.mu.Unlock()
	var ways sync.WaitGroup
	ways.Go(func() { l.copyDelayed(p.up, p.down) })
	ways.Go(func() { l.copyDelayed(p.down, p.up) })
	ways.Wait()
	l.mu.Lock()
	delete(l.pairs, p)
	l.mu.Unlock()
	_ = p.down.Close()
	_ = p.up.Close()
}

// copyDelayed copies one direction until its end or an error. An error ends the other direction as well.
func (l *link) copyDelayed(to, from *net.TCPConn) {
	type piece struct {
		b   []byte
		due time.Time
	}
	pieces := make(chan piece, 64)
	go func() {
		defer close(pieces)
		for {
			b := make([]byte, 16<<10)
			n, err := from.Read(b)
			if n > 0 {
				l.mu.Lock()
				due := time.Now().Add(l.distance + l.delay)
				l.mu.Unlock()
				pieces <- piece{b[:n], due}
			}
			if err != nil {
				return
			}
		}
	}()
	for p := range pieces {
		if wait := time.Until(p.due); wait > 0 {
			<-time.After(wait)
		}
		l.mu.Lock()
		gate := l.stalled
		l.mu.Unlock()
		<-gate
		if _, err := to.Write(p.b); err != nil {
			_ = from.Close()
			for range pieces { // so that its reader ends
			}
			return
		}
	}
	_ = to.CloseWrite()
}
