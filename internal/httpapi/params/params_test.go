package params_test

import (
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/trackmydegree/trackmydegree/internal/fault"
	"github.com/trackmydegree/trackmydegree/internal/httpapi/params"
)

func TestPageLimit(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		query string
		want  int
		code  fault.Code
	}{
		{"", 0, ""}, {"limit=1", 1, ""}, {"limit=50", 50, ""}, {"limit=0", 0, fault.BadRequest}, {"limit=51", 0, fault.BadRequest},
		{"limit=", 0, fault.BadRequest}, {"limit=x", 0, fault.BadRequest},
	} {
		t.Run("?"+tt.query, func(t *testing.T) {
			t.Parallel()
			query, err := url.ParseQuery(tt.query)
			if err != nil {
				t.Fatal(err)
			}
			if got, err := params.PageLimit(query, 50); got != tt.want || fault.CodeOf(err) != tt.code {
				t.Errorf("got %d and %v, want %d and %q", got, err, tt.want, tt.code)
			}
		})
	}
}

func TestParseAge(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		value string
		want  time.Duration
		code  fault.Code
	}{{"", 0, ""}, {"90m", 90 * time.Minute, ""}, {"0s", 0, fault.BadRequest}, {"-1h", 0, fault.BadRequest}, {"tomorrow", 0, fault.BadRequest}} {
		t.Run("age "+tt.value, func(t *testing.T) {
			t.Parallel()
			if got, err := params.ParseAge("olderThan", tt.value); got != tt.want || fault.CodeOf(err) != tt.code {
				t.Errorf("got %v and %v, want %v and %q", got, err, tt.want, tt.code)
			}
		})
	}
}

func TestReadJSON(t *testing.T) {
	t.Parallel()
	const limit = 2 << 10
	for _, tt := range []struct {
		name, contentType, body string
		length                  int64 // announced; 0: as long as the body
		code                    fault.Code
	}{
		{"JSON", "application/json; charset=utf-8", `{"a":1}`, 0, ""},
		{"at the limit", "application/json", strings.Repeat(" ", limit), 0, ""},
		{"beyond the limit", "application/json", strings.Repeat(" ", limit+1), -1, fault.TooLarge},
		{"announced beyond the limit", "application/json", "", limit + 1, fault.TooLarge},
		{"no type", "", "{}", 0, fault.UnsupportedKind},
		{"another type", "text/plain", "{}", 0, fault.UnsupportedKind},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			r := httptest.NewRequest(http.MethodPost, "/", strings.NewReader(tt.body))
			if tt.length != 0 {
				r.ContentLength = tt.length
			}
			r.Header.Set("Content-Type", tt.contentType)
			got, err := params.ReadJSON(httptest.NewRecorder(), r, time.Minute, limit)
			if fault.CodeOf(err) != tt.code || tt.code == "" && string(got) != tt.body {
				t.Errorf("got %d bytes and %v, want %d and %q", len(got), err, len(tt.body), tt.code)
			}
		})
	}
}
