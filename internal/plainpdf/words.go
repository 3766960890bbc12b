package plainpdf

import (
	"math"
	"unicode/utf8"

	"github.com/trackmydegree/trackmydegree/internal/document"
	"github.com/trackmydegree/trackmydegree/internal/document/words"
)

// joiner joins the characters of a page into words.
type joiner struct {
	frame  box
	words  words.Builder
	spaced bool   // a space was read since the last character
	glyph  uint64 // counts glyphs
	// recent are the last glyphs, the oldest at glyph modulo their number.
	recent [recentGlyphs]placedGlyph
}

// placedGlyph is a glyph and its origin on the page.
type placedGlyph struct {
	font *font
	code int
	x, y float64
}

const (
	// recentGlyphs is the number of previous characters that PDFium compares a character with, to drop one of two.
	recentGlyphs = 8
	// nearby is the largest distance, in sizes, of two prints of one character. PDFium's is 0.07.
	nearby = 0.1
)

// checkRepeated refuses a glyph that repeats a recent one at its place.
func (j *joiner) checkRepeated(r textRun, g glyph) error {
	x, y := r.matrix.placePoint(g.offset, 0)
	for _, p := range j.recent {
		if p.code == g.code && p.font == r.font && math.Abs(p.x-x) < nearby*r.fontHeight() && math.Abs(p.y-y) < nearby*r.fontHeight() {
			return notPlain("text that is printed twice")
		}
	}
	j.recent[j.glyph%recentGlyphs] = placedGlyph{r.font, g.code, x, y}
	j.glyph++
	return nil
}

// joinWords joins the characters of runs into words.
func joinWords(runs []textRun, frame box, characters int) ([]document.Word, error) {
	j := joiner{frame: frame}
	j.words.Grow(characters)
	for _, r := range runs {
		for _, g := range r.glyphs {
			if err := j.addGlyph(r, g); err != nil {
				return nil, err
			}
		}
	}
	return j.words.Words(), nil
}

// addGlyph adds the characters that a glyph means.
func (j *joiner) addGlyph(r textRun, g glyph) error {
	if err := j.checkRepeated(r, g); err != nil {
		return err
	}
	meaning, scale := r.font.texts[g.code], r.size/1000
	ligature := utf8.RuneCountInString(meaning) > 1
	switch {
	case r.replacement != "":
	case meaning == " " || meaning == string(rune(noBreakSpace)):
		j.spaced = true
		return nil
	case ligature && !isLigature(meaning):
		return notPlain("code with several characters")
	}
	ink, err := r.font.inkOf(g.code)
	if err != nil {
		return err
	}
	_, baseline := r.matrix.placePoint(g.offset, 0)
	line := words.Run{Size: r.fontHeight(), Baseline: j.frame.top - baseline}
	if r.replacement != "" {
		return j.addReplacement(r, g, ink, line)
	}
	// PDFium's box holds the font's height, the character's width and its ink (GetLooseBounds).
	place := j.placeBox(r.matrix,
		g.offset+min(0, float64(ink.left)*scale), float64(min(r.font.descent, ink.bottom))*scale,
		g.offset+max(r.glyphWidth(g), float64(ink.right)*scale), float64(max(r.font.ascent, ink.top))*scale)
	for _, character := range meaning {
		place.Code = character
		if err := j.addCharacter(place, line, ligature); err != nil {
			return err
		}
	}
	return nil
}

// addReplacement adds the letters of a ligature that the file spells out. Each has its part of the ink
// (CPDF_TextPage::ProcessMarkedContent).
func (j *joiner) addReplacement(r textRun, g glyph, ink inkBox, line words.Run) error {
	scale := r.size / 1000
	width := float64(ink.right-ink.left) * scale / float64(len(r.replacement))
	for i, letter := range r.replacement {
		left := g.offset + float64(ink.left)*scale + float64(i)*width
		c := j.placeBox(r.matrix, left, float64(ink.bottom)*scale, left+width, float64(ink.top)*scale)
		c.Code = letter
		if err := j.addCharacter(c, line, true); err != nil {
			return err
		}
	}
	return nil
}

// placeBox returns a character without its code, in a box of the run's space.
func (j *joiner) placeBox(m matrix, left, bottom, right, top float64) words.Character {
	x0, y0, x1, y1 := m.placeBox(left, bottom, right, top)
	return words.Character{Index: j.glyph, X0: x0 - j.frame.left, Y0: j.frame.top - y1, X1: x1 - j.frame.left, Y1: j.frame.top - y0}
}

func (j *joiner) addCharacter(c words.Character, line words.Run, ligature bool) error {
	if earlier, repeated := j.words.Repeated(c, line); repeated && earlier.Index != c.Index {
		return notPlain("text that is printed twice") // by another font
	}
	continues := j.words.Continues(c, line, j.spaced)
	switch {
	// PDFium generates spaces between characters. Where one would make a difference, its rules decide.
	case !j.spaced && j.words.Continues(c, line, true) != continues:
		return notPlain("gap that may be a space")
	case !ligature && !isPlain(c.Code):
		return notPlain("character without a plain meaning")
	}
	if c.Code == softHyphen {
		c.Code = '-' // otherwise it would not have been printed
	}
	j.words.Add(c, line, j.spaced)
	j.spaced = false
	return nil
}
