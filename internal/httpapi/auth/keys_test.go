package auth_test

import (
	"bytes"
	"context"
	"crypto/rand"
	"crypto/rsa"
	"errors"
	"fmt"
	"log/slog"
	"math/big"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/golang-jwt/jwt/v5"

	"github.com/trackmydegree/trackmydegree/internal/fault"
	"github.com/trackmydegree/trackmydegree/internal/httpapi/auth"
	"github.com/trackmydegree/trackmydegree/internal/testenv"
)

// startProvider returns a provider, a client of its own, and a key with its published form.
func startProvider(t *testing.T) (*provider, *http.Client, *rsa.PrivateKey, map[string]string) {
	t.Helper()
	key, err := rsa.GenerateKey(rand.Reader, 2048)
	if err != nil {
		t.Fatal(err)
	}
	client := &http.Client{Timeout: 5 * time.Second}
	t.Cleanup(client.CloseIdleConnections)
	return newProvider(t), client, key, map[string]string{"kid": "good", "kty": "RSA", "use": "sig", "alg": "RS256", "n": b64(key.N), "e": b64(big.NewInt(int64(key.E)))}
}

// Identity providers publish keys that this program cannot use. A usable key works next to each of them.
func TestOneBadKeySpoilsNoOther(t *testing.T) {
	t.Parallel()
	for name, bad := range map[string]map[string]string{
		"an unknown kind":           {"kid": "x", "kty": "AKP", "alg": "ML-DSA-44", "pub": "AAAA"},
		"an unknown curve":          {"kid": "x", "kty": "EC", "crv": "secp256k1", "x": "AAAA", "y": "AAAA"},
		"an unknown algorithm":      {"kid": "x", "kty": "RSA", "alg": "RS1024", "n": "AQAB", "e": "AQAB"},
		"a shared secret":           {"kid": "x", "kty": "oct", "k": "AAAA"},
		"numbers that are none":     {"kid": "x", "kty": "RSA", "n": "!", "e": "?"},
		"no kind at all":            {"kid": "x"},
		"the same id to encrypt to": {"kid": "good", "kty": "RSA", "use": "enc", "alg": "RSA-OAEP", "n": "AQAB", "e": "AQAB"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			p, client, key, good := startProvider(t)
			p.publish(bad, good)
			g := guard(t, auth.Deps{JWKSURL: p.URL, Client: client})
			run(t, g)
			testenv.Eventually(t, "the keys are known", func() bool { return g.Check(t.Context()) == nil })
			if caller, err := g.Token(t.Context(), sign(t, jwt.SigningMethodRS256, key, with(nil), "kid", "good")); err != nil || caller.Owner != "ann" {
				t.Errorf("got %+v, %v; want ann", caller, err)
			}
		})
	}
}

// A provider that starts after the API is polled: a pod that is not ready receives no token that could cause a fetch.
func TestKeysAreFetchedUntilThereAreSome(t *testing.T) {
	t.Parallel()
	p, client, _, good := startProvider(t)
	p.down = true
	g := guard(t, auth.Deps{JWKSURL: p.URL, Client: client})
	run(t, g)
	testenv.Eventually(t, "the provider was asked", func() bool {
		p.mu.Lock()
		defer p.mu.Unlock()
		return p.asked > 0
	})
	p.publish(good)
	testenv.Eventually(t, "the keys are known", func() bool { return g.Check(t.Context()) == nil })
}

// An answer without keys, and an outage, do not change the known keys.
func TestKnownKeysStay(t *testing.T) {
	t.Parallel()
	p, client, key, good := startProvider(t)
	p.publish(good)
	g := guard(t, auth.Deps{JWKSURL: p.URL, Client: client})
	run(t, g)
	testenv.Eventually(t, "the keys are known", func() bool { return g.Check(t.Context()) == nil })
	p.mu.Lock()
	p.keys, p.asked = nil, 0
	p.mu.Unlock()
	// A token with an unknown key id causes a fetch.
	_, err := g.Token(t.Context(), sign(t, jwt.SigningMethodRS256, key, with(nil), "kid", "rotated"))
	if fault.CodeOf(err) != fault.Unauthorized {
		t.Errorf("an unknown key: got %v, want unauthorized", err)
	}
	p.mu.Lock()
	asked := p.asked
	p.mu.Unlock()
	if asked != 1 {
		t.Errorf("fetches for an unknown key: got %d, want 1", asked)
	}
	if g.Check(t.Context()) != nil {
		t.Error("not ready after an answer without keys")
	}
	if caller, err := g.Token(t.Context(), sign(t, jwt.SigningMethodRS256, key, with(nil), "kid", "good")); err != nil || caller.Owner != "ann" {
		t.Errorf("got %+v, %v; want ann", caller, err)
	}
}

// While no key is known, a token may be valid: the answer asks to retry, so that the client keeps the token.
func TestWithoutKeysATokenIsNotRefused(t *testing.T) {
	t.Parallel()
	p, client, key, _ := startProvider(t)
	p.down = true
	g := guard(t, auth.Deps{JWKSURL: p.URL, Client: client})
	run(t, g)
	testenv.Eventually(t, "the first fetch has failed", func() bool { return !strings.Contains(fmt.Sprint(g.Check(t.Context())), "yet") })
	for range 2 { // with a fetch of its own, and without
		if _, err := g.Token(t.Context(), sign(t, jwt.SigningMethodRS256, key, with(nil), "kid", "good")); fault.CodeOf(err) != fault.Timeout {
			t.Errorf("got %v, want %s", err, fault.Timeout)
		}
	}
}

