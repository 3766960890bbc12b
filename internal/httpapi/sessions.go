package httpapi

import (
	"net/http"
	"net/url"
	"strings"

	"github.com/go-chi/chi/v5"

	"github.com/trackmydegree/trackmydegree/internal/fault"
	"github.com/trackmydegree/trackmydegree/internal/httpapi/auth"
	"github.com/trackmydegree/trackmydegree/internal/httpapi/middleware"
	"github.com/trackmydegree/trackmydegree/internal/httpapi/respond"
	"github.com/trackmydegree/trackmydegree/internal/httpapi/signin"
)

// The ways in, as the page learns them.
const (
	modeOpen  = "open"  // every caller is the one local user
	modeToken = "token" // a bearer token, which the page asks for
	modeOIDC  = "oidc"  // an identity provider
)

// sessionAnswer says who uses the page and how to sign in.
type sessionAnswer struct {
	Mode     string `json:"mode"`
	SignedIn bool   `json:"signedIn"`
	Guest    bool   `json:"guest"`
	Name     string `json:"name"`
	LoginURL string `json:"loginUrl"` // "" where there is none
	Guests   bool   `json:"guests"`
	Operator string `json:"operator,omitempty"` // the role of an operator: admin or viewer
}

// sessionRoutes lists the routes that every client may call.
func (a *API) sessionRoutes(r chi.Router, callers middleware.Authenticator) {
	routeGet(r, "/api/session", a.getSession(callers))
	r.Get(signin.LoginPath, respond.HandleEndpoint(a.startLogin))
	r.Get(signin.CallbackPath, respond.HandleEndpoint(a.finishLogin))
	r.Post("/api/auth/guest", respond.HandleEndpoint(a.startGuest))
	r.Post("/api/auth/logout", respond.HandleEndpoint(a.signOut))
}

// getSession answers with the present sign-in. Unknown callers get an answer as well.
func (a *API) getSession(callers middleware.Authenticator) respond.Endpoint {
	return func(w http.ResponseWriter, r *http.Request) error {
		caller, err := callers.Caller(r)
		answer := sessionAnswer{Mode: modeToken, SignedIn: err == nil}
		for _, role := range []string{auth.RoleViewer, auth.RoleAdmin} {
			if caller.Has(role) {
				answer.Operator = role
			}
		}
		if a.auth.Open() {
			answer.Mode = modeOpen
		}
		if a.signIn != nil {
			if a.signIn.HasProvider() {
				answer.Mode, answer.LoginURL = modeOIDC, signin.LoginPath
			}
			if current, err := a.signIn.CurrentSession(r); err == nil {
				answer.Name, answer.Guest = current.Name, current.Guest
				a.signIn.ClaimPending(w, r, current)
			}
			answer.Guests = a.signIn.HasGuests()
		}
		w.Header().Set("Cache-Control", "no-store")
		return respond.WriteJSON(w, http.StatusOK, answer)
	}
}

// startLogin sends the browser to the identity provider.
func (a *API) startLogin(w http.ResponseWriter, r *http.Request) error {
	if a.signIn == nil {
		return fault.New(fault.NotFound)
	}
	w.Header().Set("Cache-Control", "no-store")
	address, err := a.signIn.StartLogin(w, r)
	if err != nil {
		return err
	}
	redirect(w, address)
	return nil
}

// finishLogin takes the browser back from the identity provider to where the user was. A browser whose sign-in failed
// goes to the page, which says so; other clients receive the problem.
func (a *API) finishLogin(w http.ResponseWriter, r *http.Request) error {
	if a.signIn == nil {
		return fault.New(fault.NotFound)
	}
	w.Header().Set("Cache-Control", "no-store")
	back, err := a.signIn.FinishLogin(w, r)
	if err != nil {
		if !strings.Contains(r.Header.Get("Accept"), "text/html") {
			return err
		}
		respond.ExchangeOf(r.Context()).Err = err // for the log
		back = "/?signin=" + url.QueryEscape(string(fault.CodeOf(err)))
	}
	redirect(w, back)
	return nil
}

// startGuest admits a guest for a day and answers with the session. A caller who is signed in keeps that sign-in.
func (a *API) startGuest(w http.ResponseWriter, r *http.Request) error {
	if a.signIn == nil {
		return fault.New(fault.NotFound)
	}
	w.Header().Set("Cache-Control", "no-store")
	current, err := a.signIn.StartGuest(w, r, a.clients.KeyOf(r))
	if err != nil {
		return err
	}
	answer := sessionAnswer{Mode: modeToken, SignedIn: true, Guest: current.Guest, Name: current.Name, Guests: true}
	if a.signIn.HasProvider() {
		answer.Mode, answer.LoginURL = modeOIDC, signin.LoginPath
	}
	return respond.WriteJSON(w, http.StatusOK, answer)
}

// redirect answers 303: the next request is a GET. It has no body, which http.Redirect would write.
func redirect(w http.ResponseWriter, address string) {
	w.Header().Set("Location", address)
	w.WriteHeader(http.StatusSeeOther)
}

// signOut ends the session. The answer names the address of the identity provider's own sign-out, where it has one.
func (a *API) signOut(w http.ResponseWriter, r *http.Request) error {
	answer := struct {
		LogoutURL string `json:"logoutUrl,omitempty"`
	}{}
	w.Header().Set("Cache-Control", "no-store")
	if a.signIn != nil {
		var err error
		if answer.LogoutURL, err = a.signIn.SignOut(w, r); err != nil {
			return err
		}
	}
	return respond.WriteJSON(w, http.StatusOK, answer)
}
