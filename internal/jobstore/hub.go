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

	"github.com/trackmydegree/trackmydegree/internal/job"
)

const (
	defaultRefresh = 3 * time.Second
	// refreshBatch is how many records one round trip reads again.
	refreshBatch = 200
	// messageBuffer holds the messages that arrive while watched records are reloaded.
	messageBuffer = 1000
)

// hub distributes the messages of one subscription, the only one of the process, to the watchers of jobs.
type hub struct {
	redis   redis.UniversalClient
	load    func(context.Context, []job.ID) (map[job.ID]job.Record, error)
	logger  *slog.Logger
	refresh time.Duration

	mu       sync.Mutex
	ended    bool
	watchers map[job.ID]map[*watcher]struct{}
}

func newHub(d Deps, load func(context.Context, []job.ID) (map[job.ID]job.Record, error)) *hub {
	return &hub{
		redis: d.Redis, load: load, logger: d.Logger, refresh: cmp.Or(d.Refresh, defaultRefresh),
		watchers: map[job.ID]map[*watcher]struct{}{},
	}
}

func (h *hub) run(ctx context.Context) error {
	defer h.endAllWatches()
	sub := h.redis.Subscribe(ctx, eventsChannel)
	defer func() { _ = sub.Close() }()
	messages := sub.Channel(redis.WithChannelSize(messageBuffer)) // reconnects on its own
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
			h.receiveMessage(m.Payload)
		case <-tick.C:
			if err := h.reloadWatched(ctx); err != nil && ctx.Err() == nil {
				h.logger.Warn("watched jobs cannot be read again", "error", err)
			}
		}
	}
}

// receiveMessage delivers a change or a deletion. Most messages are of jobs without a watcher here, and are not
// decoded.
func (h *hub) receiveMessage(payload string) {
	name, body, _ := strings.Cut(payload, " ")
	id := job.ID(name)
	if !h.isWatched(id) {
		return
	}
	if body == "" {
		h.endWatchesOf(id)
		return
	}
	r, err := decodeMessage(id, body)
	if err != nil {
		// The next reload of the record corrects this a little later.
		h.logger.Warn("a job's change cannot be read", "job_id", name, "error", err)
		return
	}
	h.deliverRecord(id, r)
}

// decodeMessage reads the record of a message: the JSON of the values of its fields, empty for a missing one.
func decodeMessage(id job.ID, body string) (job.Record, error) {
	var fields []string
	if err := json.Unmarshal([]byte(body), &fields); err != nil {
		return job.Record{}, err
	}
	// A process of an older version sends fewer fields.
	values := make([]any, max(len(fields), len(recordFields)))
	for i, v := range fields {
		values[i] = v
	}
	r, _, err := decodeRecord(id, values)
	return r, err
}

// reloadWatched reads the records of all watched jobs, in case a message was lost: Redis drops a message for which no
// connection listens at that moment.
func (h *hub) reloadWatched(ctx context.Context) error {
	h.mu.Lock()
	ids := slices.Collect(maps.Keys(h.watchers))
	h.mu.Unlock()
	for batch := range slices.Chunk(ids, refreshBatch) {
		records, err := h.load(ctx, batch)
		if err != nil {
			return err
		}
		for _, id := range batch {
			if r, ok := records[id]; ok {
				h.deliverRecord(id, r)
			} else {
				h.endWatchesOf(id)
			}
		}
	}
	return nil
}

// addWatcher adds a watcher; false after run has ended.
func (h *hub) addWatcher(id job.ID, w *watcher) bool {
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

func (h *hub) removeWatcher(id job.ID, w *watcher) {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.endWatch(id, w)
}

func (h *hub) isWatched(id job.ID) bool {
	h.mu.Lock()
	defer h.mu.Unlock()
	return len(h.watchers[id]) > 0
}

func (h *hub) endWatchesOf(id job.ID) {
	h.mu.Lock()
	defer h.mu.Unlock()
	for w := range h.watchers[id] {
		h.endWatch(id, w)
	}
}

func (h *hub) endAllWatches() {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.ended = true
	for id, watchers := range h.watchers {
		for w := range watchers {
			h.endWatch(id, w)
		}
	}
}

// endWatch ends a watch once. The caller holds mu.
func (h *hub) endWatch(id job.ID, w *watcher) {
	if _, ok := h.watchers[id][w]; !ok {
		return
	}
	delete(h.watchers[id], w)
	if len(h.watchers[id]) == 0 {
		delete(h.watchers, id)
	}
	close(w.changes)
}