// The log shows an operator why no caller can be authenticated.
func TestFetchFailuresAreLogged(t *testing.T) {
	t.Parallel()
	p, client, _, _ := startProvider(t)
	p.down = true
	var log lockedBuffer
	g := guard(t, auth.Deps{JWKSURL: p.URL, Client: client, Logger: slog.New(slog.NewTextHandler(&log, nil))})
	run(t, g)
	testenv.Eventually(t, "the failure is logged", func() bool { return strings.Contains(log.String(), "502") })
}

// A fetch in the background may last longer than an answer. A request with an unknown key does not wait for its end.
func TestRequestsDoNotWaitForASlowFetch(t *testing.T) {
	t.Parallel()
	_, _, key, _ := startProvider(t)
	slow := make(chan struct{}, 1)
	var asked atomic.Int32
	client := &http.Client{Transport: roundTripper(func(r *http.Request) (*http.Response, error) {
		if asked.Add(1) > 1 {
			slow <- struct{}{}
			<-r.Context().Done()
		}
		return nil, errors.New("no provider")
	})}
	var log lockedBuffer
	g := guard(t, auth.Deps{JWKSURL: "http://127.0.0.1:1", Client: client, Logger: slog.New(slog.NewTextHandler(&log, nil))})
	run(t, g)
	testenv.Eventually(t, "the first fetch has failed", func() bool { return !strings.Contains(fmt.Sprint(g.Check(t.Context())), "yet") })
	run(t, g) // the second fetch begins at once
	<-slow

	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	got := make(chan error, 1)
	token := sign(t, jwt.SigningMethodRS256, key, with(nil), "kid", "rotated")
	go func() {
		_, err := g.Token(ctx, token)
		got <- err
	}()
	var err error
	testenv.Eventually(t, "the request is answered", func() bool {
		select {
		case err = <-got:
			return true
		default:
			return false
		}
	})
	if fault.CodeOf(err) != fault.Timeout {
		t.Errorf("got %v, want %s", err, fault.Timeout)
	}
	if got := strings.Count(log.String(), "cannot be fetched"); got != 1 {
		t.Errorf("logged failures: got %d, want the first fetch's alone:\n%s", got, log.String())
	}
}

type roundTripper func(*http.Request) (*http.Response, error)

func (f roundTripper) RoundTrip(r *http.Request) (*http.Response, error) { return f(r) }

// lockedBuffer is a log that several goroutines write.
type lockedBuffer struct {
	mu sync.Mutex
	b  bytes.Buffer
}

func (l *lockedBuffer) Write(p []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.b.Write(p)
}

func (l *lockedBuffer) String() string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.b.String()
}

// What answers at the address decides whether a process starts: a wrong address stops it, an outage does not.
func TestCheckProvider(t *testing.T) {
	t.Parallel()
	for name, tt := range map[string]struct {
		status int
		body   string
		want   string
	}{
		"no such page":    {http.StatusNotFound, "", "404"},
		"a web page":      {http.StatusOK, "<html></html>", "no key set"},
		"the description": {http.StatusOK, `{"issuer":"x","jwks_uri":"https://id/keys"}`, "names as jwks_uri"},
		"another object":  {http.StatusOK, `{"status":"ok"}`, "it has no keys"},
		"no keys yet":     {http.StatusOK, `{"keys":[]}`, ""},
		"an outage":       {http.StatusServiceUnavailable, "<html></html>", ""},
		"too many":        {http.StatusTooManyRequests, "", ""},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
				w.WriteHeader(tt.status)
				_, _ = w.Write([]byte(tt.body))
			}))
			t.Cleanup(server.Close)
			g := guard(t, auth.Deps{JWKSURL: server.URL, Client: server.Client()})
			ctx, cancel := context.WithTimeout(t.Context(), 200*time.Millisecond)
			defer cancel()
			err := g.CheckProvider(ctx)
			if (err == nil) != (tt.want == "") || err != nil && !strings.Contains(err.Error(), tt.want) {
				t.Errorf("got %v, want %q", err, tt.want)
			}
		})
	}
}

// RFC 7518, 3.3: a key of fewer than 2048 bits may not be used.
func TestAShortKeyIsSkipped(t *testing.T) {
	t.Parallel()
	p, client, key, good := startProvider(t)
	short := new(big.Int).SetBit(new(big.Int).Rsh(key.N, 1024), 0, 1)
	p.publish(map[string]string{"kid": "short", "kty": "RSA", "alg": "RS256", "n": b64(short), "e": "AQAB"})
	var lines bytes.Buffer
	g := guard(t, auth.Deps{JWKSURL: p.URL, Client: client, Logger: slog.New(slog.NewTextHandler(&lines, nil))})
	if err := g.CheckProvider(t.Context()); err != nil || g.Check(t.Context()) == nil {
		t.Errorf("got %v and usable keys, want neither an error nor keys", err)
	}
	if !strings.Contains(lines.String(), "shorter than 2048 bits") {
		t.Errorf("got the log %q, want the reason", lines.String())
	}
	p.publish(good)
	if err := g.CheckProvider(t.Context()); err != nil || g.Check(t.Context()) != nil {
		t.Errorf("got %v, want the other key", err)
	}
}
