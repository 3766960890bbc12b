package httpapi_test

import (
	"context"
	"fmt"
	"log/slog"
	"net/http"
	"os"
	"strings"
	"testing"
	"time"

	"github.com/trackmydegree/trackmydegree/internal/account"
	"github.com/trackmydegree/trackmydegree/internal/cache"
	"github.com/trackmydegree/trackmydegree/internal/fault"
	"github.com/trackmydegree/trackmydegree/internal/httpapi"
	"github.com/trackmydegree/trackmydegree/internal/httpapi/session"
	"github.com/trackmydegree/trackmydegree/internal/httpapi/signin"
	"github.com/trackmydegree/trackmydegree/internal/httpapi/signin/providertest"
	"github.com/trackmydegree/trackmydegree/internal/job"
	"github.com/trackmydegree/trackmydegree/internal/testenv"
)

// exported is the answer of GET /api/me.
type exported struct {
	Owner     string
	Guest     bool
	EndsAt    time.Time
	Timelines []struct{ TimelineName string }
	Jobs      []struct {
		JobID  job.ID
		Status job.State
		Result string
	}
	Kept []struct{ What, Where, Until string }
}

func (s *system) export(owner string) (all exported) {
	s.t.Helper()
	s.get(owner, "/api/me").want(s.t, http.StatusOK).decode(s.t, &all)
	return all
}

// saveJob saves the result of a job.
func (s *system) saveJob(owner string, id job.ID, name string) {
	s.t.Helper()
	s.do(request{method: http.MethodPost, path: "/api/timelines", owner: owner, header: map[string]string{"Content-Type": "application/json"},
		body: strings.NewReader(fmt.Sprintf(`{"jobId":%q,"timelineName":%q}`, id, name))}).want(s.t, http.StatusCreated)
}

func TestExportAndErase(t *testing.T) {
	t.Parallel()
	s := setup(t)
	done, running := s.done("ann"), s.accepted("ann")
	record, _, err := s.jobs.BeginAttempt(t.Context(), running, 1)
	must(t, err)
	others := s.done("bob")
	s.saveJob("ann", done, "Plan A")
	s.saveJob("bob", others, "Plan B")

	all := s.export("ann")
	if all.Owner != "ann" || all.Guest || len(all.Timelines) != 1 || all.Timelines[0].TimelineName != "Plan A" || len(all.Jobs) != 2 || len(all.Kept) == 0 {
		t.Fatalf("exported %+v", all)
	}
	for _, j := range all.Jobs {
		if (j.Result != "") != (j.Status == job.Done) {
			t.Errorf("job %+v", j)
		}
	}
	for range 2 { // the second time there is nothing
		s.do(request{method: http.MethodDelete, path: "/api/me", owner: "ann"}).want(t, http.StatusNoContent)
	}
	if all = s.export("ann"); len(all.Timelines) != 0 || len(all.Jobs) != 0 {
		t.Errorf("after the erasure: %+v", all)
	}
	s.get("ann", "/api/timeline/status/"+string(done)).wantProblem(t, fault.JobNotFound)
	// The worker that was processing writes nothing.
	if err := s.jobs.RequeueJob(t.Context(), running, record.Fence); err == nil {
		t.Error("the worker's write is accepted")
	}
	files, err := os.ReadDir(s.uploads)
	must(t, err)
	for _, f := range files {
		if strings.Contains(f.Name(), string(done)) || strings.Contains(f.Name(), string(running)) {
			t.Errorf("%s is stored", f.Name())
		}
	}
	if all = s.export("bob"); len(all.Timelines) != 1 || len(all.Jobs) != 1 {
		t.Errorf("of bob: %+v", all)
	}
	s.get("", "/api/me").wantProblem(t, fault.Unauthorized)
	keys := s.redis.Keys(t.Context(), "*").Val()
	for _, key := range keys {
		// A task holds the id alone, and the worker that takes it finds no job.
		if !strings.HasPrefix(key, "asynq:") && (strings.Contains(key, string(done)) || strings.Contains(key, string(running))) {
			t.Errorf("%s is in Redis", key)
		}
	}
}

