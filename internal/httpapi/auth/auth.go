// Package auth identifies the API's callers by their bearer tokens: JSON Web Tokens signed with a shared secret
// (HS256) or with a key that an identity provider publishes (JWKS).
package auth

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"slices"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"

	"github.com/golang-jwt/jwt/v5"

	"github.com/trackmydegree/trackmydegree/internal/budget"
	"github.com/trackmydegree/trackmydegree/internal/dependency"
	"github.com/trackmydegree/trackmydegree/internal/fault"
)

// LocalOwner owns everything when authentication is off.
const LocalOwner = "local"

// RolePriority in a token's roles lets its subject choose a job's priority.
const RolePriority = "priority"

// RoleAdmin in a token's roles makes its subject an operator, who sees and changes the jobs of all owners.
const RoleAdmin = "admin"

// RoleViewer in a token's roles lets its subject see what operators see, and change nothing.
const RoleViewer = "viewer"

const (
	minSecret  = 32      // bytes; RFC 7518, 3.2: a key for HS256 is at least as long as its hash
	maxToken   = 8 << 10 // bytes; identity providers stay under 4 KiB
	maxSubject = 128     // bytes; it becomes a part of keys in stores
	leeway     = 30 * time.Second
)

// published are the accepted methods of an identity provider. All are asymmetric: with HS256, a public key could be
// used as a shared secret.
var published = [...]string{"RS256", "RS384", "RS512", "PS256", "PS384", "PS512", "ES256", "ES384", "ES512", "EdDSA"}

// Caller is the sender of a request.
type Caller struct {
	Owner string // the subject of the token
	Roles []string
}

// Has reports whether the caller has a role.
func (c Caller) Has(role string) bool { return slices.Contains(c.Roles, role) }

// Deps are how callers are authenticated, and the dependencies of a Guard. Exactly one of None, Secret and JWKSURL is
// set.
type Deps struct {
	None     bool   // every caller is LocalOwner: for one user on loopback
	Secret   []byte // of HS256 tokens, 32 bytes or more
	JWKSURL  string // where an identity provider publishes its keys
	Issuer   string // the required issuer of a token; empty: any
	Audience string // the required audience of a token; empty: any
	// RolesClaim is the claim with the caller's roles, or the path to it (realm_access.roles); empty: roles.
	RolesClaim string

	Clock  func() time.Time
	Logger *slog.Logger
	Client *http.Client // for fetching keys; nil is one with a timeout
}

// Guard authenticates requests. It is safe for concurrent use.
type Guard struct {
	deps   Deps
	parser *jwt.Parser
	keys   *keySet // nil without a JWKSURL
}

// New returns a guard. With a JWKSURL it has no keys before Run. A missing dependency is an error.
func New(d Deps) (*Guard, error) {
	if err := dependency.Require("auth", d, "Clock", "Logger"); err != nil {
		return nil, err
	}
	ways := 0
	for _, set := range []bool{d.None, len(d.Secret) > 0, d.JWKSURL != ""} {
		if set {
			ways++
		}
	}
	if ways != 1 {
		return nil, errors.New("auth: exactly one of no tokens, a secret and a JWKS URL")
	}
	if n := len(d.Secret); n > 0 && n < minSecret {
		return nil, fmt.Errorf("auth: the secret has %d bytes, fewer than %d", n, minSecret)
	}
	if d.Client == nil {
		d.Client = &http.Client{Timeout: budget.IdentityFetch}
	}
	if d.RolesClaim == "" {
		d.RolesClaim = defaultRolesClaim
	}
	methods := published[:]
	if len(d.Secret) > 0 {
		methods = []string{"HS256"}
	}
	rules := []jwt.ParserOption{
		jwt.WithValidMethods(methods), jwt.WithExpirationRequired(), jwt.WithLeeway(leeway),
		jwt.WithTimeFunc(d.Clock), jwt.WithStrictDecoding(),
	}
	if d.Issuer != "" {
		rules = append(rules, jwt.WithIssuer(d.Issuer))
	}
	if d.Audience != "" {
		rules = append(rules, jwt.WithAudience(d.Audience))
	}
	g := &Guard{deps: d, parser: jwt.NewParser(rules...)}
	if g.Remote() {
		g.keys = newKeySet(d.JWKSURL, d.Client, d.Logger)
	}
	return g, nil
}

// Open reports whether callers need no token.
func (g *Guard) Open() bool { return g.deps.None }

// Remote reports whether the keys come from an identity provider, which Check checks.
func (g *Guard) Remote() bool { return g.deps.JWKSURL != "" }

// Run fetches the identity provider's keys until ctx ends. Without a JWKSURL it returns at once.
func (g *Guard) Run(ctx context.Context) error {
	if !g.Remote() {
		return nil
	}
	g.keys.run(ctx)
	return nil
}

