package app

import (
	"context"
	"fmt"
	"time"

	"github.com/google/uuid"
	"github.com/redis/go-redis/v9"

	"github.com/trackmydegree/trackmydegree/internal/account"
	"github.com/trackmydegree/trackmydegree/internal/admin"
	"github.com/trackmydegree/trackmydegree/internal/advising"
	"github.com/trackmydegree/trackmydegree/internal/app/role"
	"github.com/trackmydegree/trackmydegree/internal/cache"
	"github.com/trackmydegree/trackmydegree/internal/config"
	"github.com/trackmydegree/trackmydegree/internal/executor"
	"github.com/trackmydegree/trackmydegree/internal/factcodec"
	"github.com/trackmydegree/trackmydegree/internal/httpapi"
	"github.com/trackmydegree/trackmydegree/internal/httpapi/auth"
	"github.com/trackmydegree/trackmydegree/internal/httpapi/clientaddr"
	"github.com/trackmydegree/trackmydegree/internal/httpapi/signin"
	"github.com/trackmydegree/trackmydegree/internal/job"
	"github.com/trackmydegree/trackmydegree/internal/liveness"
	"github.com/trackmydegree/trackmydegree/internal/queue"
	"github.com/trackmydegree/trackmydegree/internal/queueadmin"
	"github.com/trackmydegree/trackmydegree/internal/repair"
	"github.com/trackmydegree/trackmydegree/internal/scaling"
	"github.com/trackmydegree/trackmydegree/internal/submit"
	"github.com/trackmydegree/trackmydegree/internal/timelines"
)

type apiOptions struct {
	server   config.Server
	limits   config.Limits
	auth     config.Auth
	signIn   config.SignIn
	cacheTTL time.Duration
	health   []httpapi.Dependency
	guard    *auth.Guard
	// workers is nil where workers run in the same process.
	workers httpapi.Workers
}

// newQueueClient returns the client of the queue, which enqueues tasks.
func (c *core) newQueueClient(jobTimeout time.Duration) (*queue.Client, error) {
	return queue.NewClient(queue.ClientDeps{Redis: c.redis, JobTimeout: jobTimeout})
}

// newInspector returns the queues as operators see them.
func newInspector(client redis.UniversalClient) (*queueadmin.Inspector, error) {
	return queueadmin.NewInspector(queueadmin.Deps{
		Redis: client, Depths: scaling.NewReader(client), Workers: liveness.NewRegistry(client),
	})
}

// addRepairer makes this process a candidate for the lease under which lost tasks, records and files are repaired.
func (c *core) addRepairer(r *role.Role, tasks *queue.Client) error {
	s, err := repair.New(repair.Deps{
		Uploads: c.uploads, Jobs: c.records, Queue: tasks, Holder: r.Name() + ":" + uuid.NewString(),
		Clock: time.Now, Logger: r.Log, Registerer: r.Registry,
	})
	if err != nil {
		return err
	}
	r.AddComponent("sweep", c.runOnUsableRedis(s.Run))
	return nil
}

// newAPI builds the API and adds its components to the role.
func (c *core) newAPI(r *role.Role, tasks *queue.Client, cacheRedis redis.UniversalClient, o apiOptions) (*httpapi.API, error) {
	r.Registry.MustRegister(scaling.NewReader(c.redis), c.records) // the tasks in each queue, and the dead jobs
	guard := o.guard
	accounts, err := account.New(account.Deps{
		Jobs: c.records, Timelines: c.database, Uploads: c.uploads, Clock: time.Now, Logger: r.Log,
	})
	if err != nil {
		return nil, err
	}
	signIn, err := newSignIn(o.auth, o.signIn, guard, signin.Guests{Quota: cache.NewQuota(cacheRedis), Accounts: accounts}, r)
	if err != nil {
		return nil, err
	}
	inspector, err := newInspector(c.redis)
	if err != nil {
		return nil, err
	}
	intake := queueadmin.NewIntake(c.redis)
	responses, err := cache.New(cache.Deps{Redis: cacheRedis, Logger: r.Log, Registerer: r.Registry})
	if err != nil {
		return nil, err
	}
	submitter, err := submit.New(submit.Deps{
		Uploads: c.uploads, Jobs: c.records, Queue: tasks, Clock: time.Now, NewID: newJobID, Logger: r.Log,
		MaxJobs: o.limits.MaxJobs, Intake: intake,
	})
	if err != nil {
		return nil, err
	}
	editor, err := timelines.New(timelines.Deps{Jobs: c.records, Timelines: c.database, Catalogue: c.catalogue, Clock: time.Now})
	if err != nil {
		return nil, err
	}
	operators, err := admin.New(admin.Deps{
		Queue: inspector, Tasks: tasks, Intake: intake, Jobs: c.records, Uploads: c.uploads,
		Audit: queueadmin.NewAuditTrail(c.redis), Clock: time.Now, Logger: r.Log,
	})
	if err != nil {
		return nil, err
	}
	advisor, err := advising.New(advising.Deps{Jobs: c.records, Timelines: c.database, Catalogue: c.catalogue, Clock: time.Now})
	if err != nil {
		return nil, err
	}
	api, err := httpapi.New(httpapi.Deps{
		Jobs:      c.records,
		Uploads:   c.uploads,
		Submit:    submitter,
		Timelines: editor,
		Advisor:   advisor,
		Admin:     operators,
		Accounts:  accounts,
		Catalogue: c.database,
		Snapshot:  c.catalogue,
		Cache:     responses,
		Auth:      guard,
		SignIn:    signIn,
		Clients:   clientaddr.NewResolver(o.signIn.ProxyNetworks()),
		Gate:      r.Gate(),
		Workers:   o.workers,
		Health: append([]httpapi.Dependency{
			{Name: "queue", Needed: true, Check: c.records.Ping},
			{Name: "database", Needed: true, Check: c.database.Ping},
			{Name: "cache", Check: responses.Ping},
		}, o.health...),
		Reporter: r.Reporter, Logger: r.Log, Registerer: r.Registry, Clock: time.Now,
		CacheTTL: o.cacheTTL, Origins: o.server.CORSOrigins, TLSOnly: o.server.HSTSMaxAge, Legacy: o.server.LegacyAPI,
		RateLimit: o.limits.RateLimit, UploadRateLimit: o.limits.UploadRateLimit, UploadTimeout: o.limits.UploadTimeout,
		IdleTimeout: o.server.IdleTimeout, Tracer: r.Tracer,
	})
	if err != nil {
		return nil, err
	}
	r.AddComponent("records", c.records.Run)
	r.AddComponent("keys", guard.Run)
	if signIn != nil {
		r.AddComponent("sign-in", signIn.Run)
	}
	r.AddComponent("accounts", accounts.Run) // also without guests: they were admitted before a change of the settings
	return api, nil
}

