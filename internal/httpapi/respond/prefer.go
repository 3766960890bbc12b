package respond

import (
	"net/http"
	"strings"
)

// PrefersMinimal reports whether the client asks for an answer without the full representation: "Prefer:
// return=minimal" (RFC 7240, section 4.2). The answer then says that the preference was applied.
func PrefersMinimal(w http.ResponseWriter, r *http.Request) bool {
	w.Header().Add("Vary", "Prefer")
	for _, header := range r.Header["Prefer"] {
		for preference := range strings.SplitSeq(header, ",") {
			name, value, _ := strings.Cut(strings.TrimSpace(preference), "=")
			value, _, _ = strings.Cut(value, ";")
			if !strings.EqualFold(strings.TrimSpace(name), "return") {
				continue
			}
			// Of several values the first holds (RFC 7240, section 2).
			if strings.Trim(strings.TrimSpace(value), `"`) != "minimal" {
				return false
			}
			w.Header().Set("Preference-Applied", "return=minimal")
			return true
		}
	}
	return false
}
