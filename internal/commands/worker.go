package commands

import (
	"cmp"
	"context"
	"net/http"
	"time"

	"github.com/spf13/cobra"

	"github.com/trackmydegree/trackmydegree/internal/config"
	"github.com/trackmydegree/trackmydegree/internal/parserapi"
	"github.com/trackmydegree/trackmydegree/internal/telemetry"
)

func (p Process) workerCommand() *cobra.Command {
	return &cobra.Command{
		Use:     "worker",
		Short:   "Run the jobs of the queue",
		GroupID: "roles",
		Args:    cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			var c config.Worker
			return p.run(cmd.Context(), "worker", &c, &c.Process, func(ctx context.Context, r *role) error { return r.buildWorker(ctx, c) })
		},
	}
}

func (r *role) buildWorker(ctx context.Context, c config.Worker) error {
	jobsRedis, err := r.openRedis("queue", c.JobURL.Reveal())
	if err != nil {
		return err
	}
	db, err := r.openMongo(c.Mongo)
	if err != nil {
		return err
	}
	core, err := r.newCore(ctx, jobsRedis, db, c.Uploads)
	if err != nil {
		return err
	}
	parser, err := parserapi.NewClient(parserapi.ClientConfig{
		BaseURL: string(c.ParserURL), Timeout: c.ParserTimeout, MaxCalls: cmp.Or(c.ParserMaxCalls, c.Concurrency),
		Logger: r.Log, Registerer: r.Registry, Clock: time.Now,
	})
	if err != nil {
		return err
	}
	r.onClose("parser", func(context.Context) error { parser.Close(); return nil })
	r.addSweeper(core, r.newTasks(core, c.JobTimeout))
	worker := r.newWorker(core, parser, c.Jobs, c.ParserTimeout, r.drain())

	health := newHealth(r.gate.Ready, worker.Running,
		dependency{"queue", core.records.Ping}, dependency{"database", db.Ping}, dependency{"parser", parser.Check})
	mux := http.NewServeMux()
	mux.Handle("/", telemetry.DebugHandler(r.Registry, r.name, version, c.Profiling))
	health.handle(mux)
	r.group.Add("health", health.run)
	// Added before the worker, and so stopped after it: probes are answered to the end.
	if _, err := r.serve(ctx, endpoint{"health", "TMD_WORKER_HEALTH_ADDR", string(c.HealthAddr)}, r.newServer(mux), closing); err != nil {
		return err
	}
	r.group.Add("worker", core.takeJobs(worker))
	return nil
}
