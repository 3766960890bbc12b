package commands

import (
	"context"

	"github.com/spf13/cobra"

	"github.com/trackmydegree/trackmydegree/internal/config"
	"github.com/trackmydegree/trackmydegree/internal/httpapi"
)

func (p Process) apiCommand() *cobra.Command {
	return &cobra.Command{
		Use:     "api",
		Short:   "Accept work, answer its status, serve the catalogue, saved timelines and the page",
		GroupID: "roles",
		Args:    cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			var c config.API
			return p.run(cmd.Context(), "api", &c, &c.Process, func(ctx context.Context, r *role) error { return r.buildAPI(ctx, c) })
		},
	}
}

func (r *role) buildAPI(ctx context.Context, c config.API) error {
	if err := r.serveDebug(ctx, c.Debug); err != nil {
		return err
	}
	jobsRedis, err := r.openRedis("queue", c.JobURL.Reveal())
	if err != nil {
		return err
	}
	cacheRedis, err := r.openRedis("cache", c.CacheURL.Reveal())
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
	tasks := r.newTasks(core, c.JobTimeout)
	r.addSweeper(core, tasks) // here as well: with no worker running, nobody else would see that one is needed
	api, err := r.newAPI(core, tasks, cacheRedis, apiOptions{
		server: c.Server, limits: c.Limits, auth: c.Auth, cacheTTL: c.CacheTTL,
		health: []httpapi.Dependency{{Name: "uploads", Check: core.files.Ping}},
	})
	if err != nil {
		return err
	}
	_, err = r.serve(ctx, endpoint{"api", "BACKEND_PORT", c.Server.Addr()}, api.Server(), r.drain())
	return err
}
