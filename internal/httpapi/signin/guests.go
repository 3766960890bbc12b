package signin

import (
	"context"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"net/http"
	"time"

	"github.com/trackmydegree/trackmydegree/internal/budget"
	"github.com/trackmydegree/trackmydegree/internal/fault"
	"github.com/trackmydegree/trackmydegree/internal/guest"
	"github.com/trackmydegree/trackmydegree/internal/httpapi/session"
)

// The windows in which guests are counted.
const (
	addressWindow = time.Hour
	totalWindow   = 24 * time.Hour
)

// Quota counts guests, for all processes of an installation.
type Quota interface {
	// TakeOne counts one under a key, and reports whether there are at most limit within the window.
	TakeOne(ctx context.Context, key string, limit int, window time.Duration) (bool, error)
}

// Accounts hands everything of a guest to an account.
type Accounts interface {
	// ClaimGuest is idempotent: after a failure the same call transfers the rest.
	ClaimGuest(ctx context.Context, from, to string) error
}

// Guests admits guests for a day.
type Guests struct {
	Quota    Quota
	Accounts Accounts
	// PerAddress is the number of guests from one address in an hour, and PerDay that of all in a day.
	PerAddress, PerDay int
	// Secret hides the addresses from those who can read the counters.
	Secret []byte
}

// HasGuests reports whether guests are admitted.
func (s *Service) HasGuests() bool { return s.deps.Guests != nil }

// StartGuest puts the session of a new guest into the response. A request that has a session keeps that one. address
// identifies the client's network. The errors are not_found where there are no guests, too_many_requests, and
// sign_in_unavailable while guests cannot be counted.
func (s *Service) StartGuest(w http.ResponseWriter, r *http.Request, address string) (session.Session, error) {
	g := s.deps.Guests
	if g == nil {
		return session.Session{}, fault.New(fault.NotFound)
	}
	if err := s.CheckOrigin(r); err != nil {
		return session.Session{}, err
	}
	if current, err := s.CurrentSession(r); err != nil || current.Owner != "" {
		return current, err
	}
	mac := hmac.New(sha256.New, g.Secret)
	mac.Write([]byte(address))
	for _, limit := range []struct {
		key      string
		most     int
		window   time.Duration
		sentence string
	}{
		{"guests:" + hex.EncodeToString(mac.Sum(nil)[:16]), g.PerAddress, addressWindow,
			"Too many guests came from your network. Sign in, or try again in an hour."},
		{"guests", g.PerDay, totalWindow, "Too many guests came today. Sign in, or try again tomorrow."},
	} {
		admitted, err := g.Quota.TakeOne(r.Context(), limit.key, limit.most, limit.window)
		switch {
		case err != nil:
			return session.Session{}, fault.Wrap(fault.SignInUnavailable, fmt.Errorf("signin: count guests: %w", err))
		case !admitted:
			return session.Session{}, fault.WithDetail(fault.TooManyRequests, limit.sentence)
		}
	}
	ends := s.deps.Clock().Add(guest.Lifetime).Truncate(time.Second)
	current := session.Session{Owner: guest.NewOwner(ends), Guest: true, Ends: ends}
	s.deps.Jar.DeleteRenewal(w)
	return current, s.deps.Jar.StoreSession(w, current)
}

// ClaimPending hands what a guest owned to the user who the guest became, if that has not succeeded yet, and then
// notes it in the response. A failure is logged, and the next call tries again.
func (s *Service) ClaimPending(w http.ResponseWriter, r *http.Request, current session.Session) session.Session {
	if current.Claims == "" || s.deps.Guests == nil {
		return current
	}
	ctx, cancel := context.WithTimeout(context.WithoutCancel(r.Context()), budget.Answer)
	defer cancel()
	err := s.deps.Guests.Accounts.ClaimGuest(ctx, current.Claims, current.Owner)
	if err == nil {
		current.Claims = ""
		err = s.deps.Jar.StoreSession(w, current)
	}
	if err != nil {
		s.deps.Logger.WarnContext(ctx, "a guest's jobs and timelines are not transferred yet", "error", err)
	}
	return current
}
