// Package signin signs the users of the page in, with an identity provider or as guests, and keeps them signed in.
package signin

import (
	"context"
	"crypto/rand"
	"errors"
	"log/slog"
	"net/http"
	"net/url"
	"strings"
	"time"

	"github.com/coreos/go-oidc/v3/oidc"
	"golang.org/x/oauth2"

	"github.com/trackmydegree/trackmydegree/internal/budget"
	"github.com/trackmydegree/trackmydegree/internal/dependency"
	"github.com/trackmydegree/trackmydegree/internal/fault"
	"github.com/trackmydegree/trackmydegree/internal/httpapi/auth"
	"github.com/trackmydegree/trackmydegree/internal/httpapi/session"
)

const (
	// loginTTL is how long a sign-in may take at the provider.
	loginTTL = 10 * time.Minute
	// maxReturn is the length of the longest address that a sign-in returns to, in bytes.
	maxReturn = 512
)

// The defaults of Deps.
const (
	DefaultTTL    = time.Hour
	DefaultMaxAge = 24 * time.Hour
)

// Guard identifies callers by their bearer tokens; auth.Guard implements it.
type Guard interface {
	Caller(r *http.Request) (auth.Caller, error)
}

// Deps are the dependencies of a Service.
type Deps struct {
	Guard Guard
	Jar   *session.Jar
	// Provider may be nil: then there is no identity provider.
	Provider *Provider
	// Guests may be nil: guests are not admitted.
	Guests *Guests
	// TTL is how long a session lasts without a renewal, and MaxAge how long it can be renewed.
	TTL, MaxAge time.Duration
	Clock       func() time.Time
	Logger      *slog.Logger
}

// Service signs users in. It is safe for concurrent use.
type Service struct {
	deps        Deps
	crossOrigin *http.CrossOriginProtection
	renewals    renewals
}

// New returns a service. A missing dependency is an error.
func New(d Deps) (*Service, error) {
	if err := dependency.Require("signin", d, "Guard", "Jar", "TTL", "MaxAge", "Clock", "Logger"); err != nil {
		return nil, err
	}
	return &Service{deps: d, crossOrigin: http.NewCrossOriginProtection()}, nil
}

// HasProvider reports whether users sign in with an identity provider.
func (s *Service) HasProvider() bool { return s.deps.Provider != nil }

// Run makes the identity provider usable.
func (s *Service) Run(ctx context.Context) error {
	if s.deps.Provider == nil {
		return nil
	}
	return s.deps.Provider.Run(ctx)
}

// Caller returns the sender of r: that of its bearer token, or else that of its session. A request of a session that
// changes something must come from the page itself.
func (s *Service) Caller(r *http.Request) (auth.Caller, error) {
	current, err := s.CurrentSession(r)
	if err != nil {
		return auth.Caller{}, err
	}
	if current.Owner == "" {
		return s.deps.Guard.Caller(r)
	}
	if err := s.CheckOrigin(r); err != nil {
		return auth.Caller{}, err
	}
	return current.Caller(), nil
}

// CheckOrigin refuses a request that another site made a browser send: RFC 9110 methods that change something need
// Sec-Fetch-Site or Origin of this host. Clients that are no browsers send neither.
func (s *Service) CheckOrigin(r *http.Request) error {
	if err := s.crossOrigin.Check(r); err != nil {
		return &fault.Error{Code: fault.Forbidden, Cause: err,
			Detail: "This request came from another site. Open the page and repeat it there."}
	}
	return nil
}

// StartLogin returns the address of the identity provider at which the user signs in, and notes in the response where
// to come back to. It returns sign_in_unavailable while the provider does not answer, and not_found without one.
func (s *Service) StartLogin(w http.ResponseWriter, r *http.Request) (string, error) {
	if s.deps.Provider == nil {
		return "", fault.New(fault.NotFound)
	}
	e, err := s.deps.Provider.requireEndpoints()
	if err != nil {
		return "", err
	}
	login := session.Login{
		State: rand.Text(), Nonce: rand.Text(), Verifier: oauth2.GenerateVerifier(),
		Return: ownPath(r.URL.Query().Get("return")), Ends: s.deps.Clock().Add(loginTTL),
	}
	if current, ok := s.deps.Jar.LoadSession(r); ok && current.Guest {
		login.Guest = current.Owner
	}
	if err := s.deps.Jar.StoreLogin(w, login); err != nil {
		return "", err
	}
	return e.oauth.AuthCodeURL(login.State, oauth2.S256ChallengeOption(login.Verifier), oidc.Nonce(login.Nonce)), nil
}

