package parserapi_test

import (
	"io"
	"net/http"
	"slices"
	"strings"
	"testing"

	"github.com/trackmydegree/trackmydegree/internal/document"
	"github.com/trackmydegree/trackmydegree/internal/fault"
	"github.com/trackmydegree/trackmydegree/internal/parserapi"
	"github.com/trackmydegree/trackmydegree/internal/problem"
)

// answers is a transport to a parser that gives every document the same answer.
type answers struct {
	status     int
	kind, body string
	legacy     bool
}

func (a answers) RoundTrip(r *http.Request) (*http.Response, error) {
	if r.Body != nil {
		_, _ = io.Copy(io.Discard, r.Body)
		r.Body.Close()
	}
	res := &http.Response{StatusCode: a.status, ProtoMajor: 1, Header: http.Header{"Content-Type": {a.kind}}, Body: io.NopCloser(strings.NewReader(a.body)), Request: r}
	if r.Method == http.MethodGet {
		res.StatusCode = http.StatusMethodNotAllowed
		if a.legacy {
			res.StatusCode = http.StatusNotFound
		}
	}
	return res, nil
}

// Any answer of a parser becomes facts or a code that a parser may return.
func FuzzAnswer(f *testing.F) {
	f.Add(200, "application/json", `{"kind":"letter","programInfo":null,"semesters":[]}`, false)
	f.Add(200, "application/json", `{"programInfo":{"degree":"x"},"semesters":[{"term":"Fall 2026","courses":[{"code":"COMP248"}]}]}`, true)
	f.Add(422, problem.ContentType, `{"type":"urn:trackmydegree:problem:corrupt","title":"t","status":422,"code":"corrupt"}`, false)
	f.Add(401, problem.ContentType, `{"type":"urn:trackmydegree:problem:unauthorized","status":401,"code":"unauthorized"}`, false)
	f.Add(503, "application/problem+json; x=\"", `{"code":"parser_unavailable"}`, false)
	f.Add(500, "application/json", `{"error":"x"}`, true)
	f.Add(204, "", "", false)
	f.Fuzz(func(t *testing.T, status int, kind, body string, legacy bool) {
		if status < 200 || status > 599 {
			t.Skip("net/http does not hand it over")
		}
		c := newClient(t, parserapi.ClientDeps{
			BaseURL: "http://parser", HTTPClient: &http.Client{Transport: answers{status, kind, body, legacy}}, Timeout: soon,
		})
		doc, err := c.Parse(t.Context(), strings.NewReader(pdf))
		if err == nil {
			if status == http.StatusOK && (doc.Kind == document.Letter || doc.Kind == document.Transcript) {
				return
			}
			t.Fatalf("%d was taken for facts: %+v", status, doc)
		}
		if code := fault.CodeOf(err); !slices.Contains(parserapi.Passed, code) {
			t.Errorf("%s: %v", code, err)
		}
	})
}
