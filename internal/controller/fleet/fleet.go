// Package fleet is what the controller knows of the workers. They tell Redis what they run, every second; Watch looks
// there as often, keeps what it saw for as long as it is worth anything, and wakes the reconcilers whose answer
// changes with it.
package fleet

import (
	"context"
	"slices"
	"time"
)

// Worker is one worker process, as it tells of itself.
type Worker struct {
	ID       string
	Host     string // the name of the pod, as its processes see it
	Started  time.Time
	Draining bool
	Running  []Run
}

// Run is a job that a worker has in its hands.
type Run struct {
	Queue string
	Since time.Time
}

// Workers knows the worker processes that are alive. Its error is one of Redis.
type Workers interface {
	Workers(ctx context.Context) ([]Worker, error)
}

// Knowledge is what a view is worth.
type Knowledge int

// Knowledge begins Pending: not looked yet, and a first look may come any moment. It is Expired when all looks of some
// time have failed, those of the beginning included.
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

// NewView returns what the workers tell.
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
