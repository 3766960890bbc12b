package page_test

import (
	"bytes"
	"strings"
	"testing"

	"github.com/klauspost/compress/gzip"

	"github.com/trackmydegree/trackmydegree/internal/httpapi/page"
)

func TestPreloadTexts(t *testing.T) {
	t.Parallel()
	for accepted, want := range map[string]string{"": "text-en.js", "fr-CA,fr;q=0.9,en;q=0.8": "text-fr.js", "en-CA,fr;q=0.5": "text-en.js", "de": "text-en.js", "\x00;;q": "text-en.js"} {
		if got := page.PreloadTexts(accepted); !strings.Contains(got, "</assets/"+want+">") {
			t.Errorf("Accept-Language %q: got %s, want %s", accepted, got, want)
		}
	}
}

// mostBytes is what everything of the page may take in a language, compressed: HTML, CSS and JavaScript.
const mostBytes = 45_000

// Everything that the page can load in one language stays small.
func TestFilesAreSmall(t *testing.T) {
	t.Parallel()
	files, err := page.Files()
	if err != nil {
		t.Fatal(err)
	}
	total := map[string]int{"en": 0, "fr": 0}
	for _, f := range files {
		if strings.HasSuffix(f.Name, ".js") && bytes.Contains(f.Body, []byte("\n// ")) {
			t.Errorf("%s has its comments", f.Name)
		}
		if strings.HasPrefix(f.Name, "docs.") || strings.HasPrefix(f.Name, "admin.") || strings.HasSuffix(f.Name, ".svg") {
			continue // the description of the API and the page of operators are pages of their own
		}
		var packed bytes.Buffer
		w, err := gzip.NewWriterLevel(&packed, gzip.BestCompression)
		if err != nil {
			t.Fatal(err)
		}
		if _, err := w.Write(f.Body); err != nil {
			t.Fatal(err)
		}
		if err := w.Close(); err != nil {
			t.Fatal(err)
		}
		for language := range total {
			if !strings.HasPrefix(f.Name, "text-") || f.Name == "text-"+language+".js" {
				total[language] += packed.Len()
			}
		}
	}
	for language, bytes := range total {
		t.Logf("%s: %d bytes", language, bytes)
		if bytes > mostBytes {
			t.Errorf("%s: got %d bytes, want at most %d", language, bytes, mostBytes)
		}
	}
}
