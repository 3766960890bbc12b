package document

import (
	"cmp"
	"math"
	"slices"
	"strings"
	"unicode"
)

// column is where the name of a column is printed in the header row of a table.
type column struct {
	name   string
	x0, x1 float64
}

// header is the header row of a table: its columns from left to right, and the lines [first, last] that it takes.
type header struct {
	columns     []column
	first, last int
	size        float64
}

// The names of the columns as far as they name one. Their other words (see headerFillers) only widen them.
const (
	colCourse      = "COURSE"
	colDescription = "DESCRIPTION"
	colAttempted   = "ATTEMPTED"
	colGrade       = "GRADE"
	colNotation    = "NOTATION"
	colEarned      = "EARNED"
)

var (
	headerNames = []string{colCourse, colDescription, colAttempted, colGrade, colNotation, colEarned, "GPA", "AVG", "SIZE",
		"OTHER", "ATTENDED"}
	headerFillers = []string{"CLASS", "PROGRAM", "CREDITS", "CREDIT", "YEAR", "UNITS"}
)

// piece is a part of a header's line: a name, a filler, or letters that are neither, with its place.
type piece struct {
	text   string
	line   int
	x0, x1 float64
}

const (
	// bandReach is how far apart, in sizes, the lines of one header row may lie.
	bandReach = 1.7

	// oneSpace is the most, in sizes, that a space takes: 0.6 in fonts of one width, and some for rounding.
	oneSpace = 0.7

	// A header row has some four lines and twenty words; what has many more is none.
	maxBand   = 6
	maxPieces = 64
)

// findHeaders returns the header rows of all tables, in reading order.
func findHeaders(all []line) []header {
	var found []header
	for i := 0; i < len(all); i++ {
		if !strings.Contains(letters(all[i]), colDescription) {
			continue
		}
		h, ok := headerAround(all, i)
		if !ok {
			continue
		}
		found = append(found, h)
		i = h.last
	}
	return found
}

// headerAround returns the header row that the line i belongs to. A header's words wrap to several lines, so the lines
// around that hold little but a header's words are part of it.
func headerAround(all []line, i int) (header, bool) {
	first, last := i, i
	pieces := cut(all[i], i)
	if len(pieces) > maxPieces {
		return header{}, false
	}
	for first > 0 && i-first < maxBand && joins(all[first-1], all[first], pieces) {
		first--
		pieces = append(pieces, cut(all[first], first)...)
	}
	for last+1 < len(all) && last-i < maxBand && joins(all[last+1], all[last], pieces) {
		last++
		pieces = append(pieces, cut(all[last], last)...)
	}
	if len(pieces) > maxPieces {
		return header{}, false
	}
	columns := nameColumns(mend(pieces), all[i].size)
	place := func(name string) float64 {
		for _, c := range columns {
			if c.name == name {
				return c.x0
			}
		}
		return math.NaN()
	}
	course, description, grade := place(colCourse), place(colDescription), place(colGrade)
	if !(course < description && description < grade) {
		return header{}, false
	}
	return header{columns: columns, first: first, last: last, size: all[i].size}, true
}

// joins reports whether the line next to a header's line is one of the header too, of which pieces are known: it is made
// of a header's words, of none a second time, and none of them stands under DESCRIPTION, where titles begin.
func joins(l, next line, pieces []piece) bool {
	if l.page != next.page || math.Abs(l.y-next.y) > bandReach*max(l.size, next.size) {
		return false
	}
	own := cut(l, 0)
	if len(own) > maxPieces { // each is compared with each: a line without end would take minutes
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
				q.text == colDescription && p.x0 < q.x1 && q.x0 < p.x1 {
				return false
			}
		}
	}
	// Three quarters: one foreign column does no harm.
	return all > 0 && 4*known >= 3*all
}

// isFragment reports whether text is the beginning or the end of a name that the width of its column has torn.
func isFragment(text string) bool {
	for _, n := range headerNames {
		if len(text) >= 2 && len(text) < len(n) && (strings.HasPrefix(n, text) || strings.HasSuffix(n, text)) {
			return true
		}
	}
	return false
}

// letters is the line in capitals without anything else: names may be spaced out, torn or run together.
func letters(l line) string {
	var b strings.Builder
	for _, w := range l.words {
		for _, r := range w.Text {
			if unicode.IsLetter(r) {
				b.WriteRune(unicode.ToUpper(r))
			}
		}
	}
	return b.String()
}

// cut finds the names and fillers in a line, wherever its words begin and end.
func cut(l line, n int) []piece {
	type letter struct{ x0, x1 float64 }
	var at []letter
	var text []byte
	for _, w := range l.words {
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
					end = edge(w, len(runes), i+1)
				}
				at = append(at, letter{edge(w, len(runes), i), end})
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
			// Foreign letters end where there is a gap: two torn names are two pieces.
			if i > unknown && at[i].x0-at[i-1].x1 > 0.2*l.size {
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
const longest = len(colDescription)

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

// mend puts names together that were torn into two lines of their column.
func mend(pieces []piece) []piece {
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

// nameColumns makes a column of each name, the first of a kind, and widens it by the fillers that stand with it: above
// or below, or before it on its line.
func nameColumns(pieces []piece, size float64) []column {
	var columns []column
	owner := make([]int, len(pieces)) // of a piece, as an index into columns, or -1
	for i, p := range pieces {
		owner[i] = -1
		if !slices.Contains(headerNames, p.text) {
			continue
		}
		if slices.ContainsFunc(columns, func(c column) bool { return c.name == p.text }) {
			continue
		}
		owner[i] = len(columns)
		columns = append(columns, column{p.text, p.x0, p.x1})
	}
	widen := func(near func(p, q piece) bool) {
		for i, p := range pieces {
			if owner[i] >= 0 || !slices.Contains(headerFillers, p.text) {
				continue
			}
			for j, q := range pieces {
				if owner[j] >= 0 && near(p, q) {
					c := &columns[owner[j]]
					c.x0, c.x1 = min(c.x0, p.x0), max(c.x1, p.x1)
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
	// Twice, for a filler may hold on to one that has found its column: PROGRAM CREDITS above EARNED.
	for range 2 {
		widen(stacked)
		widen(before)
		widen(after)
	}
	slices.SortFunc(columns, func(a, b column) int { return cmp.Compare(a.x0, b.x0) })
	return columns
}
