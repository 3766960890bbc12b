package pdftext

import (
	"bytes"
	"context"
	"os"
	"path/filepath"
	"testing"

	"github.com/trackmydegree/trackmydegree/internal/testenv"
)

// TestNothingIsLeft checks that an instance holds no data of a document when the next one is read.
func TestNothingIsLeft(t *testing.T) {
	t.Parallel()
	e, err := New(Config{CacheDir: testenv.WasmCache()})
	if err != nil {
		t.Fatal(err)
	}
	defer e.Close()
	pdf, err := os.ReadFile(filepath.Join(testenv.RepoRoot(), "tests/documents/transcripts/soen-coop.pdf"))
	if err != nil {
		t.Fatal(err)
	}
	if _, err := e.Pages(context.Background(), pdf); err != nil {
		t.Fatal(err)
	}
	r := e.instances[0].reader
	if mem := r.wholeMemory(); !bytes.Equal(bytes.TrimRight(mem, "\x00"), r.image) {
		t.Error("the memory is not as it was before the document")
	}
}
