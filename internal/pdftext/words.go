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

	// upright is the largest slope of a line that is read. Stamps and watermarks are steeper.
	upright = 0.05

	// inBox is how far, in points, the letters of a ligature may exceed its box, by rounding.
	inBox = 0.02

	// doubled is the largest distance, in sizes, of two prints of one character.
	doubled = 0.05

	// smallest is the smallest ratio of the size of a font to the height of its box. Boxes are 1.0 to 1.6 sizes high.
	smallest = 0.4

	// flat is the smallest ratio of width to height of a hyphen's ink.
	flat = 1.8

	softHyphen = 0xAD

	// lineHyphen is PDFium's replacement of a hyphen at the end of a run of text: it assumes that the word continues
	// in the next line. Here words are built by position, and the hyphen of "B-" is a hyphen.
	lineHyphen = 0x02
)

// run is what the characters of a run of text share.
type run struct {
	baseline, size float64
	// turns is the number of quarter turns clockwise that make the run upright; askew when no number does.
	turns int
	askew bool
}

// character is one printed character and its position on the page.
type character struct {
	code           rune
	index          uint64
	x0, y0, x1, y1 float64
}

// textPage is the text of a loaded page while it is read. Characters come in the order of the stream. Only their
// positions show words: some printers create one text object for each character, and PDFium generates spaces.
type textPage struct {
	*reader
	text  uint64
	count int
	frame frame
	// hidden reports whether a character is invisible; nil when all are visible.
	hidden func(index uint64) (bool, error)

	words   []document.Word
	word    document.Word
	letters strings.Builder
	edges   []float32
	first   int // edge of the word
	last    character
	// directions counts the characters by the turns that make them upright.
	directions [4]int
}

// readWords joins the characters into words by their position. Only upright characters count.
func (p *textPage) readWords() error {
	var (
		line   run
		spaced bool // a space was read since the last character
		height struct{ top, bottom float64 }
	)
	p.edges = make([]float32, 0, max(p.count, 0))
	for i := range uint64(max(p.count, 0)) {
		code, err := p.callFunction(p.unicode, p.text, i)
		if err != nil {
			return err
		}
		c := rune(uint32(code))
		if unicode.IsSpace(c) {
			spaced = true
			continue
		}
		if c < ' ' && c != lineHyphen {
			if c, err = p.readUnnamed(i); err != nil {
				return err
			}
		}
		if c = visibleCharacter(c); c < 0 {
			continue
		}
		if _, err := p.callFunction(p.looseBox, p.text, i, uint64(p.scratch)); err != nil {
			return err
		}
		left, top, right, bottom := p.readRect()
		if top != height.top || bottom != height.bottom {
			// The height of the box is the font's. While box and height stay the same, so do baseline, size and
			// direction.
			if line, err = p.readRun(i, math.Abs(top-bottom)); err != nil {
				return err
			}
			height.top, height.bottom = top, bottom
		}
		if line.askew {
			continue
		}
		if p.hidden != nil {
			hidden, err := p.hidden(i)
			if err != nil {
				return err
			}
			if hidden {
				continue
			}
		}
		p.directions[line.turns]++
		if line.turns != 0 {
			continue
		}
		char := character{code: c, index: i}
		char.x0, char.y0, char.x1, char.y1 = p.frame.placeBox(left, top, right, bottom)
		doubled, err := p.isDoubled(char, line)
		if err != nil {
			return err
		}
		if !doubled {
			p.addCharacter(char, line, spaced)
			spaced = false
		}
	}
	p.endWord()
	return nil
}

// addCharacter appends a character to its word, or begins a new word with it.
func (p *textPage) addCharacter(c character, line run, spaced bool) {
	most, least := wordGap, -overlap
	if spaced {
		most, least = madeUpGap, -madeUpKern
	}
	gap := c.x0 - p.word.X1
	sameBaseline := math.Abs(line.baseline-p.word.Baseline) <= sameLine*line.size
	// The letters of a ligature share its box, or the later ones are inside of it.
	inLigature := sameBaseline && c.x0 >= p.last.x0-inBox && c.x1 <= p.last.x1+inBox
	if !inLigature && (gap > most*line.size || gap < least*line.size || !sameBaseline) {
		p.endWord()
	}
	if p.letters.Len() == 0 {
		p.word = document.Word{X0: c.x0, X1: c.x1, Top: c.y0, Bottom: c.y1, Baseline: line.baseline, Size: line.size}
	}
	p.letters.WriteRune(c.code)
	p.edges = append(p.edges, float32(c.x0))
	p.word.X1 = max(p.word.X1, c.x1)
	p.word.Top, p.word.Bottom = min(p.word.Top, c.y0), max(p.word.Bottom, c.y1)
	p.word.Size = max(p.word.Size, line.size)
	p.last = c
}

