package session_test

import (
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/trackmydegree/trackmydegree/internal/httpapi/session"
	"github.com/trackmydegree/trackmydegree/internal/testenv"
)

var noon = time.Date(2026, time.November, 23, 12, 0, 0, 0, time.UTC)

func newJar(secret string, at time.Time) *session.Jar {
	return testenv.Must(session.NewJar(session.Deps{Secret: []byte(secret), Secure: true, Clock: func() time.Time { return at }}))
}

const secret = "0123456789abcdef0123456789abcdef"

// sendBack returns a request with the cookies of a response.
func sendBack(w *httptest.ResponseRecorder) *http.Request {
	r := httptest.NewRequest(http.MethodGet, "/", nil)
	for _, c := range w.Result().Cookies() {
		r.AddCookie(c)
	}
	return r
}

func TestSessionCookie(t *testing.T) {
	t.Parallel()
	jar := newJar(secret, noon)
	want := session.Session{Owner: "ann", Name: "Ann", Roles: []string{"admin"}, Ends: noon.Add(time.Hour)}
	w := httptest.NewRecorder()
	if err := jar.StoreSession(w, want); err != nil {
		t.Fatal(err)
	}
	header := w.Header().Get("Set-Cookie")
	for _, part := range []string{"__Host-tmd_session=", "Path=/", "Max-Age=3600", "HttpOnly", "Secure", "SameSite=Strict"} {
		if !strings.Contains(header, part) {
			t.Errorf("%s is not in %s", part, header)
		}
	}
	if strings.Contains(header, "ann") || strings.Contains(header, "Domain") {
		t.Errorf("the cookie can be read: %s", header)
	}
	got, ok := jar.LoadSession(sendBack(w))
	if diff := cmp.Diff(want, got); !ok || diff != "" {
		t.Errorf("want, got: %s", diff)
	}

	value := w.Result().Cookies()[0].Value
	for name, c := range map[string]struct {
		jar           *session.Jar
		cookie, value string
	}{
		"it has ended":             {newJar(secret, noon.Add(time.Hour)), "__Host-tmd_session", value},
		"another secret":           {newJar(strings.ToUpper(secret), noon), "__Host-tmd_session", value},
		"another purpose's cookie": {jar, "__Host-tmd_renewal", value},
		"a changed byte":           {jar, "__Host-tmd_session", value[:20] + "A" + value[21:] + ""},
		"cut off":                  {jar, "__Host-tmd_session", value[:30]},
		"empty":                    {jar, "__Host-tmd_session", ""},
		"without the prefix":       {jar, "tmd_session", value},
		"no base64":                {jar, "__Host-tmd_session", "!"},
	} {
		if c.value == value && name == "a changed byte" {
			c.value = value[:20] + "B" + value[21:]
		}
		r := httptest.NewRequest(http.MethodGet, "/", nil)
		r.AddCookie(&http.Cookie{Name: c.cookie, Value: c.value})
		if got, ok := c.jar.LoadSession(r); ok {
			t.Errorf("%s: %+v is accepted", name, got)
		}
		if _, ok := c.jar.LoadRenewal(r); ok {
			t.Errorf("%s: a session is accepted as a renewal", name)
		}
	}
}

// Providers issue tokens of any length; browsers drop cookies of more than 4096 bytes.
func TestLongRenewals(t *testing.T) {
	t.Parallel()
	jar := newJar(secret, noon)
	for name, c := range map[string]struct{ refresh, id, wantRefresh, wantID int }{
		"both":                {500, 1000, 500, 1000},
		"the ID token is cut": {1500, 2000, 1500, 0},
		"neither fits":        {4000, 10, 0, 0},
		"none is given":       {0, 0, 0, 0},
	} {
		w := httptest.NewRecorder()
		err := jar.StoreRenewal(w, session.Renewal{
			Session: session.Session{Owner: "ann"}, Ends: noon.Add(time.Hour),
			RefreshToken: strings.Repeat("r", c.refresh), IDToken: strings.Repeat("i", c.id),
		})
		if err != nil {
			t.Fatal(err)
		}
		if n := len(w.Header().Get("Set-Cookie")); n > 4096 {
			t.Errorf("%s: a cookie of %d bytes", name, n)
		}
		got, ok := jar.LoadRenewal(sendBack(w))
		if len(got.RefreshToken) != c.wantRefresh || len(got.IDToken) != c.wantID || ok != (c.wantRefresh+c.wantID > 0) {
			t.Errorf("%s: got %d and %d bytes (%v), want %d and %d", name, len(got.RefreshToken), len(got.IDToken), ok, c.wantRefresh, c.wantID)
		}
	}
}

func TestSecrets(t *testing.T) {
	t.Parallel()
	if _, err := session.NewJar(session.Deps{Secret: []byte("short"), Clock: time.Now}); err == nil {
		t.Error("a short secret is accepted")
	}
}
