// Package fleet is the controller's view of the workers. They report their jobs to Redis every second. Watch polls
// Redis at the same period, keeps its last view until it expires, and wakes the reconcilers whose answer changes.
package fleet

import (
	"context"
	"slices"
	"time"
)

// Worker is one worker process, as it reports itself.
type Worker struct {
	ID       string
	Host     string // the name of the pod, as its processes see it
	Started  time.Time
	Draining bool
	Running  []Run
}

// Run is a job that a worker runs.
type Run struct {
	Queue string
	Since time.Time
}

// Workers lists the worker processes that are alive. Its error is one of Redis.
type Workers interface {
	Workers(ctx context.Context) ([]Worker, error)
}

// Knowledge is the state of a view.
type Knowledge int

// A view is Pending before the first poll. It is Expired when all polls of some time have failed, those at the start
// included.
const (
	Pending Knowledge = iota
	Known
	Expired
)

// View is the fleet at one moment.
type View struct {
	Knowledge Knowledge
	At        time.Time
	hosts     map[string][]time.Time // when the runs of each host began, the oldest first; idle hosts, mostly many, are not in it
}

// NewView returns the view of a report.
func NewView(at time.Time, workers []Worker) View {
	v := View{Knowledge: Known, At: at, hosts: map[string][]time.Time{}}
	for _, w := range workers {
		if len(w.Running) == 0 {
			continue
		}
		began := v.hosts[w.Host]
		for _, r := range w.Running {
			began = append(began, r.Since)
		}
		slices.SortFunc(began, time.Time.Compare)
		v.hosts[w.Host] = began
	}
	return v
}

// JobsOf returns when the jobs of a host began, the oldest first.
func (v View) JobsOf(host string) []time.Time { return v.hosts[host] }

// BusyHosts calls yield with each host that runs jobs, and when they began.
func (v View) BusyHosts(yield func(host string, began []time.Time) bool) {
	for host, began := range v.hosts {
		if !yield(host, began) {
			return
		}
	}
}
