package plainpdf_test

import (
	"bytes"
	"errors"
	"strings"
	"testing"

	"github.com/trackmydegree/trackmydegree/internal/plainpdf"
	"github.com/trackmydegree/trackmydegree/internal/testenv"
)

// TestRefusals holds that each unusual feature leaves the document to PDFium.
func TestRefusals(t *testing.T) {
	t.Parallel()
	font := readFont(t)
	show := func(text string) string { return encode(font, text) + " Tj" }
	line := "BT /F1 10 Tf 1 0 0 1 40 700 Tm " + show("COMP 248") + " ET"
	for _, tt := range []struct {
		name   string
		change func(p *pageObjects)
	}{
		{"layers", func(p *pageObjects) { p.catalogue = "<</Type /Catalog /Pages 2 0 R /OCProperties <<>>>>" }},
		{"rotated or scaled page", func(p *pageObjects) { p.page = strings.Replace(p.page, "/Type /Page", "/Type /Page /Rotate 90", 1) }},
		{"rotated or scaled page", func(p *pageObjects) { p.page = strings.Replace(p.page, "/Type /Page", "/Type /Page /UserUnit 2", 1) }},
		{"unusual size of a page", func(p *pageObjects) { p.page = strings.Replace(p.page, "[0 0 612 792]", "[0 0 0 0]", 1) }},
		{"another kind of font", func(p *pageObjects) { p.font = "<</Type /Font /Subtype /Type1 /BaseFont /Helvetica>>" }},
		{"unusual encoding of a composite font", func(p *pageObjects) { p.font = strings.Replace(p.font, "Identity-H", "UniJIS-UTF16-H", 1) }},
		{"codes without a meaning", func(p *pageObjects) { p.font = strings.Replace(p.font, "/ToUnicode 7 0 R", "", 1) }},
		{"font higher than its box", func(p *pageObjects) { p.descriptor = strings.Replace(p.descriptor, "1050", "100", 1) }},
		{"font without ascent and descent", func(p *pageObjects) { p.descriptor = strings.Replace(p.descriptor, "/Ascent", "/Other", 1) }},
		{"code that is listed twice", func(p *pageObjects) {
			p.toUnicode += "1 beginbfchar <0041> <0041> <0041> <0041> endbfchar"
		}},
		{"map of codes that uses another one", func(p *pageObjects) { p.toUnicode = "/Adobe-Japan1-UCS2 usecmap " + p.toUnicode }},
		{"text that is not filled, or raised", func(p *pageObjects) { p.content = "3 Tr " + line }},
		{"text that is not filled, or raised", func(p *pageObjects) { p.content = "2 Ts " + line }},
		{"text that is stretched", func(p *pageObjects) { p.content = "90 Tz " + line }},
		{"text that is not upright", func(p *pageObjects) { p.content = strings.Replace(line, "1 0 0 1", "0 1 -1 0", 1) }},
		{"text that is not upright", func(p *pageObjects) { p.content = strings.Replace(line, "1 0 0 1", "1 0 0 -1", 1) }},
		{"text that is printed twice", func(p *pageObjects) { p.content = line + " " + line }},
		{"runs that may be on one line", func(p *pageObjects) {
			p.content = line + " BT 1 0 0 1 300 702.7 Tm " + show("2") + " 1 0 0 1 20 700 Tm " + show("A") + " ET"
		}},
		{"gap that may be a space", func(p *pageObjects) {
			p.content = "BT /F1 10 Tf 1 0 0 1 40 700 Tm [" + encode(font, "A") + " -112 " + encode(font, "B") + "] TJ ET"
		}},
		{"code with several characters", func(p *pageObjects) {
			p.toUnicode = strings.Replace(p.toUnicode, "<0043>", "<00430020>", 1)
		}},
		{"long line", func(p *pageObjects) {
			p.content = strings.Replace(line, " ET", strings.Repeat(" 9 0 Td "+show("A"), 2001)+" ET", 1)
		}},
		{"form", func(p *pageObjects) {
			p.page = strings.Replace(p.page, "/Resources <<", "/Resources <</XObject <</X1 4 0 R>> ", 1)
			p.content = "/X1 Do " + line
		}},
		{"font in a graphics state", func(p *pageObjects) {
			p.page = strings.Replace(p.page, "/CA 1", "/Font [5 0 R 10]", 1)
			p.content = "/G1 gs " + line
		}},
		{"unusual marks", func(p *pageObjects) { p.content = "/OC /MC0 BDC " + line + " EMC" }},
		{"text that replaces what is shown", func(p *pageObjects) { p.content = "/Span <</ActualText (A+)>> BDC " + line + " EMC" }},
		{"text that replaces what is shown", func(p *pageObjects) { p.content = "/Span <</ActualText (fi)>> BDC " + line + " EMC" }},
		{"graphics inside of text", func(p *pageObjects) { p.content = strings.Replace(line, " ET", " q ET Q", 1) }},
		{"text outside of a text object", func(p *pageObjects) { p.content = "BI /W 1 /H 1 ID x EI " + line }},
		{"unfinished content", func(p *pageObjects) { p.content = "q " + line }},
		{"unusual nesting", func(p *pageObjects) { p.content = line + " Q" }},
		{"unusual nesting", func(p *pageObjects) { p.content = line + " EMC" }},
		{"unusual number", func(p *pageObjects) { p.content = "--1 0 0 RG " + line }},
		{"text without a font", func(p *pageObjects) { p.content = strings.Replace(line, "/F1 10 Tf", "", 1) }},
		{"character without a meaning", func(p *pageObjects) { p.content = strings.Replace(line, "ET", "<7FFF> Tj ET", 1) }},
		{"unusual operand", func(p *pageObjects) { p.content = strings.Replace(line, "ET", "<7F> Tj ET", 1) }},
		{"too much text, or none", func(p *pageObjects) { p.content = "0 0 10 10 re f" }},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			p := newPage(font, line)
			if _, err := plainpdf.Pages(t.Context(), p.write(font)); err != nil {
				t.Fatalf("unchanged: %v", err)
			}
			tt.change(&p)
			_, err := plainpdf.Pages(t.Context(), p.write(font))
			if !errors.Is(err, plainpdf.ErrNotPlain) || !strings.HasSuffix(err.Error(), tt.name) {
				t.Errorf("got %v, want %s", err, tt.name)
			}
		})
	}
}

