// Package signin signs in at `tmd all` with the identity provider of package identity.
package signin_test

import (
	"encoding/json"
	"io"
	"net/http"
	"net/http/cookiejar"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/trackmydegree/trackmydegree/internal/commands"
	"github.com/trackmydegree/trackmydegree/internal/program"
	"github.com/trackmydegree/trackmydegree/internal/testenv"
	"github.com/trackmydegree/trackmydegree/tests/identity"
)

// TestMain makes the test program act as tmd when it runs under that name.
func TestMain(m *testing.M) {
	if filepath.Base(os.Args[0]) == "tmd" {
		os.Exit(program.RunUntilSignal(commands.Run)) //nolint:forbidigo // here it is main
	}
	os.Exit(m.Run()) //nolint:forbidigo // the test program's main
}

func must(t testing.TB, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

// browser keeps cookies and follows no redirect.
type browser struct {
	t      *testing.T
	base   string
	client *http.Client
}

func newBrowser(t *testing.T, base string) *browser {
	t.Helper()
	jar, err := cookiejar.New(nil)
	must(t, err)
	return &browser{t, base, &http.Client{Jar: jar, CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }}}
}

// start starts `tmd all` for a provider that may not run yet.
func start(t *testing.T, providerPort int) (base string) {
	t.Helper()
	self, err := os.Executable()
	must(t, err)
	port := strconv.Itoa(testenv.FreePort(t))
	base = "http://127.0.0.1:" + port
	process := testenv.StartProcess(t, &exec.Cmd{Path: self, Args: []string{"tmd", "all"}, Env: append(identity.Settings(providerPort, base),
		"NODE_ENV=test", "AUTH_MODE=jwt", "JWT_SECRET=a-secret-for-tests-only-0123456789abcdef", "TMD_LISTEN_HOST=127.0.0.1", "BACKEND_PORT="+port,
		"TMD_METRICS_ADDR=off", "TMD_DATA_DIR="+t.TempDir(), "TMD_CACHE_DIR="+testenv.WasmCache(), "TMD_PARSER_CHILDREN=1", "TMD_SHUTDOWN_GRACE=5s",
	)})
	testenv.EventuallyWithin(t, time.Minute, "tmd all answers", func() bool {
		select {
		case <-process.Done():
			t.Fatalf("tmd all ended with exit code %d", process.ExitCode())
		default:
		}
		res, err := http.Get(base + "/livez")
		if err == nil {
			res.Body.Close()
		}
		return err == nil
	})
	return base
}

// send returns the answer to a request, whose body is read.
func (b *browser) send(method, address string, form url.Values) (*http.Response, string) {
	b.t.Helper()
	if strings.HasPrefix(address, "/") {
		address = b.base + address
	}
	r, err := http.NewRequestWithContext(b.t.Context(), method, address, strings.NewReader(form.Encode()))
	must(b.t, err)
	if form != nil {
		r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	}
	res, err := b.client.Do(r)
	must(b.t, err)
	defer res.Body.Close()
	body, err := io.ReadAll(res.Body)
	must(b.t, err)
	return res, string(body)
}

func (b *browser) want(method, address string, form url.Values, status int) (*http.Response, string) {
	b.t.Helper()
	res, body := b.send(method, address, form)
	if res.StatusCode != status {
		b.t.Fatalf("%s %s: got %d, want %d: %.300s", method, address, res.StatusCode, status, body)
	}
	return res, body
}

