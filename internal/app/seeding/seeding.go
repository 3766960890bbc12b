// Package seeding stores the catalogue of this version in MongoDB and drops the cached responses of the old one.
package seeding

import (
	"context"
	"fmt"
	"io"
	"log/slog"
	"os"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"github.com/trackmydegree/trackmydegree/internal/backup"
	"github.com/trackmydegree/trackmydegree/internal/boltstore"
	"github.com/trackmydegree/trackmydegree/internal/cache"
	"github.com/trackmydegree/trackmydegree/internal/catalogue"
	"github.com/trackmydegree/trackmydegree/internal/catalogueimport"
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

// SeedDatabase stores the catalogue of the program and the editions of the folder in the settings, and prints what
// changed. An edition of the folder takes the place of the program's of the same year. Faults in the folder change
// nothing. It is idempotent. Warnings go to warn.
func SeedDatabase(ctx context.Context, c config.Seed, out, warn io.Writer) error {
	ctx, cancel := context.WithTimeout(ctx, seedTimeout)
	defer cancel()
	sources, err := CollectEditions(c.CatalogueFolder)
	if err != nil {
		return err
	}
	store, err := OpenMongo(ctx, c.MongoURI)
	if err != nil {
		return err
	}
	defer store.Close()
	if err := ImportEditions(ctx, store, sources, out); err != nil {
		return explainOutage(c.MongoURI, err)
	}
	return DropCachedResponses(ctx, c.CacheURL, c.RedisTLS, out, warn)
}

// CollectEditions returns the catalogue of the program and the editions of a folder, which may be "" for none.
func CollectEditions(folder string) ([]catalogue.Source, error) {
	own, err := catalogue.LoadEmbedded()
	if err != nil {
		return nil, err
	}
	sources := []catalogue.Source{{Path: ".", Data: own}}
	if folder == "" {
		return sources, nil
	}
	further, err := catalogue.ReadEditions(os.DirFS(folder))
	if err != nil {
		return nil, fmt.Errorf("TMD_CATALOGUE_FOLDER, %s: %w", folder, err)
	}
	for _, s := range further {
		if s.Data.Calendar == own.Calendar {
			sources = nil
		}
	}
	return append(sources, further...), nil
}

// Database is what the commands use of a store.
type Database interface {
	catalogueimport.Store
	backup.Database
}

// Store is the store of a command, with what closes it.
type Store struct {
	Database
	Close func()
}

// OpenMongo opens the store in MongoDB and waits for a server that is being started.
func OpenMongo(ctx context.Context, uri config.SecretURL) (Store, error) {
	store, err := mongostore.Open(mongostore.Config{URI: uri.Reveal()})
	if err != nil {
		return Store{}, fmt.Errorf("MONGODB_URI: %w", err)
	}
	closeStore := func() { _ = store.Close(context.WithoutCancel(ctx)) }
	starting, cancel := context.WithTimeout(ctx, startupTimeout)
	defer cancel()
	if err := store.Run(starting); err != nil {
		closeStore()
		return Store{}, explainOutage(uri, err)
	}
	return Store{store, closeStore}, nil
}

// OpenStore opens the store of `tmd catalogue` and `tmd backup`: MongoDB, or the data folder of `tmd all`, which must
// not run.
func OpenStore(ctx context.Context, c config.Catalogue) (Store, error) {
	if !c.MongoURI.Empty() {
		return OpenMongo(ctx, c.MongoURI)
	}
	store, err := boltstore.Open(boltstore.Config{Dir: c.DataDir})
	if err != nil {
		return Store{}, fmt.Errorf("TMD_DATA_DIR: %w", err)
	}
	return Store{store, func() { _ = store.Close() }}, nil
}

// ImportEditions stores editions and prints what changed in each.
func ImportEditions(ctx context.Context, store catalogueimport.Store, sources []catalogue.Source, out io.Writer) error {
	importer, err := catalogueimport.New(catalogueimport.Deps{Store: store, Clock: time.Now})
	if err != nil {
		return err
	}
	stored, err := importer.LoadStored(ctx)
	if err != nil {
		return err
	}
	if err := importer.ImportEditions(ctx, sources); err != nil {
		return err
	}
	for _, s := range sources {
		before, _ := catalogueimport.FindPredecessor(stored, s.Data.Calendar)
		fmt.Fprintf(out, "edition %s\n%s", s.Data.Calendar, describeDifference(before, s.Data))
	}
	return nil
}

func explainOutage(uri config.SecretURL, err error) error {
	if code := fault.CodeOf(err); code == fault.DatabaseUnavailable || code == fault.Timeout {
		return &program.ExitError{Code: program.ExitUnreachable, Err: fmt.Errorf("there is no MongoDB at %s: %w", uri, err)}
	}
	return err
}

// DropCachedResponses makes the API serve the new catalogue at once. An unavailable cache is no failure: its entries
// expire soon.
func DropCachedResponses(ctx context.Context, url config.SecretURL, cert config.RedisTLS, out, warn io.Writer) error {
	if url.Empty() {
		return nil
	}
	client, err := redisurl.Open(url.Reveal(), redisurl.WithClientName("tmd-seed"),
		redisurl.WithClientCertificate(cert.RedisCert, cert.RedisKey))
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
		fmt.Fprintf(warn, "tmd: the cache at %s is unavailable: its entries of the catalogue expire\n", url)
		return nil
	}
	fmt.Fprintf(out, "cached responses dropped: %d\n", n)
	return nil
}
