// Package parsepool reads hostile documents in child processes: this program, started again with two pipes and
// nothing else. A child that crashes, takes too long or uses too much memory is killed and replaced; only its
// document fails.
//
// Children are confined with Linux mechanisms. On other systems the package compiles, and a pool refuses to run.
package parsepool

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"runtime"
	"slices"
	"strconv"
	"sync"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"github.com/trackmydegree/trackmydegree/internal/budget"
	"github.com/trackmydegree/trackmydegree/internal/dependency"
	"github.com/trackmydegree/trackmydegree/internal/document"
	"github.com/trackmydegree/trackmydegree/internal/fault"
)

// The defaults of Deps.
const (
	defaultSize         = 2
	defaultDeadline     = budget.ParserDocument
	defaultMemoryLimit  = 512 << 20
	defaultMaxDocuments = 2000
	DefaultStartTimeout = time.Minute // with a cold cache a child compiles PDFium: 3 s of one core
)

// Deps are the dependencies of a Pool.
type Deps struct {
	// Command is the arguments that make this program a child, such as {"parse-child"}. The child calls Serve.
	Command []string
	// Env is the whole environment of a child, such as "TMD_CACHE_DIR=/tmp/cache". Variables of the Go runtime are
	// added.
	Env []string
	// Size is the number of children.
	Size int
	// Queue is how many calls may wait while every child is busy; twice Size when zero, none when negative.
	Queue int
	// Deadline is how long a child may read one document.
	Deadline time.Duration
	// MemoryLimit bounds the resident memory of a child, in bytes. A fresh one with PDFium uses 70 MiB.
	MemoryLimit int64
	// MaxDocuments is the number of documents after which a child is replaced.
	MaxDocuments int
	// StartTimeout is how long a child may take to become ready.
	StartTimeout time.Duration
	Logger       *slog.Logger
	Registerer   prometheus.Registerer
	Clock        func() time.Time // for the metrics
}

// Pool reads documents in child processes that Run keeps alive.
type Pool struct {
	deps    Deps
	log     *slog.Logger
	forker  *forker
	metrics *metrics
	// starting lets one child start at a time: with a cold cache the first compiles and the others use the result.
	starting chan struct{}
	// shared is the memory that the children share, nil where the system has none. Run sets it.
	shared *os.File

	mu       sync.Mutex
	idle     []*child      // the most recently used last: its memory is warm
	waiting  []chan *child // the longest waiting first
	live     int           // children that are ready
	closed   bool
	startErr error  // of the last attempt to start a child; nil after a success
	notice   string // the last notice of a child
}

// New returns a Pool without children; Run starts them. A missing dependency is an error.
func New(d Deps) (*Pool, error) {
	if err := dependency.Require("parsepool", d, "Command", "Logger", "Registerer", "Clock"); err != nil {
		return nil, err
	}
	setDefault(&d.Size, defaultSize)
	setDefault(&d.Queue, 2*d.Size)
	setDefault(&d.Deadline, defaultDeadline)
	setDefault(&d.MemoryLimit, defaultMemoryLimit)
	setDefault(&d.MaxDocuments, defaultMaxDocuments)
	setDefault(&d.StartTimeout, DefaultStartTimeout)
	p := &Pool{deps: d, log: d.Logger, forker: newForker(), starting: make(chan struct{}, 1)}
	p.metrics = newMetrics(d.Registerer, p)
	return p, nil
}

func setDefault[T comparable](v *T, to T) {
	var zero T
	if *v == zero {
		*v = to
	}
}

// Run keeps the children alive until ctx ends, then kills them and returns nil. It is called once.
func (p *Pool) Run(ctx context.Context) error {
	shared, err := newSharedMemory()
	if err != nil {
		p.log.DebugContext(ctx, "each parser child keeps its own code", "error", err)
	} else {
		p.shared = shared
		defer shared.Close()
	}
	stop := make(chan struct{})
	var forking, keeping sync.WaitGroup
	forking.Go(func() { p.forker.serveStarts(stop) })
	<-p.forker.confined
	for range p.deps.Size {
		keeping.Go(func() { p.keepChild(ctx) })
	}
	<-ctx.Done()
	p.refuseDocuments()
	keeping.Wait()
	close(stop)
	forking.Wait()
	return p.forker.err
}

// StartError returns why the last child did not start, nil after one that did.
func (p *Pool) StartError() error {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.startErr
}

