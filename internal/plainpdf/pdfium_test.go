package plainpdf_test

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"math"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/trackmydegree/trackmydegree/internal/document"
	"github.com/trackmydegree/trackmydegree/internal/pdftext"
	"github.com/trackmydegree/trackmydegree/internal/plainpdf"
	"github.com/trackmydegree/trackmydegree/internal/testenv"
)

func newPDFium(tb testing.TB) *pdftext.Extractor {
	tb.Helper()
	e, err := pdftext.New(pdftext.Config{CacheDir: testenv.WasmCache()})
	if err != nil {
		tb.Fatal(err)
	}
	tb.Cleanup(func() {
		if err := e.Close(); err != nil {
			tb.Error(err)
		}
	})
	return e
}

// compareWithPDFium reports whether the document is plain, and fails if it is and PDFium's words differ.
func compareWithPDFium(tb testing.TB, pdfium *pdftext.Extractor, pdf []byte) (plain bool) {
	tb.Helper()
	got, err := plainpdf.Pages(tb.Context(), pdf)
	if errors.Is(err, plainpdf.ErrNotPlain) {
		if strings.Contains(err.Error(), "panic") {
			tb.Error(err)
		}
		tb.Log(err)
		return false
	}
	if err != nil {
		tb.Fatal(err)
	}
	want, err := pdfium.Pages(context.Background(), pdf)
	if err != nil {
		tb.Fatalf("PDFium: %v, and the document is plain", err)
	}
	if difference := compare(want, got); difference != "" {
		tb.Error(difference)
	}
	return true
}

// rounding is the largest difference, in points, between PDFium's arithmetic in 32 bits and ours.
const rounding = 0.005

// compare returns the first difference of the pages, "" for none.
func compare(want, got []document.Page) string {
	if len(want) != len(got) {
		return fmt.Sprintf("%d pages, want %d", len(got), len(want))
	}
	for i := range want {
		w, g := want[i], got[i]
		if math.Abs(w.Width-g.Width) > rounding || math.Abs(w.Height-g.Height) > rounding {
			return fmt.Sprintf("page %d: %v x %v points, want %v x %v", i+1, g.Width, g.Height, w.Width, w.Height)
		}
		for k := range max(len(w.Words), len(g.Words)) {
			if k >= len(w.Words) || k >= len(g.Words) || !areEqual(w.Words[k], g.Words[k]) {
				return fmt.Sprintf("page %d, word %d of %d and %d:\n got %s\nwant %s", i+1, k+1, len(g.Words), len(w.Words), describe(g.Words, k), describe(w.Words, k))
			}
		}
	}
	return ""
}

func describe(words []document.Word, k int) string {
	if k >= len(words) {
		return "no word"
	}
	return fmt.Sprintf("%+v", words[k])
}

func areEqual(a, b document.Word) bool {
	if a.Text != b.Text || len(a.Edges) != len(b.Edges) {
		return false
	}
	for i := range a.Edges {
		if math.Abs(float64(a.Edges[i]-b.Edges[i])) > rounding {
			return false
		}
	}
	return max(math.Abs(a.X0-b.X0), math.Abs(a.X1-b.X1), math.Abs(a.Top-b.Top), math.Abs(a.Bottom-b.Bottom),
		math.Abs(a.Baseline-b.Baseline), math.Abs(a.Size-b.Size)) <= rounding
}

