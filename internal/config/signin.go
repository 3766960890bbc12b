package config

import (
	"net"
	"net/netip"
	"net/url"
	"strings"
	"time"
)

// SignIn configures how the page's users sign in.
type SignIn struct {
	OIDCIssuer       string        `env:"TMD_OIDC_ISSUER" help:"The identity provider with which users of the page sign in (OpenID Connect), as its description names it: https://id.example.org/realms/students. The address to register there is TMD_PUBLIC_URL/api/auth/callback."`
	OIDCClientID     string        `env:"TMD_OIDC_CLIENT_ID" help:"The client id that the identity provider gave this installation."`
	OIDCClientSecret Secret        `env:"TMD_OIDC_CLIENT_SECRET" help:"The secret of the client, for a provider that gives one."`
	OIDCScopes       []string      `env:"TMD_OIDC_SCOPES" envDefault:"profile" help:"What the provider is asked for besides openid, separated by commas. Some providers renew sessions with offline_access alone."`
	PublicURL        WebURL        `env:"TMD_PUBLIC_URL" help:"The address at which users open the page: https://degrees.example.org."`
	SessionSecret    Secret        `env:"TMD_SESSION_SECRET" help:"The secret of the page's session cookies, 32 bytes or more, the same for every API of an installation."`
	SessionTTL       time.Duration `env:"TMD_SESSION_TTL" envDefault:"1h" help:"How long a session of the page lasts before the identity provider must confirm it, which needs no user."`
	SessionMaxAge    time.Duration `env:"TMD_SESSION_MAX_AGE" envDefault:"24h" help:"How long after a sign-in the session is renewed."`
	Guests           bool          `env:"TMD_GUESTS" envDefault:"false" help:"Admit guests, who use the page for a day without an account. What they made becomes theirs when they sign in, and is deleted after the day otherwise."`
	GuestsPerAddress int           `env:"TMD_GUESTS_PER_ADDRESS" envDefault:"20" help:"Guests from one address in an hour; a whole campus may have one."`
	GuestsPerDay     int           `env:"TMD_GUESTS_PER_DAY" envDefault:"1000" help:"Guests of all addresses in a day."`
	TrustedProxies   []string      `env:"TMD_TRUSTED_PROXIES" help:"Networks of the proxies in front of the API, such as 10.0.0.0/8,fd00::/8. Their X-Forwarded-For (or Forwarded) names the client, by which callers are counted who are not signed in. That of another peer is ignored."`
}

// HasSessions reports whether the page has sessions, which need a secret.
func (s *SignIn) HasSessions() bool { return s.OIDCIssuer != "" || s.Guests }

// ProxyNetworks returns the networks of the trusted proxies.
func (s *SignIn) ProxyNetworks() []netip.Prefix {
	var networks []netip.Prefix
	for _, text := range s.TrustedProxies {
		if n, err := netip.ParsePrefix(strings.TrimSpace(text)); err == nil {
			networks = append(networks, n.Masked())
		}
	}
	return networks
}

