// Package words joins the characters of a page into words by their positions. Some printers write a text object for
// each character, so the order and the objects of a page show no words.
package words

import (
	"math"
	"strings"

	"github.com/trackmydegree/trackmydegree/internal/document/layout"
)

const (
	// wordGap is the smallest gap between two characters of different words, in sizes of the font. Kerning stays
	// below 0.1. A space is 0.22 or more in the fonts that browsers print with, and 0.14 when it is kerned from both
	// sides, as in "A A".
	wordGap = 0.125

	// madeUpGap and madeUpKern are the largest gap and overlap, in sizes, of two characters of one word with a
	// generated space between them. PDFium generates a space where a run of text ends, also in the middle of a kerned
	// word or behind a ligature, whose box it reports too narrow; a printed space is wider.
	madeUpGap  = 0.1
	madeUpKern = 0.2

	// overlap is how far, in sizes, a character may begin before the end of the previous one.
	overlap = 0.5

	// sameLine is the largest distance, in sizes, of the baselines of characters of one word.
	sameLine = 0.1

	// inBox is how far, in points, the letters of a ligature may exceed its box, by rounding.
	inBox = 0.02

	// doubled is the largest distance, in sizes, of two prints of one character.
	doubled = 0.05
)

// Run is what the characters of a run of text share.
type Run struct{ Baseline, Size float64 }

// Character is one printed character and its box, in points from the top left corner of the page. Index identifies it
// to the caller.
type Character struct {
	Code           rune
	Index          uint64
	X0, Y0, X1, Y1 float64
}

// Builder builds the words of a page. Its zero value is ready for use.
type Builder struct {
	words   []layout.Word
	word    layout.Word
	letters strings.Builder
	edges   []float32
	first   int // edge of the word
	last    Character
}

// Grow prepares for n characters.
func (b *Builder) Grow(n int) { b.edges = make([]float32, 0, n) }

// Add appends a character to the last word, or begins a new word with it. spaced reports a space since the previous
// character.
func (b *Builder) Add(c Character, run Run, spaced bool) {
	if !b.Continues(c, run, spaced) {
		b.endWord()
	}
	if b.letters.Len() == 0 {
		b.word = layout.Word{X0: c.X0, X1: c.X1, Top: c.Y0, Bottom: c.Y1, Baseline: run.Baseline, Size: run.Size}
	}
	b.letters.WriteRune(c.Code)
	b.edges = append(b.edges, float32(c.X0))
	b.word.X1 = max(b.word.X1, c.X1)
	b.word.Top, b.word.Bottom = min(b.word.Top, c.Y0), max(b.word.Bottom, c.Y1)
	b.word.Size = max(b.word.Size, run.Size)
	b.last = c
}

// Continues reports whether Add would append the character to the last word.
func (b *Builder) Continues(c Character, run Run, spaced bool) bool {
	if b.letters.Len() == 0 {
		return true
	}
	most, least := wordGap, -overlap
	if spaced {
		most, least = madeUpGap, -madeUpKern
	}
	if math.Abs(run.Baseline-b.word.Baseline) > sameLine*run.Size {
		return false
	}
	// The letters of a ligature share its box, or the later ones are inside of it.
	if c.X0 >= b.last.X0-inBox && c.X1 <= b.last.X1+inBox {
		return true
	}
	gap := c.X0 - b.word.X1
	return gap <= most*run.Size && gap >= least*run.Size
}

// Repeated returns the previous character if c has its code and its position: text that is filled and then stroked, to
// look bold, or the letters of one ligature.
func (b *Builder) Repeated(c Character, run Run) (Character, bool) {
	return b.last, b.letters.Len() > 0 && c.Code == b.last.Code && math.Abs(c.X0-b.last.X0) <= doubled*run.Size &&
		math.Abs(run.Baseline-b.word.Baseline) <= sameLine*run.Size
}

// Words returns the words.
func (b *Builder) Words() []layout.Word {
	b.endWord()
	return b.words
}

func (b *Builder) endWord() {
	if b.letters.Len() > 0 {
		b.word.Text, b.word.Edges = b.letters.String(), b.edges[b.first:len(b.edges):len(b.edges)]
		b.word.Text, b.word.Edges = halveDoubled(b.word.Text, b.word.Edges, doubled*b.word.Size)
		b.words = append(b.words, b.word)
		b.letters.Reset()
		b.first = len(b.edges)
	}
}

// halveDoubled keeps one of each letter if all letters of a word come in pairs at one position: text that is filled
// and stroked letter by letter.
func halveDoubled(text string, edges []float32, reach float64) (string, []float32) {
	if len(edges) < 4 || len(edges)%2 != 0 || math.Abs(float64(edges[1]-edges[0])) > reach {
		return text, edges
	}
	runes := []rune(text)
	for i := 0; i < len(runes); i += 2 {
		if runes[i] != runes[i+1] || math.Abs(float64(edges[i+1]-edges[i])) > reach {
			return text, edges
		}
	}
	var half strings.Builder
	var halfEdges []float32
	for i := 0; i < len(runes); i += 2 {
		half.WriteRune(runes[i])
		halfEdges = append(halfEdges, edges[i])
	}
	return half.String(), halfEdges
}
