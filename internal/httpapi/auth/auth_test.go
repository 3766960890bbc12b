package auth_test

import (
	"context"
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/rsa"
	"crypto/x509"
	"encoding/base64"
	"encoding/json"
	"encoding/pem"
	"log/slog"
	"math/big"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/golang-jwt/jwt/v5"
	"github.com/google/go-cmp/cmp"
	"go.uber.org/goleak"

	"github.com/trackmydegree/trackmydegree/internal/fault"
	"github.com/trackmydegree/trackmydegree/internal/httpapi/auth"
	"github.com/trackmydegree/trackmydegree/internal/testenv"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

var secret = []byte("a-secret-for-tests-only-0123456789abcdef")

// at is the time of the tests.
var at = time.Date(2026, time.November, 23, 12, 0, 0, 0, time.UTC)

// withDefaults adds the clock of the tests, and a logger where d has none.
func withDefaults(d auth.Deps) auth.Deps {
	d.Clock = func() time.Time { return at }
	if d.Logger == nil {
		d.Logger = slog.New(slog.DiscardHandler)
	}
	return d
}

func guard(t testing.TB, d auth.Deps) *auth.Guard {
	t.Helper()
	g, err := auth.New(withDefaults(d))
	if err != nil {
		t.Fatal(err)
	}
	return g
}

func sign(t testing.TB, method jwt.SigningMethod, key any, claims jwt.MapClaims, header ...string) string {
	t.Helper()
	token := jwt.NewWithClaims(method, claims)
	for i := 0; i+1 < len(header); i += 2 {
		token.Header[header[i]] = header[i+1]
	}
	s, err := token.SignedString(key)
	if err != nil {
		t.Fatal(err)
	}
	return s
}

// with returns valid claims with a change.
func with(change jwt.MapClaims) jwt.MapClaims {
	claims := jwt.MapClaims{"sub": "ann", "exp": at.Add(time.Hour).Unix()}
	for k, v := range change {
		if v == nil {
			delete(claims, k)
			continue
		}
		claims[k] = v
	}
	return claims
}

func segment(v any) string {
	b, _ := json.Marshal(v)
	return base64.RawURLEncoding.EncodeToString(b)
}

func TestSharedSecret(t *testing.T) {
	t.Parallel()
	plain := guard(t, auth.Deps{Secret: secret})
	named := guard(t, auth.Deps{Secret: secret, Issuer: "https://id.example.org", Audience: "tmd"})
	renamed := guard(t, auth.Deps{Secret: secret, RolesClaim: "realm_access.roles"})
	rsaKey, err := rsa.GenerateKey(rand.Reader, 2048)
	if err != nil {
		t.Fatal(err)
	}
	good := sign(t, jwt.SigningMethodHS256, secret, with(nil))
	for _, c := range []struct {
		name   string
		guard  *auth.Guard
		header string
		want   *auth.Caller // nil: unauthorized
	}{
		{"a good token", plain, "Bearer " + good, &auth.Caller{Owner: "ann"}},
		{"any case of the scheme", plain, "bearer " + good, &auth.Caller{Owner: "ann"}},
		{"roles", plain, "Bearer " + sign(t, jwt.SigningMethodHS256, secret, with(jwt.MapClaims{"roles": []string{"priority", "x"}})), &auth.Caller{Owner: "ann", Roles: []string{"priority", "x"}}},
		{"a subject of an identity provider", plain, "Bearer " + sign(t, jwt.SigningMethodHS256, secret, with(jwt.MapClaims{"sub": "auth0|5f7c8ec7c33c6c004bbafe82"})), &auth.Caller{Owner: "auth0|5f7c8ec7c33c6c004bbafe82"}},
		{"a subject of a directory", plain, "Bearer " + sign(t, jwt.SigningMethodHS256, secret, with(jwt.MapClaims{"sub": "CN=Jane Doe,OU=x"})), &auth.Caller{Owner: "CN=Jane Doe,OU=x"}},
		{"just expired, within the leeway", plain, "Bearer " + sign(t, jwt.SigningMethodHS256, secret, with(jwt.MapClaims{"exp": at.Add(-10 * time.Second).Unix()})), &auth.Caller{Owner: "ann"}},
		{"the right issuer and audience", named, "Bearer " + sign(t, jwt.SigningMethodHS256, secret, with(jwt.MapClaims{"iss": "https://id.example.org", "aud": []string{"other", "tmd"}})), &auth.Caller{Owner: "ann"}},

		{"no header", plain, "", nil},
		{"another scheme", plain, "Basic " + good, nil},
		{"no token", plain, "Bearer", nil},
		{"an empty token", plain, "Bearer ", nil},
		{"no JWT", plain, "Bearer abc", nil},
		{"two tokens", plain, "Bearer " + good + ", Bearer " + good, nil},
		{"a long token", plain, "Bearer " + good + strings.Repeat("x", 9000), nil},
		{"padding", plain, "Bearer " + good + "=", nil},
		{"expired", plain, "Bearer " + sign(t, jwt.SigningMethodHS256, secret, with(jwt.MapClaims{"exp": at.Add(-time.Minute).Unix()})), nil},
		{"no exp", plain, "Bearer " + sign(t, jwt.SigningMethodHS256, secret, with(jwt.MapClaims{"exp": nil})), nil},
		{"an exp that is no number", plain, "Bearer " + sign(t, jwt.SigningMethodHS256, secret, with(jwt.MapClaims{"exp": "never"})), nil},
		{"not yet valid", plain, "Bearer " + sign(t, jwt.SigningMethodHS256, secret, with(jwt.MapClaims{"nbf": at.Add(time.Hour).Unix()})), nil},
		{"no subject", plain, "Bearer " + sign(t, jwt.SigningMethodHS256, secret, with(jwt.MapClaims{"sub": nil})), nil},
		{"a subject that is no text", plain, "Bearer " + sign(t, jwt.SigningMethodHS256, secret, with(jwt.MapClaims{"sub": 7})), nil},
		{"a long subject", plain, "Bearer " + sign(t, jwt.SigningMethodHS256, secret, with(jwt.MapClaims{"sub": strings.Repeat("a", 129)})), nil},
		{"a subject with a space at its end", plain, "Bearer " + sign(t, jwt.SigningMethodHS256, secret, with(jwt.MapClaims{"sub": "Jane "})), nil},
		{"a subject with two spaces in a row", plain, "Bearer " + sign(t, jwt.SigningMethodHS256, secret, with(jwt.MapClaims{"sub": "Jane  Doe"})), nil},
		{"a subject with a no-break space", plain, "Bearer " + sign(t, jwt.SigningMethodHS256, secret, with(jwt.MapClaims{"sub": "Jane\u00a0Doe"})), nil},
		{"a subject with a line break", plain, "Bearer " + sign(t, jwt.SigningMethodHS256, secret, with(jwt.MapClaims{"sub": "ann\nbob"})), nil},
		{"roles in an object grant nothing", plain, "Bearer " + sign(t, jwt.SigningMethodHS256, secret, with(jwt.MapClaims{"roles": map[string]bool{"priority": true}})), &auth.Caller{Owner: "ann"}},
		{"one role as a text", plain, "Bearer " + sign(t, jwt.SigningMethodHS256, secret, with(jwt.MapClaims{"roles": "priority"})), &auth.Caller{Owner: "ann", Roles: []string{"priority"}}},
		{"roles of several kinds", plain, "Bearer " + sign(t, jwt.SigningMethodHS256, secret, with(jwt.MapClaims{"roles": []any{"x", 7, nil, map[string]any{}, "y"}})), &auth.Caller{Owner: "ann", Roles: []string{"x", "y"}}},
		{"roles in a claim of another name", renamed, "Bearer " + sign(t, jwt.SigningMethodHS256, secret, with(jwt.MapClaims{"roles": []string{"admin"}, "realm_access": map[string]any{"roles": []string{"priority"}}})), &auth.Caller{Owner: "ann", Roles: []string{"priority"}}},
		{"another issuer", named, "Bearer " + sign(t, jwt.SigningMethodHS256, secret, with(jwt.MapClaims{"iss": "https://evil.example.org", "aud": "tmd"})), nil},
		{"another audience", named, "Bearer " + sign(t, jwt.SigningMethodHS256, secret, with(jwt.MapClaims{"iss": "https://id.example.org", "aud": "other"})), nil},
		{"no issuer and audience", named, "Bearer " + good, nil},
		{"another secret", plain, "Bearer " + sign(t, jwt.SigningMethodHS256, []byte("another-secret-0123456789abcdef0123"), with(nil)), nil},
		{"forged claims", plain, "Bearer " + forged(good, with(jwt.MapClaims{"sub": "bob"})), nil},
		{"alg none", plain, "Bearer " + sign(t, jwt.SigningMethodNone, jwt.UnsafeAllowNoneSignatureType, with(nil)), nil},
		{"alg None, spelled otherwise", plain, "Bearer " + segment(map[string]string{"alg": "nOnE", "typ": "JWT"}) + "." + segment(with(nil)) + ".", nil},
		{"no signature", plain, "Bearer " + good[:strings.LastIndex(good, ".")+1], nil},
		{"HS512", plain, "Bearer " + sign(t, jwt.SigningMethodHS512, secret, with(nil)), nil},
		{"RS256", plain, "Bearer " + sign(t, jwt.SigningMethodRS256, rsaKey, with(nil)), nil},
		{"a critical extension", plain, "Bearer " + sign(t, jwt.SigningMethodHS256, secret, with(nil), "crit", "exp"), nil},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			r := httptest.NewRequest(http.MethodGet, "/?access_token="+good+"&token="+good, nil) // never accepted from there
			r.AddCookie(&http.Cookie{Name: "token", Value: good})
			if c.header != "" {
				r.Header.Set("Authorization", c.header)
			}
			got, err := c.guard.Caller(r)
			if c.want == nil {
				if fault.CodeOf(err) != fault.Unauthorized || got.Owner != "" {
					t.Fatalf("%+v %v", got, err)
				}
				return
			}
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(*c.want, got); diff != "" {
				t.Error(diff)
			}
		})
	}
	t.Run("two headers", func(t *testing.T) {
		r := httptest.NewRequest(http.MethodGet, "/", nil)
		r.Header["Authorization"] = []string{"Bearer " + good, "Bearer " + good}
		if _, err := plain.Caller(r); fault.CodeOf(err) != fault.Unauthorized {
			t.Error(err)
		}
	})
}