// withGuests admits guests, and lets users sign in.
func withGuests(t testing.TB, p *providertest.Provider, perAddress int) func(*httpapi.Deps) {
	server := testenv.StartRedis(t)
	client := openCache(t, server.URL(0))
	return func(d *httpapi.Deps) {
		logger := slog.New(slog.DiscardHandler)
		jar := testenv.Must(session.NewJar(session.Deps{Secret: []byte(secret), Clock: time.Now}))
		provider := testenv.Must(signin.NewProvider(signin.ProviderDeps{
			Issuer: p.URL, ClientID: providertest.ClientID, PublicURL: "http://127.0.0.1", Clock: time.Now, Logger: logger,
		}))
		d.SignIn = testenv.Must(signin.New(signin.Deps{
			Guard: d.Auth, Jar: jar, Provider: provider, TTL: time.Hour, MaxAge: 24 * time.Hour, Clock: time.Now, Logger: logger,
			Guests: &signin.Guests{
				Quota: cache.NewQuota(client), Accounts: d.Accounts.(signin.Accounts), PerAddress: perAddress, PerDay: 10, Secret: []byte(secret),
			},
		}))
		must(t, d.SignIn.Run(t.Context()))
	}
}

func TestGuestsUseThePage(t *testing.T) {
	t.Parallel()
	p := providertest.Start(t)
	s := setup(t, withGuests(t, p, 2), func(d *httpapi.Deps) { d.UploadRateLimit = 3 })
	guest, other := s.asBrowser(), s.asBrowser()
	start := request{method: http.MethodPost, path: "/api/auth/guest"}
	guest.do(start).want(t, http.StatusOK)
	other.do(start).want(t, http.StatusOK)
	s.asBrowser().do(start).wantProblem(t, fault.TooManyRequests)
	if info := guest.session(""); !info.Guest || !info.SignedIn || !info.Guests || info.Mode != "oidc" {
		t.Errorf("the session is %+v", info)
	}

	id := guest.done("")
	guest.saveJob("", id, "Plan A")
	other.get("", "/api/timeline/status/"+string(id)).wantProblem(t, fault.JobNotFound)
	all := guest.export("")
	if !all.Guest || all.EndsAt.IsZero() || len(all.Jobs) != 1 || len(all.Timelines) != 1 {
		t.Errorf("exported %+v", all)
	}

	// Guests of one network share the uploads of a minute.
	other.accepted("")
	other.accepted("")
	guest.upload("", pdf(100)).wantProblem(t, fault.TooManyRequests)

	// A guest signs in, and keeps everything.
	login := guest.get("", "/api/auth/login").want(t, http.StatusSeeOther)
	guest.get("", "/api/auth/callback?"+p.Authorize(t, login.Header.Get("Location")).Encode()).want(t, http.StatusSeeOther)
	all = s.export("ann")
	if all.Guest || len(all.Jobs) != 1 || all.Jobs[0].JobID != id || len(all.Timelines) != 1 {
		t.Errorf("after the sign-in ann has %+v", all)
	}
	guest.get("", "/api/timeline/status/"+string(id)).want(t, http.StatusOK)

	// Erasing everything ends the session.
	other.do(request{method: http.MethodDelete, path: "/api/me"}).want(t, http.StatusNoContent)
	if other.session("").SignedIn {
		t.Error("the guest is still signed in")
	}
	setup(t).do(start).wantProblem(t, fault.NotFound)
}

// noAccounts owns nothing.
type noAccounts struct{}

func (noAccounts) ExportAll(context.Context, string) (account.Export, error) {
	return account.Export{}, nil
}

func (noAccounts) EraseAll(context.Context, string) error { return nil }
