// Package role runs a long-running process: it is built from components, which then run until a signal or a failure.
package role

import (
	"context"
	"errors"
	"time"

	"github.com/trackmydegree/trackmydegree/internal/config"
	"github.com/trackmydegree/trackmydegree/internal/lifecycle"
	"github.com/trackmydegree/trackmydegree/internal/program"
	"github.com/trackmydegree/trackmydegree/internal/telemetry"
)

// CloseTimeout is the part of the grace period that remains for closing clients after the servers and the queue have
// drained. It also bounds the end of servers that need no time to drain.
const CloseTimeout = time.Second

// Role is a long-running process while it is built and run.
type Role struct {
	*telemetry.Telemetry
	Process program.Process

	name    string
	common  *config.Process
	group   lifecycle.Group
	gate    lifecycle.Gate
	closers []closer
}

type closer struct {
	name  string
	close func(context.Context) error
}

// Run starts the telemetry of a role, builds the role and runs it until ctx ends or a component fails. It reports
// errors of the start and of the operation.
func Run(ctx context.Context, p program.Process, of program.Role, build func(context.Context, *Role) error) error {
	began := time.Now()
	return program.RunRole(ctx, p, of, func(ctx context.Context, tel *telemetry.Telemetry) error {
		r := &Role{Telemetry: tel, Process: p, name: of.Name, common: of.Common}
		r.group = lifecycle.Group{Log: tel.Log, Gate: &r.gate, Grace: of.Common.ShutdownGrace, Delay: of.Common.ShutdownDelay}
		if err := build(ctx, r); err != nil {
			tel.Reporter.ReportProcess("start", err)
			r.closeAll(ctx)
			return err
		}
		tel.Log.Info("started", "version", program.BuildVersion(), "took", time.Since(began).Round(time.Millisecond).String())
		return r.runGroup(ctx)
	})
}

func (r *Role) runGroup(ctx context.Context) error {
	err := r.group.Run(ctx)
	if err != nil {
		r.Reporter.ReportProcess("run", err)
	}
	if !errors.Is(err, lifecycle.ErrGrace) { // components that still run use the clients
		r.closeAll(ctx)
	}
	r.Log.Info("ended")
	return err
}

// Name returns the name of the role, as logs and metrics have it.
func (r *Role) Name() string { return r.name }

// Gate returns the readiness flag: true after all components have started and until draining begins.
func (r *Role) Gate() *lifecycle.Gate { return &r.gate }

// AddComponent adds a component. Components start in the order in which they are added and stop in the reverse order.
func (r *Role) AddComponent(name string, run func(context.Context) error) {
	r.group.AddComponent(name, run)
}

// AddCloser adds a function that is called after all components have stopped, the last added first.
func (r *Role) AddCloser(name string, do func(context.Context) error) {
	r.closers = append(r.closers, closer{name, do})
}

func (r *Role) closeAll(ctx context.Context) {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), CloseTimeout)
	defer cancel()
	for i := len(r.closers) - 1; i >= 0; i-- {
		if err := r.closers[i].close(ctx); err != nil {
			r.Log.Warn("close", "what", r.closers[i].name, "error", err)
		}
	}
}

// DrainTimeout is the time that the component with the role's work may take to drain.
func (r *Role) DrainTimeout() time.Duration {
	return max(r.common.ShutdownGrace-r.common.ShutdownDelay-CloseTimeout, CloseTimeout)
}
