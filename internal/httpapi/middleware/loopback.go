package middleware

import (
	"net"
	"net/http"
	"net/netip"

	"github.com/trackmydegree/trackmydegree/internal/fault"
	"github.com/trackmydegree/trackmydegree/internal/httpapi/respond"
)

// RestrictToLoopback protects an API that requires no token from the web pages that its user visits. A page can send
// requests to loopback under its own name, which then resolves to 127.0.0.1 (visible in Host), or across origins.
func RestrictToLoopback(origins []string) func(http.Handler) http.Handler {
	protection := http.NewCrossOriginProtection()
	for _, o := range origins {
		_ = protection.AddTrustedOrigin(o) // the settings refuse a malformed origin; here it is not trusted
	}
	refusal := fault.WithDetail(fault.Forbidden, "This API serves its own machine only. Open it at http://127.0.0.1.")
	return func(next http.Handler) http.Handler {
		return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			if !isLoopback(r.Host) || protection.Check(r) != nil {
				respond.WriteError(w, r, refusal)
				return
			}
			next.ServeHTTP(w, r)
		})
	}
}

// isLoopback reports whether a Host header names this machine.
func isLoopback(host string) bool {
	if h, _, err := net.SplitHostPort(host); err == nil {
		host = h
	}
	if host == "localhost" {
		return true
	}
	ip, err := netip.ParseAddr(trimBrackets(host))
	return err == nil && ip.IsLoopback()
}

// trimBrackets removes the brackets around an IPv6 address.
func trimBrackets(host string) string {
	if len(host) > 1 && host[0] == '[' && host[len(host)-1] == ']' {
		return host[1 : len(host)-1]
	}
	return host
}
