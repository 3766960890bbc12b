package app

import (
	"cmp"
	"context"
	"net/http"
	"time"

	"github.com/trackmydegree/trackmydegree/internal/app/role"
	"github.com/trackmydegree/trackmydegree/internal/budget"
	"github.com/trackmydegree/trackmydegree/internal/config"
	"github.com/trackmydegree/trackmydegree/internal/health"
	"github.com/trackmydegree/trackmydegree/internal/parserapi"
	"github.com/trackmydegree/trackmydegree/internal/program"
)

// RunWorker runs the jobs of the queue until ctx ends.
func RunWorker(ctx context.Context, p program.Process) error {
	var c config.Worker
	return role.Run(ctx, p, program.Role{Name: "worker", Settings: &c, Common: &c.Process, Traces: &c.Traces, Checks: SettingChecks()},
		func(ctx context.Context, r *role.Role) error { return buildWorker(ctx, r, c) })
}

func buildWorker(ctx context.Context, r *role.Role, c config.Worker) error {
	queueRedis, err := openRedis(r, "queue", c.JobURL.Reveal(), c.RedisTLS)
	if err != nil {
		return err
	}
	db, err := openMongo(r, c.Mongo)
	if err != nil {
		return err
	}
	core, err := newCore(ctx, r, jobsRedis{client: queueRedis, setting: c.JobURL.Setting(), installation: c.InstallationName}, db, c.Uploads,
		checkMongoAtStart(r, db, c.MongoURI.Setting()))
	if err != nil {
		return err
	}
	parser, err := parserapi.NewClient(parserapi.ClientDeps{
		BaseURL: string(c.ParserURL), Timeout: c.ParserTimeout, MaxCalls: cmp.Or(c.ParserMaxCalls, c.Concurrency),
		Logger: r.Log, Registerer: r.Registry, Clock: time.Now,
	})
	if err != nil {
		return err
	}
	r.AddCloser("parser", func(context.Context) error { parser.Close(); return nil })
	tasks, err := core.newQueueClient(c.JobTimeout)
	if err != nil {
		return err
	}
	if err := core.addRepairer(r, tasks); err != nil {
		return err
	}
	worker, err := core.newWorker(r, parser, workerOptions{
		jobs: c.Jobs, parserTimeout: c.ParserTimeout, grace: r.DrainTimeout(),
		// Every worker has it and the disks of Redis and of the uploads do not.
		factsSecret: []byte(c.MongoURI.Reveal()),
	})
	if err != nil {
		return err
	}

	monitor, err := health.New(health.Config{
		Dependencies: []health.Dependency{
			{Name: "queue", Needed: true, Check: core.records.Ping},
			{Name: "database", Needed: true, Check: db.Ping},
			{Name: "parser", Needed: true, Check: parser.Check},
		},
		Serving: r.Gate().IsReady, RunningJobs: worker.Running, Tolerance: budget.HealthTolerance, Logger: r.Log,
	})
	if err != nil {
		return err
	}
	mux := http.NewServeMux()
	mux.Handle("/", r.DebugHandler(c.Profiling))
	monitor.RegisterRoutes(mux)
	r.AddComponent("health", monitor.Run)
	// It is added before the worker and stops after it: probes are answered until the end.
	at := role.Endpoint{Name: "health", Setting: "TMD_WORKER_HEALTH_ADDR", Addr: string(c.HealthAddr)}
	if _, err := r.Listen(ctx, at, r.NewServer(mux), role.CloseTimeout); err != nil {
		return err
	}
	r.AddComponent("worker", core.runWithCatalogue(worker))
	return nil
}
