package session

import (
	"crypto/aes"
	"crypto/cipher"
	"crypto/hkdf"
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
)

// minSecret is the least length of the secret, in bytes: that of the key that is derived from it.
const minSecret = 32

// errForged says that a text was not sealed by this server for this purpose.
var errForged = errors.New("session: not sealed here")

// sealer encrypts and authenticates the content of cookies: AES-256-GCM with a random nonce. With one key it is safe
// for 2^32 cookies (NIST SP 800-38D, 8.3).
type sealer struct{ aead cipher.AEAD }

func newSealer(secret []byte) (*sealer, error) {
	if len(secret) < minSecret {
		return nil, fmt.Errorf("session: the secret has %d bytes, fewer than %d", len(secret), minSecret)
	}
	key, err := hkdf.Key(sha256.New, secret, nil, "trackmydegree session 1", 32)
	if err != nil {
		return nil, fmt.Errorf("session: %w", err)
	}
	block, err := aes.NewCipher(key)
	if err != nil {
		return nil, fmt.Errorf("session: %w", err)
	}
	aead, err := cipher.NewGCMWithRandomNonce(block)
	if err != nil {
		return nil, fmt.Errorf("session: %w", err)
	}
	return &sealer{aead}, nil
}

// sealValue returns value as text that openValue reads for the same purpose alone.
func (s *sealer) sealValue(purpose string, value any) (string, error) {
	b, err := json.Marshal(value)
	if err != nil {
		return "", fmt.Errorf("session: %w", err)
	}
	return base64.RawURLEncoding.EncodeToString(s.aead.Seal(nil, nil, b, []byte(purpose))), nil
}

func (s *sealer) openValue(purpose, text string, into any) error {
	b, err := base64.RawURLEncoding.Strict().DecodeString(text)
	if err != nil {
		return errForged
	}
	if b, err = s.aead.Open(nil, nil, b, []byte(purpose)); err != nil {
		return errForged
	}
	return json.Unmarshal(b, into)
}
