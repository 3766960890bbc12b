package httpapi_test

import (
	"log/slog"
	"net/http"
	"net/http/cookiejar"
	"net/netip"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/trackmydegree/trackmydegree/internal/fault"
	"github.com/trackmydegree/trackmydegree/internal/httpapi"
	"github.com/trackmydegree/trackmydegree/internal/httpapi/auth"
	"github.com/trackmydegree/trackmydegree/internal/httpapi/clientaddr"
	"github.com/trackmydegree/trackmydegree/internal/httpapi/session"
	"github.com/trackmydegree/trackmydegree/internal/httpapi/signin"
	"github.com/trackmydegree/trackmydegree/internal/httpapi/signin/providertest"
	"github.com/trackmydegree/trackmydegree/internal/testenv"
)

// sessionInfo is the answer of GET /api/session.
type sessionInfo struct {
	Mode, Name, LoginURL    string
	SignedIn, Guest, Guests bool
}

func (s *system) session(owner string, header ...string) (info sessionInfo) {
	s.t.Helper()
	s.get(owner, "/api/session", header...).want(s.t, http.StatusOK).decode(s.t, &info)
	return info
}

// withProvider lets users sign in with an identity provider.
func withProvider(t testing.TB, p *providertest.Provider) func(*httpapi.Deps) {
	return func(d *httpapi.Deps) {
		logger := slog.New(slog.DiscardHandler)
		jar := testenv.Must(session.NewJar(session.Deps{Secret: []byte(secret), Clock: time.Now}))
		provider := testenv.Must(signin.NewProvider(signin.ProviderDeps{
			Issuer: p.URL, ClientID: providertest.ClientID, PublicURL: "http://127.0.0.1", Clock: time.Now, Logger: logger,
		}))
		d.SignIn = testenv.Must(signin.New(signin.Deps{
			Guard: d.Auth, Jar: jar, Provider: provider, TTL: time.Hour, MaxAge: 24 * time.Hour, Clock: time.Now, Logger: logger,
		}))
		must(t, d.SignIn.Run(t.Context()))
	}
}

// asBrowser lets the client keep cookies and not follow redirects.
func (s *system) asBrowser() *system {
	c := *s
	client := *s.client
	client.Jar = testenv.Must(cookiejar.New(nil))
	client.CheckRedirect = func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }
	c.client = &client
	return &c
}

func TestSessionWithoutProvider(t *testing.T) {
	t.Parallel()
	s := setup(t)
	for name, c := range map[string]struct {
		owner  string
		header []string
		want   sessionInfo
	}{
		"no token":       {"", nil, sessionInfo{Mode: "token"}},
		"a token":        {"ann", nil, sessionInfo{Mode: "token", SignedIn: true}},
		"a forged token": {"", []string{"Authorization", "Bearer x"}, sessionInfo{Mode: "token"}},
	} {
		if diff := cmp.Diff(c.want, s.session(c.owner, c.header...)); diff != "" {
			t.Errorf("%s: want, got: %s", name, diff)
		}
	}
	s.get("", "/api/auth/login").wantProblem(t, fault.NotFound)
	s.get("", "/api/auth/callback?code=x&state=y").wantProblem(t, fault.NotFound)
	s.do(request{method: http.MethodPost, path: "/api/auth/logout"}).want(t, http.StatusOK)

	open := setup(t, func(d *httpapi.Deps) {
		d.Auth = testenv.Must(auth.New(auth.Deps{None: true, Clock: time.Now, Logger: slog.New(slog.DiscardHandler)}))
	})
	if diff := cmp.Diff(sessionInfo{Mode: "open", SignedIn: true}, open.session("")); diff != "" {
		t.Errorf("want, got: %s", diff)
	}
	open.get("", "/api/session", "Sec-Fetch-Site", "cross-site").want(t, http.StatusOK)
	if a := open.do(request{method: http.MethodGet, path: "/api/session", header: map[string]string{"Origin": "https://evil.example.org"}}); a.Header.Get("Access-Control-Allow-Origin") != "" {
		t.Error("another origin may read the answer")
	}
}

