package plainpdf_test

import (
	"os"
	"path/filepath"
	"testing"

	"github.com/trackmydegree/trackmydegree/internal/testenv"
)

// FuzzPages compares the readers on any bytes: what is plain, PDFium reads with equal words.
func FuzzPages(f *testing.F) {
	for _, pattern := range []string{"transcripts/commerce.pdf", "transcripts/first-term.pdf", "letters/regular.pdf", "variants/split-rows.pdf", "hostile/*.pdf"} {
		paths, err := filepath.Glob(filepath.Join(testenv.RepoRoot(), "tests/documents", pattern))
		if err != nil || len(paths) == 0 {
			f.Fatal("no documents", err)
		}
		for _, path := range paths {
			pdf, err := os.ReadFile(path)
			if err != nil {
				f.Fatal(err)
			}
			f.Add(pdf)
		}
	}
	pdfium := newPDFium(f)
	f.Fuzz(func(t *testing.T, pdf []byte) { compareWithPDFium(t, pdfium, pdf) })
}

// FuzzContent does the same with the content of a page, which bytes of a whole file seldom reach.
func FuzzContent(f *testing.F) {
	pdfium, font := newPDFium(f), readFont(f)
	for seed := range uint64(20) {
		f.Add(newPageWriter(seed, font).writePage())
	}
	f.Fuzz(func(t *testing.T, content string) { compareWithPDFium(t, pdfium, newPage(font, content).write(font)) })
}
