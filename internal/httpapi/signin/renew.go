package signin

import (
	"context"
	"crypto/sha256"
	"errors"
	"net/http"
	"sync"
	"time"

	"golang.org/x/oauth2"
	"golang.org/x/sync/singleflight"

	"github.com/trackmydegree/trackmydegree/internal/budget"
	"github.com/trackmydegree/trackmydegree/internal/fault"
	"github.com/trackmydegree/trackmydegree/internal/httpapi/session"
)

const (
	// renewShare is the part of a session's time at whose end it is renewed: the last third.
	renewShare = 3
	// renewedFor is how long the outcome of a renewal is kept for the requests that were sent before the browser had
	// it: a provider may refuse the second use of a refresh token, or end the session for it.
	renewedFor = 30 * time.Second
)

// renewals runs one renewal for all requests that need it.
type renewals struct {
	flight singleflight.Group
	mu     sync.Mutex
	done   map[[sha256.Size]byte]renewed
}

// renewed is the outcome of a renewal.
type renewed struct {
	session session.Session
	renewal session.Renewal
	at      time.Time
}

type sessionKey struct{}

// sessionOf is what RenewSessions found.
type sessionOf struct {
	session session.Session // without an owner: none
	err     error
}

// CurrentSession returns the session of a request, without an owner when it has none or carries a bearer token. The
// error is sign_in_unavailable for a session that has ended and that the provider cannot renew at the moment.
func (s *Service) CurrentSession(r *http.Request) (session.Session, error) {
	if found, ok := r.Context().Value(sessionKey{}).(sessionOf); ok {
		return found.session, found.err
	}
	return session.Session{}, nil
}

// RenewSessions finds the session of each request, and renews one that ends soon without the user.
func (s *Service) RenewSessions(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if len(r.Header.Values("Authorization")) > 0 || len(r.Header.Values("Cookie")) == 0 {
			next.ServeHTTP(w, r)
			return
		}
		current, err := s.findSession(w, r)
		next.ServeHTTP(w, r.WithContext(context.WithValue(r.Context(), sessionKey{}, sessionOf{current, err})))
	})
}

func (s *Service) findSession(w http.ResponseWriter, r *http.Request) (session.Session, error) {
	current, ok := s.deps.Jar.LoadSession(r)
	if ok && (current.Guest || current.Ends.Sub(s.deps.Clock()) > s.deps.TTL/renewShare) || s.deps.Provider == nil {
		return current, nil
	}
	renewal, hasRenewal := s.deps.Jar.LoadRenewal(r)
	if !hasRenewal || renewal.RefreshToken == "" || ok && !current.Ends.Before(renewal.Ends) {
		return current, nil
	}
	next, err := s.renewOnce(r.Context(), renewal)
	switch {
	case err == nil:
		return next.session, s.storeSession(w, next.session, next.renewal)
	case ok:
		// The session has not ended. Perhaps another process has renewed it, and the browser has the outcome.
		s.deps.Logger.InfoContext(r.Context(), "a session was not renewed", "error", err)
		return current, nil
	case fault.CodeOf(err) == fault.SignInUnavailable:
		return session.Session{}, err
	}
	s.deps.Jar.DeleteRenewal(w)
	return session.Session{}, nil
}

// renewOnce renews a session once, however many requests ask for it within some seconds.
func (s *Service) renewOnce(ctx context.Context, old session.Renewal) (renewed, error) {
	key := sha256.Sum256([]byte(old.RefreshToken))
	result := s.renewals.flight.DoChan(string(key[:]), func() (any, error) {
		if known, ok := s.renewals.findDone(key, s.deps.Clock()); ok {
			return known, nil
		}
		// The first of the requests may end before the others.
		ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), budget.IdentityKeyWait)
		defer cancel()
		next, err := s.renew(ctx, old)
		if err == nil {
			s.renewals.storeDone(key, next)
		}
		return next, err
	})
	select {
	case r := <-result:
		next, _ := r.Val.(renewed)
		return next, r.Err
	case <-ctx.Done():
		return renewed{}, ctx.Err()
	}
}

// renew asks the provider for a new token.
func (s *Service) renew(ctx context.Context, old session.Renewal) (renewed, error) {
	e, err := s.deps.Provider.requireEndpoints()
	if err != nil {
		return renewed{}, err
	}
	token, err := e.oauth.TokenSource(s.deps.Provider.withClient(ctx), &oauth2.Token{RefreshToken: old.RefreshToken}).Token()
	if err != nil {
		return renewed{}, toFault(err, "")
	}
	now := s.deps.Clock()
	next := renewed{session: old.Session, renewal: old, at: now}
	next.session.Ends, next.renewal.RefreshToken = now.Add(s.deps.TTL), token.RefreshToken
	if next.session.Ends.After(old.Ends) {
		next.session.Ends = old.Ends
	}
	// OpenID Connect Core 1.0, 12.2: an ID token is optional here, and is of the same user.
	if raw, ok := token.Extra("id_token").(string); ok {
		who, err := s.deps.Provider.verifyIdentity(ctx, e, raw, "")
		if err == nil && who.owner != old.Session.Owner {
			err = errors.New("signin: a renewal for another user")
		}
		if err != nil {
			return renewed{}, toFault(err, "")
		}
		next.session.Name, next.session.Roles, next.renewal.IDToken = who.name, who.roles, raw
	}
	return next, nil
}

func (n *renewals) findDone(key [sha256.Size]byte, now time.Time) (renewed, bool) {
	n.mu.Lock()
	defer n.mu.Unlock()
	known, ok := n.done[key]
	return known, ok && now.Sub(known.at) < renewedFor
}

func (n *renewals) storeDone(key [sha256.Size]byte, next renewed) {
	n.mu.Lock()
	defer n.mu.Unlock()
	if n.done == nil {
		n.done = map[[sha256.Size]byte]renewed{}
	}
	for other, r := range n.done {
		if next.at.Sub(r.at) >= renewedFor {
			delete(n.done, other)
		}
	}
	n.done[key] = next
}
