package layout

import (
	"cmp"
	"math"
	"slices"
	"strings"
	"unicode"
)

// Column is the position of a column's name in the header row of a table.
type Column struct {
	Name   string
	X0, X1 float64
}

// Header is the header row of a table: its columns from left to right, and its lines [first, last].
type Header struct {
	Columns     []Column
	First, Last int
	size        float64
}

// The distinctive parts of the names of columns. Their other words (see headerFillers) only widen them.
const (
	Course      = "COURSE"
	Description = "DESCRIPTION"
	Attempted   = "ATTEMPTED"
	Grade       = "GRADE"
	Notation    = "NOTATION"
	Earned      = "EARNED"
)

var (
	headerNames = []string{Course, Description, Attempted, Grade, Notation, Earned, "GPA", "AVG", "SIZE",
		"OTHER", "ATTENDED"}
	headerFillers = []string{"CLASS", "PROGRAM", "CREDITS", "CREDIT", "YEAR", "UNITS"}
)

// piece is a part of a header's line: a name, a filler, or other letters, with its position.
type piece struct {
	text   string
	line   int
	x0, x1 float64
}

const (
	// bandReach is the largest distance, in sizes, of the lines of one header row.
	bandReach = 1.7

	// oneSpace is the largest width of a space, in sizes: 0.6 in monospaced fonts, and some for rounding.
	oneSpace = 0.7

	// A header row has some four lines and twenty words; a larger group of lines is not one.
	maxBand   = 6
	maxPieces = 64
)

// FindHeaders returns the header rows of all tables, in reading order.
func FindHeaders(all []Line) []Header {
	var found []Header
	for i := 0; i < len(all); i++ {
		if !strings.Contains(capitalLetters(all[i]), Description) {
			continue
		}
		above := 0 // a line belongs to one header only
		if n := len(found); n > 0 {
			above = found[n-1].Last + 1
		}
		h, ok := headerAround(all, i, above)
		if !ok {
			continue
		}
		found = append(found, h)
		i = h.Last
	}
	return found
}

// headerAround returns the header row that contains the line i and begins at the line top or below. A header's words
// wrap to several lines, so adjacent lines that contain mostly header words are part of it.
func headerAround(all []Line, i, top int) (Header, bool) {
	first, last := i, i
	pieces := findPieces(all[i], i)
	if len(pieces) > maxPieces {
		return Header{}, false
	}
	for first > top && i-first < maxBand && isHeaderLine(all[first-1], all[first], pieces) {
		first--
		pieces = append(pieces, findPieces(all[first], first)...)
	}
	for last+1 < len(all) && last-i < maxBand && isHeaderLine(all[last+1], all[last], pieces) {
		last++
		pieces = append(pieces, findPieces(all[last], last)...)
	}
	if len(pieces) > maxPieces {
		return Header{}, false
	}
	columns := nameColumns(joinTornNames(pieces), all[i].Size)
	place := func(name string) float64 {
		for _, c := range columns {
			if c.Name == name {
				return c.X0
			}
		}
		return math.NaN()
	}
	course, description, grade := place(Course), place(Description), place(Grade)
	if !(course < description && description < grade) {
		return Header{}, false
	}
	return Header{Columns: columns, First: first, Last: last, size: all[i].Size}, true
}

// isHeaderLine reports whether the line next to a header's line, of which pieces are known, belongs to the header
// too: it consists of header words, repeats none of them, and has none under DESCRIPTION, where titles begin.
func isHeaderLine(l, next Line, pieces []piece) bool {
	if l.Page != next.Page || math.Abs(l.Baseline-next.Baseline) > bandReach*max(l.Size, next.Size) {
		return false
	}
	own := findPieces(l, 0)
	if len(own) > maxPieces { // each is compared with each: a line of unlimited length would take minutes
		return false
	}
	known, all := 0, 0
	for _, p := range own {
		all += len(p.text)
		if slices.Contains(headerNames, p.text) || slices.Contains(headerFillers, p.text) || isFragment(p.text) {
			known += len(p.text)
		}
		for _, q := range pieces {
			if q.text == p.text && slices.Contains(headerNames, p.text) ||
				q.text == Description && p.x0 < q.x1 && q.x0 < p.x1 {
				return false
			}
		}
	}
	// Three quarters suffice: one unknown column does no harm.
	return all > 0 && 4*known >= 3*all
}

// isFragment reports whether text is the beginning or the end of a name that a narrow column has split.
func isFragment(text string) bool {
	for _, n := range headerNames {
		if len(text) >= 2 && len(text) < len(n) && (strings.HasPrefix(n, text) || strings.HasSuffix(n, text)) {
			return true
		}
	}
	return false
}

// capitalLetters returns the line's letters in upper case: names may be spaced out, split or run together.
func capitalLetters(l Line) string {
	var b strings.Builder
	for _, w := range l.Words {
		for _, r := range w.Text {
			if unicode.IsLetter(r) {
				b.WriteRune(unicode.ToUpper(r))
			}
		}
	}
	return b.String()
}

