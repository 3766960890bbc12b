// Package parsepool reads hostile documents in child processes: this program itself, run again, with nothing but two
// pipes. A child that takes too long, too much memory or crashes is killed and replaced, and costs its document alone.
package parsepool

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"runtime"
	"slices"
	"strconv"
	"sync"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"github.com/trackmydegree/trackmydegree/internal/budget"
	"github.com/trackmydegree/trackmydegree/internal/document"
	"github.com/trackmydegree/trackmydegree/internal/fault"
)

// What a zero in Deps means.
const (
	DefaultSize         = 2
	DefaultDeadline     = budget.ParserDocument
	DefaultMemoryLimit  = 512 << 20
	DefaultMaxDocuments = 2000
	DefaultStartTimeout = time.Minute // a cold cache compiles PDFium: 3 s of a whole core
)

// Deps is what a Pool needs.
type Deps struct {
	// Command is the arguments that make this program a child, as in {"parse-child"}. The child calls Serve.
	Command []string
	// Env is all that a child gets to know of the environment, as in "TMD_CACHE_DIR=/tmp/cache". The variables of the Go
	// runtime are added to it.
	Env []string
	// Size is the number of children.
	Size int
	// Queue is how many calls may wait while every child is busy; twice Size when zero, none when negative.
	Queue int
	// Deadline is how long a child may read one document.
	Deadline time.Duration
	// MemoryLimit is the resident memory that a child may take, in bytes; a fresh one with PDFium takes 70 MiB.
	MemoryLimit int64
	// MaxDocuments is how many documents a child reads before it is replaced.
	MaxDocuments int
	// StartTimeout is how long a child may take to get ready.
	StartTimeout time.Duration
	Logger       *slog.Logger
	Registerer   prometheus.Registerer // nil registers nothing
	Clock        func() time.Time      // for the metrics
}

// Pool reads documents in child processes that Run keeps alive.
type Pool struct {
	deps    Deps
	log     *slog.Logger
	forker  *forker
	metrics *metrics
	// starting lets one child start at a time: with a cold cache the first compiles and the others find it done.
	starting chan struct{}

	mu      sync.Mutex
	idle    []*child      // the last used last: its memory is warm
	waiting []chan *child // the longest waiting first
	live    int           // children that are ready
	closed  bool
}

// New returns a Pool without children; Run starts them.
func New(d Deps) *Pool {
	setDefault(&d.Size, DefaultSize)
	setDefault(&d.Queue, 2*d.Size)
	setDefault(&d.Deadline, DefaultDeadline)
	setDefault(&d.MemoryLimit, DefaultMemoryLimit)
	setDefault(&d.MaxDocuments, DefaultMaxDocuments)
	setDefault(&d.StartTimeout, DefaultStartTimeout)
	if d.Logger == nil {
		d.Logger = slog.New(slog.DiscardHandler)
	}
	if d.Clock == nil {
		d.Clock = time.Now
	}
	p := &Pool{deps: d, log: d.Logger, forker: newForker(), starting: make(chan struct{}, 1)}
	p.metrics = newMetrics(d.Registerer, p)
	return p
}

func setDefault[T comparable](v *T, to T) {
	var zero T
	if *v == zero {
		*v = to
	}
}

// Run keeps the children alive until ctx ends, then kills them and returns nil. It is called once.
func (p *Pool) Run(ctx context.Context) error {
	stop := make(chan struct{})
	var forking, keeping sync.WaitGroup
	forking.Go(func() { p.forker.run(stop) })
	<-p.forker.confined
	for range p.deps.Size {
		keeping.Go(func() { p.keep(ctx) })
	}
	<-ctx.Done()
	p.close()
	keeping.Wait()
	close(stop)
	forking.Wait()
	return p.forker.err
}

// Ready returns parser_unavailable unless a child is alive.
func (p *Pool) Ready() error {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.live == 0 || p.closed {
		return fault.New(fault.ParserUnavailable)
	}
	return nil
}

// Waits between attempts to start a child that does not start.
const (
	firstBackoff = 100 * time.Millisecond
	lastBackoff  = 10 * time.Second
)

// keep has one child alive at all times.
func (p *Pool) keep(ctx context.Context) {
	backoff := firstBackoff
	for ctx.Err() == nil {
		c, err := p.start(ctx)
		if err != nil {
			if ctx.Err() != nil {
				return
			}
			p.metrics.ends.WithLabelValues(string(startFault)).Inc()
			p.log.ErrorContext(ctx, "a parser child does not start", "error", err, "next_attempt_in", backoff)
			select {
			case <-time.After(backoff):
			case <-ctx.Done():
			}
			backoff = min(2*backoff, lastBackoff)
			continue
		}
		backoff = firstBackoff
		p.joined(c)
		select {
		case <-c.ended:
		case <-ctx.Done():
			c.kill(stopped)
			<-c.ended
		}
		p.left(ctx, c)
	}
}

