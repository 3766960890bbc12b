// Package catalogueimport loads editions of the catalogue into a store, and says beforehand what that changes for the
// saved timelines.
package catalogueimport

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/trackmydegree/trackmydegree/internal/catalogue"
	"github.com/trackmydegree/trackmydegree/internal/timeline"
)

// Store holds the editions and the saved timelines. Its errors are database_unavailable.
type Store interface {
	// LoadEditions returns every edition, the newest last; see CatalogueVersion for a store without any.
	LoadEditions(ctx context.Context) ([]catalogue.Data, error)
	// CatalogueVersion is "" before the first edition was stored.
	CatalogueVersion(ctx context.Context) (string, error)
	// SeedCatalogue stores one edition, whole or not at all.
	SeedCatalogue(ctx context.Context, data catalogue.Data) error
	// VisitTimelines calls visit with every saved timeline until it returns an error.
	VisitTimelines(ctx context.Context, visit func(timeline.Saved) error) error
}

// Deps is what an Importer needs.
type Deps struct {
	Store Store
	Clock func() time.Time
}

// Importer loads editions into a store.
type Importer struct {
	store Store
	clock func() time.Time
}

// New returns an importer.
func New(d Deps) (*Importer, error) {
	if d.Store == nil || d.Clock == nil {
		return nil, errors.New("catalogueimport: the store or the clock is missing")
	}
	return &Importer{store: d.Store, clock: d.Clock}, nil
}

// InvalidError says that editions have faults, each with its file and entry.
type InvalidError struct{ Faults []Fault }

// Fault is a fault of one edition; Path is where the edition was read.
type Fault struct {
	Path string `json:"path"`
	catalogue.Finding
}

// String returns the fault as one line.
func (f Fault) String() string {
	if f.Path == "." {
		return f.Finding.String()
	}
	return f.Path + "/" + f.Finding.String()
}

func (e *InvalidError) Error() string {
	return fmt.Sprintf("the catalogue has %d faults; the first: %s", len(e.Faults), e.Faults[0])
}

// ValidateSources returns the faults of editions, and what is known of them and is no fault.
func ValidateSources(sources []catalogue.Source) (faults, known []Fault) {
	for _, s := range sources {
		for _, f := range catalogue.ValidateData(s.Data) {
			if f.Known {
				known = append(known, Fault{s.Path, f})
			} else {
				faults = append(faults, Fault{s.Path, f})
			}
		}
	}
	return faults, known
}

// LoadStored returns the stored editions, none before the first was stored.
func (i *Importer) LoadStored(ctx context.Context) ([]catalogue.Data, error) {
	version, err := i.store.CatalogueVersion(ctx)
	if err != nil || version == "" {
		return nil, err
	}
	return i.store.LoadEditions(ctx)
}

// ImportEditions stores editions in addition to those that are stored already; an edition of the same year takes the
// place of the stored one. Editions with faults are an *InvalidError and change nothing. It is idempotent.
func (i *Importer) ImportEditions(ctx context.Context, sources []catalogue.Source) error {
	if faults, _ := ValidateSources(sources); len(faults) > 0 {
		return &InvalidError{faults}
	}
	for _, s := range sources {
		if err := i.store.SeedCatalogue(ctx, s.Data); err != nil {
			return fmt.Errorf("store the edition %s: %w", s.Data.Calendar, err)
		}
	}
	return nil
}

// FindPredecessor returns the stored edition with which another one is compared: that of the same year, else the
// nearest earlier one, else the oldest. ok is false when nothing is stored.
func FindPredecessor(stored []catalogue.Data, calendar string) (before catalogue.Data, ok bool) {
	for n, d := range stored { // the newest last
		if n == 0 || d.Calendar <= calendar {
			before, ok = d, true
		}
	}
	return before, ok
}
