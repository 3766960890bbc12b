package signin

import (
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"sync/atomic"
	"time"

	"github.com/coreos/go-oidc/v3/oidc"
	"golang.org/x/oauth2"

	"github.com/trackmydegree/trackmydegree/internal/budget"
	"github.com/trackmydegree/trackmydegree/internal/dependency"
	"github.com/trackmydegree/trackmydegree/internal/fault"
	"github.com/trackmydegree/trackmydegree/internal/guest"
	"github.com/trackmydegree/trackmydegree/internal/httpapi/auth"
)

// discoverEvery is the pause between attempts to read the provider's description.
const discoverEvery = 3 * time.Second

// The paths at which the page signs in.
const (
	LoginPath    = "/api/auth/login"
	CallbackPath = "/api/auth/callback"
)

// ProviderDeps are the dependencies of a Provider. ClientSecret, Scopes, RolesClaim and Client may be empty.
type ProviderDeps struct {
	Issuer       string // exactly as the provider spells it
	ClientID     string
	ClientSecret string
	// PublicURL is the address of the page as users see it, without a slash at its end. The provider sends them back
	// to PublicURL/api/auth/callback, and after the sign-out to PublicURL/.
	PublicURL  string
	Scopes     []string // without openid, which is always asked for
	RolesClaim string

	Clock  func() time.Time
	Logger *slog.Logger
	Client *http.Client
}

// Provider is an identity provider that speaks OpenID Connect. It is safe for concurrent use.
type Provider struct {
	deps  ProviderDeps
	found atomic.Pointer[endpoints]
}

// endpoints are what the provider's description says.
type endpoints struct {
	oauth      oauth2.Config
	verifier   *oidc.IDTokenVerifier
	endSession string // "" for a provider that has no sign-out
	revocation string // "" for a provider that cannot revoke tokens
}

// identity is what an ID token says of a user.
type identity struct {
	owner, name string
	roles       []string
}

// NewProvider returns a provider, which can be used once Run has read its description.
func NewProvider(d ProviderDeps) (*Provider, error) {
	if err := dependency.Require("signin", d, "Issuer", "ClientID", "PublicURL", "Clock", "Logger"); err != nil {
		return nil, err
	}
	d.Client = cmp.Or(d.Client, &http.Client{Timeout: budget.IdentityFetch})
	return &Provider{deps: d}, nil
}

// Run reads the provider's description, as soon as the provider answers, and returns.
func (p *Provider) Run(ctx context.Context) error {
	failing := false
	for {
		err := p.discoverEndpoints(ctx)
		if err == nil {
			if failing {
				p.deps.Logger.Info("the identity provider answers")
			}
			return nil
		}
		if !failing && ctx.Err() == nil {
			p.deps.Logger.Warn("the identity provider does not answer: no user can sign in", "error", err)
		}
		failing = true
		pause := time.NewTimer(discoverEvery)
		select {
		case <-ctx.Done():
			pause.Stop()
			return nil
		case <-pause.C:
		}
	}
}

func (p *Provider) discoverEndpoints(ctx context.Context) error {
	provider, err := oidc.NewProvider(p.withClient(ctx), p.deps.Issuer)
	if err != nil {
		return fmt.Errorf("signin: %w", err)
	}
	var more struct {
		EndSession string   `json:"end_session_endpoint"`
		Revocation string   `json:"revocation_endpoint"`
		Methods    []string `json:"token_endpoint_auth_methods_supported"`
	}
	if err := provider.Claims(&more); err != nil {
		return fmt.Errorf("signin: the provider's description: %w", err)
	}
	endpoint := provider.Endpoint()
	// Without a style the library tries one and then another, and the first attempt may use up the code.
	endpoint.AuthStyle = oauth2.AuthStyleInHeader
	if p.deps.ClientSecret == "" || len(more.Methods) > 0 && !slices.Contains(more.Methods, "client_secret_basic") {
		endpoint.AuthStyle = oauth2.AuthStyleInParams
	}
	p.found.Store(&endpoints{
		oauth: oauth2.Config{
			ClientID: p.deps.ClientID, ClientSecret: p.deps.ClientSecret, Endpoint: endpoint,
			RedirectURL: p.deps.PublicURL + CallbackPath, Scopes: append([]string{oidc.ScopeOpenID}, p.deps.Scopes...),
		},
		verifier:   provider.Verifier(&oidc.Config{ClientID: p.deps.ClientID, Now: p.deps.Clock}),
		endSession: more.EndSession, revocation: more.Revocation,
	})
	return nil
}

