package parserchild

import (
	"context"
	"log/slog"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"github.com/trackmydegree/trackmydegree/internal/config"
	"github.com/trackmydegree/trackmydegree/internal/document"
	"github.com/trackmydegree/trackmydegree/internal/fault"
	"github.com/trackmydegree/trackmydegree/internal/parsepool"
)

// readyPollInterval is how often ParseDocument asks whether its child has started.
const readyPollInterval = 2 * time.Millisecond

// ParseDocument reads one document in its own child, so that the limits of the parser apply to a hostile document. A
// child that does not start is parser_unavailable with the reason as its cause; the logger gets what costs time only.
func ParseDocument(ctx context.Context, c config.Pool, log *slog.Logger, pdf []byte) (document.Document, error) {
	if err := document.Sniff(pdf[:min(len(pdf), document.SniffLength)]); err != nil {
		return document.Document{}, err
	}
	c.Children = 1
	pool, err := NewPool(c, log, prometheus.NewRegistry())
	if err != nil {
		return document.Document{}, err
	}
	running, stop := context.WithCancel(ctx)
	ended := make(chan struct{})
	go func() {
		defer close(ended)
		_ = pool.Run(running) // a failure of the child shows in Parse
	}()
	defer func() { stop(); <-ended }()
	if err := waitForChild(ctx, pool); err != nil {
		return document.Document{}, err
	}
	return pool.Parse(ctx, pdf)
}

// waitForChild waits for the first child, and not for a second attempt. The document's deadline begins after it: the
// first start compiles PDFium.
func waitForChild(ctx context.Context, pool *parsepool.Pool) error {
	ctx, cancel := context.WithTimeout(ctx, parsepool.DefaultStartTimeout)
	defer cancel()
	poll := time.NewTicker(readyPollInterval)
	defer poll.Stop()
	for {
		err := pool.Ready()
		if err == nil {
			return nil
		}
		if failed := pool.StartError(); failed != nil {
			return fault.Wrap(fault.ParserUnavailable, failed)
		}
		select {
		case <-poll.C:
		case <-ctx.Done():
			return err
		}
	}
}
