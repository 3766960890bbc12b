package httpapi_test

import (
	"net/http"
	"regexp"
	"strings"
	"testing"

	"github.com/trackmydegree/trackmydegree/internal/httpapi/page"
)

func TestFiles(t *testing.T) {
	t.Parallel()
	s := setup(t)
	for path, media := range map[string]string{
		"/": "text/html; charset=utf-8", "/docs": "text/html; charset=utf-8", "/admin": "text/html; charset=utf-8", "/openapi.json": "application/json",
		"/assets/app.js": "text/javascript; charset=utf-8", "/assets/style.css": "text/css; charset=utf-8", "/assets/icon.svg": "image/svg+xml",
	} {
		a := s.get("", path, "Accept-Encoding", "gzip").want(t, http.StatusOK)
		if a.Header.Get("Content-Type") != media || a.Header.Get("Content-Encoding") != "gzip" || a.Header.Get("Cache-Control") != "no-cache" {
			t.Errorf("%s: %v", path, a.Header)
		}
		s.get("", path, "Accept-Encoding", "gzip", "If-None-Match", a.Header.Get("ETag")).want(t, http.StatusNotModified)
		if plain := s.get("", path, "Accept-Encoding", "identity").want(t, http.StatusOK); string(plain.body) != string(a.body) {
			t.Errorf("%s: the plain form is another", path)
		}
	}
}

// The pages follow their own policy, and their assets exist.
func TestPagesKeepToTheirPolicy(t *testing.T) {
	t.Parallel()
	files, err := page.Files()
	must(t, err)
	names := map[string]string{}
	for _, f := range files {
		names[f.Name] = string(f.Body)
	}
	inline := regexp.MustCompile(`(?i)<script(?:>|[^>]*[^/]>\s*\S)|<style|\son[a-z]+\s*=|\sstyle\s*=|javascript:|\bhttps?://`)
	refers := regexp.MustCompile(`/assets/([a-z.-]+)`)
	imports := regexp.MustCompile(`(?:from|import) ?\(?["'` + "`" + `]\./([a-z.-]+)["'` + "`" + `]`)
	for name, body := range names {
		if strings.HasSuffix(name, ".html") {
			for _, found := range inline.FindAllString(strings.ReplaceAll(body, `></script>`, `/>`), -1) {
				t.Errorf("%s holds %q", name, found)
			}
		}
		for _, pattern := range []*regexp.Regexp{refers, imports} {
			for _, m := range pattern.FindAllStringSubmatch(body, -1) {
				if _, ok := names[m[1]]; !ok {
					t.Errorf("%s refers to %s", name, m[1])
				}
			}
		}
		for _, forbidden := range []string{"innerHTML", "outerHTML", "insertAdjacentHTML", "document.write", "eval("} {
			if strings.Contains(body, forbidden) {
				t.Errorf("%s makes markup of text: %s", name, forbidden)
			}
		}
	}
}
