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
	if mem := r.wholeMemory(); !bytes.Equal(bytes.TrimRight(mem, "\x00"), bytes.TrimRight(r.image, "\x00")) {
		t.Error("the memory is not as it was before the document")
	}
}

func TestRestoreImage(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		image, size int // pages, of which the memory has size
		dirty       []int
	}{
		"nothing was changed":    {2, 6, nil},
		"the image was changed":  {2, 6, []int{0, 2*pageSize - 1}},
		"the rest was changed":   {2, 6, []int{2 * pageSize, 6*pageSize - 1}},
		"the image is all of it": {3, 3, []int{0, 3*pageSize - 1}},
		"there is no image":      {0, 2, []int{0, pageSize}},
		"every page was changed": {1, 3, []int{7, pageSize + 7, 2*pageSize + 7}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			mem := make([]byte, test.size*pageSize)
			for i := range test.image * pageSize {
				mem[i] = byte(i%251 + 1)
			}
			want, image := bytes.Clone(mem), cloneImage(mem)
			if len(image) != test.image*pageSize {
				t.Errorf("length of the image: got %d, want %d", len(image), test.image*pageSize)
			}
			for _, at := range test.dirty {
				mem[at] ^= 0xff
			}
			restoreImage(mem, image)
			if !bytes.Equal(mem, want) {
				t.Error("the memory is not as it was")
			}
		})
	}
}

// BenchmarkReset measures what each document costs after it was read, unless it changed much.
func BenchmarkReset(b *testing.B) {
	e, err := New(Config{CacheDir: testenv.WasmCache()})
	if err != nil {
		b.Fatal(err)
	}
	defer e.Close()
	pdf, err := os.ReadFile(filepath.Join(testenv.RepoRoot(), "tests/documents/transcripts/soen-coop.pdf"))
	if err != nil {
		b.Fatal(err)
	}
	if _, err := e.Pages(b.Context(), pdf); err != nil {
		b.Fatal(err)
	}
	for b.Loop() {
		e.instances[0].reader.resetMemory()
	}
}