// findPieces finds the names and fillers in a line, regardless of word boundaries.
func findPieces(l Line, n int) []piece {
	type letter struct{ x0, x1 float64 }
	var at []letter
	var text []byte
	for _, w := range l.Words {
		runes := []rune(w.Text)
		for i, r := range runes {
			if r = unicode.ToUpper(r); unicode.IsLetter(r) {
				b := byte('?')
				if r < unicode.MaxASCII {
					b = byte(r)
				}
				text = append(text, b)
				end := w.X1
				if i+1 < len(runes) {
					end = characterEdge(w, len(runes), i+1)
				}
				at = append(at, letter{characterEdge(w, len(runes), i), end})
			}
		}
	}
	var pieces []piece
	add := func(from, to int) {
		if from < to {
			pieces = append(pieces, piece{string(text[from:to]), n, at[from].x0, at[to-1].x1})
		}
	}
	unknown := 0
	for i := 0; i < len(text); {
		name := longestName(string(text[i:min(len(text), i+longest)]))
		if name == "" {
			// Other letters end at a gap: two split names are two pieces.
			if i > unknown && at[i].x0-at[i-1].x1 > 0.2*l.Size {
				add(unknown, i)
				unknown = i
			}
			i++
			continue
		}
		add(unknown, i)
		add(i, i+len(name))
		i += len(name)
		unknown = i
	}
	add(unknown, len(text))
	return pieces
}

// longest is the length of the longest name.
const longest = len(Description)

func longestName(text string) string {
	best := ""
	for _, names := range [...][]string{headerNames, headerFillers} {
		for _, n := range names {
			if n[0] == text[0] && len(n) > len(best) && strings.HasPrefix(text, n) {
				best = n
			}
		}
	}
	return best
}

// joinTornNames joins names that were split into two lines of their column.
func joinTornNames(pieces []piece) []piece {
	for i := range pieces {
		for j := range pieces {
			a, b := pieces[i], pieces[j]
			if a.line < b.line && a.x0 < b.x1 && b.x0 < a.x1 && slices.Contains(headerNames, a.text+b.text) {
				pieces[i] = piece{a.text + b.text, a.line, min(a.x0, b.x0), max(a.x1, b.x1)}
				pieces[j].text = ""
			}
		}
	}
	return pieces
}

// nameColumns makes a column of each name, the first of a kind, and widens it by its fillers: above or below it, or
// before it on its line.
func nameColumns(pieces []piece, size float64) []Column {
	var columns []Column
	owner := make([]int, len(pieces)) // of a piece, as an index into columns, or -1
	for i, p := range pieces {
		owner[i] = -1
		if !slices.Contains(headerNames, p.text) {
			continue
		}
		if slices.ContainsFunc(columns, func(c Column) bool { return c.Name == p.text }) {
			continue
		}
		owner[i] = len(columns)
		columns = append(columns, Column{p.text, p.x0, p.x1})
	}
	widen := func(near func(p, q piece) bool) {
		for i, p := range pieces {
			if owner[i] >= 0 || !slices.Contains(headerFillers, p.text) {
				continue
			}
			for j, q := range pieces {
				if owner[j] >= 0 && near(p, q) {
					c := &columns[owner[j]]
					c.X0, c.X1 = min(c.X0, p.x0), max(c.X1, p.x1)
					owner[i] = owner[j]
					break
				}
			}
		}
	}
	stacked := func(p, q piece) bool { return p.line != q.line && p.x0 < q.x1 && q.x0 < p.x1 }
	before := func(p, q piece) bool { return p.line == q.line && q.x0 > p.x0 && q.x0-p.x1 < oneSpace*size }
	after := func(p, q piece) bool {
		return p.line == q.line && p.x0 > q.x0 && p.x0-q.x1 < oneSpace*size && slices.Contains(headerFillers, q.text)
	}
	// Two passes, because a filler may belong to one that has found its column: PROGRAM above CREDITS EARNED. A
	// filler that is only behind another filler comes last: it may touch the name of the next column.
	for range 2 {
		widen(stacked)
		widen(before)
	}
	for range 2 {
		widen(after)
		widen(stacked)
		widen(before)
	}
	columns = append(columns, otherColumns(columns, pieces, owner)...)
	slices.SortFunc(columns, func(a, b Column) int { return cmp.Compare(a.X0, b.X0) })
	return columns
}

// otherColumns returns the columns with other names, which keep their cells out of the columns next to them.
func otherColumns(known []Column, pieces []piece, owner []int) []Column {
	overlaps := func(c Column, p piece) bool { return p.x0 < c.X1 && c.X0 < p.x1 }
	var others []Column
	for i, p := range pieces {
		if owner[i] >= 0 || len(p.text) < 2 || slices.Contains(headerNames, p.text) || slices.Contains(headerFillers, p.text) || isFragment(p.text) ||
			slices.ContainsFunc(known, func(c Column) bool { return overlaps(c, p) }) {
			continue
		}
		if at := slices.IndexFunc(others, func(c Column) bool { return overlaps(c, p) }); at >= 0 {
			others[at].X0, others[at].X1 = min(others[at].X0, p.x0), max(others[at].X1, p.x1)
			continue
		}
		others = append(others, Column{p.text, p.x0, p.x1})
	}
	return others
}
