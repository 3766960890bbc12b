package auth

import (
	"context"
	"crypto/rsa"
	"crypto/tls"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"sync/atomic"
	"time"

	"github.com/MicahParks/jwkset"
	"github.com/golang-jwt/jwt/v5"
	"golang.org/x/time/rate"

	"github.com/trackmydegree/trackmydegree/internal/budget"
)

const (
	// Known keys are fetched again this often.
	refreshEvery = 15 * time.Minute
	// Without any key they are fetched this often: an API without keys can serve no request.
	firstKeysEvery = 3 * time.Second
	// A token that names an unknown key causes a fetch at most this often, whatever key ids clients invent.
	unknownKeyEvery = 10 * time.Second
	// unknownKeyWait is how long a request waits for such a fetch: less than an answer may take.
	unknownKeyWait = budget.IdentityKeyWait
	maxKeySet      = 1 << 20 // bytes; providers publish some KiB
	// minRSAKey is the shortest key, in bytes, for RS256 and its kin (RFC 7518, 3.3).
	minRSAKey = 2048 / 8
	// providerPause is the pause between two looks at a provider whose answer is no key set.
	providerPause = time.Second
)

// errNoKeys is the state before the first fetch has ended.
var errNoKeys = errors.New("auth: no keys yet")

// publishedKey is one usable public key of an identity provider.
type publishedKey struct {
	id, algorithm string // empty: not published
	key           any    // *rsa.PublicKey, *ecdsa.PublicKey or ed25519.PublicKey
}

// keySet holds the keys that an identity provider publishes. It is safe for concurrent use.
type keySet struct {
	url     string
	client  *http.Client
	logger  *slog.Logger
	limiter *rate.Limiter

	fetching chan struct{} // holds a value during a fetch: one at a time
	fetched  atomic.Bool
	keys     atomic.Pointer[[]publishedKey]
}

func newKeySet(url string, client *http.Client, logger *slog.Logger) *keySet {
	return &keySet{
		url: url, client: client, logger: logger,
		limiter: rate.NewLimiter(rate.Every(unknownKeyEvery), 1), fetching: make(chan struct{}, 1),
	}
}

// run keeps the keys current until ctx ends. Keys that the check of the start has fetched are not fetched
// again at once.
func (s *keySet) run(ctx context.Context) {
	for known := len(s.current()) > 0; ; known = false {
		if !known {
			s.refreshKeys(ctx)
		}
		wait := firstKeysEvery
		if len(s.current()) > 0 {
			wait = refreshEvery
		}
		select {
		case <-time.After(wait):
		case <-ctx.Done():
			return
		}
	}
}

// current returns the known keys, which are immutable.
func (s *keySet) current() []publishedKey {
	if keys := s.keys.Load(); keys != nil {
		return *keys
	}
	return nil
}

// check returns an error while no key is known. Keys that were known once stay known while the provider is unavailable.
func (s *keySet) check() error {
	switch {
	case len(s.current()) > 0:
		return nil
	case !s.fetched.Load():
		return errNoKeys
	}
	return errors.New("auth: the identity provider's keys are not known")
}

// findKeys returns the keys that may have signed the token: those of its key id, or all when it names none. An
// unknown key id causes an occasional fetch.
func (s *keySet) findKeys(ctx context.Context, token *jwt.Token) (jwt.VerificationKeySet, error) {
	found := s.matchKeys(token)
	if len(found.Keys) == 0 && s.fetched.Load() && s.limiter.Allow() {
		ctx, cancel := context.WithTimeout(ctx, unknownKeyWait)
		defer cancel()
		s.refreshKeys(ctx)
		found = s.matchKeys(token)
	}
	if len(found.Keys) == 0 {
		return found, errors.New("no published key matches the token's key id and algorithm")
	}
	return found, nil
}

func (s *keySet) matchKeys(token *jwt.Token) jwt.VerificationKeySet {
	var found jwt.VerificationKeySet
	id, named := token.Header["kid"].(string)
	for _, k := range s.current() {
		if named && k.id != id || k.algorithm != "" && k.algorithm != token.Method.Alg() {
			continue
		}
		found.Keys = append(found.Keys, k.key)
	}
	return found
}

