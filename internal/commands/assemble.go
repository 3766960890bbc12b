package commands

import (
	"context"
	"fmt"
	"os"
	"time"

	"github.com/google/uuid"
	"github.com/redis/go-redis/v9"

	"github.com/trackmydegree/trackmydegree/internal/admin"
	"github.com/trackmydegree/trackmydegree/internal/cache"
	"github.com/trackmydegree/trackmydegree/internal/config"
	"github.com/trackmydegree/trackmydegree/internal/executor"
	"github.com/trackmydegree/trackmydegree/internal/httpapi"
	"github.com/trackmydegree/trackmydegree/internal/httpapi/auth"
	"github.com/trackmydegree/trackmydegree/internal/job"
	"github.com/trackmydegree/trackmydegree/internal/jobstore"
	"github.com/trackmydegree/trackmydegree/internal/queue"
	"github.com/trackmydegree/trackmydegree/internal/redisurl"
	"github.com/trackmydegree/trackmydegree/internal/repair"
	"github.com/trackmydegree/trackmydegree/internal/snapshot"
	"github.com/trackmydegree/trackmydegree/internal/submit"
	"github.com/trackmydegree/trackmydegree/internal/timelines"
)

// database is what keeps the catalogue and the saved timelines: MongoDB, or one file.
type database interface {
	httpapi.Catalogue
	timelines.Timelines
	snapshot.Store
	Ping(ctx context.Context) error
}

// core is what the API and the worker have in common.
type core struct {
	redis     redis.UniversalClient
	records   *jobstore.Store
	files     storage
	database  database
	catalogue *snapshot.Holder
}

// newCore joins the parts that the API and the worker work on.
func (r *role) newCore(ctx context.Context, jobsRedis redis.UniversalClient, db database, where config.Uploads) (*core, error) {
	files, err := r.openUploads(ctx, where)
	if err != nil {
		return nil, err
	}
	c := &core{
		redis: jobsRedis, files: files, database: db,
		records:   jobstore.New(jobstore.Deps{Redis: jobsRedis, Clock: time.Now, Logger: r.Log, Host: hostname()}),
		catalogue: snapshot.New(snapshot.Deps{Store: db, Clock: time.Now, Logger: r.Log}),
	}
	r.group.Add("catalogue", c.catalogue.Run)
	return c, nil
}

// openRedis makes a client; it connects when it is used.
func (r *role) openRedis(name, url string) (redis.UniversalClient, error) {
	client, err := redisurl.Open(url, redisurl.Name("tmd-"+r.name))
	if err != nil {
		return nil, fmt.Errorf("%s: %w", name, err)
	}
	r.onClose(name, func(context.Context) error { return client.Close() })
	return client, nil
}

type apiOptions struct {
	server   config.Server
	limits   config.Limits
	auth     config.Auth
	cacheTTL time.Duration
	health   []httpapi.Dependency
}

// newTasks returns the client's side of the queue.
func (r *role) newTasks(c *core, jobTimeout time.Duration) *queue.Client {
	return queue.NewClient(queue.ClientDeps{Redis: c.redis, JobTimeout: jobTimeout})
}

// addSweeper lets this process take its turn at healing what was lost.
func (r *role) addSweeper(c *core, tasks *queue.Client) {
	s := repair.New(repair.Deps{
		Uploads: c.files, Jobs: c.records, Queue: tasks, Holder: r.name + ":" + uuid.NewString(),
		Clock: time.Now, Logger: r.Log, Registerer: r.Registry,
	})
	r.group.Add("sweep", s.Run)
}

