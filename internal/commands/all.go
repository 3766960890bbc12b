package commands

import (
	"cmp"
	"context"
	"fmt"
	"net"
	"path/filepath"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/trackmydegree/trackmydegree/internal/boltstore"
	"github.com/trackmydegree/trackmydegree/internal/catalogue"
	"github.com/trackmydegree/trackmydegree/internal/config"
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
		return fmt.Errorf("TMD_DATA_DIR: %w", err)
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

	core, err := r.newCore(ctx, jobsRedis, db, config.Uploads{UploadDir: filepath.Join(c.DataDir, "uploads")})
	if err != nil {
		return err
	}
	// Where the queue is in memory, the jobs that an earlier run did not finish are brought back by their tickets.
	tasks := r.newTasks(core, c.JobTimeout)
	r.addSweeper(core, tasks)

	pool := newPool(c.Pool, r.Log, r.Registry)
	r.group.Add("pool", pool.Run)
	// The worker drains in what the API's own end leaves.
	const apiDrain = 2 * time.Second
	worker := r.newWorker(core, parsepool.Stream{Pool: pool}, c.Jobs, c.JobTimeout, r.drain()-apiDrain)
	r.group.Add("worker", core.takeJobs(worker))

	api, err := r.newAPI(core, tasks, cacheRedis, apiOptions{
		server: c.Server, limits: c.Limits, auth: c.Auth, cacheTTL: c.CacheTTL,
		health: []httpapi.Dependency{{Name: "parser", Check: func(context.Context) error { return pool.Ready() }}},
	})
	if err != nil {
		return err
	}
	addr, err := r.serve(ctx, endpoint{"api", "BACKEND_PORT", c.Server.Addr()}, api.Server(), apiDrain)
	if err != nil {
		return err
	}
	r.welcome(addr, c)
	return nil
}

// openEmbedded opens the database of a folder, with the catalogue of this version in it.
func (r *role) openEmbedded(ctx context.Context, dir string) (*boltstore.Store, error) {
	store, err := boltstore.Open(boltstore.Config{Dir: dir})
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

// welcome tells a newcomer what to do next, in commands that can be copied.
func (r *role) welcome(addr net.Addr, c config.All) {
	const document = "tests/documents/transcripts/soen-coop.pdf"
	base, tmd := "http://"+addr.String(), cmp.Or(r.Name, "tmd")
	header, token := "", ""
	if c.AuthMode == config.AuthJWT {
		header = fmt.Sprintf(` -H "Authorization: Bearer $(%s token --sub me)"`, tmd)
		token = fmt.Sprintf(`TMD_TOKEN=$(%s token --sub me) `, tmd)
	}
	var b strings.Builder
	fmt.Fprintf(&b, "\nTrackMyDegree is at %s\nIts data is in %s\n\nTry it with a transcript, from another terminal:\n\n", base, c.DataDir)
	fmt.Fprintf(&b, "  curl%s -F file=@%s %s/api/timeline/upload\n", header, document, base)
	fmt.Fprintf(&b, "  curl%s %s/api/timeline/status/JOBID\n\nor all at once:\n\n", header, base)
	fmt.Fprintf(&b, "  %s%s upload --url %s %s\n\nCtrl-C ends it.\n\n", token, tmd, base, document)
	fmt.Fprint(r.Stdout, b.String())
}
