package app

import (
	"log/slog"
	"testing"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/redis/go-redis/v9"

	"github.com/trackmydegree/trackmydegree/internal/account"
	"github.com/trackmydegree/trackmydegree/internal/admin"
	"github.com/trackmydegree/trackmydegree/internal/advising"
	"github.com/trackmydegree/trackmydegree/internal/backup"
	"github.com/trackmydegree/trackmydegree/internal/cache"
	"github.com/trackmydegree/trackmydegree/internal/executor"
	"github.com/trackmydegree/trackmydegree/internal/httpapi"
	"github.com/trackmydegree/trackmydegree/internal/httpapi/auth"
	"github.com/trackmydegree/trackmydegree/internal/httpapi/session"
	"github.com/trackmydegree/trackmydegree/internal/httpapi/signin"
	"github.com/trackmydegree/trackmydegree/internal/jobstore"
	"github.com/trackmydegree/trackmydegree/internal/parsepool"
	"github.com/trackmydegree/trackmydegree/internal/parserapi"
	"github.com/trackmydegree/trackmydegree/internal/queueadmin"
	"github.com/trackmydegree/trackmydegree/internal/repair"
	"github.com/trackmydegree/trackmydegree/internal/snapshot"
	"github.com/trackmydegree/trackmydegree/internal/submit"
	"github.com/trackmydegree/trackmydegree/internal/testenv"
	"github.com/trackmydegree/trackmydegree/internal/timelines"
)

