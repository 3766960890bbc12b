package pdftext_test

import (
	"context"
	"os"
	"os/exec"
	"path/filepath"
	"testing"
	"time"

	"github.com/trackmydegree/trackmydegree/internal/pdftext"
	"github.com/trackmydegree/trackmydegree/internal/testenv"
)

// BenchmarkPages reports, beside its own time, how many times as long as pdftotext -bbox it takes on the same file. The
// target is 1.8 with the way to a child process and the reading of the words added.
func BenchmarkPages(b *testing.B) {
	e, err := pdftext.New(pdftext.Config{CacheDir: cacheDir(b)})
	if err != nil {
		b.Fatal(err)
	}
	defer e.Close()
	files, err := filepath.Glob(filepath.Join(testenv.Root(), "tests/documents/[tl]*/*.pdf"))
	if err != nil || len(files) == 0 {
		b.Fatal("no documents", err)
	}
	for _, file := range files {
		b.Run(filepath.Base(file), func(b *testing.B) {
			pdf, err := os.ReadFile(file)
			if err != nil {
				b.Fatal(err)
			}
			b.ReportAllocs()
			for b.Loop() {
				if _, err := e.Pages(context.Background(), pdf); err != nil {
					b.Fatal(err)
				}
			}
			own := b.Elapsed() / time.Duration(b.N)
			if bin, err := exec.LookPath("pdftotext"); err == nil {
				b.ReportMetric(float64(own)/float64(timePdftotext(b, bin, file)), "x-pdftotext")
			}
		})
	}
}

// timePdftotext is the mean time of a run, its process included.
func timePdftotext(b *testing.B, bin, file string) time.Duration {
	b.Helper()
	const runs = 20
	start := time.Now()
	for range runs {
		if err := exec.Command(bin, "-bbox", file, os.DevNull).Run(); err != nil {
			b.Fatal(err)
		}
	}
	return time.Since(start) / runs
}

// BenchmarkNew is the start with a warm compilation cache.
func BenchmarkNew(b *testing.B) {
	dir := cacheDir(b)
	for b.Loop() {
		e, err := pdftext.New(pdftext.Config{CacheDir: dir})
		if err != nil {
			b.Fatal(err)
		}
		e.Close()
	}
}

func cacheDir(b *testing.B) string {
	b.Helper()
	dir := filepath.Join(os.TempDir(), "tmd-test-wasm")
	e, err := pdftext.New(pdftext.Config{CacheDir: dir})
	if err != nil {
		b.Fatal(err)
	}
	e.Close()
	return dir
}