// Check reports whether tokens can be checked: an error while no key of the identity provider is known.
func (g *Guard) Check(context.Context) error {
	if !g.Remote() {
		return nil
	}
	return g.keys.check()
}

// CheckProvider fetches the keys of the identity provider for the first time. It returns an error when its address is
// wrong: for as long as ctx, it answered with something else than keys. A provider that is unavailable is no error: Run
// waits for it.
func (g *Guard) CheckProvider(ctx context.Context) error {
	if !g.Remote() {
		return nil
	}
	err := g.keys.checkAddress(ctx)
	switch {
	case err == nil:
		return nil
	case errors.As(err, new(*tls.CertificateVerificationError)):
		return fmt.Errorf("the identity provider's keys cannot be fetched: %w: add the authority of its certificate to a folder of SSL_CERT_DIR", err)
	}
	return fmt.Errorf("the identity provider's keys cannot be fetched: %w: give the address that the description of the provider names as jwks_uri", err)
}

// Caller returns the sender of r; unauthorized without a valid token. It reads the Authorization header only, because
// URLs appear in logs and browser histories.
func (g *Guard) Caller(r *http.Request) (Caller, error) {
	if g.deps.None {
		return Caller{Owner: LocalOwner, Roles: []string{RolePriority, RoleAdmin}}, nil
	}
	values := r.Header.Values("Authorization")
	if len(values) != 1 {
		return Caller{}, fault.Wrap(fault.Unauthorized, fmt.Errorf("auth: %d Authorization headers", len(values)))
	}
	scheme, token, _ := strings.Cut(values[0], " ")
	if !strings.EqualFold(scheme, "Bearer") {
		return Caller{}, fault.Wrap(fault.Unauthorized, errors.New("auth: not a bearer token"))
	}
	return g.Token(r.Context(), strings.TrimLeft(token, " "))
}

// Token returns the caller that a token names; unauthorized when it is not valid.
func (g *Guard) Token(ctx context.Context, token string) (Caller, error) {
	if len(token) > maxToken {
		return Caller{}, fault.Wrap(fault.Unauthorized, errors.New("auth: token too long"))
	}
	c := claims{rolesClaim: g.deps.RolesClaim}
	if _, err := g.parser.ParseWithClaims(token, &c, g.findKey(ctx)); err != nil {
		// Without keys the token may be valid: a client would discard it after a 401.
		if g.Remote() && g.keys.check() != nil {
			return Caller{}, &fault.Error{Code: fault.Timeout, Detail: "Tokens cannot be checked at the moment. Try again shortly.", Cause: g.keys.check()}
		}
		return Caller{}, fault.Wrap(fault.Unauthorized, fmt.Errorf("auth: %w", g.explainClaims(err, c)))
	}
	if err := checkSubject(c.Subject); err != nil {
		return Caller{}, fault.Wrap(fault.Unauthorized, err)
	}
	return Caller{Owner: c.Subject, Roles: c.roles}, nil
}

// explainClaims adds what a token names to the error of a wrong issuer or audience, for the log. The signature of the
// token is valid, and neither claim is about a person.
func (g *Guard) explainClaims(err error, c claims) error {
	switch {
	case errors.Is(err, jwt.ErrTokenInvalidIssuer):
		return fmt.Errorf("%w: the token names %.100q, and TMD_JWT_ISSUER is %q", err, c.Issuer, g.deps.Issuer)
	case errors.Is(err, jwt.ErrTokenInvalidAudience):
		return fmt.Errorf("%w: the token names %.200q, and TMD_JWT_AUDIENCE is %q", err, []string(c.Audience), g.deps.Audience)
	}
	return err
}

// findKey returns the lookup of the key that a token must be signed with.
func (g *Guard) findKey(ctx context.Context) jwt.Keyfunc {
	return func(t *jwt.Token) (any, error) {
		// RFC 7515, 4.1.11: a token with an extension that is not supported is invalid.
		if _, asks := t.Header["crit"]; asks {
			return nil, errors.New("a critical header is not understood")
		}
		if !g.Remote() {
			return g.deps.Secret, nil
		}
		return g.keys.findKeys(ctx, t)
	}
}

// checkSubject refuses subjects that look alike in logs and lists. Directories give names with single spaces,
// such as CN=Jane Doe,OU=x.
func checkSubject(s string) error {
	if s == "" || len(s) > maxSubject || !utf8.ValidString(s) {
		return errors.New("auth: the subject is empty, too long or not UTF-8")
	}
	if strings.ContainsFunc(s, func(r rune) bool { return r != ' ' && (!unicode.IsGraphic(r) || unicode.IsSpace(r)) }) {
		return errors.New("auth: the subject holds control characters, or spaces other than U+0020")
	}
	if strings.TrimSpace(s) != s || strings.Contains(s, "  ") {
		return errors.New("auth: the subject holds spaces at its start or end, or two in a row")
	}
	return nil
}
