package pdftext

import (
	"encoding/binary"
	"math"
	"unicode"
	"unicode/utf8"

	"github.com/tetratelabs/wazero/api"

	"github.com/trackmydegree/trackmydegree/internal/document/words"
)

const (
	// upright is the largest slope of a line that is read. Stamps and watermarks are steeper.
	upright = 0.05

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
	words.Run
	// turns is the number of quarter turns clockwise that make the run upright; askew when no number does.
	turns int
	askew bool
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

	words words.Builder
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
	p.words.Grow(max(p.count, 0))
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
		char := words.Character{Code: c, Index: i}
		char.X0, char.Y0, char.X1, char.Y1 = p.frame.placeBox(left, top, right, bottom)
		doubled, err := p.isDoubled(char, line.Run)
		if err != nil {
			return err
		}
		if !doubled {
			p.words.Add(char, line.Run, spaced)
			spaced = false
		}
	}
	return nil
}

// isDoubled reports whether c repeats the previous character: text that is filled and then stroked, to look bold, is
// two text objects. The letters of a ligature have one position too, but belong to one object.
func (p *textPage) isDoubled(c words.Character, line words.Run) (bool, error) {
	last, repeated := p.words.Repeated(c, line)
	if !repeated {
		return false, nil
	}
	one, err := p.callFunction(p.textObject, p.text, last.Index)
	if err != nil {
		return false, err
	}
	other, err := p.callFunction(p.textObject, p.text, c.Index)
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
	case c == lineHyphen, c == softHyphen: // a soft hyphen would not have been printed if it were none
		return '-'
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
	line := run{Run: words.Run{Baseline: baseline, Size: api.DecodeF64(size) * math.Hypot(at(2), at(3))}}
	if line.Size < smallest*height {
		line.Size = height // a Type 3 font has no size
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
