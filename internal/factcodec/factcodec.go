// Package factcodec encrypts the facts of a document for the time in which their job waits for a degree. They hold
// grades, and Redis and the store of uploads write what they are given to disks and into backups.
//
// The form is a version byte, a nonce, and the gzip of JSON under AES-256-GCM. The id of the job is authenticated with
// it, so that the facts of one job cannot be put into another.
package factcodec

import (
	"bytes"
	"compress/gzip"
	"crypto/aes"
	"crypto/cipher"
	"crypto/hkdf"
	"crypto/sha256"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"time"

	"github.com/trackmydegree/trackmydegree/internal/document"
	"github.com/trackmydegree/trackmydegree/internal/job"
)

const (
	version1 = 1
	keySize  = 32 // AES-256
	// maxPlain bounds the JSON of facts, in bytes. A document has at most 200,000 characters.
	maxPlain = 8 << 20
	// purpose separates the key from others that are derived from the same secret.
	purpose = "trackmydegree facts 1"
)

// ErrSealed says that bytes are no facts of the job under this key.
var ErrSealed = errors.New("factcodec: not the facts of this job, or another key")

// Codec encrypts facts and decrypts them. It is safe for concurrent use.
type Codec struct{ aead cipher.AEAD }

// New returns the codec of a secret, which every process that shares the jobs has. The secret is of any length and not
// empty; the key is derived from it with HKDF-SHA-256 (RFC 5869).
func New(secret []byte) (*Codec, error) {
	if len(secret) == 0 {
		return nil, errors.New("factcodec: no secret")
	}
	key, err := hkdf.Key(sha256.New, secret, nil, purpose, keySize)
	if err != nil {
		return nil, fmt.Errorf("factcodec: key: %w", err)
	}
	block, err := aes.NewCipher(key)
	if err != nil {
		return nil, fmt.Errorf("factcodec: key: %w", err)
	}
	aead, err := cipher.NewGCMWithRandomNonce(block)
	if err != nil {
		return nil, fmt.Errorf("factcodec: key: %w", err)
	}
	return &Codec{aead}, nil
}

// facts is what is encrypted.
type facts struct {
	Until    time.Time         `json:"until"`
	Document document.Document `json:"document"`
}

// Seal encrypts the facts of a job, which may be used until a time.
func (c *Codec) Seal(id job.ID, doc document.Document, until time.Time) ([]byte, error) {
	var plain bytes.Buffer
	z := gzip.NewWriter(&plain)
	err := errors.Join(json.NewEncoder(z).Encode(facts{until, doc}), z.Close())
	if err != nil {
		return nil, fmt.Errorf("factcodec: seal: %w", err)
	}
	return c.aead.Seal([]byte{version1}, nil, plain.Bytes(), []byte(id)), nil
}

// Open decrypts the facts of a job, and returns until when they may be used. Anything that Seal did not return for the
// job is ErrSealed.
func (c *Codec) Open(id job.ID, sealed []byte) (document.Document, time.Time, error) {
	if len(sealed) == 0 || sealed[0] != version1 {
		return document.Document{}, time.Time{}, ErrSealed
	}
	packed, err := c.aead.Open(nil, nil, sealed[1:], []byte(id))
	if err != nil {
		return document.Document{}, time.Time{}, ErrSealed
	}
	return decodeFacts(packed)
}

// decodeFacts reads the gzip of facts as JSON, at most maxPlain bytes of it.
func decodeFacts(packed []byte) (document.Document, time.Time, error) {
	z, err := gzip.NewReader(bytes.NewReader(packed))
	if err != nil {
		return document.Document{}, time.Time{}, ErrSealed
	}
	plain, err := io.ReadAll(io.LimitReader(z, maxPlain+1))
	if err != nil || len(plain) > maxPlain {
		return document.Document{}, time.Time{}, ErrSealed
	}
	var f facts
	if err := json.Unmarshal(plain, &f); err != nil { // the text of err may quote what it read
		return document.Document{}, time.Time{}, ErrSealed
	}
	return f.Document, f.Until, nil
}
