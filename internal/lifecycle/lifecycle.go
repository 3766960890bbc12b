// Package lifecycle runs the components of a process concurrently and stops them in order.
//
// Shutdown begins with a signal or with the first component that fails. Readiness becomes false, the process serves for
// Delay so that load balancers notice, and then each component is stopped, the last one added first, and awaited before
// the next. Run does not wait for components that have not ended within Grace.
package lifecycle

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"strings"
	"time"

	"golang.org/x/sync/errgroup"
)

// ErrGrace means that components were still running at the end of Grace.
var ErrGrace = errors.New("did not end within the grace")

// Group is the components of one process. Add them bottom-up: first those that others depend on.
type Group struct {
	Log   *slog.Logger
	Gate  *Gate         // nil for a process without probes
	Grace time.Duration // for the whole shutdown, Delay included
	Delay time.Duration // between readiness false and the first stop; not after a failure

	components []component
}

type component struct {
	name string
	run  func(ctx context.Context) error
}

// AddComponent adds a component. Its run works until ctx ends, then finishes what it has begun and returns. An error
// stops the group; nil does not: a component may end early.
func (g *Group) AddComponent(name string, run func(ctx context.Context) error) {
	g.components = append(g.components, component{name, run})
}

// running is a component that was started.
type running struct {
	name string
	stop context.CancelFunc
	done chan struct{}
}

// Run starts every component, opens the gate and returns when all have ended. The error is the first failure or
// ErrGrace.
func (g *Group) Run(ctx context.Context) error {
	ending, end := context.WithCancel(ctx)
	defer end()

	var all errgroup.Group
	started := make([]running, 0, len(g.components))
	for _, c := range g.components {
		// Its own context, so that the end of ctx does not stop everything at once.
		own, stop := context.WithCancel(context.WithoutCancel(ctx))
		r := running{c.name, stop, make(chan struct{})}
		started = append(started, r)
		all.Go(func() error {
			defer close(r.done)
			err := c.run(own)
			if err == nil || own.Err() != nil && errors.Is(err, context.Canceled) {
				return nil
			}
			end()
			return fmt.Errorf("%s: %w", c.name, err)
		})
	}
	defer func() {
		for _, r := range started {
			r.stop()
		}
	}()

	result := make(chan error, 1)
	go func() { result <- all.Wait() }()

	g.Gate.markReady()
	select {
	case err := <-result:
		g.Gate.markNotReady()
		return err
	case <-ending.Done():
	}
	return g.stopAll(ctx, started, result)
}

// stopAll stops the components one after the other.
func (g *Group) stopAll(ctx context.Context, started []running, result <-chan error) error {
	g.Gate.markNotReady()
	grace := time.NewTimer(g.Grace)
	defer grace.Stop()
	if ctx.Err() != nil { // stopped by a signal, not by a failure
		g.Log.Info("draining", "grace", g.Grace.String())
		delay := time.NewTimer(g.Delay)
		defer delay.Stop()
		select {
		case <-delay.C:
		case <-grace.C:
			return g.leftBehind(started)
		}
	}
	for i := len(started) - 1; i >= 0; i-- {
		started[i].stop()
		select {
		case <-started[i].done:
		case <-grace.C:
			return g.leftBehind(started)
		}
	}
	return <-result
}

func (g *Group) leftBehind(started []running) error {
	var names []string
	for _, r := range started {
		select {
		case <-r.done:
		default:
			names = append(names, r.name)
		}
	}
	return fmt.Errorf("%s: %w of %v", strings.Join(names, ", "), ErrGrace, g.Grace)
}
