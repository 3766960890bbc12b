package signin_test

import (
	"context"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/trackmydegree/trackmydegree/internal/fault"
	"github.com/trackmydegree/trackmydegree/internal/httpapi/auth"
	"github.com/trackmydegree/trackmydegree/internal/httpapi/session"
	"github.com/trackmydegree/trackmydegree/internal/httpapi/signin"
	"github.com/trackmydegree/trackmydegree/internal/httpapi/signin/providertest"
	"github.com/trackmydegree/trackmydegree/internal/testenv"
)

const publicURL = "https://degrees.example.org"

// browser is a user's browser: it keeps cookies, and its clock is that of the service.
type browser struct {
	t        testing.TB
	provider *providertest.Provider
	service  *signin.Service
	cookies  map[string]*http.Cookie
	now      time.Time
	guests   *guestBook
}

// noTokens refuses every bearer token.
type noTokens struct{}

func (noTokens) Caller(*http.Request) (auth.Caller, error) {
	return auth.Caller{}, fault.New(fault.Unauthorized)
}

func newBrowser(t testing.TB, provider *providertest.Provider) *browser {
	t.Helper()
	b := &browser{t: t, provider: provider, cookies: map[string]*http.Cookie{}, now: time.Now(), guests: &guestBook{counts: map[string]int{}}}
	clock := func() time.Time { return b.now }
	logger := slog.New(slog.DiscardHandler)
	p := testenv.Must(signin.NewProvider(signin.ProviderDeps{
		Issuer: provider.URL, ClientID: providertest.ClientID, PublicURL: publicURL, Scopes: []string{"profile"}, Clock: time.Now, Logger: logger,
	}))
	jar := testenv.Must(session.NewJar(session.Deps{Secret: []byte(strings.Repeat("k", 32)), Secure: true, Clock: clock}))
	b.service = testenv.Must(signin.New(signin.Deps{
		Guard: noTokens{}, Jar: jar, Provider: p, Guests: &signin.Guests{
			Quota: b.guests, Accounts: b.guests, PerAddress: 2, PerDay: 3, Secret: []byte("s"),
		}, TTL: time.Hour, MaxAge: 24 * time.Hour, Clock: clock, Logger: logger,
	}))
	return b
}

// discover makes the provider known.
func (b *browser) discover() *browser {
	b.t.Helper()
	if err := b.service.Run(b.t.Context()); err != nil {
		b.t.Fatal(err)
	}
	return b
}

// keep stores and deletes the cookies of a response.
func (b *browser) keep(w *httptest.ResponseRecorder) {
	for _, c := range w.Result().Cookies() {
		if !c.HttpOnly || !c.Secure || c.Path != "/" || !strings.HasPrefix(c.Name, "__Host-") || c.SameSite == http.SameSiteNoneMode || c.SameSite == 0 {
			b.t.Errorf("the cookie %s has the attributes %s", c.Name, c)
		}
		if b.cookies[c.Name] = c; c.MaxAge < 0 {
			delete(b.cookies, c.Name)
		}
	}
}

func (b *browser) request(method, target string) *http.Request {
	r := httptest.NewRequestWithContext(b.t.Context(), method, publicURL+target, nil)
	r.Header.Set("Sec-Fetch-Site", "same-origin")
	for _, c := range b.cookies {
		r.AddCookie(&http.Cookie{Name: c.Name, Value: c.Value})
	}
	return r
}

// callback returns what the provider sends back to.
func (b *browser) startLogin(back string) url.Values {
	b.t.Helper()
	w := httptest.NewRecorder()
	address, err := b.service.StartLogin(w, b.request(http.MethodGet, "/api/auth/login?return="+url.QueryEscape(back)))
	if err != nil {
		b.t.Fatal(err)
	}
	b.keep(w)
	return b.provider.Authorize(b.t, address)
}

func (b *browser) finishLogin(query url.Values) (string, error) {
	w := httptest.NewRecorder()
	back, err := b.service.FinishLogin(w, b.request(http.MethodGet, "/api/auth/callback?"+query.Encode()))
	b.keep(w)
	return back, err
}

func (b *browser) signIn() {
	b.t.Helper()
	if _, err := b.finishLogin(b.startLogin("/")); err != nil {
		b.t.Fatal(err)
	}
}