func newJobID() job.ID { return job.ID(uuid.NewString()) }

func newAuthGuard(a config.Auth, r *role.Role) (*auth.Guard, error) {
	d := auth.Deps{
		Issuer: a.JWTIssuer, Audience: a.JWTAudience, RolesClaim: a.RolesClaim, Clock: time.Now, Logger: r.Log,
	}
	switch {
	case a.AuthMode == config.AuthNone:
		d.None = true
	case a.JWKSURL != "":
		d.JWKSURL = string(a.JWKSURL)
	default:
		d.Secret = []byte(a.JWTSecret.Reveal())
	}
	return auth.New(d)
}

// checkProviderAtStart stops the start when TMD_JWKS_URL leads to something else than keys.
func checkProviderAtStart(guard *auth.Guard) startCheck {
	return func(ctx context.Context) error {
		limited, cancel := context.WithTimeout(ctx, providerCheckLimit)
		defer cancel()
		if err := guard.CheckProvider(limited); err != nil {
			return fmt.Errorf("TMD_JWKS_URL: %w", err)
		}
		return nil
	}
}

// runWithCatalogue starts a worker once the catalogue is loaded: before that, each job would only be taken to wait.
func (c *core) runWithCatalogue(worker *queue.Server) func(context.Context) error {
	return func(ctx context.Context) error {
		select {
		case <-c.catalogue.FirstLoad():
			return c.runOnUsableRedis(worker.Run)(ctx)
		case <-ctx.Done():
			return nil
		}
	}
}

type workerOptions struct {
	jobs          config.Jobs
	parserTimeout time.Duration
	grace         time.Duration
	factsSecret   []byte // of the encryption of facts, the same for all workers of an installation
}

// newWorker builds the queue's server with its executor. The server drains within grace. The executor's cleanup of
// files stops after it, so that the files of the last jobs are deleted.
func (c *core) newWorker(r *role.Role, parser executor.Parser, o workerOptions) (*queue.Server, error) {
	facts, err := factcodec.New(o.factsSecret)
	if err != nil {
		return nil, err
	}
	processor, err := executor.New(executor.Deps{
		Jobs: c.records, Uploads: c.uploads, Parser: parser, Catalogue: c.catalogue, Timelines: c.database,
		Clock: time.Now, Logger: r.Log, Reporter: r.Reporter, Registerer: r.Registry,
		Facts: facts, JobTimeout: o.jobs.JobTimeout, ParserTimeout: o.parserTimeout, OutagePatience: o.jobs.OutagePatience,
		KeepFailed: o.jobs.KeepFailed,
	})
	if err != nil {
		return nil, err
	}
	r.AddComponent("files", processor.Run)
	member, err := liveness.New(liveness.Deps{Redis: c.redis, Clock: time.Now, Logger: r.Log, Registerer: r.Registry})
	if err != nil {
		return nil, err
	}
	return queue.NewServer(queue.Deps{
		Redis: c.redis, Liveness: member, Handler: processor, Concurrency: o.jobs.Concurrency, Grace: o.grace,
		Logger: r.Log, Registerer: r.Registry, Tracer: r.Tracer,
	})
}