// authorize signs in at the provider, and returns the address to which it sends the browser back.
func (b *browser) authorize() string {
	b.t.Helper()
	res, _ := b.want(http.MethodGet, "/api/auth/login?return=%2F%23saved", nil, http.StatusSeeOther)
	at, err := url.Parse(res.Header.Get("Location"))
	must(b.t, err)
	if q := at.Query(); q.Get("code_challenge_method") != "S256" || q.Get("nonce") == "" {
		b.t.Fatalf("the browser is sent to %s", at)
	}
	for range 5 {
		res, _ = b.send(http.MethodGet, at.String(), nil)
		next, err := res.Location()
		if err != nil { // the sign-in page
			form := url.Values{"id": {at.Query().Get("authRequestID")}, "username": {identity.Username}, "password": {identity.Password}}
			res, body := b.send(http.MethodPost, at.Scheme+"://"+at.Host+"/login/username", form)
			if next, err = res.Location(); err != nil {
				b.t.Fatalf("the provider does not sign in: %d %.500s", res.StatusCode, body)
			}
		}
		if strings.HasPrefix(next.String(), b.base) {
			return next.RequestURI()
		}
		at = next
	}
	b.t.Fatal("the provider never sends the browser back")
	return ""
}

func (b *browser) isSignedIn() bool {
	b.t.Helper()
	var info struct {
		Mode     string
		SignedIn bool
	}
	_, body := b.want(http.MethodGet, "/api/session", nil, http.StatusOK)
	must(b.t, json.Unmarshal([]byte(body), &info))
	if info.Mode != "oidc" {
		b.t.Errorf("the mode is %q, want oidc", info.Mode)
	}
	return info.SignedIn
}

// expireCookie does what a browser does at the end of a cookie.
func (b *browser) expireCookie(name string) {
	at, _ := url.Parse(b.base)
	b.client.Jar.SetCookies(at, []*http.Cookie{{Name: name, Path: "/", MaxAge: -1}})
}

func TestSignIn(t *testing.T) {
	providerPort := testenv.FreePort(t)
	base := start(t, providerPort)
	b := newBrowser(t, base)

	// The provider is not there yet: the API works, and signs in later.
	res, _ := b.want(http.MethodGet, "/api/auth/login", nil, http.StatusServiceUnavailable)
	if res.Header.Get("Retry-After") == "" {
		t.Error("no Retry-After")
	}
	b.want(http.MethodGet, "/api/timelines", nil, http.StatusUnauthorized)
	identity.StartProvider(t, providerPort, base)
	testenv.EventuallyWithin(t, time.Minute, "the provider is known", func() bool {
		res, _ := b.send(http.MethodGet, "/api/auth/login", nil)
		return res.StatusCode == http.StatusSeeOther
	})

	callback := b.authorize()
	b.want(http.MethodGet, callback+"x", nil, http.StatusBadRequest) // another state
	if b.isSignedIn() {
		t.Error("signed in with another state")
	}
	// The code is in the address and is of use in the browser that began the sign-in alone.
	newBrowser(t, base).want(http.MethodGet, callback, nil, http.StatusBadRequest)
	res, _ = b.want(http.MethodGet, callback, nil, http.StatusSeeOther)
	if got := res.Header.Get("Location"); got != "/#saved" {
		t.Errorf("back to %q", got)
	}
	if !b.isSignedIn() {
		t.Fatal("not signed in")
	}
	b.want(http.MethodGet, "/api/timelines", nil, http.StatusOK)
	b.want(http.MethodGet, callback, nil, http.StatusBadRequest) // once more

	// The session ends, and is renewed without the user: twice, since the provider gives a new refresh token each time.
	for range 2 {
		b.expireCookie("tmd_session")
		b.want(http.MethodGet, "/api/timelines", nil, http.StatusOK)
	}
	at, _ := url.Parse(base)
	stolen := b.client.Jar.Cookies(at)
	_, body := b.want(http.MethodPost, "/api/auth/logout", nil, http.StatusOK)
	if !strings.Contains(body, "end_session") || b.isSignedIn() {
		t.Errorf("the sign-out is %s", body)
	}
	// A renewal that was copied before is of no use: its token is revoked.
	thief := newBrowser(t, base)
	thief.client.Jar.SetCookies(at, stolen)
	thief.expireCookie("tmd_session")
	thief.want(http.MethodGet, "/api/timelines", nil, http.StatusUnauthorized)
}