// checkValues takes the mode of authentication, and whether the process makes a secret of its own.
func (s *SignIn) checkValues(f *Faults, mode AuthMode, makesSecret bool) {
	s.checkProvider(f)
	if s.HasSessions() {
		switch {
		case mode == AuthNone:
			f.addFault("AUTH_MODE", "is none while people sign in: set it to jwt, or leave TMD_OIDC_ISSUER and TMD_GUESTS out")
		case f.hasFault("TMD_PUBLIC_URL"): // one sentence is enough
		case s.PublicURL == "":
			f.addFault("TMD_PUBLIC_URL", "is missing: set it to the address at which users open the page, https://degrees.example.org")
		case !isSafeURL(string(s.PublicURL)):
			f.addFault("TMD_PUBLIC_URL", "is %s: start it with https://, since cookies sign users in; http:// is for this machine alone", s.PublicURL)
		case strings.ContainsAny(strings.TrimPrefix(strings.TrimPrefix(string(s.PublicURL), "https://"), "http://"), "/?#"):
			f.addFault("TMD_PUBLIC_URL", "is %s: give scheme and host alone", s.PublicURL)
		}
		if s.SessionSecret.isEmpty() && !makesSecret {
			f.addFault("TMD_SESSION_SECRET", "is missing: set it to 32 bytes or more (`openssl rand -base64 48`)")
		}
	}
	f.checkNumber("TMD_GUESTS_PER_ADDRESS", s.GuestsPerAddress, 1, 100_000)
	f.checkNumber("TMD_GUESTS_PER_DAY", s.GuestsPerDay, 1, 1_000_000)
	if n := len(s.SessionSecret.Reveal()); n > 0 && n < 32 {
		f.addFault("TMD_SESSION_SECRET", "is shorter than 32 bytes: make one with `openssl rand -base64 48`")
	}
	f.checkDuration("TMD_SESSION_TTL", s.SessionTTL, time.Minute, 30*24*time.Hour)
	f.checkDuration("TMD_SESSION_MAX_AGE", s.SessionMaxAge, time.Minute, 90*24*time.Hour)
	if s.SessionMaxAge < s.SessionTTL {
		f.addFault("TMD_SESSION_MAX_AGE", "is %v: give at least TMD_SESSION_TTL, which is %v", s.SessionMaxAge, s.SessionTTL)
	}
	for _, text := range s.TrustedProxies {
		n, err := netip.ParsePrefix(strings.TrimSpace(text))
		switch {
		case err != nil:
			f.addFault("TMD_TRUSTED_PROXIES", "holds %q: give networks such as 10.0.0.0/8 or 192.0.2.1/32", text)
		case n.Addr().Is4In6():
			f.addFault("TMD_TRUSTED_PROXIES", "holds %q, which matches no address: write the network as IPv4, such as 10.0.0.0/8", text)
		case n.Bits() == 0:
			f.addFault("TMD_TRUSTED_PROXIES", "holds %q, which is every address: any client could then choose its address", text)
		}
	}
}

// checkProvider refuses settings of a provider of which a part is missing.
func (s *SignIn) checkProvider(f *Faults) {
	if s.OIDCIssuer == "" {
		for _, one := range []struct {
			name string
			set  bool
		}{{"TMD_OIDC_CLIENT_ID", s.OIDCClientID != ""}, {"TMD_OIDC_CLIENT_SECRET", !s.OIDCClientSecret.isEmpty()}} {
			if one.set {
				f.addFault("TMD_OIDC_ISSUER", "is missing while %s is set: set it to the provider's address, or leave both out", one.name)
			}
		}
		return
	}
	u, err := url.Parse(s.OIDCIssuer)
	switch {
	case err != nil || u.Host == "" || u.User != nil || u.RawQuery != "" || u.Fragment != "": // its text may hold a password
		f.addFault("TMD_OIDC_ISSUER", "is no address of a provider: write https://id.example.org/realms/students, as the provider names itself")
	case !isSafeURL(s.OIDCIssuer):
		f.addFault("TMD_OIDC_ISSUER", "is %s: start it with https://, since the server that answers there signs users in", s.OIDCIssuer)
	}
	if s.OIDCClientID == "" {
		f.addFault("TMD_OIDC_CLIENT_ID", "is missing: set it to the client id that the identity provider gave")
	}
	for _, scope := range s.OIDCScopes {
		if scope == "" || strings.ContainsFunc(scope, func(r rune) bool { return r <= ' ' || r > '~' || r == '"' || r == '\\' }) {
			f.addFault("TMD_OIDC_SCOPES", "holds %q: separate the names of scopes by commas", scope)
		}
	}
}

// isSafeURL reports whether no other machine can read what is sent to the address: https, or http on this machine.
func isSafeURL(address string) bool {
	u, err := url.Parse(address)
	if err != nil {
		return false
	}
	host := u.Hostname()
	ip := net.ParseIP(host)
	return u.Scheme == "https" || u.Scheme == "http" && (host == "localhost" || ip != nil && ip.IsLoopback())
}
