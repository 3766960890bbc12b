package parsepool

import (
	"context"
	"errors"
	"fmt"
	"io"
	"time"

	"github.com/trackmydegree/trackmydegree/internal/document"
	"github.com/trackmydegree/trackmydegree/internal/fault"
)

// Stream is a Pool for callers that have a stream rather than bytes.
type Stream struct{ Pool *Pool }

// Parse reads the stream to its end and then the document. More than document.MaxBytes are too_large; an error of the
// stream comes back wrapped.
func (s Stream) Parse(ctx context.Context, r io.Reader) (document.Document, error) {
	pdf, err := io.ReadAll(io.LimitReader(r, document.MaxBytes+1))
	if err != nil {
		return document.Document{}, fmt.Errorf("read document: %w", err)
	}
	return s.Pool.Parse(ctx, pdf)
}

// errKilled says that a child was killed from outside while it had a document.
var errKilled = errors.New("a child was killed")

// parse lets a child read the document. A kill from outside may have nothing to do with it, so it gets one other child; a
// document that takes down two takes too much.
func (p *Pool) parse(ctx context.Context, pdf []byte) (document.Document, error) {
	if len(pdf) > document.MaxBytes {
		return document.Document{}, fault.New(fault.TooLarge)
	}
	doc, err := p.attempt(ctx, pdf)
	if errors.Is(err, errKilled) {
		doc, err = p.attempt(ctx, pdf)
	}
	if errors.Is(err, errKilled) {
		err = fault.Wrap(fault.TooComplex, err)
	}
	return doc, err
}

// attempt lets one child read the document.
func (p *Pool) attempt(ctx context.Context, pdf []byte) (document.Document, error) {
	c, err := p.acquire(ctx)
	if err != nil {
		return document.Document{}, err
	}
	limited, cancel := context.WithTimeout(ctx, p.deps.Deadline)
	defer cancel()
	unwatch := context.AfterFunc(limited, func() {
		if ctx.Err() != nil {
			c.kill(abandoned)
		} else {
			c.kill(deadline)
		}
	})
	go p.watch(limited, c)
	b, err := c.exchange(pdf)
	if err != nil {
		unwatch()
		return document.Document{}, p.verdict(ctx, c, err)
	}
	doc, verdict, err := decodeAnswer(b)
	if err != nil {
		unwatch()
		c.kill(rubbish)
		return document.Document{}, fault.Wrap(fault.Corrupt, err)
	}
	if unwatch() { // otherwise it is being killed
		if why := p.worn(c, verdict); why != "" {
			c.kill(why)
		} else {
			p.release(c)
		}
	}
	if verdict != nil {
		return document.Document{}, verdict
	}
	return doc, nil
}

// verdict says whose fault it is that a child did not answer; errKilled when that is not known.
func (p *Pool) verdict(ctx context.Context, c *child, exchange error) error {
	if errors.Is(exchange, io.ErrUnexpectedEOF) || errors.Is(exchange, errUndelivered) {
		c.kill(crashed) // its pipe ended, so how it ends is fixed already
	} else {
		c.kill(rubbish)
	}
	switch why := c.reason(); {
	case why == deadline:
		return fault.Wrap(fault.TooComplex, fmt.Errorf("killed after %v", p.deps.Deadline))
	case why == abandoned:
		return gone(ctx)
	case why == stopped:
		return fault.Wrap(fault.ParserUnavailable, errStopping)
	case errors.Is(exchange, errUndelivered):
		return fault.Wrap(fault.ParserUnavailable, exchange)
	case why == killed:
		return fmt.Errorf("%w: %v", errKilled, c.cmd.ProcessState)
	case why == memory:
		return fault.Wrap(fault.TooComplex, fmt.Errorf("a child ran out of memory: %v", c.cmd.ProcessState))
	default:
		return fault.Wrap(fault.Corrupt, fmt.Errorf("a child crashed: %v: %w", c.cmd.ProcessState, exchange))
	}
}

// look is how often a busy child's memory is looked at. Pages cannot be touched faster than 2 GiB/s or so, which makes
// 40 MiB between two looks.
const look = 20 * time.Millisecond

// watch kills a child that takes more than its memory, until ctx ends. Most documents are read before the first look.
func (p *Pool) watch(ctx context.Context, c *child) {
	ticker := time.NewTicker(look)
	defer ticker.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case <-ticker.C:
			// A child that is gone has no usage, and nobody waits for this.
			if u, err := usageOf(c.pid()); err == nil && u.resident > p.deps.MemoryLimit {
				c.kill(memory)
				return
			}
		}
	}
}

// worn says why a child gets no other document, or nothing.
func (p *Pool) worn(c *child, verdict *fault.Error) reason {
	if verdict != nil && (verdict.Code == fault.TooComplex || verdict.Code == fault.Internal) {
		return suspect // it trapped, or stopped in the middle
	}
	if c.documents.Load() >= int64(p.deps.MaxDocuments) {
		return used
	}
	u, err := usageOf(c.pid())
	switch {
	case err != nil || u.cpu > p.cpuBudget():
		return used
	case u.resident > (c.fresh.resident+p.deps.MemoryLimit)/2:
		return grown
	}
	return ""
}
