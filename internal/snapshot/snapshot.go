// Package snapshot holds the catalogue in memory: loaded from its store once, shared by all who ask, and replaced when
// the store has another version.
package snapshot

import (
	"cmp"
	"context"
	"fmt"
	"log/slog"
	"sync/atomic"
	"time"

	"github.com/trackmydegree/trackmydegree/internal/catalogue"
	"github.com/trackmydegree/trackmydegree/internal/fault"
)

const (
	defaultInterval = 5 * time.Minute
	// impatience is how often Run tries while there is no catalogue at all.
	impatience = 2 * time.Second
	// loadTimeout bounds one load; it does not depend on the caller who happened to be first.
	loadTimeout = 10 * time.Second
)

// Store keeps the catalogue. Its errors are database_unavailable.
type Store interface {
	Load(ctx context.Context) (catalogue.Data, error)
	// Version changes when what Load returns does.
	Version(ctx context.Context) (string, error)
}

// Deps is what a Holder needs. Interval is how often the store's version is looked at; 0 means every five minutes.
type Deps struct {
	Store    Store
	Clock    func() time.Time
	Logger   *slog.Logger
	Interval time.Duration
}

// Holder holds the catalogue of the moment. It is safe for concurrent use.
type Holder struct {
	Deps
	current atomic.Pointer[edition]
	loading chan struct{} // holds a token while somebody loads
	loaded  chan struct{} // closed with the first catalogue
}

// edition is a catalogue and the store's version of it.
type edition struct {
	catalogue *catalogue.Catalogue
	version   string
	since     time.Time
}

// New returns a holder without a catalogue; the first who asks, or Run, loads it.
func New(d Deps) *Holder {
	d.Interval = cmp.Or(d.Interval, defaultInterval)
	return &Holder{Deps: d, loading: make(chan struct{}, 1), loaded: make(chan struct{})}
}

// Loaded is closed as soon as there is a catalogue.
func (h *Holder) Loaded() <-chan struct{} { return h.loaded }

// Current returns the catalogue: the one in memory, or the store's when there is none yet. Without either it is
// database_unavailable.
func (h *Holder) Current(ctx context.Context) (*catalogue.Catalogue, error) {
	if e := h.current.Load(); e != nil {
		return e.catalogue, nil
	}
	select {
	case h.loading <- struct{}{}:
		defer func() { <-h.loading }()
	case <-ctx.Done():
		return nil, fmt.Errorf("curriculum: wait for the catalogue: %w", ctx.Err())
	}
	if e := h.current.Load(); e != nil { // somebody else was first
		return e.catalogue, nil
	}
	if err := h.load(ctx); err != nil {
		return nil, err
	}
	return h.current.Load().catalogue, nil
}

// Run loads the catalogue and looks for another version of it until ctx ends. A store that is away, or whose catalogue is
// faulty, leaves the one in memory in place.
func (h *Holder) Run(ctx context.Context) error {
	var told string
	for {
		err := h.refresh(ctx)
		if ctx.Err() != nil {
			return nil
		}
		// Once for each trouble, not once for each look.
		if err != nil && err.Error() != told {
			h.Logger.Warn("the catalogue cannot be refreshed", "error", err)
		}
		told = ""
		if err != nil {
			told = err.Error()
		}
		wait := h.Interval
		if h.current.Load() == nil {
			wait = min(wait, impatience)
		}
		select {
		case <-ctx.Done():
			return nil
		case <-time.After(wait):
		}
	}
}

func (h *Holder) refresh(ctx context.Context) error {
	e := h.current.Load()
	if e == nil {
		_, err := h.Current(ctx)
		return err
	}
	version, err := h.Store.Version(ctx)
	if err != nil {
		return fmt.Errorf("curriculum: version: %w", err)
	}
	if version == e.version {
		return nil
	}
	select {
	case h.loading <- struct{}{}:
		defer func() { <-h.loading }()
	case <-ctx.Done():
		return ctx.Err()
	}
	return h.load(ctx)
}

// load reads the catalogue and puts it in place; the caller holds the token. The version is read first: a catalogue that
// changes in between is loaded once more at the next look.
func (h *Holder) load(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), loadTimeout)
	defer cancel()
	version, err := h.Store.Version(ctx)
	if err != nil {
		return fmt.Errorf("curriculum: version: %w", err)
	}
	data, err := h.Store.Load(ctx)
	if err != nil {
		return fmt.Errorf("curriculum: load: %w", err)
	}
	c, err := catalogue.New(data)
	if err != nil {
		return fault.Wrap(fault.DatabaseUnavailable, fmt.Errorf("curriculum: the stored catalogue is faulty: %w", err))
	}
	if h.current.Swap(&edition{catalogue: c, version: version, since: h.Clock()}) == nil {
		close(h.loaded)
	}
	h.Logger.Info("catalogue loaded", "version", c.Version(), "courses", len(data.Courses), "degrees", len(data.Degrees))
	return nil
}

// Version is the version of the catalogue in memory and when it was loaded; "" when there is none.
func (h *Holder) Version() (string, time.Time) {
	if e := h.current.Load(); e != nil {
		return e.catalogue.Version(), e.since
	}
	return "", time.Time{}
}
