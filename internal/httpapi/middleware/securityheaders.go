package middleware

import (
	"net/http"
	"strconv"
	"time"
)

// All answers share the values; they must not be appended to.
var (
	nosniff        = []string{"nosniff"}
	noReferrer     = []string{"no-referrer"}
	nothingAllowed = []string{"default-src 'none'; frame-ancestors 'none'"}
	noDevices      = []string{"camera=(), display-capture=(), geolocation=(), microphone=(), payment=(), publickey-credentials-get=(), usb=()"}
	sameOrigin     = []string{"same-origin"}
)

// SecurityHeaders forbids browsers to guess types, to frame or embed answers, and to send the page's address to
// others. The application's page sets a looser policy of its own. tlsOnly above 0 sets how long browsers use TLS
// only.
func SecurityHeaders(tlsOnly time.Duration) func(http.Handler) http.Handler {
	var transport []string
	if tlsOnly > 0 {
		transport = []string{"max-age=" + strconv.FormatInt(int64(tlsOnly/time.Second), 10)}
	}
	return func(next http.Handler) http.Handler {
		return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			h := w.Header()
			h["X-Content-Type-Options"] = nosniff
			h["Referrer-Policy"] = noReferrer
			h["Content-Security-Policy"] = nothingAllowed
			h["Permissions-Policy"] = noDevices
			// Origins of the list use CORS, which these two do not affect.
			h["Cross-Origin-Opener-Policy"] = sameOrigin
			h["Cross-Origin-Resource-Policy"] = sameOrigin
			if transport != nil {
				h["Strict-Transport-Security"] = transport
			}
			next.ServeHTTP(w, r)
		})
	}
}
