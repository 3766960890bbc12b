package plainpdf_test

import (
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/trackmydegree/trackmydegree/internal/plainpdf"
	"github.com/trackmydegree/trackmydegree/internal/testenv"
)

func writeStream(entries, body string) string {
	return fmt.Sprintf("<<%s /Length %d>>\nstream\n%s\nendstream", entries, len(body), body)
}

// pageObjects are the objects of a document of one page, by name. A test changes one and joins them with writePage.
type pageObjects struct {
	catalogue, page, content, font, descendant, descriptor, toUnicode string
}

// newPage returns a page that shows content in a font, F1.
func newPage(font plainpdf.TestFont, content string) pageObjects {
	p := pageObjects{
		catalogue: "<</Type /Catalog /Pages 2 0 R>>",
		page: "<</Type /Page /Parent 2 0 R /MediaBox [0 0 612 792] /Contents 4 0 R /Resources <</Font <</F1 5 0 R>> " +
			"/ExtGState <</G1 <</CA 1>>>>>>>>",
		content: content,
		font:    "<</Type /Font /Subtype /Type0 /BaseFont /Test /Encoding /Identity-H /DescendantFonts [6 0 R] /ToUnicode 7 0 R>>",
		descendant: fmt.Sprintf("<</Type /Font /Subtype /CIDFontType2 /BaseFont /Test /CIDToGIDMap /Identity /DW 600 /W [%s] "+
			"/CIDSystemInfo <</Registry (Adobe) /Ordering (Identity) /Supplement 0>> /FontDescriptor 8 0 R>>", formatWidths(font.Widths)),
		descriptor: fmt.Sprintf("<</Type /FontDescriptor /FontName /Test /Flags 32 /FontBBox [-200 -300 1100 1050] /Ascent %d /Descent %d "+
			"/FontFile2 9 0 R>>", font.Ascent, font.Descent),
		toUnicode: toUnicode(font.Codes),
	}
	if font.CodeBytes == 1 {
		p.font = fmt.Sprintf("<</Type /Font /Subtype /TrueType /BaseFont /Test /Encoding /WinAnsiEncoding /FirstChar 0 /Widths [%s] "+
			"/FontDescriptor 8 0 R /ToUnicode 7 0 R>>", formatAllWidths(font.Widths))
	}
	return p
}

func formatAllWidths(widths map[int]int) string {
	var b strings.Builder
	for code := range 256 {
		fmt.Fprint(&b, widths[code], " ")
	}
	return b.String()
}

func formatWidths(widths map[int]int) string {
	var b strings.Builder
	for _, code := range slices.Sorted(maps.Keys(widths)) {
		fmt.Fprintf(&b, "%d [%d] ", code, widths[code])
	}
	return b.String()
}

func toUnicode(codes map[rune]int) string {
	var b strings.Builder
	b.WriteString("begincmap\n1 begincodespacerange <0000> <FFFF> endcodespacerange\n")
	for _, r := range slices.Sorted(maps.Keys(codes)) {
		fmt.Fprintf(&b, "1 beginbfchar <%04X> <%04X> endbfchar\n", codes[r], r)
	}
	b.WriteString("endcmap\n")
	return b.String()
}

func (p pageObjects) write(font plainpdf.TestFont) []byte {
	return testenv.WritePDF(p.catalogue, "<</Type /Pages /Kids [3 0 R] /Count 1>>", p.page, writeStream("", p.content), p.font, p.descendant,
		writeStream("", p.toUnicode), p.descriptor, writeStream("", string(font.Program)))
}

// encode returns the codes of a text as a string of a content stream.
func encode(font plainpdf.TestFont, text string) string {
	var b strings.Builder
	b.WriteByte('<')
	for _, r := range text {
		code, ok := font.Codes[r]
		if !ok {
			panic(fmt.Sprintf("the font of the tests has no %q", r))
		}
		fmt.Fprintf(&b, "%0*X", 2*font.CodeBytes, code)
	}
	b.WriteByte('>')
	return b.String()
}

// readFont returns a font with the usual characters: one that Chromium embedded.
func readFont(tb testing.TB) plainpdf.TestFont {
	tb.Helper()
	return readFontOf(tb, "transcripts/soen-ecp.pdf")
}

// readSimpleFont returns one that Firefox embedded, with codes of one byte.
func readSimpleFont(tb testing.TB) plainpdf.TestFont {
	tb.Helper()
	return readFontOf(tb, "printed/line-height-1.8.pdf")
}

func readFontOf(tb testing.TB, name string) plainpdf.TestFont {
	tb.Helper()
	pdf, err := os.ReadFile(filepath.Join(testenv.RepoRoot(), "tests/documents", name))
	if err != nil {
		tb.Fatal(err)
	}
	font, err := plainpdf.FontOf(pdf)
	if err != nil {
		tb.Fatal(err)
	}
	return font
}
