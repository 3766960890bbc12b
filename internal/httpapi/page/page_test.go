package page_test

import (
	"bytes"
	"strings"
	"testing"

	"github.com/trackmydegree/trackmydegree/internal/httpapi/page"
)

// Scripts and styles are served without their comments, and keep what they export and import.
func TestFilesAreSmall(t *testing.T) {
	t.Parallel()
	files, err := page.Files()
	if err != nil {
		t.Fatal(err)
	}
	for _, f := range files {
		if strings.HasSuffix(f.Name, ".js") && bytes.Contains(f.Body, []byte("\n// ")) {
			t.Errorf("%s has its comments", f.Name)
		}
		if f.Name == "terms.js" {
			for _, name := range []string{"parseTerm", "compareTerms", "labelOf"} {
				if !bytes.Contains(f.Body, []byte(name)) {
					t.Errorf("%s does not export %s", f.Name, name)
				}
			}
		}
	}
}
