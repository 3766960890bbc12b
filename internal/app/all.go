package app

import (
	"cmp"
	"context"
	"fmt"
	"io"
	"net"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"github.com/redis/go-redis/v9"

	"github.com/trackmydegree/trackmydegree/internal/app/memoryredis"
	"github.com/trackmydegree/trackmydegree/internal/app/parserchild"
	"github.com/trackmydegree/trackmydegree/internal/app/role"
	"github.com/trackmydegree/trackmydegree/internal/app/seeding"
	"github.com/trackmydegree/trackmydegree/internal/boltstore"
	"github.com/trackmydegree/trackmydegree/internal/catalogue"
	"github.com/trackmydegree/trackmydegree/internal/config"
	"github.com/trackmydegree/trackmydegree/internal/httpapi"
	"github.com/trackmydegree/trackmydegree/internal/parsepool"
	"github.com/trackmydegree/trackmydegree/internal/program"
)

// apiDrainInAll is the time that the API of `tmd all` may take to drain. The worker has the rest of the grace period.
const apiDrainInAll = 2 * time.Second

// RunAll runs the API, a worker and the parser in one process until ctx ends.
func RunAll(ctx context.Context, p program.Process) error {
	var c config.All
	return role.Run(ctx, p, program.Role{Name: "all", Settings: &c, Common: &c.Process, Traces: &c.Traces},
		func(ctx context.Context, r *role.Role) error { return buildAll(ctx, r, c) })
}

func buildAll(ctx context.Context, r *role.Role, c config.All) error {
	if err := r.ListenDebug(ctx, c.Debug); err != nil {
		return err
	}
	db, err := openBolt(ctx, r, c.DataDir, c.CatalogueFolder)
	if err != nil {
		return fmt.Errorf("TMD_DATA_DIR: %w", err)
	}
	queueRedis, cacheRedis, err := openRedisOfAll(r, c)
	if err != nil {
		return err
	}
	jobs := jobsRedis{client: queueRedis, setting: c.JobURL.Setting(), installation: c.InstallationName, inProcess: c.JobURL.Empty()}
	guard, err := newAuthGuard(c.Auth, r)
	if err != nil {
		return err
	}
	core, err := newCore(ctx, r, jobs, db, config.Uploads{UploadDir: filepath.Join(c.DataDir, "uploads")}, checkProviderAtStart(guard))
	if err != nil {
		return err
	}
	// The queue is in memory, so the repairer requeues the unfinished jobs of an earlier run from their tickets.
	tasks, err := core.newQueueClient(c.JobTimeout)
	if err != nil {
		return err
	}
	if err := core.addRepairer(r, tasks); err != nil {
		return err
	}

	pool, err := parserchild.NewPool(c.Pool, r.Log, r.Registry)
	if err != nil {
		return err
	}
	r.AddComponent("pool", pool.Run)
	secret, err := loadFactsSecret(c.DataDir)
	if err != nil {
		return fmt.Errorf("TMD_DATA_DIR: %w", err)
	}
	worker, err := core.newWorker(r, parsepool.Stream{Pool: pool}, workerOptions{
		jobs: c.Jobs, parserTimeout: c.JobTimeout, grace: r.DrainTimeout() - apiDrainInAll, factsSecret: secret,
	})
	if err != nil {
		return err
	}
	r.AddComponent("worker", core.runWithCatalogue(worker))

	if c.HasSessions() && c.SessionSecret.Reveal() == "" {
		secret, err := loadSecret(c.DataDir, sessionSecretFile)
		if err != nil {
			return fmt.Errorf("TMD_DATA_DIR: %w", err)
		}
		c.SessionSecret = config.NewSecret(string(secret))
	}
	api, err := core.newAPI(r, tasks, cacheRedis, apiOptions{
		guard: guard, server: c.Server, limits: c.Limits, auth: c.Auth, signIn: c.SignIn, cacheTTL: c.CacheTTL,
		health: []httpapi.Dependency{{Name: "parser", Check: func(context.Context) error { return pool.Ready() }}},
	})
	if err != nil {
		return err
	}
	addr, err := r.Listen(ctx, role.Endpoint{Name: "api", Setting: "BACKEND_PORT", Host: "TMD_LISTEN_HOST", Addr: c.Server.Addr()}, api.Server(), apiDrainInAll)
	if err != nil {
		return err
	}
	printWelcome(r.Process, addr, c)
	return nil
}

// openRedisOfAll starts the Redis inside this process and opens its clients, for the jobs and for the cache. A
// configured Redis takes the jobs instead, which then outlive the process.
func openRedisOfAll(r *role.Role, c config.All) (jobs, cache redis.UniversalClient, err error) {
	memory, err := memoryredis.Start()
	if err != nil {
		return nil, nil, err
	}
	r.AddCloser("memory", memory.Close)
	r.AddComponent("clock", memory.RunClock)
	jobsURL := memory.DatabaseURL(1)
	if !c.JobURL.Empty() {
		jobsURL = c.JobURL.Reveal()
	}
	if jobs, err = openRedis(r, "queue", jobsURL, c.RedisTLS); err != nil {
		return nil, nil, err
	}
	cache, err = openRedis(r, "cache", memory.DatabaseURL(0), config.RedisTLS{})
	return jobs, cache, err
}

// openBolt opens the database in a folder and stores the catalogue of this version in it, and the editions of another
// folder, "" for none.
func openBolt(ctx context.Context, r *role.Role, dir, editions string) (*boltstore.Store, error) {
	store, err := boltstore.Open(boltstore.Config{Dir: dir})
	if err != nil {
		return nil, err
	}
	r.AddCloser("database", func(context.Context) error { return store.Close() })
	sources, err := seeding.CollectEditions(editions)
	if err != nil {
		return nil, err
	}
	// Seeding takes as long as the rest of the start, so what is stored already is skipped.
	version, err := store.CatalogueVersion(ctx)
	if err != nil {
		return nil, err
	}
	stored := strings.Split(version, "+")
	sources = slices.DeleteFunc(sources, func(s catalogue.Source) bool { return slices.Contains(stored, s.Data.Fingerprint()) })
	return store, seeding.ImportEditions(ctx, store, sources, io.Discard)
}

// printWelcome prints the next steps for a new user, as commands that can be copied.
func printWelcome(p program.Process, addr net.Addr, c config.All) {
	const document = "tests/documents/transcripts/soen-coop.pdf"
	base, tmd := "http://"+addr.String(), cmp.Or(p.Name, "tmd")
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
	fmt.Fprint(p.Stdout, b.String())
}
