package pdftext_test

import (
	"context"
	"errors"
	"math"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"go.uber.org/goleak"

	"github.com/trackmydegree/trackmydegree/internal/document"
	"github.com/trackmydegree/trackmydegree/internal/fault"
	"github.com/trackmydegree/trackmydegree/internal/pdftext"
	"github.com/trackmydegree/trackmydegree/internal/testenv"
)

func TestMain(m *testing.M) {
	if os.Getenv(sharingProcess) != "" {
		shareAndRead()
		return
	}
	goleak.VerifyTestMain(m)
}

const letterPaper = "/MediaBox[0 0 612 792]"

func newExtractor(tb testing.TB) *pdftext.Extractor {
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

func sample(tb testing.TB, name string) []byte {
	tb.Helper()
	b, err := os.ReadFile(filepath.Join(testenv.RepoRoot(), "tests/documents", name))
	if err != nil {
		tb.Fatal(err)
	}
	return b
}

func texts(p document.Page) []string {
	var all []string
	for _, w := range p.Words {
		all = append(all, w.Text)
	}
	return all
}

func TestWords(t *testing.T) {
	t.Parallel()
	e := newExtractor(t)
	for _, c := range []struct {
		name, content string
		want          []string
	}{
		{"spaces part words", `BT /F1 10 Tf 72 700 Td (COMP 248  A) Tj ET`, []string{"COMP", "248", "A"}},
		{"kerning does not", `BT /F1 10 Tf 72 700 Td [(A) 80 (V) 80 (AT) -60 (OM)] TJ ET`, []string{"AVATOM"}},
		{"a space that is kerned from both sides does", `BT /F1 10 Tf 72 700 Td (N) Tj 7.22 0 Td (A) Tj 6.12 0 Td ( ) Tj 1.95 0 Td (A) Tj 6.67 0 Td (N) Tj ET`, []string{"NA", "AN"}},
		// Sparse columns and dense lines: PDFium takes such a page for vertical writing.
		{"characters in narrow columns are words", `BT /F1 10 Tf 1 0 0 1 72 700 Tm (F) Tj 6.11 0 Td (all) Tj 1 0 0 1 472 700 Tm (A) Tj 6.67 0 Td (B) Tj 1 0 0 1 72 691 Tm (F) Tj 6.11 0 Td (all) Tj 1 0 0 1 472 691 Tm (A) Tj 6.67 0 Td (B) Tj 1 0 0 1 72 682 Tm (F) Tj 6.11 0 Td (all) Tj 1 0 0 1 472 682 Tm (A) Tj 6.67 0 Td (B) Tj 1 0 0 1 72 673 Tm (F) Tj 6.11 0 Td (all) Tj 1 0 0 1 472 673 Tm (A) Tj 6.67 0 Td (B) Tj ET`, []string{"Fall", "AB", "Fall", "AB", "Fall", "AB", "Fall", "AB"}},
		{"a gap does", `BT /F1 10 Tf 72 700 Td [(COMP) -1500 (248)] TJ ET`, []string{"COMP", "248"}},
		{"a character at a time", `BT /F1 10 Tf 72 700 Td (A) Tj 6.67 0 Td (B) Tj 6.67 0 Td (C) Tj ET`, []string{"ABC"}},
		{"another line is another word", `BT /F1 10 Tf 72 700 Td (AB) Tj 0 -4 Td (CD) Tj ET`, []string{"AB", "CD"}},
		{"a hyphen at the end of a line stays", `BT /F1 10 Tf 72 700 Td (B-) Tj -40 -12 Td (next) Tj ET`, []string{"B-", "next"}},
		{"the soft hyphen of an old encoding is a hyphen", `BT /F1 10 Tf 72 700 Td (Co\255op) Tj ET`, []string{"Co-op"}},
		{"a watermark across the page is left out", `BT /F1 10 Tf 72 700 Td (text) Tj ET BT /F1 60 Tf .7 .7 -.7 .7 100 100 Tm (COPY) Tj ET`, []string{"text"}},
		{"a font of size 1 that is scaled", `BT /F1 1 Tf 10 0 0 10 72 700 Tm (COMP 248) Tj ET`, []string{"COMP", "248"}},
		{"the whole page scaled", `.6 0 0 .6 0 0 cm BT /F1 10 Tf 72 700 Td (COMP 248) Tj ET`, []string{"COMP", "248"}},
	} {
		t.Run(c.name, func(t *testing.T) {
			pages, err := e.Pages(context.Background(), makePDF(pdfPage{letterPaper, c.content}))
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(c.want, texts(pages[0])); diff != "" {
				t.Error("want -, got +\n" + diff)
			}
		})
	}
}

// TestPlace checks that words have their displayed position, whatever the page's box and rotation.
func TestPlace(t *testing.T) {
	t.Parallel()
	e := newExtractor(t)
	for _, c := range []struct {
		name, entries, matrix string
		width, height, x, y   float64
	}{
		{"upright", letterPaper, "1 0 0 1 72 692", 612, 792, 72, 100},
		{"a box that does not begin at zero", "/MediaBox[100 200 712 992]", "1 0 0 1 172 892", 612, 792, 72, 100},
		{"cropped", letterPaper + "/CropBox[50 50 562 742]", "1 0 0 1 72 692", 512, 692, 22, 50},
		{"turned right", letterPaper + "/Rotate 90", "0 1 -1 0 100 72", 792, 612, 72, 100},
		{"upside down", letterPaper + "/Rotate 180", "-1 0 0 -1 540 100", 612, 792, 72, 100},
		{"turned left", letterPaper + "/Rotate 270", "0 -1 1 0 512 720", 792, 612, 72, 100},
	} {
		t.Run(c.name, func(t *testing.T) {
			pages, err := e.Pages(context.Background(), makePDF(pdfPage{c.entries, "BT /F1 10 Tf " + c.matrix + " Tm (HH) Tj ET"}))
			if err != nil {
				t.Fatal(err)
			}
			p := pages[0]
			if p.Width != c.width || p.Height != c.height || len(p.Words) != 1 {
				t.Fatalf("got a page of %v × %v with %q", p.Width, p.Height, texts(p))
			}
			w := p.Words[0]
			near := func(a, b float64) bool { return math.Abs(a-b) < 0.1 }
			if !near(w.X0, c.x) || !near(w.X1, c.x+14.44) || !near(w.Baseline, c.y) || !near(w.Size, 10) ||
				w.Top >= w.Baseline || w.Bottom <= w.Baseline {
				t.Errorf("got %+v, want it at %v, %v", w, c.x, c.y)
			}
			if len(w.Edges) != 2 || !near(float64(w.Edges[1]), c.x+7.22) {
				t.Errorf("got edges %v", w.Edges)
			}
		})
	}
}

func TestFaults(t *testing.T) {
	t.Parallel()
	e := newExtractor(t)
	good := pdfPage{letterPaper, "BT /F1 10 Tf 72 700 Td (x) Tj ET"}
	many := make([]pdfPage, document.MaxPages+1)
	for i := range many {
		many[i] = good
	}
	for _, c := range []struct {
		name string
		pdf  []byte
		want fault.Code
	}{
		{"nothing", nil, fault.NotAPDF},
		{"text", sample(t, "hostile/text.pdf"), fault.NotAPDF},
		{"a header too far in", append(make([]byte, document.SniffLength), makePDF(good)...), fault.NotAPDF},
		{"only a header", []byte("%PDF-1.7\n"), fault.Corrupt},
		{"cut off", sample(t, "hostile/truncated.pdf"), fault.Corrupt},
		{"a password", sample(t, "hostile/encrypted.pdf"), fault.Encrypted},
		{"pictures only", sample(t, "hostile/scanned.pdf"), fault.NoText},
		{"an empty page", makePDF(pdfPage{letterPaper, ""}), fault.NoText},
		{"as many pages as may be and one", makePDF(many...), fault.TooManyPages},
		{"thousands of pages", sample(t, "hostile/pages-2000.pdf"), fault.TooManyPages},
		{"pages that are claimed and not there", sample(t, "hostile/page-loop.pdf"), fault.Corrupt},
		{"a stream of 1 GiB", sample(t, "hostile/bomb.pdf"), fault.TooComplex},
		{"forms in forms", sample(t, "hostile/nested-forms.pdf"), fault.TooComplex},
		{"too many characters", makePDF(pdfPage{letterPaper, "BT /F1 1 Tf 72 750 Td " +
			strings.Repeat("("+strings.Repeat("x", 500)+") Tj 0 -1.7 Td ", document.MaxCharacters/500+1) + " ET"}), fault.TooComplex},
		{"too many objects on all pages", makePDF(slices.Repeat([]pdfPage{{letterPaper, strings.Repeat("0 0 1 1 re f ", 80_000)}}, 5)...), fault.TooComplex},
		{"too many objects", makePDF(pdfPage{letterPaper, strings.Repeat("0 0 1 1 re f ", 100_001)}), fault.TooComplex},
	} {
		t.Run(c.name, func(t *testing.T) {
			_, err := e.Pages(context.Background(), c.pdf)
			if got := fault.CodeOf(err); got != c.want {
				t.Errorf("got %v, want %s", err, c.want)
			}
			// After any fault, the next document is read.
			if _, err := e.Pages(context.Background(), makePDF(good)); err != nil {
				t.Errorf("afterwards: %v", err)
			}
		})
	}
}

func TestMostPages(t *testing.T) {
	t.Parallel()
	pages := make([]pdfPage, document.MaxPages)
	for i := range pages {
		pages[i] = pdfPage{letterPaper, "BT /F1 10 Tf 72 700 Td (" + strings.Repeat("x", i+1) + ") Tj ET"}
	}
	got, err := newExtractor(t).Pages(context.Background(), makePDF(pages...))
	if err != nil || len(got) != len(pages) {
		t.Fatalf("got %d pages, %v", len(got), err)
	}
	for i, p := range got {
		if len(p.Words) != 1 || len(p.Words[0].Text) != i+1 {
			t.Errorf("page %d is %q", i, texts(p))
		}
	}
}

// TestDocumentsDoNotMeet checks that a document is read as if it were the first, whatever was read before.
func TestDocumentsDoNotMeet(t *testing.T) {
	t.Parallel()
	pdf := sample(t, "transcripts/very-long.pdf")
	want, err := newExtractor(t).Pages(context.Background(), pdf)
	if err != nil {
		t.Fatal(err)
	}
	e := newExtractor(t)
	for _, before := range []string{"letters/coop.pdf", "hostile/bomb.pdf", "hostile/truncated.pdf", "transcripts/hard-rows.pdf"} {
		_, _ = e.Pages(context.Background(), sample(t, before))
		got, err := e.Pages(context.Background(), pdf)
		if err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("after %s: %s", before, diff)
		}
	}
}