func forged(token string, claims jwt.MapClaims) string {
	parts := strings.Split(token, ".")
	return parts[0] + "." + segment(claims) + "." + parts[2]
}

// provider publishes keys as an identity provider does.
type provider struct {
	*httptest.Server
	mu    sync.Mutex
	keys  []map[string]string
	down  bool
	asked int // how often the keys were fetched
}

func newProvider(t *testing.T) *provider {
	p := &provider{}
	p.Server = httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		p.mu.Lock()
		defer p.mu.Unlock()
		p.asked++
		if p.down {
			w.WriteHeader(http.StatusBadGateway)
			return
		}
		_ = json.NewEncoder(w).Encode(map[string]any{"keys": p.keys})
	}))
	t.Cleanup(p.Close)
	return p
}

func (p *provider) publish(keys ...map[string]string) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.keys, p.down = append(p.keys, keys...), false
}

func b64(i *big.Int) string { return base64.RawURLEncoding.EncodeToString(i.Bytes()) }

// run runs a guard until the test ends.
func run(t *testing.T, g *auth.Guard) {
	t.Helper()
	ctx, cancel := context.WithCancel(context.Background())
	done := make(chan error, 1)
	go func() { done <- g.Run(ctx) }()
	t.Cleanup(func() {
		cancel()
		if err := <-done; err != nil {
			t.Error(err)
		}
		http.DefaultClient.CloseIdleConnections()
	})
}

