package app

import (
	"fmt"
	"strings"
	"time"

	"github.com/trackmydegree/trackmydegree/internal/app/role"
	"github.com/trackmydegree/trackmydegree/internal/config"
	"github.com/trackmydegree/trackmydegree/internal/httpapi/auth"
	"github.com/trackmydegree/trackmydegree/internal/httpapi/session"
	"github.com/trackmydegree/trackmydegree/internal/httpapi/signin"
)

// newSignIn returns the sign-in of the page's users; nil when the settings have none.
func newSignIn(a config.Auth, c config.SignIn, guard *auth.Guard, guests signin.Guests, r *role.Role) (*signin.Service, error) {
	if !c.HasSessions() {
		return nil, nil
	}
	jar, err := session.NewJar(session.Deps{
		Secret: []byte(c.SessionSecret.Reveal()), Secure: strings.HasPrefix(string(c.PublicURL), "https://"), Clock: time.Now,
	})
	if err != nil {
		return nil, fmt.Errorf("TMD_SESSION_SECRET: %w", err)
	}
	d := signin.Deps{Guard: guard, Jar: jar, TTL: c.SessionTTL, MaxAge: c.SessionMaxAge, Clock: time.Now, Logger: r.Log}
	if c.OIDCIssuer != "" {
		d.Provider, err = signin.NewProvider(signin.ProviderDeps{
			Issuer: c.OIDCIssuer, ClientID: c.OIDCClientID, ClientSecret: c.OIDCClientSecret.Reveal(), PublicURL: string(c.PublicURL),
			Scopes: c.OIDCScopes, RolesClaim: a.RolesClaim, Clock: time.Now, Logger: r.Log,
		})
		if err != nil {
			return nil, err
		}
	}
	if c.Guests {
		guests.PerAddress, guests.PerDay, guests.Secret = c.GuestsPerAddress, c.GuestsPerDay, []byte(c.SessionSecret.Reveal())
		d.Guests = &guests
	}
	return signin.New(d)
}
