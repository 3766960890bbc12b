package architecture_test

import (
	"os"
	"strings"
	"testing"

	"github.com/trackmydegree/trackmydegree/internal/warning"
)

// docs/documents.md explains every warning.
func TestWarningsAreDocumented(t *testing.T) {
	t.Parallel()
	text, err := os.ReadFile("../../docs/documents.md")
	if err != nil {
		t.Fatal(err)
	}
	for _, code := range warning.AllCodes() {
		if !strings.Contains(string(text), "\n| `"+string(code)+"` |") {
			t.Errorf("docs/documents.md does not explain %s", code)
		}
	}
}
