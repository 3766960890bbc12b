package httpserver

import (
	"net/http"
	"strings"

	"github.com/google/uuid"

	"github.com/trackmydegree/trackmydegree/internal/fault"
	"github.com/trackmydegree/trackmydegree/internal/problem"
)

// maxRequestID bounds the ids that are taken from a proxy, in bytes.
const maxRequestID = 64

// RequestIDs gives each request an id, in its context and in the answer's X-Request-Id. The id of a proxy in front is
// kept when it is short and made of letters, digits, "-", "_" and ".": it is written into logs.
func RequestIDs(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		id := r.Header.Get(problem.RequestIDHeader)
		if !isPlainID(id) {
			id = uuid.NewString()
		}
		w.Header().Set(problem.RequestIDHeader, id)
		next.ServeHTTP(w, r.WithContext(problem.WithRequestID(r.Context(), id)))
	})
}

func isPlainID(id string) bool {
	if id == "" || len(id) > maxRequestID {
		return false
	}
	for _, c := range []byte(id) {
		switch {
		case c >= 'a' && c <= 'z', c >= 'A' && c <= 'Z', c >= '0' && c <= '9', c == '-', c == '_', c == '.':
		default:
			return false
		}
	}
	return true
}

// CheckContentEncoding returns unsupported_kind for a request whose body is encoded, such as by gzip. No server decodes
// one: a few bytes could expand beyond any memory.
func CheckContentEncoding(r *http.Request) error {
	for _, list := range r.Header.Values("Content-Encoding") {
		for coding := range strings.SplitSeq(list, ",") {
			if c := strings.TrimSpace(coding); c != "" && !strings.EqualFold(c, "identity") {
				return fault.WithDetail(fault.UnsupportedKind, "The body is compressed. Send it as it is, without Content-Encoding.")
			}
		}
	}
	return nil
}
