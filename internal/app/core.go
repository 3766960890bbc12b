// Package app wires the packages into the roles of tmd: api, worker, parser, and all of them in one process. A role is
// built bottom-up: telemetry, clients, stores, use cases, adapters; its components then run until a signal.
package app

import (
	"context"
	"fmt"
	"os"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/redis/go-redis/v9"

	"github.com/trackmydegree/trackmydegree/internal/account"
	"github.com/trackmydegree/trackmydegree/internal/app/role"
	"github.com/trackmydegree/trackmydegree/internal/app/storage"
	"github.com/trackmydegree/trackmydegree/internal/config"
	"github.com/trackmydegree/trackmydegree/internal/httpapi"
	"github.com/trackmydegree/trackmydegree/internal/jobstore"
	"github.com/trackmydegree/trackmydegree/internal/mongostore"
	"github.com/trackmydegree/trackmydegree/internal/redisurl"
	"github.com/trackmydegree/trackmydegree/internal/snapshot"
	"github.com/trackmydegree/trackmydegree/internal/timelines"
)

// database stores the catalogue and the saved timelines: MongoDB, or one file.
type database interface {
	httpapi.Catalogue
	timelines.Timelines
	account.Timelines
	snapshot.Store
	Ping(ctx context.Context) error
	// InstallationID returns an id that stays with the data.
	InstallationID(ctx context.Context) (string, error)
}

// core is what the API and the worker have in common.
type core struct {
	redis     redis.UniversalClient
	usable    <-chan struct{} // closed once Redis was found to be fit and to be this installation's
	records   *jobstore.Store
	uploads   storage.Storage
	database  database
	catalogue *snapshot.Holder
}

// newCore opens the storage of uploads, runs the checks of the start and adds the catalogue's refresh to the role.
func newCore(ctx context.Context, r *role.Role, jobs jobsRedis, db database, where config.Uploads, checks ...startCheck) (*core, error) {
	uploads, openErr := openUploads(ctx, r, where)
	records, err := jobstore.New(jobstore.Deps{Redis: jobs.client, Clock: time.Now, Logger: r.Log, Host: hostName()})
	if err != nil {
		return nil, err
	}
	editions, err := snapshot.New(snapshot.Deps{Store: db, Clock: time.Now, Logger: r.Log})
	if err != nil {
		return nil, err
	}
	usable := make(chan struct{})
	checks = append(checks,
		func(ctx context.Context) error { return jobs.checkAtStart(ctx, r, db, usable) },
		func(ctx context.Context) error {
			if openErr != nil {
				return openErr
			}
			return checkUploadsAtStart(ctx, r, uploads, where.Setting())
		})
	if err := runStartChecks(ctx, checks...); err != nil {
		return nil, err
	}
	c := &core{redis: jobs.client, usable: usable, uploads: uploads, database: db, records: records, catalogue: editions}
	r.AddComponent("catalogue", c.catalogue.Run)
	return c, nil
}

// openUploads opens the storage of uploads.
func openUploads(ctx context.Context, r *role.Role, c config.Uploads) (storage.Storage, error) {
	store, err := storage.Open(ctx, c, r.Log)
	if err != nil {
		return nil, err
	}
	r.AddCloser("uploads", func(context.Context) error { return store.Close() })
	if volume, ok := store.(prometheus.Collector); ok {
		r.Registry.MustRegister(volume)
	}
	return store, nil
}

// checkUploadsAtStart checks the storage of uploads: wrong settings stop the start instead of failing each upload.
func checkUploadsAtStart(ctx context.Context, r *role.Role, store storage.Storage, setting string) error {
	err := store.CheckAccess(ctx)
	switch {
	case storage.IsTransient(err):
		// As with Redis and MongoDB, the role starts, and works when the outage has passed.
		r.Log.Error("uploads cannot be stored", "setting", setting, "error", err)
	case err != nil:
		return fmt.Errorf("%s: %w", setting, err)
	}
	return nil
}

// openRedis returns a client of a Redis server. It connects at the first command.
func openRedis(r *role.Role, name, url string, c config.RedisTLS) (redis.UniversalClient, error) {
	client, err := redisurl.Open(url, redisurl.WithClientName("tmd-"+r.Name()), redisurl.WithClientCertificate(c.RedisCert, c.RedisKey))
	if err != nil {
		return nil, fmt.Errorf("%s: %w", name, err)
	}
	r.AddCloser(name, func(context.Context) error { return client.Close() })
	return client, nil
}

// openMongo returns the store in MongoDB. A component creates its indexes as soon as the server answers.
func openMongo(r *role.Role, c config.Mongo) (*mongostore.Store, error) {
	store, err := mongostore.Open(mongostore.Config{URI: c.MongoURI.Reveal()})
	if err != nil {
		return nil, fmt.Errorf("%s: %w", c.MongoURI.Setting(), err)
	}
	r.AddCloser("database", store.Close)
	r.AddComponent("indexes", store.Run)
	return store, nil
}

// hostName names this machine in the history of jobs; in a pod it is the name of the pod.
func hostName() string {
	name, _ := os.Hostname()
	return name
}