func TestPagesAfterTheEnd(t *testing.T) {
	t.Parallel()
	e := newExtractor(t)
	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	if _, err := e.Pages(ctx, sample(t, "letters/coop.pdf")); !errors.Is(err, context.Canceled) {
		t.Errorf("got %v for a context that has ended", err)
	}
	if err := e.Close(); err != nil {
		t.Fatal(err)
	}
	if _, err := e.Pages(context.Background(), sample(t, "letters/coop.pdf")); err == nil {
		t.Error("a closed extractor reads")
	}
}

// FuzzPages damages PDFs. The result is pages or a fault of the document, and the next document is read.
func FuzzPages(f *testing.F) {
	e := newExtractor(f)
	good := makePDF(pdfPage{letterPaper, "BT /F1 10 Tf 72 700 Td (x) Tj ET"})
	f.Add(good)
	f.Add(makePDF(pdfPage{letterPaper + "/Rotate 90", "q 2 0 0 2 0 0 cm BT /F1 10 Tf [(A) 80 (V)] TJ ET Q"}))
	f.Add(sample(f, "hostile/page-loop.pdf"))
	f.Add(sample(f, "hostile/invoice.pdf"))
	f.Fuzz(func(t *testing.T, pdf []byte) {
		if len(pdf) > 4096 {
			return // small ones end in time; the pool enforces the deadline
		}
		pages, err := e.Pages(context.Background(), pdf)
		if err != nil {
			if code := fault.CodeOf(err); code.IsTransient() {
				t.Fatal(err)
			}
		} else if len(pages) == 0 {
			t.Fatal("neither pages nor a fault")
		}
	})
}
