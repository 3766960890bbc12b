package jobstore

import (
	"context"
	"slices"

	"github.com/trackmydegree/trackmydegree/internal/fault"
	"github.com/trackmydegree/trackmydegree/internal/job"
)

// Run receives the changes that WatchRecord delivers until ctx ends; then every watch ends. It waits for a Redis that
// does not answer, and reads watched records again as soon as it does.
func (s *Store) Run(ctx context.Context) error { return s.hub.run(ctx) }

// WatchRecord returns the record as it is and then each change of it, in order. A slow reader, or a lost message, may
// miss a change; a later record makes up for it. The channel is closed after a final record, when the job is deleted or
// expires, when ctx ends, and when Run ends. job_not_found when there is no record.
func (s *Store) WatchRecord(ctx context.Context, id job.ID) (<-chan job.Record, error) {
	w := &watcher{changes: make(chan job.Record, maxUnreadChanges)}
	// Subscribe before reading: a change in between arrives twice and is delivered once.
	if !s.hub.addWatcher(id, w) {
		return nil, fault.New(fault.QueueUnavailable)
	}
	r, err := s.LoadRecord(ctx, id)
	if err != nil {
		s.hub.removeWatcher(id, w)
		return nil, err
	}
	s.hub.deliverRecord(id, r, w)
	context.AfterFunc(ctx, func() { s.hub.removeWatcher(id, w) })
	return w.changes, nil
}

// maxUnreadChanges is how many changes wait for a slow reader; then it loses the oldest and never the newest. A job
// changes about eight times at most: three attempts of two changes, queued, and an edit.
const maxUnreadChanges = 16

// watcher is one watch of a job.
type watcher struct {
	changes        chan job.Record
	fence, version int64 // of the last record that was delivered
}

// hasSeen reports whether the watcher has r or a later record. The versions of a restored record start again, with a
// higher fence.
func (w *watcher) hasSeen(r job.Record) bool {
	return r.Fence < w.fence || r.Fence == w.fence && r.Version <= w.version
}

// sendChange puts a record into the channel, and discards the oldest if it is full.
func (w *watcher) sendChange(r job.Record) {
	w.fence, w.version = r.Fence, r.Version
	for {
		select {
		case w.changes <- r:
			return
		default:
		}
		select {
		case <-w.changes:
		default: // the reader has just made room itself
		}
	}
}

// deliverRecord delivers a record to the watchers of its job, or to the named ones alone, and ends their watch if it is
// final.
func (h *hub) deliverRecord(id job.ID, r job.Record, only ...*watcher) {
	h.mu.Lock()
	defer h.mu.Unlock()
	for w := range h.watchers[id] {
		if w.hasSeen(r) || len(only) > 0 && !slices.Contains(only, w) {
			continue
		}
		w.sendChange(r)
		if r.State.IsFinal() {
			h.endWatch(id, w)
		}
	}
}
