package plainpdf_test

import (
	"fmt"
	"strings"
	"testing"
)

// TestCharactersLikePDFium shows characters alone on a line and behind a letter. What PDFium expands, mirrors or drops
// must not be plain.
func TestCharactersLikePDFium(t *testing.T) {
	if testing.Short() {
		t.Skip("3,000 documents")
	}
	pdfium, font := newPDFium(t), readFont(t)
	plain := map[string]int{}
	for _, block := range []struct{ first, last rune }{
		{0x20, 0x2FF}, {0x370, 0x3FF}, {0x5D0, 0x5EA}, {0x600, 0x61F}, {0x1E00, 0x206F}, {0x2100, 0x219F}, {0x2500, 0x259F},
		{0xF000, 0xF01F}, {0xFB00, 0xFB06}, {0xFF01, 0xFF1F}, {0xFFF0, 0xFFFD},
	} {
		for r := block.first; r <= block.last; r++ {
			for _, front := range []string{"", "A"} {
				with := font
				with.Codes = map[rune]int{'A': font.Codes['A'], r: font.Codes['B']}
				p := newPage(with, "BT /F1 10 Tf 1 0 0 1 40 700 Tm "+encode(with, front)+" Tj "+encode(with, string(r))+" Tj ET")
				if r == 'A' {
					continue
				}
				t.Run(fmt.Sprintf("%s%U", front, r), func(t *testing.T) {
					if compareWithPDFium(t, pdfium, p.write(with)) {
						plain[front]++
					}
				})
			}
		}
	}
	if plain[""] < 790 || plain["A"] < plain[""] {
		t.Errorf("plain characters alone and behind a letter: %v, want all Latin letters", plain)
	}
}

// TestLigaturesLikePDFium shows ligatures in each way in which programs write them.
func TestLigaturesLikePDFium(t *testing.T) {
	pdfium, font := newPDFium(t), readFont(t)
	of, ce := encode(font, "o"), encode(font, "ce")
	const glyph = "<0042>"
	for _, tt := range []struct{ name, meaning, show string }{
		{"letters", "<0042> <006600660069>", of + " Tj " + glyph + " Tj " + ce + " Tj"},
		{"a character", "<0042> <FB03>", "[" + of + glyph + ce + "] TJ"},
		{"a replacement", "<0042> <FB03>", of + " Tj /Span <</ActualText (ffi)>> BDC " + glyph + " Tj EMC 6 0 Td " + ce + " Tj"},
		{"two replacements", "<0042> <FB03>", strings.Repeat("/Span <</ActualText (fi)>> BDC "+glyph+" Tj EMC 30 0 Td ", 2)},
		{"at the end", "<0042> <00660066>", of + " Tj " + glyph + " Tj"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			p := newPage(font, "BT /F1 10 Tf 1 0 0 1 40 700 Tm "+tt.show+" ET")
			p.toUnicode = strings.Replace(toUnicode(without(font.Codes, 0x42)), "endcmap", "1 beginbfchar "+tt.meaning+" endbfchar endcmap", 1)
			if !compareWithPDFium(t, pdfium, p.write(font)) {
				t.Error("not plain")
			}
		})
	}
}

// without returns the codes but one.
func without(codes map[rune]int, code int) map[rune]int {
	rest := map[rune]int{}
	for r, c := range codes {
		if c != code {
			rest[r] = c
		}
	}
	return rest
}