// FinishLogin reads the answer of the identity provider, puts the session into the response, and returns where the user
// was. The code is of use once, together with the cookie of the browser that began the sign-in.
func (s *Service) FinishLogin(w http.ResponseWriter, r *http.Request) (string, error) {
	if s.deps.Provider == nil {
		return "", fault.New(fault.NotFound)
	}
	e, err := s.deps.Provider.requireEndpoints()
	if err != nil {
		return "", err
	}
	login, begun := s.deps.Jar.LoadLogin(r)
	query := r.URL.Query()
	if !begun || query.Get("state") != login.State {
		return "", fault.WithDetail(fault.BadRequest, "This sign-in was begun elsewhere, or too long ago. Sign in again.")
	}
	s.deps.Jar.DeleteLogin(w)
	if query.Has("error") {
		return "", fault.WithDetail(fault.Forbidden, "The identity provider did not sign you in. Sign in again, or ask those who run it.")
	}
	const sentence = "The sign-in could not be completed. Sign in again."
	ctx, cancel := context.WithTimeout(r.Context(), budget.IdentityFetch)
	defer cancel()
	token, err := e.oauth.Exchange(s.deps.Provider.withClient(ctx), query.Get("code"), oauth2.VerifierOption(login.Verifier))
	if err != nil {
		return "", toFault(err, sentence)
	}
	raw, ok := token.Extra("id_token").(string)
	if !ok {
		return "", toFault(errors.New("signin: the provider sent no ID token"), sentence)
	}
	who, err := s.deps.Provider.verifyIdentity(ctx, e, raw, login.Nonce)
	if err != nil {
		return "", toFault(err, sentence)
	}
	now := s.deps.Clock()
	current := session.Session{Owner: who.owner, Name: who.name, Roles: who.roles, Ends: now.Add(s.deps.TTL), Claims: login.Guest}
	err = s.storeSession(w, current, session.Renewal{
		RefreshToken: token.RefreshToken, IDToken: raw, Ends: now.Add(s.deps.MaxAge),
	})
	if err == nil {
		s.ClaimPending(w, r, current)
	}
	return login.Return, err
}

// storeSession puts a session and its renewal into the response.
func (s *Service) storeSession(w http.ResponseWriter, current session.Session, renewal session.Renewal) error {
	renewal.Session = current
	return errors.Join(s.deps.Jar.StoreSession(w, current), s.deps.Jar.StoreRenewal(w, renewal))
}

// SignOut ends the session of the browser and revokes its refresh token. It returns the address of the provider's own
// sign-out (OpenID Connect RP-Initiated Logout 1.0), "" where there is none. Without a session it does nothing more.
func (s *Service) SignOut(w http.ResponseWriter, r *http.Request) (string, error) {
	if err := s.CheckOrigin(r); err != nil {
		return "", err
	}
	renewal, hasRenewal := s.deps.Jar.LoadRenewal(r)
	s.deps.Jar.DeleteAll(w)
	if s.deps.Provider == nil || !hasRenewal {
		return "", nil
	}
	e := s.deps.Provider.found.Load()
	if e == nil {
		return "", nil
	}
	ctx, cancel := context.WithTimeout(context.WithoutCancel(r.Context()), budget.IdentityKeyWait)
	defer cancel()
	s.deps.Provider.revokeToken(ctx, e, renewal.RefreshToken)
	address, err := url.Parse(e.endSession)
	if e.endSession == "" || err != nil {
		return "", nil
	}
	query := address.Query()
	query.Set("client_id", s.deps.Provider.deps.ClientID)
	query.Set("post_logout_redirect_uri", s.deps.Provider.deps.PublicURL+"/")
	if renewal.IDToken != "" {
		query.Set("id_token_hint", renewal.IDToken)
	}
	address.RawQuery = query.Encode()
	return address.String(), nil
}

// ownPath returns an address of this server as it is, with its query and fragment, and "/" for any other.
func ownPath(address string) string {
	// A browser reads "//host" and "/\host" as another server.
	if len(address) > maxReturn || !strings.HasPrefix(address, "/") || strings.HasPrefix(address, "//") || strings.ContainsAny(address, "\\\t\r\n") {
		return "/"
	}
	u, err := url.Parse(address)
	if err != nil || u.Scheme != "" || u.Host != "" || u.User != nil || !strings.HasPrefix(u.Path, "/") || strings.HasPrefix(u.Path, "//") {
		return "/"
	}
	return u.String()
}