// start returns a child that is ready and confined.
func (p *Pool) start(ctx context.Context) (*child, error) {
	select {
	case p.starting <- struct{}{}:
		defer func() { <-p.starting }()
	case <-ctx.Done():
		return nil, ctx.Err()
	}
	began := p.deps.Clock()
	var c *child
	err := p.forker.do(func() (err error) {
		c, err = spawn(p.deps.Command, p.environment())
		return err
	})
	if err != nil {
		return nil, err
	}
	ctx, cancel := context.WithTimeout(ctx, p.deps.StartTimeout)
	defer cancel()
	unwatch := context.AfterFunc(ctx, func() { c.kill(startFault) })
	err = c.ready()
	if err == nil {
		c.fresh, err = confine(c.pid(), p.deps.MemoryLimit, p.cpuLimit())
	}
	if !unwatch() || err != nil {
		c.kill(startFault)
		<-c.ended
		report := c.stderr.report()
		return nil, fmt.Errorf("%w (%v, %s, at %v)", errors.Join(err, ctx.Err()), c.cmd.ProcessState, report.kind, report.at)
	}
	p.log.DebugContext(ctx, "parser child ready", "pid", c.pid(), "took", p.deps.Clock().Sub(began))
	return c, nil
}

// environment is the whole environment of a child.
func (p *Pool) environment() []string {
	return append(slices.Clone(p.deps.Env),
		"GOMAXPROCS="+strconv.Itoa(min(2, runtime.GOMAXPROCS(0))),
		"GOTRACEBACK=single",
	)
}

// cpuLimit is the processor time of a child's whole life, a second wall for the case that this process itself is
// stopped. A child is replaced well before: see worn.
func (p *Pool) cpuLimit() time.Duration { return p.cpuBudget() + 4*p.deps.Deadline }

// cpuBudget is what a child may have used when it takes another document: the start, and a tenth of a second for each.
func (p *Pool) cpuBudget() time.Duration {
	return p.deps.StartTimeout + time.Duration(p.deps.MaxDocuments)*100*time.Millisecond
}

// joined takes a new child into service.
func (p *Pool) joined(c *child) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.live++
	p.offer(c)
}

// left takes a child that has ended out of service.
func (p *Pool) left(ctx context.Context, c *child) {
	p.mu.Lock()
	p.live--
	p.idle = slices.DeleteFunc(p.idle, func(i *child) bool { return i == c })
	p.mu.Unlock()
	why := c.reason()
	p.metrics.ends.WithLabelValues(string(why)).Inc()
	level := slog.LevelWarn
	if why == used || why == grown || why == stopped || why == abandoned {
		level = slog.LevelInfo
	}
	line := []any{"reason", why, "pid", c.pid(), "exit", c.cmd.ProcessState.String(), "documents", c.documents.Load()}
	if report := c.stderr.report(); report.bytes > 0 {
		line = append(line, "crash", report.kind, "at", report.at, "stderr_bytes", report.bytes)
	}
	p.log.Log(ctx, level, "parser child ended", line...)
}

// close refuses new documents and wakes who waits.
func (p *Pool) close() {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.closed = true
	for _, w := range p.waiting {
		close(w)
	}
	p.waiting = nil
}

// offer gives a child to who waits longest, or keeps it. The caller holds mu.
func (p *Pool) offer(c *child) {
	if p.closed {
		return // its keeper kills it
	}
	if len(p.waiting) > 0 {
		p.waiting[0] <- c
		p.waiting = p.waiting[1:]
		return
	}
	p.idle = append(p.idle, c)
}

// acquire returns a child for the caller alone.
func (p *Pool) acquire(ctx context.Context) (*child, error) {
	p.mu.Lock()
	for len(p.idle) > 0 && !p.closed {
		c := p.idle[len(p.idle)-1]
		p.idle = p.idle[:len(p.idle)-1]
		if c.alive() {
			p.mu.Unlock()
			return c, nil
		}
	}
	if p.closed || len(p.waiting) >= p.deps.Queue {
		p.mu.Unlock()
		return nil, fault.Wrap(fault.ParserUnavailable, errBusy)
	}
	turn := make(chan *child, 1)
	p.waiting = append(p.waiting, turn)
	p.mu.Unlock()

	// Whoever has waited for a whole deadline stands behind documents that all end in it: better to try elsewhere.
	patience := time.NewTimer(p.deps.Deadline)
	defer patience.Stop()
	err := fault.Wrap(fault.ParserUnavailable, errBusy)
	select {
	case c, ok := <-turn:
		if ok {
			return c, nil
		}
		return nil, fault.Wrap(fault.ParserUnavailable, errStopping)
	case <-patience.C:
	case <-ctx.Done():
		err = gone(ctx)
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	p.waiting = slices.DeleteFunc(p.waiting, func(w chan *child) bool { return w == turn })
	select {
	case c, ok := <-turn: // given in the same moment
		if ok {
			p.offer(c)
		}
	default:
	}
	return nil, err
}

func (p *Pool) release(c *child) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if c.alive() {
		p.offer(c)
	}
}

var (
	errBusy     = errors.New("every child is busy")
	errStopping = errors.New("the pool stops")
)

// gone is the fault of a caller whose context has ended.
func gone(ctx context.Context) *fault.Error {
	if errors.Is(ctx.Err(), context.DeadlineExceeded) {
		return fault.Wrap(fault.Timeout, ctx.Err())
	}
	return fault.Wrap(fault.ParserUnavailable, ctx.Err())
}

// Parse reads a document in a child of its own. Faults of the document are permanent; parser_unavailable says that
// every child and every place in the queue is taken. When ctx ends the child is killed.
func (p *Pool) Parse(ctx context.Context, pdf []byte) (document.Document, error) {
	began := p.deps.Clock()
	doc, err := p.parse(ctx, pdf)
	p.metrics.documents.WithLabelValues(outcome(err)).Inc()
	p.metrics.seconds.Observe(p.deps.Clock().Sub(began).Seconds())
	return doc, err
}