// caller sends a request as the page does, and returns whom the service sees.
func (b *browser) caller(r *http.Request) (caller auth.Caller, err error) {
	w := httptest.NewRecorder()
	b.service.RenewSessions(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
		caller, err = b.service.Caller(r)
	})).ServeHTTP(w, r)
	b.keep(w)
	return caller, err
}

func (b *browser) wantCaller(owner string) {
	b.t.Helper()
	caller, err := b.caller(b.request(http.MethodGet, "/api/timelines"))
	if caller.Owner != owner || (owner == "") != (fault.CodeOf(err) == fault.Unauthorized) {
		b.t.Errorf("the caller is %q (%v), want %q", caller.Owner, err, owner)
	}
}

func wantCode(t testing.TB, err error, want fault.Code) {
	t.Helper()
	if got := fault.CodeOf(err); got != want {
		t.Errorf("got %q (%v), want %q", got, err, want)
	}
}

func TestSignIn(t *testing.T) {
	t.Parallel()
	p := providertest.Start(t)
	p.Change(func(p *providertest.Provider) {
		p.Claims = map[string]any{"name": "Ann Example", "roles": []string{"admin"}}
	})
	b := newBrowser(t, p).discover()
	b.wantCaller("")
	back, err := b.finishLogin(b.startLogin("/?a=1#job=7"))
	if err != nil || back != "/?a=1#job=7" {
		t.Fatalf("back to %q (%v)", back, err)
	}
	caller, err := b.caller(b.request(http.MethodPost, "/api/timelines"))
	if err != nil || caller.Owner != "ann" || !caller.Has(auth.RoleAdmin) {
		t.Errorf("the caller is %+v (%v)", caller, err)
	}
	b.service.RenewSessions(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
		if current, err := b.service.CurrentSession(r); current.Name != "Ann Example" || current.Guest {
			t.Errorf("the session is %+v (%v)", current, err)
		}
	})).ServeHTTP(httptest.NewRecorder(), b.request(http.MethodGet, "/api/session"))
	if b.cookies["__Host-tmd_session"].SameSite != http.SameSiteStrictMode {
		t.Error("other sites can send the session")
	}
}

func TestLoginIsRefused(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		change func(t *testing.T, b *browser, query url.Values)
		want   fault.Code
	}{
		"another state":    {func(_ *testing.T, _ *browser, q url.Values) { q.Set("state", "x") }, fault.BadRequest},
		"no state":         {func(_ *testing.T, _ *browser, q url.Values) { q.Del("state") }, fault.BadRequest},
		"begun elsewhere":  {func(_ *testing.T, b *browser, _ url.Values) { clear(b.cookies) }, fault.BadRequest},
		"too late":         {func(_ *testing.T, b *browser, _ url.Values) { b.now = b.now.Add(11 * time.Minute) }, fault.BadRequest},
		"another code":     {func(_ *testing.T, _ *browser, q url.Values) { q.Set("code", "x") }, fault.Unauthorized},
		"the user says no": {func(_ *testing.T, _ *browser, q url.Values) { q.Set("error", "access_denied") }, fault.Forbidden},
		"a subject that ends in a space": {func(_ *testing.T, b *browser, _ url.Values) {
			b.provider.Change(func(p *providertest.Provider) { p.Subject = "a " })
		}, fault.Unauthorized},
		"another nonce": {func(_ *testing.T, b *browser, _ url.Values) {
			b.provider.Change(func(p *providertest.Provider) { p.Claims = map[string]any{"nonce": "x"} })
		}, fault.Unauthorized},
		"another audience": {func(_ *testing.T, b *browser, _ url.Values) {
			b.provider.Change(func(p *providertest.Provider) { p.Claims = map[string]any{"aud": "x"} })
		}, fault.Unauthorized},
		"an expired token": {func(_ *testing.T, b *browser, _ url.Values) {
			b.provider.Change(func(p *providertest.Provider) { p.Claims = map[string]any{"exp": 1} })
		}, fault.Unauthorized},
		"the provider is down": {func(_ *testing.T, b *browser, _ url.Values) {
			b.provider.Change(func(p *providertest.Provider) { p.Outage = true })
		}, fault.SignInUnavailable},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			b := newBrowser(t, providertest.Start(t)).discover()
			query := b.startLogin("/")
			c.change(t, b, query)
			_, err := b.finishLogin(query)
			wantCode(t, err, c.want)
			b.wantCaller("")
		})
	}
}