// Every constructor refuses each missing dependency by name. The embedded interfaces are nil: no constructor calls
// them.
func TestConstructorsRefuseMissingDependencies(t *testing.T) {
	t.Parallel()
	logger, registry := slog.New(slog.DiscardHandler), prometheus.NewRegistry()
	client := struct{ redis.UniversalClient }{}
	t.Run("submit", func(t *testing.T) {
		testenv.CheckDependencies(t, submit.Deps{
			Uploads: struct{ submit.Uploads }{}, Jobs: struct{ submit.Jobs }{}, Queue: struct{ submit.Queue }{},
			Clock: time.Now, NewID: newJobID, Logger: logger,
		}, submit.New, "Intake")
	})
	t.Run("backup", func(t *testing.T) {
		testenv.CheckDependencies(t, backup.Deps{Target: struct{ backup.Target }{}, Clock: time.Now, Logger: logger}, backup.New, "Program")
	})
	t.Run("executor", func(t *testing.T) {
		testenv.CheckDependencies(t, executor.Deps{
			Jobs: struct{ executor.Jobs }{}, Uploads: struct{ executor.Uploads }{}, Parser: struct{ executor.Parser }{},
			Catalogue: struct{ executor.Catalogue }{}, Timelines: struct{ executor.Timelines }{},
			Clock: time.Now, Logger: logger, Registerer: registry,
		}, executor.New, "Facts", "Reporter")
	})
	t.Run("timelines", func(t *testing.T) {
		testenv.CheckDependencies(t, timelines.Deps{
			Jobs: struct{ timelines.Jobs }{}, Timelines: struct{ timelines.Timelines }{},
			Catalogue: struct{ timelines.Catalogue }{}, Clock: time.Now,
		}, timelines.New)
	})
	t.Run("advising", func(t *testing.T) {
		testenv.CheckDependencies(t, advising.Deps{
			Jobs: struct{ advising.Jobs }{}, Timelines: struct{ advising.Timelines }{},
			Catalogue: struct{ advising.Catalogue }{}, Clock: time.Now,
		}, advising.New)
	})
	t.Run("account", func(t *testing.T) {
		testenv.CheckDependencies(t, account.Deps{
			Jobs: struct{ account.Jobs }{}, Timelines: struct{ account.Timelines }{}, Uploads: struct{ account.Uploads }{},
			Clock: time.Now, Logger: logger,
		}, account.New)
	})
	t.Run("admin", func(t *testing.T) {
		testenv.CheckDependencies(t, admin.Deps{
			Queue: struct{ admin.Queue }{}, Tasks: struct{ admin.Tasks }{}, Intake: struct{ admin.Intake }{},
			Jobs: struct{ admin.Jobs }{}, Audit: struct{ admin.AuditTrail }{}, Clock: time.Now, Logger: logger,
		}, admin.New, "Uploads")
	})
	t.Run("repair", func(t *testing.T) {
		testenv.CheckDependencies(t, repair.Deps{
			Uploads: struct{ repair.Uploads }{}, Jobs: struct{ repair.Jobs }{}, Queue: struct{ repair.Queue }{},
			Holder: "this process", Clock: time.Now, Logger: logger, Registerer: registry,
		}, repair.New)
	})
	t.Run("snapshot", func(t *testing.T) {
		testenv.CheckDependencies(t, snapshot.Deps{Store: struct{ snapshot.Store }{}, Logger: logger}, snapshot.New, "Clock")
	})
	t.Run("jobstore", func(t *testing.T) {
		testenv.CheckDependencies(t, jobstore.Deps{Redis: client, Clock: time.Now, Logger: logger}, jobstore.New, "Host")
	})
	t.Run("cache", func(t *testing.T) {
		testenv.CheckDependencies(t, cache.Deps{Redis: client, Logger: logger, Registerer: registry}, cache.New)
	})
	t.Run("queueadmin", func(t *testing.T) {
		testenv.CheckDependencies(t, queueadmin.Deps{
			Redis: client, Depths: struct{ queueadmin.DepthReader }{}, Workers: struct{ queueadmin.WorkerLister }{},
		}, queueadmin.NewInspector)
	})
	t.Run("httpapi", func(t *testing.T) {
		testenv.CheckDependencies(t, httpapi.Deps{
			Jobs: struct{ httpapi.Jobs }{}, Submit: struct{ httpapi.Submitter }{}, Uploads: struct{ httpapi.Uploads }{},
			Timelines: struct{ httpapi.Timelines }{}, Advisor: struct{ httpapi.Advisor }{}, Admin: struct{ httpapi.Admin }{}, Accounts: struct{ httpapi.Accounts }{},
			Catalogue: struct{ httpapi.Catalogue }{}, Snapshot: struct{ httpapi.Snapshot }{}, Cache: struct{ httpapi.Cache }{},
			Auth: &auth.Guard{}, Gate: struct{ httpapi.Gate }{}, Workers: struct{ httpapi.Workers }{}, Reporter: struct{ httpapi.Reporter }{}, Logger: logger,
		}, func(d httpapi.Deps) (struct{}, error) { return struct{}{}, d.Validate() }, "Clock", "Registerer", "Health", "Origins", "SignIn", "Tracer", "Workers")
	})
	t.Run("auth", func(t *testing.T) {
		testenv.CheckDependencies(t, auth.Deps{None: true, Clock: time.Now, Logger: logger}, auth.New,
			"Secret", "JWKSURL", "Issuer", "Audience", "RolesClaim", "Client")
	})
	t.Run("signin", func(t *testing.T) {
		testenv.CheckDependencies(t, signin.Deps{
			Guard: &auth.Guard{}, Jar: &session.Jar{}, TTL: time.Hour, MaxAge: time.Hour, Clock: time.Now, Logger: logger,
		}, signin.New, "Provider", "Guests")
	})
	t.Run("signin provider", func(t *testing.T) {
		testenv.CheckDependencies(t, signin.ProviderDeps{
			Issuer: "https://id.example.org", ClientID: "tmd", PublicURL: "https://degrees.example.org", Clock: time.Now, Logger: logger,
		}, signin.NewProvider, "ClientSecret", "Scopes", "RolesClaim", "Client")
	})
	t.Run("parserapi client", func(t *testing.T) {
		testenv.CheckDependencies(t, parserapi.ClientDeps{
			BaseURL: "http://127.0.0.1:1", Clock: time.Now, Logger: logger, Registerer: registry,
		}, parserapi.NewClient, "HTTPClient")
	})
	t.Run("parserapi", func(t *testing.T) {
		testenv.CheckDependencies(t, parserapi.Deps{Parser: struct{ parserapi.Parser }{}, Logger: logger}, parserapi.New, "Ready", "Tracer")
	})
	t.Run("parsepool", func(t *testing.T) {
		testenv.CheckDependencies(t, parsepool.Deps{
			Command: []string{"child"}, Clock: time.Now, Logger: logger, Registerer: registry,
		}, parsepool.New, "Env")
	})
}
