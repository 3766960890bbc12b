package parsepool

import (
	"context"
	"errors"
	"fmt"
	"io"
	"time"

	"github.com/trackmydegree/trackmydegree/internal/document"
	"github.com/trackmydegree/trackmydegree/internal/fault"
	"github.com/trackmydegree/trackmydegree/internal/tracing"
)

// Stream is a Pool for callers that have a stream instead of bytes.
type Stream struct{ Pool *Pool }

// Parse reads the stream to its end and parses the document. It returns too_large for more than document.MaxBytes, and
// wraps an error of the stream.
func (s Stream) Parse(ctx context.Context, r io.Reader) (document.Document, error) {
	pdf, err := io.ReadAll(io.LimitReader(r, document.MaxBytes+1))
	if err != nil {
		return document.Document{}, fmt.Errorf("read document: %w", err)
	}
	return s.Pool.Parse(ctx, pdf)
}

// errKilled means that a child was killed from outside while it read a document.
var errKilled = errors.New("a child was killed")

// parseDocument reads the document in a child. A kill from outside may have another cause, so the document gets a
// second child; when that is killed as well, the document is too complex.
func (p *Pool) parseDocument(ctx context.Context, pdf []byte) (document.Document, error) {
	if len(pdf) > document.MaxBytes {
		return document.Document{}, fault.New(fault.TooLarge)
	}
	doc, err := p.attemptDocument(ctx, pdf)
	if errors.Is(err, errKilled) {
		doc, err = p.attemptDocument(ctx, pdf)
	}
	if errors.Is(err, errKilled) {
		err = fault.Wrap(fault.TooComplex, err)
	}
	return doc, err
}

// attemptDocument reads the document in one child.
func (p *Pool) attemptDocument(ctx context.Context, pdf []byte) (document.Document, error) {
	c, err := p.acquireChild(ctx)
	if err != nil {
		return document.Document{}, err
	}
	limited, cancel := context.WithTimeout(ctx, p.deps.Deadline)
	defer cancel()
	unwatch := context.AfterFunc(limited, func() {
		if ctx.Err() != nil {
			c.killFor(abandoned)
		} else {
			c.killFor(deadline)
		}
	})
	go p.watchMemory(limited, c)
	_, span := tracing.StartSpan(ctx, "child process")
	span.SetNumber("process.pid", c.pid())
	span.SetNumber("document.bytes", len(pdf))
	b, err := c.exchangeDocument(pdf)
	span.EndWith(err)
	if err != nil {
		unwatch()
		return document.Document{}, p.exchangeFault(ctx, c, err)
	}
	result, verdict, err := decodeAnswer(b)
	if err != nil {
		unwatch()
		c.killFor(rubbish)
		return document.Document{}, fault.Wrap(fault.Corrupt, err)
	}
	if unwatch() { // otherwise the child is being killed
		if why := p.replacementReason(c, verdict); why != "" {
			c.killFor(why)
		} else {
			p.releaseChild(c)
		}
	}
	p.metrics.reads.WithLabelValues(string(result.Reader)).Inc()
	if verdict != nil {
		return document.Document{}, verdict
	}
	return result.Document, nil
}

// exchangeFault is the fault of a child that did not answer, or errKilled when the cause is unknown.
func (p *Pool) exchangeFault(ctx context.Context, c *child, exchange error) error {
	if errors.Is(exchange, io.ErrUnexpectedEOF) || errors.Is(exchange, errUndelivered) {
		c.killFor(crashed) // its pipe ended: it is exiting already, and the kill changes nothing
	} else {
		c.killFor(rubbish)
	}
	switch why := c.endReason(); {
	case why == deadline:
		return fault.Wrap(fault.TooComplex, fmt.Errorf("killed after %v", p.deps.Deadline))
	case why == abandoned:
		return callerFault(ctx)
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

// memoryInterval is the period of the checks of a busy child's memory. Pages cannot be touched faster than about 2
// GiB/s, which is 40 MiB between two checks.
const memoryInterval = 20 * time.Millisecond

// watchMemory kills a child that exceeds its memory, until ctx ends. Most documents are read before the first check.
func (p *Pool) watchMemory(ctx context.Context, c *child) {
	ticker := time.NewTicker(memoryInterval)
	defer ticker.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case <-ticker.C:
			// A child that has ended has no usage; its exchange reports the end.
			if u, err := readUsage(c.pid()); err == nil && u.resident > p.deps.MemoryLimit {
				c.killFor(memory)
				return
			}
		}
	}
}

// replacementReason is why a child receives no other document, or "".
func (p *Pool) replacementReason(c *child, verdict *fault.Error) reason {
	if verdict != nil && (verdict.Code == fault.TooComplex || verdict.Code == fault.Internal) {
		return suspect // it trapped, or stopped within the document
	}
	if c.documents.Load() >= int64(p.deps.MaxDocuments) {
		return used
	}
	u, err := readUsage(c.pid())
	switch {
	case err != nil || u.cpu > p.cpuBudget():
		return used
	case u.resident > (c.fresh.resident+p.deps.MemoryLimit)/2:
		return grown
	}
	return ""
}