func TestPublishedKeys(t *testing.T) {
	t.Parallel()
	rsaKey, err := rsa.GenerateKey(rand.Reader, 2048)
	if err != nil {
		t.Fatal(err)
	}
	ecKey, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	point, err := ecKey.PublicKey.Bytes()
	if err != nil {
		t.Fatal(err)
	}
	edPublic, edKey, err := ed25519.GenerateKey(rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	p := newProvider(t)
	p.publish(
		map[string]string{"kid": "rsa", "kty": "RSA", "n": b64(rsaKey.N), "e": b64(big.NewInt(int64(rsaKey.E)))},
		map[string]string{"kid": "ec", "kty": "EC", "crv": "P-256", "x": base64.RawURLEncoding.EncodeToString(point[1:33]), "y": base64.RawURLEncoding.EncodeToString(point[33:])},
		map[string]string{"kid": "ed", "kty": "OKP", "crv": "Ed25519", "x": base64.RawURLEncoding.EncodeToString(edPublic)},
		// A provider publishes a shared secret by mistake.
		map[string]string{"kid": "oct", "kty": "oct", "k": base64.RawURLEncoding.EncodeToString(secret)},
	)
	client := &http.Client{Timeout: 5 * time.Second}
	t.Cleanup(client.CloseIdleConnections)
	g := guard(t, auth.Deps{JWKSURL: p.URL, Client: client})

	good := sign(t, jwt.SigningMethodRS256, rsaKey, with(nil), "kid", "rsa")
	if _, err := g.Token(t.Context(), good); fault.CodeOf(err) != fault.Timeout {
		t.Errorf("before the keys are known: %v", err)
	}
	if g.Check(t.Context()) == nil {
		t.Error("ready before the keys are known")
	}
	run(t, g)
	testenv.Eventually(t, "the keys are known", func() bool { return g.Check(t.Context()) == nil })

	der, err := x509.MarshalPKIXPublicKey(&rsaKey.PublicKey)
	if err != nil {
		t.Fatal(err)
	}
	public := pem.EncodeToMemory(&pem.Block{Type: "PUBLIC KEY", Bytes: der})
	for _, c := range []struct {
		name, token string
		ok          bool
	}{
		{"RS256", good, true},
		{"RS256 without the name of its key", sign(t, jwt.SigningMethodRS256, rsaKey, with(nil)), true},
		{"PS256", sign(t, jwt.SigningMethodPS256, rsaKey, with(nil), "kid", "rsa"), true},
		{"ES256", sign(t, jwt.SigningMethodES256, ecKey, with(nil), "kid", "ec"), true},
		{"EdDSA", sign(t, jwt.SigningMethodEdDSA, edKey, with(nil), "kid", "ed"), true},
		{"the public key as a shared secret", sign(t, jwt.SigningMethodHS256, public, with(nil), "kid", "rsa"), false},
		{"a published shared secret", sign(t, jwt.SigningMethodHS256, secret, with(nil), "kid", "oct"), false},
		{"another key's name", sign(t, jwt.SigningMethodRS256, rsaKey, with(nil), "kid", "ec"), false},
		{"an unknown key", sign(t, jwt.SigningMethodRS256, rsaKey, with(nil), "kid", "../../secret"), false},
		{"alg none", sign(t, jwt.SigningMethodNone, jwt.UnsafeAllowNoneSignatureType, with(nil), "kid", "rsa"), false},
		{"expired", sign(t, jwt.SigningMethodRS256, rsaKey, with(jwt.MapClaims{"exp": at.Add(-time.Hour).Unix()}), "kid", "rsa"), false},
	} {
		t.Run(c.name, func(t *testing.T) {
			caller, err := g.Token(t.Context(), c.token)
			if c.ok && (err != nil || caller.Owner != "ann") || !c.ok && fault.CodeOf(err) != fault.Unauthorized {
				t.Errorf("%+v %v", caller, err)
			}
		})
	}
}

// A provider that is unavailable at the start is called again when a token arrives.
func TestKeysThatComeLater(t *testing.T) {
	t.Parallel()
	rsaKey, err := rsa.GenerateKey(rand.Reader, 2048)
	if err != nil {
		t.Fatal(err)
	}
	p := newProvider(t)
	p.down = true
	client := &http.Client{Timeout: 5 * time.Second}
	t.Cleanup(client.CloseIdleConnections)
	g := guard(t, auth.Deps{JWKSURL: p.URL, Client: client})
	run(t, g)
	token := sign(t, jwt.SigningMethodRS256, rsaKey, with(nil), "kid", "new")
	// Until Run has begun, the answer asks to retry.
	testenv.Eventually(t, "the guard runs", func() bool {
		return !strings.Contains(g.Check(t.Context()).Error(), "no keys yet")
	})
	p.publish(map[string]string{"kid": "new", "kty": "RSA", "n": b64(rsaKey.N), "e": b64(big.NewInt(int64(rsaKey.E)))})
	if caller, err := g.Token(t.Context(), token); err != nil || caller.Owner != "ann" {
		t.Errorf("%+v %v", caller, err)
	}
	// Tokens with invented key ids cause only an occasional fetch.
	for range 10 {
		if _, err := g.Token(t.Context(), sign(t, jwt.SigningMethodRS256, rsaKey, with(nil), "kid", "made up")); fault.CodeOf(err) != fault.Unauthorized {
			t.Error(err)
		}
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.asked > 3 { // at the start, for the new key, and for the invented ones
		t.Errorf("the keys were fetched %d times", p.asked)
	}
}

func TestNobodyIsToldApart(t *testing.T) {
	t.Parallel()
	g := guard(t, auth.Deps{None: true})
	caller, err := g.Caller(httptest.NewRequest(http.MethodGet, "/", nil))
	if err != nil || caller.Owner != auth.LocalOwner || !caller.Has(auth.RolePriority) || !g.Open() {
		t.Errorf("%+v %v", caller, err)
	}
	if err := g.Run(t.Context()); err != nil {
		t.Error(err)
	}
}

func TestNewRefuses(t *testing.T) {
	t.Parallel()
	for name, d := range map[string]auth.Deps{
		"nothing":        {},
		"a short secret": {Secret: secret[:31]},
		"two ways":       {Secret: secret, JWKSURL: "https://id.example.org/keys"},
		"none and more":  {None: true, Secret: secret},
	} {
		if _, err := auth.New(withDefaults(d)); err == nil {
			t.Error(name)
		}
	}
}

// An operator sees in the log which issuer and audience the provider writes.
func TestAWrongIssuerOrAudienceIsNamed(t *testing.T) {
	t.Parallel()
	g := guard(t, auth.Deps{Secret: secret, Issuer: "https://id.example.org", Audience: "tmd"})
	for name, tt := range map[string]struct {
		claims jwt.MapClaims
		want   string
	}{
		"issuer":   {jwt.MapClaims{"iss": "https://id.example.org/", "aud": "tmd"}, `the token names "https://id.example.org/", and TMD_JWT_ISSUER is "https://id.example.org"`},
		"audience": {jwt.MapClaims{"iss": "https://id.example.org", "aud": []string{"account"}}, `the token names ["account"], and TMD_JWT_AUDIENCE is "tmd"`},
	} {
		_, err := g.Token(t.Context(), sign(t, jwt.SigningMethodHS256, secret, with(tt.claims)))
		if err == nil || !strings.Contains(err.Error(), tt.want) {
			t.Errorf("%s: got %v, want %q", name, err, tt.want)
		}
	}
}
