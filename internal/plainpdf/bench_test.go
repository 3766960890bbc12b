package plainpdf_test

import (
	"math"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/trackmydegree/trackmydegree/internal/plainpdf"
	"github.com/trackmydegree/trackmydegree/internal/testenv"
)

// BenchmarkPages reports the ratio to PDFium on the same file. It compares the fastest run of each, because other load
// only adds time. The target is 0.35.
func BenchmarkPages(b *testing.B) {
	pdfium := newPDFium(b)
	for _, name := range []string{"transcripts/soen-coop.pdf", "transcripts/soen-ecp.pdf", "transcripts/commerce.pdf", "letters/regular.pdf"} {
		b.Run(filepath.Base(name), func(b *testing.B) {
			pdf, err := os.ReadFile(filepath.Join(testenv.RepoRoot(), "tests/documents", name))
			if err != nil {
				b.Fatal(err)
			}
			fastest := time.Duration(math.MaxInt64)
			b.ReportAllocs()
			for b.Loop() {
				start := time.Now()
				if _, err := plainpdf.Pages(b.Context(), pdf); err != nil {
					b.Fatal(err)
				}
				fastest = min(fastest, time.Since(start))
			}
			reference := time.Duration(math.MaxInt64)
			for range 30 {
				start := time.Now()
				if _, err := pdfium.Pages(b.Context(), pdf); err != nil {
					b.Fatal(err)
				}
				reference = min(reference, time.Since(start))
			}
			b.ReportMetric(float64(fastest)/float64(reference), "x-pdfium")
		})
	}
}