func TestSignInWithProvider(t *testing.T) {
	t.Parallel()
	p := providertest.Start(t)
	p.Change(func(p *providertest.Provider) { p.Claims = map[string]any{"name": "Ann Example"} })
	s := setup(t, withProvider(t, p)).asBrowser()
	want := sessionInfo{Mode: "oidc", LoginURL: "/api/auth/login"}
	if diff := cmp.Diff(want, s.session("")); diff != "" {
		t.Errorf("want, got: %s", diff)
	}
	s.get("", "/api/timelines").wantProblem(t, fault.Unauthorized)
	login := s.get("", "/api/auth/login?return=%2F%23saved").want(t, http.StatusSeeOther)
	query := p.Authorize(t, login.Header.Get("Location"))
	wrong := s.get("", "/api/auth/callback?code=x&state=y", "Accept", "text/html,*/*").want(t, http.StatusSeeOther)
	if got := wrong.Header.Get("Location"); got != "/?signin=bad_request" {
		t.Errorf("a failed sign-in goes to %q", got)
	}
	s.get("", "/api/auth/callback?code=x&state=y").wantProblem(t, fault.BadRequest)
	back := s.get("", "/api/auth/callback?"+query.Encode()).want(t, http.StatusSeeOther)
	if got := back.Header.Get("Location"); got != "/#saved" || back.Header.Get("Cache-Control") != "no-store" {
		t.Errorf("back to %q, %v", got, back.Header)
	}
	want.SignedIn, want.Name = true, "Ann Example"
	if diff := cmp.Diff(want, s.session("")); diff != "" {
		t.Errorf("want, got: %s", diff)
	}
	// The session owns what the same subject owns with a token.
	id := s.done("ann")
	s.get("", "/api/timeline/status/"+string(id)).want(t, http.StatusOK)
	s.get("bob", "/api/timeline/status/"+string(id)).wantProblem(t, fault.JobNotFound)
	s.upload("", pdf(100), "Sec-Fetch-Site", "same-origin").want(t, http.StatusAccepted)
	s.upload("", pdf(100), "Sec-Fetch-Site", "cross-site", "Origin", "https://evil.example.org").wantProblem(t, fault.Forbidden)

	var out struct{ LogoutURL string }
	s.do(request{method: http.MethodPost, path: "/api/auth/logout"}).want(t, http.StatusOK).decode(t, &out)
	if !strings.HasPrefix(out.LogoutURL, p.URL+"/logout?") {
		t.Errorf("the provider's sign-out is %q", out.LogoutURL)
	}
	s.get("", "/api/timelines").wantProblem(t, fault.Unauthorized)
	for _, private := range []string{"Ann Example", query.Get("code"), query.Get("state")} {
		if strings.Contains(s.log.String(), private) {
			t.Errorf("%s is in the log", private)
		}
	}
}

// Who is not signed in is counted by address, and cannot choose it.
func TestUnknownClientsAreLimited(t *testing.T) {
	t.Parallel()
	behind := func(networks ...netip.Prefix) func(*httpapi.Deps) {
		return func(d *httpapi.Deps) { d.RateLimit, d.Clients = 2, clientaddr.NewResolver(networks) }
	}
	direct := setup(t, behind())
	for i, want := range []int{http.StatusOK, http.StatusOK, http.StatusTooManyRequests} {
		direct.get("", "/api/session", "X-Forwarded-For", "203.0.113."+string(rune('1'+i))).want(t, want)
	}
	proxied := setup(t, behind(netip.MustParsePrefix("127.0.0.0/8")))
	for i, want := range []int{http.StatusOK, http.StatusOK, http.StatusTooManyRequests} {
		proxied.get("", "/api/session", "X-Forwarded-For", "192.0.2."+string(rune('1'+i))+", 203.0.113.1").want(t, want)
	}
	proxied.get("", "/api/session", "X-Forwarded-For", "203.0.113.2").want(t, http.StatusOK)
}