// noteStart keeps the outcome of an attempt to start a child, and logs its notice if it is a new one.
func (p *Pool) noteStart(ctx context.Context, notice string, err error) {
	p.mu.Lock()
	isNew := err == nil && notice != p.notice
	p.startErr = err
	if isNew {
		p.notice = notice
	}
	p.mu.Unlock()
	if isNew && notice != "" {
		p.log.WarnContext(ctx, "a parser child started with a restriction", "notice", notice)
	}
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

// keepChild keeps one child alive until ctx ends.
func (p *Pool) keepChild(ctx context.Context) {
	backoff := firstBackoff
	for ctx.Err() == nil {
		c, notice, err := p.startChild(ctx)
		if ctx.Err() == nil {
			p.noteStart(ctx, notice, err)
		}
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
		p.addChild(c)
		select {
		case <-c.ended:
		case <-ctx.Done():
			c.killFor(stopped)
			<-c.ended
		}
		p.removeChild(ctx, c)
	}
}

// startChild returns a child that is ready and confined, with its notice.
func (p *Pool) startChild(ctx context.Context) (c *child, notice string, err error) {
	select {
	case p.starting <- struct{}{}:
		defer func() { <-p.starting }()
	case <-ctx.Done():
		return nil, "", ctx.Err()
	}
	began := p.deps.Clock()
	err = p.forker.runStart(func() (err error) {
		c, err = spawnChild(p.deps.Command, p.childEnvironment(), p.shared)
		return err
	})
	if err != nil {
		return nil, "", err
	}
	ctx, cancel := context.WithTimeout(ctx, p.deps.StartTimeout)
	defer cancel()
	unwatch := context.AfterFunc(ctx, func() { c.killFor(startFault) })
	notice, err = c.awaitReady()
	if err == nil {
		c.fresh, err = limitChild(c.pid(), p.deps.MemoryLimit, p.cpuLimit())
	}
	if !unwatch() || err != nil {
		c.killFor(startFault)
		<-c.ended
		report := c.stderr.crashReport()
		return nil, "", fmt.Errorf("%w (%v, %s, at %v): %s",
			errors.Join(err, ctx.Err()), c.cmd.ProcessState, report.kind, report.at, c.stderr.firstLine())
	}
	p.log.DebugContext(ctx, "parser child ready", "pid", c.pid(), "took", p.deps.Clock().Sub(began))
	return c, notice, nil
}

// childEnvironment is the whole environment of a child.
func (p *Pool) childEnvironment() []string {
	return append(slices.Clone(p.deps.Env),
		"GOMAXPROCS="+strconv.Itoa(min(2, runtime.GOMAXPROCS(0))),
		"GOTRACEBACK=single",
	)
}

// cpuLimit bounds the processor time of a child's whole life, in case this process itself is stopped. A child is
// replaced well before: see replacementReason.
func (p *Pool) cpuLimit() time.Duration { return p.cpuBudget() + 4*p.deps.Deadline }

// cpuBudget is the processor time after which a child receives no other document: the start, and a tenth of a second
// for each document.
func (p *Pool) cpuBudget() time.Duration {
	return p.deps.StartTimeout + time.Duration(p.deps.MaxDocuments)*100*time.Millisecond
}

// addChild takes a new child into service.
func (p *Pool) addChild(c *child) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.live++
	p.offerChild(c)
}

// removeChild takes a child that has ended out of service.
func (p *Pool) removeChild(ctx context.Context, c *child) {
	p.mu.Lock()
	p.live--
	p.idle = slices.DeleteFunc(p.idle, func(i *child) bool { return i == c })
	p.mu.Unlock()
	why := c.endReason()
	p.metrics.ends.WithLabelValues(string(why)).Inc()
	level := slog.LevelWarn
	if why == used || why == grown || why == stopped || why == abandoned {
		level = slog.LevelInfo
	}
	line := []any{"reason", why, "pid", c.pid(), "exit", c.cmd.ProcessState.String(), "documents", c.documents.Load()}
	if report := c.stderr.crashReport(); report.bytes > 0 {
		line = append(line, "crash", report.kind, "at", report.at, "stderr_bytes", report.bytes)
	}
	p.log.Log(ctx, level, "parser child ended", line...)
}

// refuseDocuments refuses new documents and those that wait.
func (p *Pool) refuseDocuments() {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.closed = true
	for _, w := range p.waiting {
		close(w)
	}
	p.waiting = nil
}

// offerChild gives a child to the caller that has waited longest, or makes it idle. The caller holds mu.
func (p *Pool) offerChild(c *child) {
	if p.closed {
		return // keepChild kills it
	}
	if len(p.waiting) > 0 {
		p.waiting[0] <- c
		p.waiting = p.waiting[1:]
		return
	}
	p.idle = append(p.idle, c)
}

// acquireChild returns a child for the caller alone.
func (p *Pool) acquireChild(ctx context.Context) (*child, error) {
	p.mu.Lock()
	for len(p.idle) > 0 && !p.closed {
		c := p.idle[len(p.idle)-1]
		p.idle = p.idle[:len(p.idle)-1]
		if c.isAlive() {
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

	// After a whole deadline the documents in front may all take as long again: another parser is a better choice.
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
		err = callerFault(ctx)
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	p.waiting = slices.DeleteFunc(p.waiting, func(w chan *child) bool { return w == turn })
	select {
	case c, ok := <-turn: // given at the same moment
		if ok {
			p.offerChild(c)
		}
	default:
	}
	return nil, err
}

func (p *Pool) releaseChild(c *child) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if c.isAlive() {
		p.offerChild(c)
	}
}

var (
	errBusy     = errors.New("every child is busy")
	errStopping = errors.New("the pool stops")
)

// callerFault is the fault of a caller whose context has ended.
func callerFault(ctx context.Context) *fault.Error {
	if errors.Is(ctx.Err(), context.DeadlineExceeded) {
		return fault.Wrap(fault.Timeout, ctx.Err())
	}
	return fault.Wrap(fault.ParserUnavailable, ctx.Err())
}

// Parse reads a document in a child. Faults of the document are permanent; parser_unavailable means that every child
// and every place in the queue is taken. When ctx ends the child is killed.
func (p *Pool) Parse(ctx context.Context, pdf []byte) (document.Document, error) {
	began := p.deps.Clock()
	doc, err := p.parseDocument(ctx, pdf)
	p.metrics.documents.WithLabelValues(outcomeLabel(err)).Inc()
	p.metrics.seconds.Observe(p.deps.Clock().Sub(began).Seconds())
	return doc, err
}
