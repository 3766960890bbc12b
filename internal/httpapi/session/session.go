// Package session keeps the sign-in of the page's user in cookies that only this server can read and write. The server
// stores nothing: docs/decisions/0008 says why.
package session

import (
	"time"

	"github.com/trackmydegree/trackmydegree/internal/httpapi/auth"
)

// Session is one sign-in.
type Session struct {
	Owner string   `json:"o"`
	Name  string   `json:"n,omitempty"` // for the page, which greets the user
	Roles []string `json:"r,omitempty"`
	Guest bool     `json:"g,omitempty"`
	// Ends is when the session must have been renewed.
	Ends time.Time `json:"e"`
	// Claims is the owner of the guest who signed in, while what they own may still be theirs.
	Claims string `json:"c,omitempty"`
}

// Caller returns the sender of a request of the session.
func (s Session) Caller() auth.Caller { return auth.Caller{Owner: s.Owner, Roles: s.Roles} }

// Renewal is what renews a session without the user.
type Renewal struct {
	// Session is the one that is renewed, which the browser may have deleted.
	Session      Session `json:"s"`
	RefreshToken string  `json:"t,omitempty"`
	// IDToken names the session to the identity provider at the sign-out. It is left out when it is too long.
	IDToken string `json:"i,omitempty"`
	// Ends is when the user must sign in again.
	Ends time.Time `json:"e"`
}

// Login is a sign-in that has begun: what the identity provider must send back, and where the user was.
type Login struct {
	State    string    `json:"s"`
	Nonce    string    `json:"n"`
	Verifier string    `json:"v"` // of PKCE, RFC 7636
	Return   string    `json:"p"`
	Guest    string    `json:"g,omitempty"` // the owner of the guest who signs in
	Ends     time.Time `json:"e"`
}