// The code of another person's sign-in, in a link, must not sign the victim in: the state is in the cookie.
func TestACodeIsOfUseOnce(t *testing.T) {
	t.Parallel()
	b := newBrowser(t, providertest.Start(t)).discover()
	query := b.startLogin("/")
	cookies := map[string]*http.Cookie{}
	for name, c := range b.cookies {
		cookies[name] = c
	}
	if _, err := b.finishLogin(query); err != nil {
		t.Fatal(err)
	}
	_, err := b.finishLogin(query)
	wantCode(t, err, fault.BadRequest) // the browser has no such sign-in any longer
	b.cookies = cookies
	_, err = b.finishLogin(query)
	wantCode(t, err, fault.Unauthorized) // the provider refuses the code
}

func TestTheProviderIsUnknownAtFirst(t *testing.T) {
	t.Parallel()
	p := providertest.Start(t)
	p.Change(func(p *providertest.Provider) { p.Outage = true })
	b := newBrowser(t, p)
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if err := b.service.Run(ctx); err != nil {
		t.Errorf("an outage ends the process: %v", err)
	}
	_, err := b.service.StartLogin(httptest.NewRecorder(), b.request(http.MethodGet, "/api/auth/login"))
	wantCode(t, err, fault.SignInUnavailable)
	p.Change(func(p *providertest.Provider) { p.Outage = false })
	b.discover().signIn()
	b.wantCaller("ann")
}

func TestReturnAddresses(t *testing.T) {
	t.Parallel()
	b := newBrowser(t, providertest.Start(t)).discover()
	for address, want := range map[string]string{
		"/": "/", "/#saved": "/#saved", "/docs?x=1": "/docs?x=1", "": "/", "https://evil.example.org/": "/", "//evil.example.org": "/",
		`/\evil.example.org`: "/", "/\t/evil.example.org": "/", "javascript:alert(1)": "/", "saved": "/", "/%zz": "/",
		"/" + strings.Repeat("a", 600): "/", "/%2f/evil.example.org": "/",
	} {
		if back, err := b.finishLogin(b.startLogin(address)); err != nil || back != want {
			t.Errorf("%q: back to %q (%v), want %q", address, back, err, want)
		}
	}
}

func TestOtherSitesCannotUseTheSession(t *testing.T) {
	t.Parallel()
	b := newBrowser(t, providertest.Start(t)).discover()
	b.signIn()
	for name, c := range map[string]struct {
		method, site, origin string
		want                 fault.Code
	}{
		"the page":                        {http.MethodPost, "same-origin", publicURL, ""},
		"another site":                    {http.MethodPost, "cross-site", "https://evil.example.org", fault.Forbidden},
		"another host of the domain":      {http.MethodDelete, "same-site", "https://evil.example.org", fault.Forbidden},
		"an old browser, another origin":  {http.MethodPatch, "", "https://evil.example.org", fault.Forbidden},
		"an old browser, the same origin": {http.MethodPatch, "", publicURL, ""},
		"a safe method":                   {http.MethodGet, "cross-site", "https://evil.example.org", ""},
	} {
		r := b.request(c.method, "/api/timelines")
		for header, value := range map[string]string{"Sec-Fetch-Site": c.site, "Origin": c.origin} {
			if r.Header.Del(header); value != "" {
				r.Header.Set(header, value)
			}
		}
		_, err := b.caller(r)
		if got := fault.CodeOf(err); got != c.want {
			t.Errorf("%s: got %q, want %q", name, got, c.want)
		}
	}
}

// A bearer token names the caller, whatever cookies come with it.
func TestABearerTokenWins(t *testing.T) {
	t.Parallel()
	b := newBrowser(t, providertest.Start(t)).discover()
	b.signIn()
	r := b.request(http.MethodGet, "/api/timelines")
	r.Header.Set("Authorization", "Bearer x")
	_, err := b.caller(r)
	wantCode(t, err, fault.Unauthorized)
}
