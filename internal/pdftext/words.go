package pdftext

import (
	"encoding/binary"
	"math"
	"strings"
	"unicode"

	"github.com/tetratelabs/wazero/api"

	"github.com/trackmydegree/trackmydegree/internal/document"
)

const (
	// wordGap is the space between two characters, in sizes of the font, from which they belong to two words. Kerning
	// and rounding stay below 0.1, a space is 0.22 or more in the fonts that browsers print with.
	wordGap = 0.2

	// overlap is how far, in sizes, a character may begin before the one before it has ended.
	overlap = 0.5

	// upright is the largest slope of a line that is still read. Stamps and watermarks run across the page.
	upright = 0.05

	// lineHyphen is what PDFium makes of a hyphen at the end of a run of text: it takes the word for one that goes on
	// in the next line. Here the words are made by position, and the hyphen of "B-" is a hyphen.
	lineHyphen = 0x02
)

// run is what the characters of a run of text share.
type run struct {
	baseline, size float64
	level          bool
}

// words reads the n characters of a text page and joins them into words by their position. The order of the characters
// is that of the stream, in which a word is never torn apart but neighbours need not be neighbours on the page; the
// spaces that PDFium makes up between them say nothing that the positions do not.
func (r *reader) words(text uint64, n int, f frame) ([]document.Word, error) {
	var (
		words   []document.Word
		word    document.Word
		letters strings.Builder
		line    run
		last    [4]float64
	)
	flush := func() {
		if letters.Len() > 0 {
			word.Text = letters.String()
			words = append(words, word)
			letters.Reset()
		}
	}
	for i := range uint64(max(n, 0)) {
		code, err := r.call(r.unicode, text, i)
		if err != nil {
			return nil, err
		}
		c := rune(uint32(code))
		if c == lineHyphen {
			c = '-'
		}
		if unicode.IsSpace(c) {
			flush()
			continue
		}
		if c == 0 || unicode.Is(unicode.Cf, c) && c != softHyphen || unicode.IsControl(c) {
			continue
		}
		if !validRune(c) {
			c = unicode.ReplacementChar
		}
		if _, err := r.call(r.looseBox, text, i, uint64(r.scratch)); err != nil {
			return nil, err
		}
		left, top, right, bottom := r.rect()
		if box := [4]float64{0, top, 0, bottom}; box != last {
			// The box's height is the font's: as long as it stays, so do baseline, size and direction.
			if line, err = r.run(text, i, f); err != nil {
				return nil, err
			}
			last = box
		}
		if !line.level {
			continue
		}
		x0, y0 := f.place(left, top)
		x1, y1 := f.place(right, bottom)
		x0, x1 = min(x0, x1), max(x0, x1)
		y0, y1 = min(y0, y1), max(y0, y1)
		gap := x0 - word.X1
		if letters.Len() > 0 && (gap > wordGap*line.size || gap < -overlap*line.size ||
			math.Abs(line.baseline-word.Baseline) > 0.1*line.size) {
			flush()
		}
		if letters.Len() == 0 {
			word = document.Word{X0: x0, X1: x1, Top: y0, Bottom: y1, Baseline: line.baseline, Size: line.size}
		}
		letters.WriteRune(c)
		word.X1 = max(word.X1, x1)
		word.Top, word.Bottom = min(word.Top, y0), max(word.Bottom, y1)
	}
	flush()
	return words, nil
}

const softHyphen = 0xAD

func validRune(c rune) bool { return c >= 0 && c <= unicode.MaxRune && (c < 0xD800 || c > 0xDFFF) }

// run asks for what only changes from one run of text to the next.
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
	at := func(i int) float64 { return f32(binary.LittleEndian.Uint32(m[4*i:])) }
	across, along := f.turn(at(0), at(1))
	return run{
		baseline: baseline,
		size:     api.DecodeF64(size) * math.Hypot(at(2), at(3)),
		level:    across > 0 && math.Abs(along) <= upright*across,
	}, nil
}
