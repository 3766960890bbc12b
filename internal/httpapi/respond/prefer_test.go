package respond_test

import (
	"net/http"
	"net/http/httptest"
	"testing"

	"github.com/trackmydegree/trackmydegree/internal/httpapi/respond"
)

func TestPrefersMinimal(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		name    string
		headers []string
		want    bool
	}{
		{"none", nil, false},
		{"minimal", []string{"return=minimal"}, true},
		{"representation", []string{"return=representation"}, false},
		{"quoted, among others", []string{`respond-async, Return = "minimal"; foo, wait=10`}, true},
		{"in a second header", []string{"wait=10", "return=minimal"}, true},
		{"the first of two holds", []string{"return=representation, return=minimal"}, false},
		{"another value", []string{"return=least"}, false},
		{"another preference", []string{"minimal"}, false},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			r := httptest.NewRequest(http.MethodPatch, "/", nil)
			for _, h := range tt.headers {
				r.Header.Add("Prefer", h)
			}
			w := httptest.NewRecorder()
			if got := respond.PrefersMinimal(w, r); got != tt.want {
				t.Errorf("got %v, want %v", got, tt.want)
			}
			if applied := w.Header().Get("Preference-Applied") == "return=minimal"; applied != tt.want || w.Header().Get("Vary") != "Prefer" {
				t.Errorf("headers %v, want the preference applied: %v", w.Header(), tt.want)
			}
		})
	}
}
