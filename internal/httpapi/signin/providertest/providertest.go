// Package providertest is an identity provider for tests of one process. It does what the tests need;
// tests/signin signs in with a complete one.
package providertest

import (
	"crypto/rand"
	"crypto/rsa"
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"math/big"
	"net/http"
	"net/http/httptest"
	"net/url"
	"sync"
	"testing"
	"time"

	"github.com/golang-jwt/jwt/v5"
)

// ClientID is the only client.
const ClientID = "trackmydegree"

var signingKey = sync.OnceValues(func() (*rsa.PrivateKey, error) { return rsa.GenerateKey(rand.Reader, 2048) })

// Provider signs every user in, as Subject.
type Provider struct {
	URL string

	mu      sync.Mutex
	Subject string
	Claims  jwt.MapClaims // added to ID tokens
	// RefusesRenewal makes the provider refuse refresh tokens.
	RefusesRenewal bool
	// Outage makes every answer 503.
	Outage   bool
	codes    map[string]url.Values
	refresh  map[string]bool
	Renewals int      // that succeeded
	Revoked  []string // refresh tokens
}

// Start starts a provider that ends with the test.
func Start(t testing.TB) *Provider {
	t.Helper()
	if _, err := signingKey(); err != nil {
		t.Fatal(err)
	}
	p := &Provider{Subject: "ann", codes: map[string]url.Values{}, refresh: map[string]bool{}}
	mux := http.NewServeMux()
	mux.HandleFunc("GET /.well-known/openid-configuration", p.describe)
	mux.HandleFunc("GET /keys", p.listKeys)
	mux.HandleFunc("POST /token", p.issueTokens)
	mux.HandleFunc("POST /revoke", p.revokeToken)
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		p.mu.Lock()
		defer p.mu.Unlock()
		if p.Outage {
			w.WriteHeader(http.StatusServiceUnavailable)
			return
		}
		mux.ServeHTTP(w, r)
	}))
	t.Cleanup(server.Close)
	p.URL = server.URL
	return p
}

// Change changes what the provider does.
func (p *Provider) Change(change func(*Provider)) {
	p.mu.Lock()
	defer p.mu.Unlock()
	change(p)
}

// Authorize is the user who signs in at the address to which the browser was sent. It returns the query with which the
// browser comes back.
func (p *Provider) Authorize(t testing.TB, address string) url.Values {
	t.Helper()
	u, err := url.Parse(address)
	if err != nil {
		t.Fatal(err)
	}
	query := u.Query()
	if u.Path != "/authorize" || query.Get("response_type") != "code" || query.Get("client_id") != ClientID ||
		query.Get("code_challenge_method") != "S256" || query.Get("nonce") == "" || query.Get("state") == "" {
		t.Fatalf("the browser is sent to %s", address)
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	code := rand.Text()
	p.codes[code] = query
	return url.Values{"code": {code}, "state": {query.Get("state")}}
}

func (p *Provider) describe(w http.ResponseWriter, _ *http.Request) {
	writeJSON(w, http.StatusOK, map[string]any{
		"issuer": p.URL, "authorization_endpoint": p.URL + "/authorize", "token_endpoint": p.URL + "/token",
		"jwks_uri": p.URL + "/keys", "end_session_endpoint": p.URL + "/logout", "revocation_endpoint": p.URL + "/revoke",
		"id_token_signing_alg_values_supported": []string{"RS256"},
	})
}

func (p *Provider) listKeys(w http.ResponseWriter, _ *http.Request) {
	key, _ := signingKey()
	encode := base64.RawURLEncoding.EncodeToString
	writeJSON(w, http.StatusOK, map[string]any{"keys": []map[string]string{{
		"kty": "RSA", "kid": "1", "use": "sig", "alg": "RS256", "n": encode(key.N.Bytes()), "e": encode(big.NewInt(int64(key.E)).Bytes()),
	}}})
}

func (p *Provider) issueTokens(w http.ResponseWriter, r *http.Request) {
	nonce := ""
	switch r.PostFormValue("grant_type") {
	case "authorization_code":
		asked, ok := p.codes[r.PostFormValue("code")]
		delete(p.codes, r.PostFormValue("code"))
		sum := sha256.Sum256([]byte(r.PostFormValue("code_verifier")))
		if !ok || base64.RawURLEncoding.EncodeToString(sum[:]) != asked.Get("code_challenge") || r.PostFormValue("redirect_uri") != asked.Get("redirect_uri") {
			writeJSON(w, http.StatusBadRequest, map[string]string{"error": "invalid_grant"})
			return
		}
		nonce = asked.Get("nonce")
	case "refresh_token":
		token := r.PostFormValue("refresh_token")
		if p.RefusesRenewal || !p.refresh[token] {
			writeJSON(w, http.StatusBadRequest, map[string]string{"error": "invalid_grant"})
			return
		}
		delete(p.refresh, token) // each is of use once
		p.Renewals++
	}
	claims := jwt.MapClaims{"iss": p.URL, "aud": ClientID, "sub": p.Subject, "iat": time.Now().Unix(), "exp": time.Now().Add(time.Hour).Unix()}
	if nonce != "" {
		claims["nonce"] = nonce
	}
	for name, value := range p.Claims {
		claims[name] = value
	}
	token := jwt.NewWithClaims(jwt.SigningMethodRS256, claims)
	token.Header["kid"] = "1"
	key, _ := signingKey()
	signed, err := token.SignedString(key)
	if err != nil {
		w.WriteHeader(http.StatusInternalServerError)
		return
	}
	refresh := rand.Text()
	p.refresh[refresh] = true
	writeJSON(w, http.StatusOK, map[string]any{
		"access_token": "opaque", "token_type": "Bearer", "expires_in": 300, "id_token": signed, "refresh_token": refresh,
	})
}

func (p *Provider) revokeToken(w http.ResponseWriter, r *http.Request) {
	delete(p.refresh, r.PostFormValue("token"))
	p.Revoked = append(p.Revoked, r.PostFormValue("token"))
	w.WriteHeader(http.StatusOK)
}

func writeJSON(w http.ResponseWriter, status int, value any) {
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(status)
	_ = json.NewEncoder(w).Encode(value)
}