// refreshKeys fetches the keys and logs a failure. While another fetch runs it waits, but not longer than ctx: the
// other fetch logs its own failure.
func (s *keySet) refreshKeys(ctx context.Context) {
	select {
	case s.fetching <- struct{}{}:
	case <-ctx.Done():
		return
	}
	defer func() { <-s.fetching }()
	if err := s.fetchKeys(ctx); err != nil && !errors.Is(ctx.Err(), context.Canceled) {
		s.logger.WarnContext(ctx, "the identity provider's keys cannot be fetched", "error", err)
	}
	s.fetched.Store(true)
}

// fetchKeys asks the provider. An answer without a usable key never replaces known keys.
func (s *keySet) fetchKeys(ctx context.Context) error {
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, s.url, nil)
	if err != nil {
		return err
	}
	res, err := s.client.Do(req)
	if err != nil {
		return err
	}
	defer res.Body.Close()
	if res.StatusCode != http.StatusOK {
		return &answerError{fmt.Sprintf("the answer is %s", res.Status), isWrongAddress(res.StatusCode)}
	}
	keys, err := s.readKeys(ctx, io.LimitReader(res.Body, maxKeySet))
	if err != nil {
		return err
	}
	if len(keys) == 0 {
		return errors.New("the answer holds no key that can verify a token")
	}
	s.keys.Store(&keys)
	return nil
}

// readKeys reads a JWK set (RFC 7517, 5) and skips the keys that cannot verify tokens here, so that an unsupported
// key does not invalidate the others. It skips symmetric keys: a provider that publishes one has published a secret.
func (s *keySet) readKeys(ctx context.Context, body io.Reader) ([]publishedKey, error) {
	var set struct {
		Keys    []json.RawMessage `json:"keys"`
		JWKSURI string            `json:"jwks_uri"`
	}
	switch err := json.NewDecoder(body).Decode(&set); {
	case errors.As(err, new(*json.SyntaxError)), errors.As(err, new(*json.UnmarshalTypeError)):
		return nil, &answerError{"the answer is no key set, which is JSON with keys", true}
	case err != nil:
		return nil, fmt.Errorf("the answer is no key set: %w", err)
	case set.JWKSURI != "":
		return nil, &answerError{"the answer is the description of the provider", true}
	case set.Keys == nil:
		return nil, &answerError{"the answer is no key set: it has no keys", true}
	}
	var keys []publishedKey
	for i, raw := range set.Keys {
		jwk, err := jwkset.NewJWKFromRawJSON(raw, jwkset.JWKMarshalOptions{}, jwkset.JWKValidateOptions{SkipAll: true})
		if err != nil {
			s.logger.InfoContext(ctx, "a key of the identity provider is skipped", "position", i, "error", err)
			continue
		}
		if rsaKey, ok := jwk.Key().(*rsa.PublicKey); ok && rsaKey.Size() < minRSAKey {
			s.logger.WarnContext(ctx, "a key of the identity provider is skipped: it is shorter than 2048 bits", "position", i)
			continue
		}
		m := jwk.Marshal()
		if _, symmetric := jwk.Key().([]byte); symmetric || m.USE == jwkset.UseEnc {
			continue
		}
		keys = append(keys, publishedKey{id: m.KID, algorithm: string(m.ALG), key: jwk.Key()})
	}
	return keys, nil
}

// answerError is an answer of the provider that is no key set.
type answerError struct {
	problem string
	final   bool // the address is wrong, and no waiting changes it
}

func (e *answerError) Error() string { return e.problem }

// isWrongAddress reports whether a status says that no keys are published at an address. A gateway answers with others
// while the provider starts.
func isWrongAddress(status int) bool {
	switch status {
	case http.StatusRequestTimeout, http.StatusTooEarly, http.StatusTooManyRequests:
		return false
	}
	return status >= http.StatusBadRequest && status < http.StatusInternalServerError
}

// checkAddress fetches the keys. It returns an error when the address is wrong: until ctx ends, every answer was one
// that no waiting changes. The proxy in front of a provider may answer so for a moment while both start.
func (s *keySet) checkAddress(ctx context.Context) error {
	for {
		err := s.fetchKeys(ctx)
		var (
			answer    *answerError
			untrusted *tls.CertificateVerificationError
		)
		wrong := errors.As(err, &answer) && answer.final || errors.As(err, &untrusted)
		if !wrong {
			return nil
		}
		select {
		case <-time.After(providerPause):
		case <-ctx.Done():
			return err
		}
	}
}
