package respond

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"net/http"
	"strconv"
	"strings"

	"github.com/klauspost/compress/gzip"

	"github.com/trackmydegree/trackmydegree/internal/httpapi/gzipjoin"
	"github.com/trackmydegree/trackmydegree/internal/resultcodec"
)

// WriteGzip answers with before + the text of member + after. member is one gzip member, as package resultcodec writes
// it. A client that accepts gzip receives the compressed bytes as they are stored, whatever their size.
func WriteGzip(w http.ResponseWriter, r *http.Request, status int, before, member, after []byte) error {
	h := w.Header()
	h.Add("Vary", "Accept-Encoding")
	if h.Get("Content-Type") == "" {
		h.Set("Content-Type", TypeJSON)
	}
	if acceptsGzip(r) {
		joined, err := gzipjoin.Around(before, member, after)
		if err == nil {
			h.Set("Content-Encoding", "gzip")
			h.Set("Content-Length", strconv.Itoa(joined.Len()))
			w.WriteHeader(status)
			_, _ = joined.WriteTo(w) // a client that disconnected needs no answer
			return nil
		}
		if !errors.Is(err, gzipjoin.ErrForm) {
			return err
		}
		// Another version of resultcodec wrote it: send it uncompressed.
	}
	return writeUncompressed(w, status, before, member, after)
}

func writeUncompressed(w http.ResponseWriter, status int, before, member, after []byte) error {
	z, err := gzip.NewReader(bytes.NewReader(member))
	if err != nil {
		return fmt.Errorf("open the stored result: %w", err)
	}
	size, err := gzipjoin.PlainSize(member)
	if err != nil {
		return err
	}
	if size > resultcodec.MaxJSON {
		return resultcodec.ErrTooLarge
	}
	w.Header().Set("Content-Length", strconv.Itoa(len(before)+size+len(after)))
	w.WriteHeader(status)
	_, _ = w.Write(before)
	// Damage that is found here truncates the answer, which its length reveals.
	if _, err := io.CopyN(w, z, int64(size)); err == nil {
		_, _ = w.Write(after)
	}
	return nil
}

// acceptsGzip reports whether Accept-Encoding names gzip, or *, with a weight other than 0 (RFC 9110, 12.5.3).
func acceptsGzip(r *http.Request) bool {
	wildcard := false
	for _, header := range r.Header["Accept-Encoding"] {
		for coding := range strings.SplitSeq(header, ",") {
			name, weight, _ := strings.Cut(coding, ";")
			accepted := !isZeroWeight(weight)
			switch strings.ToLower(strings.TrimSpace(name)) {
			case "gzip", "x-gzip":
				return accepted
			case "*":
				wildcard = accepted
			}
		}
	}
	return wildcard
}

// isZeroWeight reports whether a weight such as "q=0.000" is 0.
func isZeroWeight(weight string) bool {
	q, ok := strings.CutPrefix(strings.ToLower(strings.TrimSpace(weight)), "q=")
	if !ok {
		return false
	}
	f, err := strconv.ParseFloat(q, 64)
	return err == nil && f == 0
}
