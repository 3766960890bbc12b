package jobstore

import (
	"cmp"
	"context"
	"encoding/json"
	"log/slog"
	"maps"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/redis/go-redis/v9"

	"github.com/trackmydegree/trackmydegree/internal/fault"
	"github.com/trackmydegree/trackmydegree/internal/job"
)

// eventsChannel carries "<id> <record>" for each change and "<id> " for a deletion. Redis knows no databases in channels;
// ids are random, so strangers do no harm.
const eventsChannel = prefix + "events"

const (
	defaultRefresh = 3 * time.Second
	// A job changes about eight times at most: three attempts of two changes, queued, and an edit. Who is slower than
	// that loses the oldest changes and never the newest.
	changesKept = 16
	// Records that one round trip reads again.
	refreshBatch = 200
)

// hub hands the messages of one subscription, the process's only one, to everybody who watches a job.
type hub struct {
	redis   redis.UniversalClient
	read    func(context.Context, []job.ID) (map[job.ID]job.Record, error)
	logger  *slog.Logger
	refresh time.Duration

	mu       sync.Mutex
	ended    bool
	watchers map[job.ID]map[*watcher]struct{}
}

type watcher struct {
	changes        chan job.Record
	fence, version int64 // of the last record that was handed over
}

// older reports whether r is no news for the watcher. A record that was made again, after Redis had lost it, counts its
// versions anew, and has a higher fence.
func (w *watcher) older(r job.Record) bool {
	return r.Fence < w.fence || r.Fence == w.fence && r.Version <= w.version
}

func newHub(d Deps, read func(context.Context, []job.ID) (map[job.ID]job.Record, error)) *hub {
	return &hub{
		redis: d.Redis, read: read, logger: d.Logger, refresh: cmp.Or(d.Refresh, defaultRefresh),
		watchers: map[job.ID]map[*watcher]struct{}{},
	}
}

// Run receives the changes that Watch hands out, until ctx ends; then every watch ends. A Redis that is down is waited
// for: watched records are read again as soon as it is back.
func (s *Store) Run(ctx context.Context) error { return s.hub.run(ctx) }

// WatchRecord returns the record as it is and then each change of it, newest last; what a slow reader, or a message that was
// lost, misses is made up for by a later record. The channel is closed after a final record,
// when the job is deleted or expires, when ctx ends, and when Run ends. job_not_found when there is no record.
func (s *Store) WatchRecord(ctx context.Context, id job.ID) (<-chan job.Record, error) {
	w := &watcher{changes: make(chan job.Record, changesKept)}
	// First listen, then look: a change between the two is seen twice and handed over once.
	if !s.hub.add(id, w) {
		return nil, fault.New(fault.QueueUnavailable)
	}
	r, err := s.LoadRecord(ctx, id)
	if err != nil {
		s.hub.remove(id, w)
		return nil, err
	}
	s.hub.deliver(id, r, w)
	context.AfterFunc(ctx, func() { s.hub.remove(id, w) })
	return w.changes, nil
}

func (h *hub) run(ctx context.Context) error {
	defer h.end()
	sub := h.redis.Subscribe(ctx, eventsChannel)
	defer func() { _ = sub.Close() }()
	// The channel connects again by itself; it has room for what arrives while watched records are read again.
	messages := sub.Channel(redis.WithChannelSize(1000))
	tick := time.NewTicker(h.refresh)
	defer tick.Stop()
	for {
		select {
		case <-ctx.Done():
			return nil
		case m, ok := <-messages:
			if !ok {
				return nil
			}
			h.receive(m.Payload)
		case <-tick.C:
			if err := h.readAgain(ctx); err != nil && ctx.Err() == nil {
				h.logger.Warn("watched jobs cannot be read again", "error", err)
			}
		}
	}
}

// receive hands a message over. Most are of jobs that nobody watches here, so it looks before it decodes.
func (h *hub) receive(payload string) {
	name, body, _ := strings.Cut(payload, " ")
	id := job.ID(name)
	if !h.watched(id) {
		return
	}
	if body == "" {
		h.gone(id)
		return
	}
	var set []string
	err := json.Unmarshal([]byte(body), &set)
	if err == nil {
		var r job.Record
		if r, _, err = decode(id, set); err == nil {
			h.deliver(id, r)
			return
		}
	}
	// The record is read again with the others; nothing is lost but time.
	h.logger.Warn("a job's change cannot be read", "job_id", name, "error", err)
}

// readAgain reads the records of all watched jobs, in case a message was lost: Redis forgets those for which nobody
// listens at the moment.
func (h *hub) readAgain(ctx context.Context) error {
	h.mu.Lock()
	ids := slices.Collect(maps.Keys(h.watchers))
	h.mu.Unlock()
	for batch := range slices.Chunk(ids, refreshBatch) {
		records, err := h.read(ctx, batch)
		if err != nil {
			return err
		}
		for _, id := range batch {
			if r, ok := records[id]; ok {
				h.deliver(id, r)
			} else {
				h.gone(id)
			}
		}
	}
	return nil
}

func (h *hub) add(id job.ID, w *watcher) bool {
	h.mu.Lock()
	defer h.mu.Unlock()
	if h.ended {
		return false
	}
	if h.watchers[id] == nil {
		h.watchers[id] = map[*watcher]struct{}{}
	}
	h.watchers[id][w] = struct{}{}
	return true
}

func (h *hub) remove(id job.ID, w *watcher) {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.drop(id, w)
}

// drop ends a watch; the caller holds the lock.
func (h *hub) drop(id job.ID, w *watcher) {
	if _, ok := h.watchers[id][w]; !ok {
		return
	}
	delete(h.watchers[id], w)
	if len(h.watchers[id]) == 0 {
		delete(h.watchers, id)
	}
	close(w.changes)
}

func (h *hub) watched(id job.ID) bool {
	h.mu.Lock()
	defer h.mu.Unlock()
	return len(h.watchers[id]) > 0
}

// deliver hands a record to the watchers of its job, or to the one that is named, and ends their watch if it is final.
func (h *hub) deliver(id job.ID, r job.Record, only ...*watcher) {
	h.mu.Lock()
	defer h.mu.Unlock()
	for w := range h.watchers[id] {
		if w.older(r) || len(only) > 0 && !slices.Contains(only, w) {
			continue
		}
		w.fence, w.version = r.Fence, r.Version
		for sent := false; !sent; {
			select {
			case w.changes <- r:
				sent = true
			default:
				// Full: the oldest makes room, unless its reader takes it at this very moment.
				select {
				case <-w.changes:
				default:
				}
			}
		}
		if r.State.Final() {
			h.drop(id, w)
		}
	}
}

func (h *hub) gone(id job.ID) {
	h.mu.Lock()
	defer h.mu.Unlock()
	for w := range h.watchers[id] {
		h.drop(id, w)
	}
}

func (h *hub) end() {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.ended = true
	for id, watchers := range h.watchers {
		for w := range watchers {
			h.drop(id, w)
		}
	}
}