// TestDocumentsLikePDFium compares the readers on every document of the tests, and holds that those of browsers are
// plain.
func TestDocumentsLikePDFium(t *testing.T) {
	pdfium := newPDFium(t)
	plain := map[string]int{}
	root := filepath.Join(testenv.RepoRoot(), "tests/documents")
	err := filepath.WalkDir(root, func(path string, entry fs.DirEntry, err error) error {
		if err != nil || filepath.Ext(path) != ".pdf" {
			return err
		}
		pdf, err := os.ReadFile(path)
		if err != nil {
			return err
		}
		t.Run(filepath.Base(path), func(t *testing.T) {
			if compareWithPDFium(t, pdfium, pdf) {
				plain[filepath.Base(filepath.Dir(path))]++
			}
		})
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	if plain["transcripts"] < 12 || plain["letters"] < 4 || plain["variants"] < 8 {
		t.Errorf("plain documents by folder: %v, want all transcripts and letters, and most variants", plain)
	}
}

// TestRandomPagesLikePDFium compares the readers on pages that are written at random.
func TestRandomPagesLikePDFium(t *testing.T) {
	pdfium, fonts := newPDFium(t), []plainpdf.TestFont{readFont(t), readSimpleFont(t)}
	pages := 400
	if testing.Short() {
		pages = 40
	}
	plain := 0
	for seed := range uint64(pages) {
		t.Run(fmt.Sprint(seed), func(t *testing.T) {
			font := fonts[seed%2]
			content := newPageWriter(seed, font).writePage()
			if compareWithPDFium(t, pdfium, newPage(font, content).write(font)) {
				plain++
			}
			if t.Failed() {
				t.Logf("content:\n%s", content)
			}
		})
	}
	if plain < pages/4 {
		t.Errorf("%d of %d pages are plain: the test compares too few", plain, pages)
	}
}

// pageWriter writes content as programs do, in every order and with every operator that a plain page may have.
type pageWriter struct {
	*rand.Rand
	font plainpdf.TestFont
	strings.Builder
}

func newPageWriter(seed uint64, font plainpdf.TestFont) *pageWriter {
	return &pageWriter{Rand: rand.New(rand.NewPCG(seed, 1)), font: font}
}

func (w *pageWriter) writePage() string {
	depth := 0
	if w.IntN(2) == 0 {
		fmt.Fprint(w, "/G1 gs .24 0 0 -.24 0 792 cm\nq 4.1666 0 0 4.1666 0 0 cm\n")
		depth++
	} else {
		fmt.Fprint(w, "1 0 0 -1 0 792 cm\n")
	}
	for y := 40.0; y < 700; {
		switch w.IntN(8) {
		case 0:
			fmt.Fprint(w, "q 1 0 0 1 ", w.IntN(9), " 0 cm\n")
			depth++
		case 1:
			fmt.Fprint(w, "0 0 ", w.IntN(500), " 1 re f\n")
		case 2:
			if depth > 1 {
				fmt.Fprint(w, "Q\n")
				depth--
			}
		}
		y = w.writeBlock(y) + float64(w.IntN(90))
	}
	for range depth {
		fmt.Fprint(w, "Q\n")
	}
	return w.String()
}

// writeBlock writes a text object from y on: some lines of cells. It returns where it ends.
func (w *pageWriter) writeBlock(y float64) float64 {
	size := []float64{6, 8.5, 9.99, 10, 12, 14.5}[w.IntN(6)]
	x, leading, rise := float64(20+w.IntN(60)), size*(1+0.5*w.Float64()), 0.0
	if w.IntN(4) == 0 {
		rise = size * 0.15 * w.Float64()
	}
	fmt.Fprint(w, "BT\n/F1 ", size, " Tf\n")
	spaced := w.IntN(3) == 0
	if spaced {
		fmt.Fprintf(w, "%.3f Tc %d Tw\n", w.Float64()*0.3-0.1, w.IntN(2))
	}
	for range 1 + w.IntN(5) {
		cells := w.Perm(1 + w.IntN(5))
		if w.IntN(3) > 0 {
			slices.Sort(cells)
		}
		for _, cell := range cells {
			fmt.Fprintf(w, "1 0 0 -1 %.3f %.3f Tm\n", x+float64(cell)*100, y+rise*float64(cell%2))
			w.writeText(size)
		}
		y += leading
	}
	if spaced {
		fmt.Fprint(w, "0 Tc 0 Tw\n")
	}
	fmt.Fprint(w, "ET\n")
	return y
}

func (w *pageWriter) writeText(size float64) {
	texts := slices.DeleteFunc([]string{"COMP 248", "Algorithms-II", "A-", "3.00", "B+", "Fall", "2024-25", "Data", "W", "a", "EX", "Winter 2025", "T A V"},
		func(s string) bool {
			return strings.ContainsFunc(s, func(r rune) bool { _, ok := w.font.Codes[r]; return !ok })
		})
	text := texts[w.IntN(len(texts))]
	switch w.IntN(4) {
	case 0:
		fmt.Fprint(w, encode(w.font, text), " Tj\n")
	case 1: // kerned
		fmt.Fprint(w, "[")
		for _, r := range text {
			fmt.Fprint(w, encode(w.font, string(r)))
			if w.IntN(2) == 0 {
				fmt.Fprint(w, " ", w.IntN(120)-60, " ")
			}
		}
		fmt.Fprint(w, "] TJ\n")
	case 2: // one by one, as Skia does
		for _, r := range text {
			advance := size * float64(w.font.Widths[w.font.Codes[r]]) / 1000
			fmt.Fprintf(w, "%s Tj %.3f 0 Td\n", encode(w.font, string(r)), advance+0.05*size*(w.Float64()-0.5))
		}
	case 3: // two columns in one array
		fmt.Fprint(w, "[", encode(w.font, text), " -", 300+w.IntN(1500), " ", encode(w.font, "3.0"), "] TJ\n")
	}
}