// TestDamagedFiles holds that a file whose table of objects is not exact is left to PDFium.
func TestDamagedFiles(t *testing.T) {
	t.Parallel()
	font := readFont(t)
	pdf := newPage(font, "BT /F1 10 Tf 1 0 0 1 40 700 Tm "+encode(font, "COMP 248")+" Tj ET").write(font)
	for _, tt := range []struct {
		name         string
		old, damaged string
	}{
		{"no header at the beginning", "%PDF-1.7", "x%PDF-1.7"},
		{"no table of objects at the end", "startxref", "startxxxx"},
		{"unusual end", "%%EOF", "%%EOF x"},
		{"encrypted, or changed after it was written", "/Root 1 0 R", "/Root 1 0 R /Encrypt 3 0 R"},
		{"encrypted, or changed after it was written", "/Root 1 0 R", "/Root 1 0 R /Prev 20"},
		{"object not where the table says", "1 0 obj", "9 0 obj"},
		{"wrong length of a stream", "ET\nendstream", "ET endstrea "},
		{"reference to an object that does not exist", "/Root 1 0 R", "/Root 77 0 R"},
		{"wrong number of pages", "/Count 1", "/Count 2"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			damaged := bytes.Replace(pdf, []byte(tt.old), []byte(tt.damaged), 1)
			if bytes.Equal(damaged, pdf) {
				t.Fatalf("the file has no %q", tt.old)
			}
			if _, err := plainpdf.Pages(t.Context(), damaged); !errors.Is(err, plainpdf.ErrNotPlain) || !strings.HasSuffix(err.Error(), tt.name) {
				t.Errorf("got %v, want %s", err, tt.name)
			}
		})
	}
}

// TestEndless holds that structures that contain themselves end.
func TestEndless(t *testing.T) {
	t.Parallel()
	for name, objects := range map[string][]string{
		"a page tree":             {"<</Type /Catalog /Pages 2 0 R>>", "<</Type /Pages /Kids [2 0 R 2 0 R] /Count 1>>"},
		"the length of a stream":  {"<</Type /Catalog /Pages 2 0 R>>", "<</Length 2 0 R>>\nstream\nx\nendstream"},
		"lengths of two streams":  {"<</Type /Catalog /Pages 2 0 R>>", "<</Length 3 0 R>>\nstream\nx\nendstream", "<</Length 2 0 R>>\nstream\nx\nendstream"},
		"arrays inside of arrays": {"<</Type /Catalog /Pages " + strings.Repeat("[", 100_000) + ">>"},
		"a long array":            {"<</Type /Catalog /Pages [" + strings.Repeat("1 ", 1_000_000) + "]>>"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			if _, err := plainpdf.Pages(t.Context(), testenv.WritePDF(objects...)); !errors.Is(err, plainpdf.ErrNotPlain) || strings.Contains(err.Error(), "panic") {
				t.Errorf("got %v, want ErrNotPlain", err)
			}
		})
	}
}
