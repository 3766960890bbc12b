package document_test

import (
	"strings"
	"unicode"

	"github.com/trackmydegree/trackmydegree/internal/document"
)

// sheet is paper on which text is set, as in a browser: boxes of text, line by line, page by page.
type sheet struct {
	width, height, margin float64
	size                  float64
	glue                  bool // words that touch are one word, as in a PDF
	pages                 []document.Page
	y                     float64
}

func newSheet(width, height, margin, size float64) *sheet {
	s := &sheet{width: width, height: height, margin: margin, size: size}
	s.turn()
	return s
}

func (s *sheet) turn() {
	s.pages = append(s.pages, document.Page{Width: s.width, Height: s.height})
	s.y = s.margin + 3*s.size
}

// room begins a new page when less than height is left.
func (s *sheet) room(height float64) {
	if s.y+height > s.height-s.margin-3*s.size {
		s.turn()
	}
}

// put sets words on a baseline of the page.
func (s *sheet) put(x, baseline, size float64, text string) {
	page := &s.pages[len(s.pages)-1]
	for _, t := range strings.Fields(text) {
		w := document.Word{Text: t, X0: x, Top: baseline - 0.8*size, Bottom: baseline + 0.2*size, Baseline: baseline, Size: size}
		for _, r := range t {
			w.Edges = append(w.Edges, float32(x))
			x += advance(r) * size
		}
		w.X1 = x
		x += advance(' ') * size
		if n := len(page.Words) - 1; s.glue && n >= 0 {
			last := &page.Words[n]
			if gap := w.X0 - last.X1; last.Baseline == baseline && gap < 0.18*size && gap > -0.5*size {
				last.Text += w.Text
				last.Edges = append(last.Edges, w.Edges...)
				last.X1 = max(last.X1, w.X1)
				continue
			}
		}
		page.Words = append(page.Words, w)
	}
}

// line sets a separate line at the margin.
func (s *sheet) line(text string) {
	s.room(1.7 * s.size)
	s.put(s.margin, s.y, s.size, text)
	s.y += 1.7 * s.size
}

// gap leaves vertical space.
func (s *sheet) gap(lines float64) { s.y += lines * s.size }

// wrap breaks text into lines of at most width.
func wrap(text string, width, size float64) []string {
	var lines []string
	for _, word := range strings.Fields(text) {
		if n := len(lines) - 1; n >= 0 && textWidth(lines[n]+" "+word, size) <= width {
			lines[n] += " " + word
			continue
		}
		lines = append(lines, word)
	}
	return lines
}

func textWidth(text string, size float64) float64 {
	width := 0.0
	for _, r := range text {
		width += advance(r) * size
	}
	return width
}

// advance returns about the width of Helvetica, in sizes.
func advance(r rune) float64 {
	switch {
	case r == ' ', r == '.', r == ',', r == 'I', r == '/', r == ':', r == 'l', r == 'i':
		return 0.28
	case r == 'M', r == 'W', r == 'm':
		return 0.84
	case unicode.IsUpper(r):
		return 0.68
	case r == '-':
		return 0.33
	}
	return 0.55
}

// valign is the vertical alignment of the lines of a cell.
type valign int

const (
	middle valign = iota
	top
	bottom
)

// cell is text in a column of a row.
type cell struct {
	x, width float64
	text     string
	centred  bool
}

// row sets cells with wrapped lines side by side.
func (s *sheet) row(cells []cell, size, pitch, padding float64, align valign) {
	tallest := 1
	lines := make([][]string, len(cells))
	for i, c := range cells {
		lines[i] = wrap(c.text, c.width, size)
		tallest = max(tallest, len(lines[i]))
	}
	height := float64(tallest) * pitch * size
	s.room(height + 2*padding)
	s.y += padding
	for i, c := range cells {
		free := float64(tallest-len(lines[i])) * pitch * size
		switch align {
		case middle:
			free /= 2
		case top:
			free = 0
		}
		for n, text := range lines[i] {
			x := c.x
			if c.centred {
				x += (c.width - textWidth(text, size)) / 2
			}
			s.put(x, s.y+free+float64(n)*pitch*size, size, text)
		}
	}
	s.y += height + padding
}
