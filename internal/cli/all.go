package cli

import (
	"context"
	"fmt"
	"net"
	"path/filepath"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/trackmydegree/trackmydegree/internal/catalogue"
	"github.com/trackmydegree/trackmydegree/internal/config"
	"github.com/trackmydegree/trackmydegree/internal/embedded"
	"github.com/trackmydegree/trackmydegree/internal/httpapi"
	"github.com/trackmydegree/trackmydegree/internal/parsepool"
)

func (p Process) allCommand() *cobra.Command {
	return &cobra.Command{
		Use:     "all",
		Short:   "Run everything in one process, without a server to install",
		Long:    "Run the API, a worker and the parser in one process on loopback. Nothing is to be installed:\nthe database is a file, the queue is in memory, and no token is asked for.",
		GroupID: "roles",
		Args:    cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			var c config.All
			return p.run(cmd.Context(), "all", &c, &c.Process, func(ctx context.Context, r *role) error { return r.buildAll(ctx, c) })
		},
	}
}

func (r *role) buildAll(ctx context.Context, c config.All) error {
	if err := r.serveDebug(ctx, c.Debug); err != nil {
		return err
	}
	db, err := r.openEmbedded(ctx, c.DataDir)
	if err != nil {
		return err
	}

	memory, err := startMemoryRedis()
	if err != nil {
		return err
	}
	r.onClose("memory", memory.close)
	r.group.Add("clock", memory.run)
	jobsURL := memory.url(1)
	if !c.JobURL.Empty() {
		jobsURL = c.JobURL.Reveal()
	}
	jobsRedis, err := r.openRedis("queue", jobsURL)
	if err != nil {
		return err
	}
	cacheRedis, err := r.openRedis("cache", memory.url(0))
	if err != nil {
		return err
	}

	core, err := r.newCore(ctx, jobsRedis, db, filepath.Join(c.DataDir, "uploads"))
	if err != nil {
		return err
	}
	if c.JobURL.Empty() {
		// The jobs of an earlier run ended with it; so do their documents.
		if _, err := core.files.Sweep(ctx, time.Now()); err != nil {
			return err
		}
	}

	pool := newPool(c.Pool, r.Log, r.Registry)
	r.group.Add("pool", pool.Run)
	// The worker drains in what the API's own end leaves.
	const apiDrain = 2 * time.Second
	worker := r.newWorker(core, parsepool.Stream{Pool: pool}, c.Jobs, c.JobTimeout, r.drain()-apiDrain)
	r.group.Add("worker", worker.Run)

	api, err := r.newAPI(core, cacheRedis, apiOptions{
		server: c.Server, limits: c.Limits, auth: c.Auth, cacheTTL: c.CacheTTL, jobTimeout: c.JobTimeout,
		health: []httpapi.Dependency{{Name: "parser", Check: func(context.Context) error { return pool.Ready() }}},
	})
	if err != nil {
		return err
	}
	addr, err := r.serve(ctx, "api", c.Server.Addr(), api.Server(), apiDrain)
	if err != nil {
		return err
	}
	r.welcome(addr, c)
	return nil
}

// openEmbedded opens the database of a folder, with the catalogue of this version in it.
func (r *role) openEmbedded(ctx context.Context, dir string) (*embedded.Store, error) {
	store, err := embedded.Open(embedded.Config{Dir: dir})
	if err != nil {
		return nil, err
	}
	r.onClose("database", func(context.Context) error { return store.Close() })
	data, err := catalogue.Load()
	if err != nil {
		return nil, err
	}
	// Seeding costs as much as all the rest of the start: only when there is something new.
	if at, err := store.Version(ctx); err == nil && at == data.Fingerprint() {
		return store, nil
	}
	return store, store.Seed(ctx, data)
}

// welcome tells a newcomer what to do next.
func (r *role) welcome(addr net.Addr, c config.All) {
	base := "http://" + addr.String()
	auth := ""
	if c.AuthMode == config.AuthJWT {
		auth = ` -H "Authorization: Bearer $(tmd token --sub me)"`
	}
	var b strings.Builder
	fmt.Fprintf(&b, "\nTrackMyDegree is at %s\nIts data is in %s\n\nTry it with a transcript:\n\n", base, c.DataDir)
	fmt.Fprintf(&b, "  curl%s -F file=@tests/documents/transcripts/soen-coop.pdf %s/api/timeline/upload\n", auth, base)
	fmt.Fprintf(&b, "  curl%s %s/api/timeline/status/JOBID\n\n", auth, base)
	fmt.Fprintf(&b, "or all at once: tmd upload --url %s tests/documents/transcripts/soen-coop.pdf\nCtrl-C ends it.\n\n", base)
	fmt.Fprint(r.Stdout, b.String())
}