func (p *textPage) endWord() {
	if p.letters.Len() > 0 {
		p.word.Text, p.word.Edges = p.letters.String(), p.edges[p.first:len(p.edges):len(p.edges)]
		p.word.Text, p.word.Edges = halveDoubled(p.word.Text, p.word.Edges, doubled*p.word.Size)
		p.words = append(p.words, p.word)
		p.letters.Reset()
		p.first = len(p.edges)
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

// isDoubled reports whether c repeats the previous character: text that is filled and then stroked, to look bold, is
// two text objects. The letters of a ligature have one position too, but belong to one object.
func (p *textPage) isDoubled(c character, line run) (bool, error) {
	if p.letters.Len() == 0 || c.code != p.last.code || math.Abs(c.x0-p.last.x0) > doubled*line.size ||
		math.Abs(line.baseline-p.word.Baseline) > sameLine*line.size {
		return false, nil
	}
	one, err := p.callFunction(p.textObject, p.text, p.last.index)
	if err != nil {
		return false, err
	}
	other, err := p.callFunction(p.textObject, p.text, c.index)
	return one != other, err
}

// readUnnamed examines the ink of a character without a meaning in the font: a flat bar is a hyphen, no ink is
// invisible, and anything else is a lost character.
func (p *textPage) readUnnamed(index uint64) (rune, error) {
	at := uint64(p.scratch)
	if _, err := p.callFunction(p.inkBox, p.text, index, at, at+8, at+16, at+24); err != nil {
		return 0, err
	}
	b, _ := p.module.Memory().Read(p.scratch, 32)
	side := func(i int) float64 { return math.Float64frombits(binary.LittleEndian.Uint64(b[8*i:])) }
	x0, y0, x1, y1 := p.frame.placeBox(side(0), side(3), side(1), side(2))
	switch {
	case !(x1 > x0) || !(y1 > y0):
		return 0, nil
	case x1-x0 > flat*(y1-y0):
		return '-', nil
	}
	return unicode.ReplacementChar, nil
}

// visibleCharacter returns the character as it is printed, and -1 for an invisible one.
func visibleCharacter(c rune) rune {
	switch {
	case c == lineHyphen:
		return '-'
	case c == softHyphen:
		return c
	case unicode.IsControl(c), unicode.Is(unicode.Cf, c):
		return -1
	case !utf8.ValidRune(c):
		return unicode.ReplacementChar
	case c&0xFF == 0 && c>>8 < utf8.RuneSelf && unicode.IsLetter(c>>8):
		// Ghostscript 10.00 writes the letters of a ligature with their bytes swapped: U+6600 U+6900 for "fi". The
		// documents that are read have no Chinese text.
		return c >> 8
	}
	return c
}

// readRun reads the properties that the character at the index, in a box of the height, shares with those around it.
func (p *textPage) readRun(index uint64, height float64) (run, error) {
	if _, err := p.callFunction(p.charOrigin, p.text, index, uint64(p.scratch), uint64(p.scratch)+8); err != nil {
		return run{}, err
	}
	b, _ := p.module.Memory().Read(p.scratch, 16)
	_, baseline := p.frame.placePoint(math.Float64frombits(binary.LittleEndian.Uint64(b)), math.Float64frombits(binary.LittleEndian.Uint64(b[8:])))
	size, err := p.callFunction(p.fontSize, p.text, index)
	if err != nil {
		return run{}, err
	}
	if _, err := p.callFunction(p.matrix, p.text, index, uint64(p.scratch)); err != nil {
		return run{}, err
	}
	m, _ := p.module.Memory().Read(p.scratch, 24)
	at := func(i int) float64 { return readFloat(m[4*i:]) }
	across, along := p.frame.turnDirection(at(0), at(1))
	line := run{baseline: baseline, size: api.DecodeF64(size) * math.Hypot(at(2), at(3))}
	if line.size < smallest*height {
		line.size = height // a Type 3 font has no size
	}
	switch {
	case across > 0 && math.Abs(along) <= upright*across:
	case along > 0 && math.Abs(across) <= upright*along:
		line.turns = 1
	case across < 0 && math.Abs(along) <= -upright*across:
		line.turns = 2
	case along < 0 && math.Abs(across) <= -upright*along:
		line.turns = 3
	default:
		line.askew = true
	}
	return line, nil
}
