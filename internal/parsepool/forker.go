package parsepool

import (
	"runtime"
)

// forker starts processes from one thread that lives as long as they do. The death signal of a child depends on the
// thread that forked it, and a child inherits the thread's reduced privileges.
type forker struct {
	requests chan func()
	// confined is closed once the thread is ready, or failed with err.
	confined chan struct{}
	err      error
}

func newForker() *forker {
	return &forker{requests: make(chan func()), confined: make(chan struct{})}
}

// serveStarts starts processes until stop is closed. Its thread ends with it.
func (f *forker) serveStarts(stop <-chan struct{}) {
	runtime.LockOSThread()
	f.err = confineThread()
	close(f.confined)
	for {
		select {
		case start := <-f.requests:
			start()
		case <-stop:
			return
		}
	}
}

// runStart runs start on the forker's thread. It must not be called after serveStarts has ended.
func (f *forker) runStart(start func() error) error {
	<-f.confined
	if f.err != nil {
		return f.err
	}
	done := make(chan error, 1)
	f.requests <- func() { done <- start() }
	return <-done
}
