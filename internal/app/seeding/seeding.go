// Package seeding stores the catalogue of this version in MongoDB and drops the cached responses of the old one.
package seeding

import (
	"context"
	"fmt"
	"io"
	"log/slog"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"github.com/trackmydegree/trackmydegree/internal/cache"
	"github.com/trackmydegree/trackmydegree/internal/catalogue"
	"github.com/trackmydegree/trackmydegree/internal/config"
	"github.com/trackmydegree/trackmydegree/internal/fault"
	"github.com/trackmydegree/trackmydegree/internal/mongostore"
	"github.com/trackmydegree/trackmydegree/internal/program"
	"github.com/trackmydegree/trackmydegree/internal/redisurl"
)

const (
	// seedTimeout is for a slow database; a whole catalogue takes less than a second.
	seedTimeout = 2 * time.Minute
	// startupTimeout is how long a database that is being started may take to answer.
	startupTimeout = 8 * time.Second
)

// SeedDatabase stores the catalogue and prints what changed. It is idempotent. Warnings go to warn.
func SeedDatabase(ctx context.Context, c config.Seed, out, warn io.Writer) error {
	ctx, cancel := context.WithTimeout(ctx, seedTimeout)
	defer cancel()
	data, err := catalogue.LoadEmbedded()
	if err != nil {
		return err
	}
	store, err := mongostore.Open(mongostore.Config{URI: c.MongoURI.Reveal()})
	if err != nil {
		return err
	}
	defer func() { _ = store.Close(context.WithoutCancel(ctx)) }()
	before, err := replaceCatalogue(ctx, store, data)
	if err != nil {
		return explainOutage(c.MongoURI, err)
	}
	fmt.Fprint(out, describeDifference(before, data))
	return dropCachedResponses(ctx, c, out, warn)
}

// replaceCatalogue stores a catalogue and returns the one before, which is empty at the first seed.
func replaceCatalogue(ctx context.Context, store *mongostore.Store, data catalogue.Data) (before catalogue.Data, err error) {
	starting, cancel := context.WithTimeout(ctx, startupTimeout)
	defer cancel()
	if err := store.Run(starting); err != nil {
		return before, err
	}
	version, err := store.CatalogueVersion(ctx)
	if err != nil {
		return before, err
	}
	if version != "" {
		if before, err = store.LoadCatalogue(ctx); err != nil {
			return before, err
		}
	}
	return before, store.SeedCatalogue(ctx, data)
}

func explainOutage(uri config.SecretURL, err error) error {
	if code := fault.CodeOf(err); code == fault.DatabaseUnavailable || code == fault.Timeout {
		return &program.ExitError{Code: program.ExitUnreachable, Err: fmt.Errorf("there is no MongoDB at %s: %w", uri, err)}
	}
	return err
}

// dropCachedResponses makes the API serve the new catalogue at once. An unavailable cache is no failure: its entries
// expire soon.
func dropCachedResponses(ctx context.Context, c config.Seed, out, warn io.Writer) error {
	if c.CacheURL.Empty() {
		return nil
	}
	client, err := redisurl.Open(c.CacheURL.Reveal(), redisurl.WithClientName("tmd-seed"))
	if err != nil {
		return err
	}
	defer func() { _ = client.Close() }()
	responses, err := cache.New(cache.Deps{Redis: client, Logger: slog.New(slog.DiscardHandler), Registerer: prometheus.NewRegistry()})
	if err != nil {
		return err
	}
	n, err := responses.DeletePattern(ctx, "*")
	if err != nil {
		fmt.Fprintf(warn, "tmd: the cache at %s is unavailable: its entries of the catalogue expire\n", c.CacheURL)
		return nil
	}
	fmt.Fprintf(out, "cached responses dropped: %d\n", n)
	return nil
}
