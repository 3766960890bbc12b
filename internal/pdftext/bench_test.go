package pdftext_test

import (
	"context"
	"math"
	"os"
	"os/exec"
	"path/filepath"
	"testing"
	"time"

	"github.com/trackmydegree/trackmydegree/internal/pdftext"
	"github.com/trackmydegree/trackmydegree/internal/testenv"
)

// BenchmarkPages reports, in addition to its own time, the ratio to pdftotext -bbox on the same file; it compares the
// fastest run of each, because other load only adds time. The target is 1.8, including the child process and the
// reading of the words.
func BenchmarkPages(b *testing.B) {
	e := newExtractor(b)
	files, err := filepath.Glob(filepath.Join(testenv.RepoRoot(), "tests/documents/[tl]*/*.pdf"))
	if err != nil || len(files) == 0 {
		b.Fatal("no documents", err)
	}
	for _, file := range files {
		b.Run(filepath.Base(file), func(b *testing.B) {
			pdf, err := os.ReadFile(file)
			if err != nil {
				b.Fatal(err)
			}
			fastest := time.Duration(math.MaxInt64)
			b.ReportAllocs()
			for b.Loop() {
				start := time.Now()
				if _, err := e.Pages(context.Background(), pdf); err != nil {
					b.Fatal(err)
				}
				fastest = min(fastest, time.Since(start))
			}
			if bin, err := exec.LookPath("pdftotext"); err == nil {
				b.ReportMetric(float64(fastest)/float64(timePdftotext(b, bin, file)), "x-pdftotext")
			}
		})
	}
}

func timePdftotext(b *testing.B, bin, file string) time.Duration {
	b.Helper()
	fastest := time.Duration(math.MaxInt64)
	for range 30 {
		start := time.Now()
		if err := exec.Command(bin, "-bbox", file, os.DevNull).Run(); err != nil {
			b.Fatal(err)
		}
		fastest = min(fastest, time.Since(start))
	}
	return fastest
}

// BenchmarkNew measures the start with a warm compilation cache.
func BenchmarkNew(b *testing.B) {
	newExtractor(b) // warms it
	for b.Loop() {
		e, err := pdftext.New(pdftext.Config{CacheDir: testenv.WasmCache()})
		if err != nil {
			b.Fatal(err)
		}
		e.Close()
	}
}