// withClient lets both libraries use the provider's client.
func (p *Provider) withClient(ctx context.Context) context.Context {
	return oidc.ClientContext(ctx, p.deps.Client)
}

// requireEndpoints returns the endpoints; sign_in_unavailable before the provider has answered.
func (p *Provider) requireEndpoints() (*endpoints, error) {
	if e := p.found.Load(); e != nil {
		return e, nil
	}
	return nil, fault.Wrap(fault.SignInUnavailable, errors.New("signin: the provider's description is not known yet"))
}

// verifyIdentity checks an ID token. nonce is that of the sign-in, "" for a token of a renewal.
func (p *Provider) verifyIdentity(ctx context.Context, e *endpoints, raw, nonce string) (identity, error) {
	token, err := e.verifier.Verify(p.withClient(ctx), raw)
	if err != nil {
		return identity{}, fmt.Errorf("signin: the ID token: %w", err)
	}
	if nonce != "" && token.Nonce != nonce {
		return identity{}, errors.New("signin: the ID token is of another sign-in")
	}
	if err := auth.ValidateSubject(token.Subject); err != nil {
		return identity{}, err
	}
	if guest.IsOwner(token.Subject) {
		return identity{}, errors.New("signin: the subject has the form of a guest's")
	}
	var claims json.RawMessage
	var names struct {
		Name     string `json:"name"`
		Username string `json:"preferred_username"`
		Email    string `json:"email"`
	}
	if err := errors.Join(token.Claims(&claims), token.Claims(&names)); err != nil {
		return identity{}, fmt.Errorf("signin: the ID token: %w", err)
	}
	return identity{
		owner: token.Subject, name: shortenName(cmp.Or(names.Name, names.Username, names.Email)),
		roles: auth.RolesIn(claims, p.deps.RolesClaim),
	}, nil
}

// shortenName bounds what a cookie holds of a name.
func shortenName(name string) string {
	const most = 80
	if runes := []rune(name); len(runes) > most {
		return string(runes[:most])
	}
	return name
}

// toFault returns unauthorized with the sentence when the provider refused, and sign_in_unavailable when it did not
// answer.
func toFault(err error, sentence string) error {
	var refused *oauth2.RetrieveError
	if errors.As(err, &refused) && refused.Response != nil && refused.Response.StatusCode < http.StatusInternalServerError {
		// The text of the error holds the provider's answer, which may name the user.
		cause := fmt.Errorf("signin: the provider refuses: %s", strings.ToValidUTF8(cmp.Or(refused.ErrorCode, refused.Response.Status), ""))
		return &fault.Error{Code: fault.Unauthorized, Detail: sentence, Cause: cause}
	}
	var unreachable *url.Error
	if errors.As(err, &refused) || errors.As(err, &unreachable) || errors.Is(err, context.DeadlineExceeded) {
		return fault.Wrap(fault.SignInUnavailable, errors.New("signin: the provider does not answer"))
	}
	return &fault.Error{Code: fault.Unauthorized, Detail: sentence, Cause: err}
}

// revokeToken makes a refresh token useless: RFC 7009. A failure is logged: the user is signed out here all the same.
func (p *Provider) revokeToken(ctx context.Context, e *endpoints, token string) {
	if e.revocation == "" || token == "" {
		return
	}
	form := url.Values{"token": {token}, "token_type_hint": {"refresh_token"}}
	if e.oauth.Endpoint.AuthStyle == oauth2.AuthStyleInParams {
		form.Set("client_id", e.oauth.ClientID)
		if e.oauth.ClientSecret != "" {
			form.Set("client_secret", e.oauth.ClientSecret)
		}
	}
	r, err := http.NewRequestWithContext(ctx, http.MethodPost, e.revocation, strings.NewReader(form.Encode()))
	if err == nil {
		r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
		if e.oauth.Endpoint.AuthStyle == oauth2.AuthStyleInHeader {
			r.SetBasicAuth(url.QueryEscape(e.oauth.ClientID), url.QueryEscape(e.oauth.ClientSecret))
		}
		var res *http.Response
		if res, err = p.deps.Client.Do(r); err == nil {
			err = res.Body.Close()
			if res.StatusCode != http.StatusOK {
				err = fmt.Errorf("the answer is %s", res.Status)
			}
		}
	}
	if err != nil {
		p.deps.Logger.WarnContext(ctx, "a refresh token was not revoked", "error", err)
	}
}
