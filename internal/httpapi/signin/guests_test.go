package signin_test

import (
	"context"
	"errors"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/trackmydegree/trackmydegree/internal/fault"
	"github.com/trackmydegree/trackmydegree/internal/guest"
	"github.com/trackmydegree/trackmydegree/internal/httpapi/session"
	"github.com/trackmydegree/trackmydegree/internal/httpapi/signin/providertest"
)

// guestBook counts guests and notes who claimed whom.
type guestBook struct {
	counts map[string]int
	claims []string
	fail   error
}

func (g *guestBook) TakeOne(_ context.Context, key string, limit int, _ time.Duration) (bool, error) {
	g.counts[key]++
	return g.counts[key] <= limit, g.fail
}

func (g *guestBook) ClaimGuest(_ context.Context, from, to string) error {
	if g.fail == nil {
		g.claims = append(g.claims, from+" "+to)
	}
	return g.fail
}

// becomeGuest asks for a session from an address.
func (b *browser) becomeGuest(address string) (session.Session, error) {
	var s session.Session
	var err error
	w := httptest.NewRecorder()
	b.service.RenewSessions(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		s, err = b.service.StartGuest(w, r, address)
	})).ServeHTTP(w, b.request(http.MethodPost, "/api/auth/guest"))
	b.keep(w)
	return s, err
}

func TestGuestsForADay(t *testing.T) {
	t.Parallel()
	b := newBrowser(t, providertest.Start(t))
	first, err := b.becomeGuest("203.0.113.7")
	if err != nil || !guest.IsOwner(first.Owner) || !first.Guest {
		t.Fatalf("got %+v (%v)", first, err)
	}
	if ends, ok := guest.EndOf(first.Owner); !ok || !ends.Equal(first.Ends) {
		t.Errorf("the guest's things end at %s, the session at %s", ends, first.Ends)
	}
	if again, err := b.becomeGuest("203.0.113.7"); err != nil || again.Owner != first.Owner {
		t.Errorf("the same browser is another guest: %+v (%v)", again, err)
	}
	b.now = b.now.Add(23 * time.Hour)
	b.wantCaller(first.Owner)
	b.now = b.now.Add(time.Hour)
	b.wantCaller("")
}

func TestGuestsAreCounted(t *testing.T) {
	t.Parallel()
	b := newBrowser(t, providertest.Start(t))
	for i, c := range []struct {
		address string
		want    fault.Code
	}{
		{"203.0.113.7", ""}, {"203.0.113.7", ""}, {"203.0.113.7", fault.TooManyRequests},
		{"203.0.113.8", ""}, {"203.0.113.9", fault.TooManyRequests}, // three in all
	} {
		clear(b.cookies)
		if _, err := b.becomeGuest(c.address); fault.CodeOf(err) != c.want {
			t.Errorf("guest %d: got %v, want %q", i+1, err, c.want)
		}
	}
	for key := range b.guests.counts {
		if strings.Contains(key, "203.0.113") {
			t.Errorf("the counter %s names an address", key)
		}
	}
	clear(b.guests.counts)
	b.guests.fail = errors.New("no Redis")
	_, err := b.becomeGuest("203.0.113.7")
	wantCode(t, err, fault.SignInUnavailable)

	r := b.request(http.MethodPost, "/api/auth/guest")
	r.Header.Set("Sec-Fetch-Site", "cross-site")
	_, err = b.service.StartGuest(httptest.NewRecorder(), r, "203.0.113.7")
	wantCode(t, err, fault.Forbidden)
}

// The guest's things become the user's at the sign-in, or at a later request when that fails.
func TestGuestsSignIn(t *testing.T) {
	t.Parallel()
	b := newBrowser(t, providertest.Start(t)).discover()
	first, err := b.becomeGuest("203.0.113.7")
	if err != nil {
		t.Fatal(err)
	}
	b.guests.fail = errors.New("no database")
	b.signIn()
	b.wantCaller("ann")
	if len(b.guests.claims) != 0 {
		t.Fatalf("claimed %v", b.guests.claims)
	}
	b.guests.fail = nil
	for range 2 {
		w := httptest.NewRecorder()
		b.service.RenewSessions(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			current, _ := b.service.CurrentSession(r)
			b.service.ClaimPending(w, r, current)
		})).ServeHTTP(w, b.request(http.MethodGet, "/api/session"))
		b.keep(w)
	}
	if want := first.Owner + " ann"; len(b.guests.claims) != 1 || b.guests.claims[0] != want {
		t.Errorf("claimed %v, want %s once", b.guests.claims, want)
	}
	b.wantCaller("ann")
}

// An account whose subject has the form of a guest's would own what that guest owns.
func TestASubjectThatIsAGuest(t *testing.T) {
	t.Parallel()
	b := newBrowser(t, providertest.Start(t)).discover()
	b.provider.Change(func(p *providertest.Provider) { p.Subject = guest.NewOwner(b.now) })
	_, err := b.finishLogin(b.startLogin("/"))
	wantCode(t, err, fault.Unauthorized)
}
