package respond

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"

	"github.com/klauspost/compress/gzip"
)

// CompressedResponse is a response in the form in which a cache stores it: a tag of tagSize bytes, then the text as one
// gzip member.
type CompressedResponse []byte

// tagSize is the length of the tag: the beginning of the SHA-256 of the text.
const tagSize = 16

// CompressJSON makes a response of v.
func CompressJSON(v any) (CompressedResponse, error) {
	text, err := json.Marshal(v)
	if err != nil {
		return nil, err
	}
	return CompressText(text)
}

// CompressText makes a response of text.
func CompressText(text []byte) (CompressedResponse, error) {
	return compressText(text, gzip.DefaultCompression)
}

// CompressFile makes a response of a text that is compressed once and served often: it takes longer and is smaller.
func CompressFile(text []byte) (CompressedResponse, error) {
	return compressText(text, gzip.BestCompression)
}

func compressText(text []byte, level int) (CompressedResponse, error) {
	sum := sha256.Sum256(text)
	var b bytes.Buffer
	b.Write(sum[:tagSize])
	w, err := gzip.NewWriterLevel(&b, level)
	if err != nil {
		return nil, fmt.Errorf("compress a response: %w", err)
	}
	if _, err := w.Write(text); err != nil {
		return nil, fmt.Errorf("compress a response: %w", err)
	}
	if err := w.Close(); err != nil {
		return nil, fmt.Errorf("compress a response: %w", err)
	}
	return b.Bytes(), nil
}

// WriteResponse answers with c, or 304 to a client that has it.
func (c CompressedResponse) WriteResponse(w http.ResponseWriter, r *http.Request) error {
	if len(c) <= tagSize {
		return errors.New("a stored response is too short")
	}
	if SetETag(w, r, hex.EncodeToString(c[:tagSize]), true) {
		return WriteNotModified(w)
	}
	return WriteGzip(w, r, http.StatusOK, nil, c[tagSize:], nil)
}