// newAPI puts the API together.
func (r *role) newAPI(c *core, tasks *queue.Client, cacheRedis redis.UniversalClient, o apiOptions) (*httpapi.API, error) {
	r.Registry.MustRegister(tasks, c.records) // how many tasks are in which queue, and how many jobs are dead
	guard, err := newGuard(o.auth, r)
	if err != nil {
		return nil, err
	}
	responses := cache.New(cache.Deps{Redis: cacheRedis, Logger: r.Log, Registerer: r.Registry})
	api, err := httpapi.New(httpapi.Deps{
		Jobs:    c.records,
		Uploads: c.files,
		Submit: submit.New(submit.Deps{
			Uploads: c.files, Jobs: c.records, Queue: tasks, Clock: time.Now, NewID: newJobID, Logger: r.Log,
			MaxJobs: o.limits.MaxJobs, Intake: tasks,
		}),
		Timelines: timelines.New(timelines.Deps{Jobs: c.records, Timelines: c.database, Catalogue: c.catalogue, Clock: time.Now}),
		Admin:     admin.New(admin.Deps{Queue: tasks, Jobs: c.records, Uploads: c.files, Clock: time.Now}),
		Catalogue: c.database,
		Snapshot:  c.catalogue,
		Cache:     responses,
		Auth:      guard,
		Gate:      &r.gate,
		Health: append([]httpapi.Dependency{
			{Name: "queue", Needed: true, Check: c.records.Ping},
			{Name: "database", Needed: true, Check: c.database.Ping},
			{Name: "cache", Check: responses.Ping},
		}, o.health...),
		Reporter: r.Reporter, Logger: r.Log, Registerer: r.Registry, Clock: time.Now,
		CacheTTL: o.cacheTTL, Origins: o.server.CORSOrigins, TLSOnly: o.server.HSTSMaxAge,
		RateLimit: o.limits.RateLimit, UploadRateLimit: o.limits.UploadRateLimit, UploadTimeout: o.limits.UploadTimeout,
	})
	if err != nil {
		return nil, err
	}
	r.group.Add("records", c.records.Run)
	r.group.Add("keys", guard.Run)
	return api, nil
}

// hostname is what the history of jobs names this machine; in a pod it is the pod's name.
func hostname() string {
	name, _ := os.Hostname()
	return name
}

func newJobID() job.ID { return job.ID(uuid.NewString()) }

func newGuard(a config.Auth, r *role) (*auth.Guard, error) {
	o := auth.Options{Issuer: a.JWTIssuer, Audience: a.JWTAudience, Log: r.Log}
	switch {
	case a.AuthMode == config.AuthNone:
		o.None = true
	case a.JWKSURL != "":
		o.JWKSURL = string(a.JWKSURL)
	default:
		o.Secret = []byte(a.JWTSecret.Reveal())
	}
	return auth.New(o)
}

// takeJobs runs a worker from the moment at which there is a catalogue: until then each job would only be taken to wait.
func (c *core) takeJobs(worker *queue.Server) func(context.Context) error {
	return func(ctx context.Context) error {
		select {
		case <-c.catalogue.Loaded():
			return worker.Run(ctx)
		case <-ctx.Done():
			return nil
		}
	}
}

// newWorker puts the queue's server and what it runs together. It drains within grace. The files of the jobs that end then
// are looked after until it has ended.
func (r *role) newWorker(c *core, parser executor.Parser, o config.Jobs, parserTimeout, grace time.Duration) *queue.Server {
	processor := executor.New(executor.Deps{
		Jobs: c.records, Uploads: c.files, Parser: parser, Catalogue: c.catalogue, Timelines: c.database,
		Clock: time.Now, Logger: r.Log, Reporter: r.Reporter, Registerer: r.Registry,
		JobTimeout: o.JobTimeout, ParserTimeout: parserTimeout, OutagePatience: o.OutagePatience, KeepFailed: o.KeepFailed,
	})
	r.group.Add("files", processor.Run)
	return queue.New(queue.Deps{
		Redis:       c.redis,
		Handler:     processor,
		Concurrency: o.Concurrency, Grace: grace, Clock: time.Now, Logger: r.Log, Registerer: r.Registry,
	})
}
