package signin_test

import (
	"maps"
	"net/http"
	"net/http/httptest"
	"net/url"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/trackmydegree/trackmydegree/internal/fault"
	"github.com/trackmydegree/trackmydegree/internal/httpapi/signin/providertest"
)

const (
	sessionCookie = "__Host-tmd_session"
	renewalCookie = "__Host-tmd_renewal"
)

func (b *browser) renewals() (n int) {
	b.provider.Change(func(p *providertest.Provider) { n = p.Renewals })
	return n
}

func TestSessionsAreRenewed(t *testing.T) {
	t.Parallel()
	b := newBrowser(t, providertest.Start(t)).discover()
	b.signIn()
	first := b.cookies[sessionCookie].Value
	b.now = b.now.Add(30 * time.Minute)
	b.wantCaller("ann")
	if b.cookies[sessionCookie].Value != first || b.renewals() != 0 {
		t.Error("a session is renewed long before its end")
	}
	b.now = b.now.Add(20 * time.Minute)
	b.wantCaller("ann")
	if b.cookies[sessionCookie].Value == first || b.renewals() != 1 {
		t.Errorf("%d renewals before the end of a session, want 1", b.renewals())
	}
	// The browser deletes the cookie of the session at its end, and keeps the other.
	b.now = b.now.Add(3 * time.Hour)
	delete(b.cookies, sessionCookie)
	b.wantCaller("ann")
	if b.renewals() != 2 {
		t.Errorf("%d renewals after the end of a session, want 2", b.renewals())
	}
	b.now = b.now.Add(24 * time.Hour)
	b.wantCaller("")
	if b.renewals() != 2 {
		t.Error("a session is renewed after its longest time")
	}
}

// Near the end of its longest time a session gains nothing by a renewal, so there is none at each request.
func TestTheLastSessionIsNotRenewed(t *testing.T) {
	t.Parallel()
	b := newBrowser(t, providertest.Start(t)).discover()
	b.signIn()
	b.now = b.now.Add(23*time.Hour + 50*time.Minute)
	delete(b.cookies, sessionCookie)
	for range 3 {
		b.wantCaller("ann")
	}
	if b.renewals() != 1 {
		t.Errorf("%d renewals, want 1", b.renewals())
	}
}

// A page sends several requests at once. A provider with rotation accepts each refresh token once.
func TestRequestsAtOnceShareARenewal(t *testing.T) {
	t.Parallel()
	b := newBrowser(t, providertest.Start(t)).discover()
	b.signIn()
	b.now = b.now.Add(2 * time.Hour)
	old := maps.Clone(b.cookies)
	var group sync.WaitGroup
	for range 8 {
		group.Go(func() {
			other := &browser{t: t, provider: b.provider, service: b.service, cookies: maps.Clone(old), now: b.now}
			other.wantCaller("ann")
		})
	}
	group.Wait()
	late := &browser{t: t, provider: b.provider, service: b.service, cookies: old, now: b.now}
	late.wantCaller("ann")
	if b.renewals() != 1 {
		t.Errorf("%d renewals, want 1", b.renewals())
	}
}

func TestRenewalsThatFail(t *testing.T) {
	t.Parallel()
	p := providertest.Start(t)
	b := newBrowser(t, p).discover()
	b.signIn()
	p.Change(func(p *providertest.Provider) { p.Outage = true })
	b.now = b.now.Add(50 * time.Minute)
	b.wantCaller("ann") // the session has not ended
	b.now = b.now.Add(time.Hour)
	_, err := b.caller(b.request(http.MethodGet, "/api/timelines"))
	wantCode(t, err, fault.SignInUnavailable)
	if b.cookies[renewalCookie] == nil {
		t.Fatal("an outage signs the user out")
	}
	p.Change(func(p *providertest.Provider) { p.Outage, p.Subject = false, "eve" })
	saved := maps.Clone(b.cookies)
	b.wantCaller("") // another user's token
	b.cookies = saved
	p.Change(func(p *providertest.Provider) { p.Subject, p.RefusesRenewal = "ann", true })
	b.wantCaller("")
	if b.cookies[renewalCookie] != nil {
		t.Error("a refused renewal is tried again at each request")
	}
}

func TestSignOut(t *testing.T) {
	t.Parallel()
	p := providertest.Start(t)
	b := newBrowser(t, p).discover()
	b.signIn()
	r := b.request(http.MethodPost, "/api/auth/logout")
	r.Header.Set("Sec-Fetch-Site", "cross-site")
	_, err := b.service.SignOut(httptest.NewRecorder(), r)
	wantCode(t, err, fault.Forbidden)
	b.wantCaller("ann")

	w := httptest.NewRecorder()
	address, err := b.service.SignOut(w, b.request(http.MethodPost, "/api/auth/logout"))
	if err != nil {
		t.Fatal(err)
	}
	b.keep(w)
	b.wantCaller("")
	u, err := url.Parse(address)
	if err != nil || u.Path != "/logout" || u.Query().Get("post_logout_redirect_uri") != publicURL+"/" || u.Query().Get("id_token_hint") == "" {
		t.Errorf("the provider's sign-out is %q (%v)", address, err)
	}
	p.Change(func(p *providertest.Provider) {
		if len(p.Revoked) != 1 || slices.Contains(p.Revoked, "") {
			t.Errorf("revoked: %d tokens, want 1", len(p.Revoked))
		}
	})
	if address, err := b.service.SignOut(httptest.NewRecorder(), b.request(http.MethodPost, "/api/auth/logout")); address != "" || err != nil {
		t.Errorf("a second sign-out gives %q (%v)", address, err)
	}
}
