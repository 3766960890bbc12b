package session

import (
	"net/http"
	"time"
)

// maxCookie is the size of the largest cookie, name and attributes included, that every browser stores: RFC 6265, 6.1.
const maxCookie = 4096

// The purposes of the cookies, which are also the ends of their names.
const (
	purposeSession = "session"
	purposeRenewal = "renewal"
	purposeLogin   = "login"
)

// Deps are the dependencies of a Jar.
type Deps struct {
	Secret []byte // 32 bytes or more
	// Secure says that users reach the server by TLS. Browsers then bind the cookies to this host alone, so that no
	// other host of the domain can set them.
	Secure bool
	Clock  func() time.Time
}

// Jar writes and reads the cookies. It is safe for concurrent use.
type Jar struct {
	sealer *sealer
	secure bool
	clock  func() time.Time
}

// NewJar returns a jar.
func NewJar(d Deps) (*Jar, error) {
	s, err := newSealer(d.Secret)
	if err != nil {
		return nil, err
	}
	return &Jar{sealer: s, secure: d.Secure, clock: d.Clock}, nil
}

// StoreSession puts a session into the response.
func (j *Jar) StoreSession(w http.ResponseWriter, s Session) error {
	return j.store(w, purposeSession, s, s.Ends, http.SameSiteStrictMode)
}

// LoadSession returns the session of a request; false without one that is valid now.
func (j *Jar) LoadSession(r *http.Request) (Session, bool) {
	var s Session
	if !j.load(r, purposeSession, &s) || s.Owner == "" || !j.clock().Before(s.Ends) {
		return Session{}, false
	}
	return s, true
}

// StoreRenewal puts a renewal into the response. One that is too long for a cookie is stored without its ID token, or
// not at all: the user then signs in again when the session ends.
func (j *Jar) StoreRenewal(w http.ResponseWriter, n Renewal) error {
	if n.RefreshToken != "" || n.IDToken != "" {
		for _, one := range []Renewal{n, {Session: n.Session, RefreshToken: n.RefreshToken, Ends: n.Ends}} {
			cookie, err := j.makeCookie(purposeRenewal, one, n.Ends, http.SameSiteStrictMode)
			if err != nil {
				return err
			}
			if len(cookie.String()) <= maxCookie {
				http.SetCookie(w, cookie)
				return nil
			}
		}
	}
	j.delete(w, purposeRenewal)
	return nil
}

// LoadRenewal returns the renewal of a request; false without one that is valid now.
func (j *Jar) LoadRenewal(r *http.Request) (Renewal, bool) {
	var n Renewal
	if !j.load(r, purposeRenewal, &n) || !j.clock().Before(n.Ends) {
		return Renewal{}, false
	}
	return n, true
}

// StoreLogin puts a sign-in that begins into the response. The identity provider sends the user back from another
// site, so this cookie alone is sent with such a request.
func (j *Jar) StoreLogin(w http.ResponseWriter, l Login) error {
	return j.store(w, purposeLogin, l, l.Ends, http.SameSiteLaxMode)
}

// LoadLogin returns the sign-in of a request; false without one that is valid now.
func (j *Jar) LoadLogin(r *http.Request) (Login, bool) {
	var l Login
	if !j.load(r, purposeLogin, &l) || l.State == "" || !j.clock().Before(l.Ends) {
		return Login{}, false
	}
	return l, true
}

// DeleteLogin removes the sign-in from the browser.
func (j *Jar) DeleteLogin(w http.ResponseWriter) { j.delete(w, purposeLogin) }

// DeleteRenewal removes the renewal from the browser.
func (j *Jar) DeleteRenewal(w http.ResponseWriter) { j.delete(w, purposeRenewal) }

// DeleteAll removes every cookie from the browser.
func (j *Jar) DeleteAll(w http.ResponseWriter) {
	for _, purpose := range []string{purposeSession, purposeRenewal, purposeLogin} {
		j.delete(w, purpose)
	}
}

// nameOf returns the name of a cookie. Browsers accept the prefix from a secure origin alone, with Secure and Path=/
// and without Domain: RFC 6265bis, 4.1.3.2.
func (j *Jar) nameOf(purpose string) string {
	if j.secure {
		return "__Host-tmd_" + purpose
	}
	return "tmd_" + purpose
}

func (j *Jar) makeCookie(purpose string, value any, ends time.Time, site http.SameSite) (*http.Cookie, error) {
	text, err := j.sealer.sealValue(purpose, value)
	if err != nil {
		return nil, err
	}
	return &http.Cookie{
		Name: j.nameOf(purpose), Value: text, Path: "/", HttpOnly: true, Secure: j.secure, SameSite: site,
		MaxAge: max(1, int(ends.Sub(j.clock())/time.Second)),
	}, nil
}

func (j *Jar) store(w http.ResponseWriter, purpose string, value any, ends time.Time, site http.SameSite) error {
	cookie, err := j.makeCookie(purpose, value, ends, site)
	if err != nil {
		return err
	}
	http.SetCookie(w, cookie)
	return nil
}

func (j *Jar) load(r *http.Request, purpose string, into any) bool {
	cookie, err := r.Cookie(j.nameOf(purpose))
	return err == nil && j.sealer.openValue(purpose, cookie.Value, into) == nil
}

func (j *Jar) delete(w http.ResponseWriter, purpose string) {
	http.SetCookie(w, &http.Cookie{
		Name: j.nameOf(purpose), Path: "/", HttpOnly: true, Secure: j.secure, SameSite: http.SameSiteStrictMode, MaxAge: -1,
	})
}
