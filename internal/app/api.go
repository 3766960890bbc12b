package app

import (
	"context"
	"time"

	"github.com/trackmydegree/trackmydegree/internal/app/role"
	"github.com/trackmydegree/trackmydegree/internal/config"
	"github.com/trackmydegree/trackmydegree/internal/httpapi"
	"github.com/trackmydegree/trackmydegree/internal/liveness"
	"github.com/trackmydegree/trackmydegree/internal/program"
)

// RunAPI runs the API until ctx ends.
func RunAPI(ctx context.Context, p program.Process) error {
	var c config.API
	return role.Run(ctx, p, program.Role{Name: "api", Settings: &c, Common: &c.Process, Traces: &c.Traces, Checks: SettingChecks()},
		func(ctx context.Context, r *role.Role) error { return buildAPI(ctx, r, c) })
}

func buildAPI(ctx context.Context, r *role.Role, c config.API) error {
	if err := r.ListenDebug(ctx, c.Debug); err != nil {
		return err
	}
	queueRedis, err := openRedis(r, "queue", c.JobURL.Reveal(), c.RedisTLS)
	if err != nil {
		return err
	}
	cacheRedis, err := openRedis(r, "cache", c.CacheURL.Reveal(), c.RedisTLS)
	if err != nil {
		return err
	}
	db, err := openMongo(r, c.Mongo)
	if err != nil {
		return err
	}
	guard, err := newAuthGuard(c.Auth, r)
	if err != nil {
		return err
	}
	core, err := newCore(ctx, r, jobsRedis{client: queueRedis, setting: c.JobURL.Setting(), installation: c.InstallationName}, db, c.Uploads,
		checkCacheAtStart(r, cacheRedis, c.CacheURL.Setting()), checkMongoAtStart(r, db, c.MongoURI.Setting()),
		checkProviderAtStart(guard))
	if err != nil {
		return err
	}
	tasks, err := core.newQueueClient(c.JobTimeout)
	if err != nil {
		return err
	}
	// in the API as well: without a running worker nothing else reports that one is needed
	if err := core.addRepairer(r, tasks); err != nil {
		return err
	}
	api, err := core.newAPI(r, tasks, cacheRedis, apiOptions{
		guard: guard, server: c.Server, limits: c.Limits, auth: c.Auth, signIn: c.SignIn, cacheTTL: c.CacheTTL,
		health:  []httpapi.Dependency{{Name: "uploads", Check: core.uploads.Ping}},
		workers: liveness.NewStartupEstimate(liveness.NewRegistry(queueRedis), c.WorkerStart, time.Now),
	})
	if err != nil {
		return err
	}
	_, err = r.Listen(ctx, role.Endpoint{Name: "api", Setting: "BACKEND_PORT", Host: "TMD_LISTEN_HOST", Addr: c.Server.Addr()}, api.Server(), r.DrainTimeout())
	return err
}
