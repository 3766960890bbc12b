package pdftext

import (
	"encoding/binary"
	"math"
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/tetratelabs/wazero/api"

	"github.com/trackmydegree/trackmydegree/internal/document"
)

const (
	// wordGap is the space between two characters of a run, in sizes of the font, from which they belong to two words.
	// Kerning stays below 0.1. A space is 0.22 or more in the fonts that browsers print with, and kerned from both sides,
	// as in "A A", 0.14.
	wordGap = 0.125

	// madeUpGap and madeUpKern are how far, in sizes, two characters with a space between them may lie apart or overlap to
	// be of one word nevertheless. PDFium makes up a space where a run of text ends, also in the middle of a kerned word or
	// behind a ligature, whose box it gives too narrow; one that is printed is wider.
	madeUpGap  = 0.1
	madeUpKern = 0.2

	// overlap is how far, in sizes, a character may begin before the end of the one before it.
	overlap = 0.5

	// sameLine is how far, in sizes, the baselines of characters of one word may lie apart.
	sameLine = 0.1

	// upright is the largest slope of a line that is still read. Stamps and watermarks run across the page.
	upright = 0.05

	softHyphen = 0xAD

	// lineHyphen is what PDFium makes of a hyphen at the end of a run of text: it takes the word for one that goes on
	// in the next line. Here words are made by position, and the hyphen of "B-" is a hyphen.
	lineHyphen = 0x02
)

// run is what the characters of a run of text share.
type run struct {
	baseline, size float64
	level          bool // from left to right on the page as one sees it
}

// words reads the n characters of a text page and joins them into words by their position. They come in the order of
// the stream; neither its text objects (some printers make one of each character) nor the spaces that PDFium makes up
// say more of words than the positions do.
func (r *reader) words(text uint64, n int, f frame) ([]document.Word, error) {
	var (
		words   []document.Word
		word    document.Word
		letters strings.Builder
		line    run
		last    struct{ top, bottom float64 } // of the character before
		edges   = make([]float32, 0, max(n, 0))
		first   int  // edge of the word
		spaced  bool // a space was read since the last character
	)
	flush := func() {
		if letters.Len() > 0 {
			word.Text, word.Edges = letters.String(), edges[first:len(edges):len(edges)]
			words = append(words, word)
			letters.Reset()
			first = len(edges)
		}
	}
	for i := range uint64(max(n, 0)) {
		code, err := r.call(r.unicode, text, i)
		if err != nil {
			return nil, err
		}
		c := rune(uint32(code))
		if unicode.IsSpace(c) {
			spaced = true
			continue
		}
		if c = visible(c); c < 0 {
			continue
		}
		if _, err := r.call(r.looseBox, text, i, uint64(r.scratch)); err != nil {
			return nil, err
		}
		left, top, right, bottom := r.rect()
		if top != last.top || bottom != last.bottom {
			// The height of the box is the font's. As long as box and height stay where they are, so do baseline, size
			// and direction.
			if line, err = r.run(text, i, f); err != nil {
				return nil, err
			}
			last.top, last.bottom = top, bottom
		}
		if !line.level {
			continue
		}
		x0, y0, x1, y1 := f.box(left, top, right, bottom)
		most, least := wordGap, -overlap
		if spaced {
			most, least, spaced = madeUpGap, -madeUpKern, false
		}
		if gap := x0 - word.X1; gap > most*line.size || gap < least*line.size ||
			math.Abs(line.baseline-word.Baseline) > sameLine*line.size {
			flush()
		}
		if letters.Len() == 0 {
			word = document.Word{X0: x0, X1: x1, Top: y0, Bottom: y1, Baseline: line.baseline, Size: line.size}
		}
		letters.WriteRune(c)
		edges = append(edges, float32(x0))
		word.X1 = max(word.X1, x1)
		word.Top, word.Bottom = min(word.Top, y0), max(word.Bottom, y1)
	}
	flush()
	return words, nil
}

// visible is the character as it is printed, and -1 when there is nothing to see.
func visible(c rune) rune {
	switch {
	case c == lineHyphen:
		return '-'
	case c == softHyphen:
		return c
	case unicode.IsControl(c), unicode.Is(unicode.Cf, c):
		return -1
	case !utf8.ValidRune(c):
		return unicode.ReplacementChar
	}
	return c
}

// run asks for what the character at the index shares with those around it.
func (r *reader) run(text, index uint64, f frame) (run, error) {
	if _, err := r.call(r.charOrigin, text, index, uint64(r.scratch), uint64(r.scratch)+8); err != nil {
		return run{}, err
	}
	b, _ := r.module.Memory().Read(r.scratch, 16)
	_, baseline := f.place(math.Float64frombits(binary.LittleEndian.Uint64(b)), math.Float64frombits(binary.LittleEndian.Uint64(b[8:])))
	size, err := r.call(r.fontSize, text, index)
	if err != nil {
		return run{}, err
	}
	if _, err := r.call(r.matrix, text, index, uint64(r.scratch)); err != nil {
		return run{}, err
	}
	m, _ := r.module.Memory().Read(r.scratch, 24)
	at := func(i int) float64 { return f32(m[4*i:]) }
	across, along := f.turn(at(0), at(1))
	return run{
		baseline: baseline,
		size:     api.DecodeF64(size) * math.Hypot(at(2), at(3)),
		level:    across > 0 && math.Abs(along) <= upright*across,
	}, nil
}
