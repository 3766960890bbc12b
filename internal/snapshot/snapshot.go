// Package snapshot holds every edition of the catalogue in memory. It loads the editions from their store once,
// shares them with all callers, and replaces them when the store has another version.
package snapshot

import (
	"cmp"
	"context"
	"fmt"
	"log/slog"
	"sync/atomic"
	"time"

	"github.com/trackmydegree/trackmydegree/internal/catalogue"
	"github.com/trackmydegree/trackmydegree/internal/dependency"
	"github.com/trackmydegree/trackmydegree/internal/fault"
)

const (
	defaultInterval = 5 * time.Minute
	// firstLoadInterval is how often Run tries while no catalogue is loaded.
	firstLoadInterval = 2 * time.Second
	// loadTimeout bounds one load. It does not depend on the first caller's context.
	loadTimeout = 10 * time.Second
	// findTimeout bounds the question for a newer edition: a job does not wait for a store that is unavailable.
	findTimeout = 2 * time.Second
)

// Store stores the editions of the catalogue. Its errors are database_unavailable.
type Store interface {
	// LoadEditions returns every edition, at least one.
	LoadEditions(ctx context.Context) ([]catalogue.Data, error)
	// CatalogueVersion changes when what LoadEditions returns does.
	CatalogueVersion(ctx context.Context) (string, error)
}

// Deps are the dependencies of a Holder. Interval is the period at which it reads the store's version; 0 means five
// minutes.
type Deps struct {
	Store    Store
	Clock    func() time.Time
	Logger   *slog.Logger
	Interval time.Duration
}

// Holder holds the current editions. It is safe for concurrent use.
type Holder struct {
	store    Store
	logger   *slog.Logger
	interval time.Duration
	current  atomic.Pointer[snapshot]
	loading  chan struct{} // holds a token while a load runs
	loaded   chan struct{} // closed with the first catalogue
}

// snapshot is a set of editions and the store's version of it.
type snapshot struct {
	editions *catalogue.Editions
	version  string
}

// New returns a holder without a catalogue. The first caller, or Run, loads it. A missing dependency is an error.
func New(d Deps) (*Holder, error) {
	if err := dependency.Require("snapshot", d, "Store", "Logger"); err != nil {
		return nil, err
	}
	return &Holder{
		store: d.Store, logger: d.Logger, interval: cmp.Or(d.Interval, defaultInterval),
		loading: make(chan struct{}, 1), loaded: make(chan struct{}),
	}, nil
}

// FirstLoad is closed when the first catalogue is loaded.
func (h *Holder) FirstLoad() <-chan struct{} { return h.loaded }

// CurrentEditions returns the editions in memory, or the store's when there are none yet. Without either the error is
// database_unavailable.
func (h *Holder) CurrentEditions(ctx context.Context) (*catalogue.Editions, error) {
	if s := h.current.Load(); s != nil {
		return s.editions, nil
	}
	select {
	case h.loading <- struct{}{}:
		defer func() { <-h.loading }()
	case <-ctx.Done():
		return nil, fmt.Errorf("snapshot: wait for the catalogue: %w", ctx.Err())
	}
	if s := h.current.Load(); s != nil { // another caller was first
		return s.editions, nil
	}
	if err := h.loadEditions(ctx); err != nil {
		return nil, err
	}
	return h.current.Load().editions, nil
}

// FindEditions is CurrentEditions for a caller who needs the edition of an academic year, "" for any. When the editions
// in memory lack it, and it is newer than they are or was chosen by its name, it asks the store whether it has others:
// another process may have accepted a job by an edition that was loaded a moment ago. While the store is unavailable
// the editions in memory are returned.
func (h *Holder) FindEditions(ctx context.Context, calendar string, chosen bool) (*catalogue.Editions, error) {
	editions, err := h.CurrentEditions(ctx)
	if err != nil || calendar == "" {
		return editions, err
	}
	if _, ok := editions.FindEdition(calendar); ok || !chosen && calendar < editions.Latest().Calendar() {
		return editions, nil
	}
	asking, cancel := context.WithTimeout(ctx, findTimeout)
	defer cancel()
	if err := h.refreshEditions(asking); err != nil {
		h.logger.WarnContext(ctx, "the catalogue cannot be refreshed", "calendar", calendar, "error", err)
	}
	return h.CurrentEditions(ctx)
}

// Run loads the catalogue and polls for another version until ctx ends. When the store is unavailable, or its
// catalogue is faulty, the one in memory stays.
func (h *Holder) Run(ctx context.Context) error {
	var logged string
	for {
		err := h.refreshEditions(ctx)
		if ctx.Err() != nil {
			return nil
		}
		// It logs each error once, not each attempt.
		if err != nil && err.Error() != logged {
			h.logger.Warn("the catalogue cannot be refreshed", "error", err)
		}
		logged = ""
		if err != nil {
			logged = err.Error()
		}
		wait := h.interval
		if h.current.Load() == nil {
			wait = min(wait, firstLoadInterval)
		}
		select {
		case <-ctx.Done():
			return nil
		case <-time.After(wait):
		}
	}
}

func (h *Holder) refreshEditions(ctx context.Context) error {
	s := h.current.Load()
	if s == nil {
		_, err := h.CurrentEditions(ctx)
		return err
	}
	version, err := h.store.CatalogueVersion(ctx)
	if err != nil {
		return fmt.Errorf("snapshot: version: %w", err)
	}
	if version == s.version {
		return nil
	}
	select {
	case h.loading <- struct{}{}:
		defer func() { <-h.loading }()
	case <-ctx.Done():
		return ctx.Err()
	}
	return h.loadEditions(ctx)
}

// loadEditions loads the editions and stores them in the holder; the caller holds the token. It reads the version
// first: the next refresh loads a catalogue that changed in between.
func (h *Holder) loadEditions(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), loadTimeout)
	defer cancel()
	version, err := h.store.CatalogueVersion(ctx)
	if err != nil {
		return fmt.Errorf("snapshot: version: %w", err)
	}
	data, err := h.store.LoadEditions(ctx)
	if err != nil {
		return fmt.Errorf("snapshot: load: %w", err)
	}
	editions, err := catalogue.NewEditions(data...)
	if err != nil {
		return fault.Wrap(fault.DatabaseUnavailable, fmt.Errorf("snapshot: the stored catalogue is faulty: %w", err))
	}
	if h.current.Swap(&snapshot{editions, version}) == nil {
		close(h.loaded)
	}
	latest := editions.Latest()
	h.logger.Info("catalogue loaded", "calendars", editions.Calendars(), "version", latest.Version(),
		"courses", len(latest.Courses()), "degrees", len(latest.Data().Degrees))
	return nil
}
