package respond_test

import (
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"testing"

	"github.com/trackmydegree/trackmydegree/internal/fault"
	"github.com/trackmydegree/trackmydegree/internal/httpapi/respond"
	"github.com/trackmydegree/trackmydegree/internal/problem"
)

// The fields of a problem are said in the language of the client, where all of them can be.
func TestWriteErrorByLanguage(t *testing.T) {
	t.Parallel()
	const english, unknown = "Choose a degree.", "Something new."
	for name, test := range map[string]struct {
		accepted     string
		messages     []string
		want         string
		wantLanguage string
	}{
		"English":                        {"en-CA", []string{english}, english, ""},
		"no language":                    {"", []string{english}, english, ""},
		"French":                         {"fr-CA", []string{english}, "Choisissez un programme.", "fr-CA"},
		"French of an unknown sentence":  {"fr-CA", []string{english, unknown}, "Choisissez un programme.", ""},
		"French of a fault without one":  {"fr-CA", nil, "", ""},
		"English before French, by rank": {"fr;q=0.5, en", []string{english}, english, ""},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			err := &fault.Error{Code: fault.InvalidForm}
			for _, message := range test.messages {
				err.Fields = append(err.Fields, fault.Field{Path: "degree", Message: message})
			}
			r := httptest.NewRequest(http.MethodPost, "/api/timeline/form", http.NoBody)
			r.Header.Set("Accept-Language", test.accepted)
			r, _ = respond.StartExchange(r)
			w := httptest.NewRecorder()
			respond.WriteError(w, r, err)
			var got problem.Problem
			if err := json.Unmarshal(w.Body.Bytes(), &got); err != nil {
				t.Fatal(err)
			}
			if len(got.Errors) != len(test.messages) || len(got.Errors) > 0 && got.Errors[0].Message != test.want {
				t.Errorf("got %v, want %q first", got.Errors, test.want)
			}
			if got := w.Header().Get("Content-Language"); got != test.wantLanguage {
				t.Errorf("got Content-Language %q, want %q", got, test.wantLanguage)
			}
			if got := w.Header().Get("Vary") != ""; got != (len(test.messages) > 0) {
				t.Errorf("got Vary %q", w.Header().Get("Vary"))
			}
		})
	}
}
