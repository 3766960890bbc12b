package layout

import (
	"math"
	"regexp"
	"slices"
	"strings"
)

// A linear print has each cell of a table on its own line, for example when the page is printed from a narrow screen
// or without its style sheet. Its header is the names of the columns, one below the other, and a cell without text is
// an empty line.

var (
	letterCell  = regexp.MustCompile(`^[A-Z]{2,4}$`)
	digitCell   = regexp.MustCompile(`^\d[\dX-]{2,3}$`)
	codeCell    = regexp.MustCompile(`^([A-Z]{2,4}) (\d[\dX-]{2,3})(?: ([A-Z0-9][A-Z0-9-]{0,4}))?$`)
	columnTitle = regexp.MustCompile(`^(?:(?:CLASS|PROGRAM|CREDITS?|YEAR|UNITS) )*(COURSE|DESCRIPTION|ATTEMPTED|GRADE|NOTATION|EARNED|GPA|AVG|SIZE|OTHER|ATTENDED)$`)
	valueCell   = regexp.MustCompile(`^[A-Z0-9*#.,+–—-]{1,8}$`)
)

// cellWidth is the width, in points, of the columns in which cells are arranged.
const cellWidth = 1000.0

// StraightenCells arranges the cells of a linear print side by side, so that its tables look like any others. Other
// lines are returned unchanged.
func StraightenCells(all []Line) []Line {
	var lines []Line
	var columns []string
	found := false
	var gaps cellGaps
	for i := 0; i < len(all); {
		if names := linearHeader(all[i:]); len(names) > 0 {
			if !found {
				gaps = measureGaps(all[i:])
			}
			columns, found = names, true
			lines = append(lines, layOutHeader(all[i], names))
			i += len(names)
			continue
		}
		if columns != nil {
			if row, n := linearRow(all[i:], columns, gaps); n > 0 {
				lines = append(lines, row)
				i += n
				continue
			}
		}
		lines = append(lines, all[i])
		i++
	}
	if !found {
		return all
	}
	return lines
}

// linearHeader returns the names of the columns that are below each other from the first line on.
func linearHeader(lines []Line) []string {
	if lines[0].Text != Course {
		return nil
	}
	var names []string
	for _, l := range lines[:min(len(lines), len(headerNames))] {
		m := columnTitle.FindStringSubmatch(l.Text)
		if m == nil {
			break
		}
		names = append(names, m[1])
	}
	if len(names) < 3 || names[1] != Description || !slices.Contains(names, Grade) {
		return nil
	}
	return names
}

func layOutHeader(l Line, names []string) Line {
	words := make([]Word, len(names))
	for i, name := range names {
		words[i] = cellWord(l, name, float64(i)*cellWidth)
	}
	return NewLine(l.Page, words)
}

// cellWord is a word of an arranged line.
func cellWord(l Line, text string, x float64) Word {
	x += l.X0
	return Word{Text: text, X0: x, X1: x + 0.5*l.Size*float64(len(text)), Top: l.Baseline - l.Size, Bottom: l.Baseline,
		Baseline: l.Baseline, Size: l.Size}
}

// linearRow reads the cells of a row from the first line on and arranges them; n is the number of their lines, 0 when
// there is no row.
func linearRow(lines []Line, columns []string, gaps cellGaps) (row Line, n int) {
	first := lines[0]
	var words []Word
	if m := codeCell.FindStringSubmatch(first.Text); m != nil {
		n = 1
		words = codeWords(first, m[1], m[2], m[3])
	} else if letterCell.MatchString(first.Text) && len(lines) > 1 && digitCell.MatchString(lines[1].Text) {
		n = 2
		words = codeWords(first, first.Text, lines[1].Text, "")
	} else {
		return Line{}, 0
	}
	courses := slices.Contains(columns, Attempted)
	if courses && n == 2 && n < len(lines) && sectionCell.MatchString(lines[n].Text) && !decimalPattern.MatchString(lines[n].Text) {
		words = append(words, cellWord(first, lines[n].Text, 0.3*cellWidth))
		n++
	}
	value := decimalPattern
	if !courses {
		value = transferPattern
	}
	var title []string
	for n < len(lines) && !value.MatchString(lines[n].Text) {
		if len(title) > maxHalfLines || linearHeader(lines[n:]) != nil || codeCell.MatchString(lines[n].Text) {
			return Line{}, 0
		}
		title = append(title, lines[n].Text)
		n++
	}
	if n == len(lines) {
		return Line{}, 0
	}
	x := cellWidth
	for _, text := range strings.Fields(strings.Join(title, " ")) {
		words = append(words, cellWord(first, text, x))
		x = words[len(words)-1].X1 - first.X0 + 0.3*first.Size
	}
	column, start := 2, n
	last := lines[n]
	for i := start; i < len(lines); i++ {
		l := lines[i]
		if !valueCell.MatchString(l.Text) || i > start && i+1 < len(lines) && letterCell.MatchString(l.Text) && digitCell.MatchString(lines[i+1].Text) {
			break
		}
		if i > start {
			column++
			if l.Page == last.Page {
				column += gaps.emptyCells(l.Baseline - last.Baseline)
			}
		}
		if column >= len(columns) {
			break
		}
		words = append(words, cellWord(first, l.Text, float64(column)*cellWidth))
		last = l
		n = i + 1
	}
	alignEarned(words, columns)
	return NewLine(first.Page, words), n
}

func codeWords(l Line, letters, digits, section string) []Word {
	words := []Word{cellWord(l, letters, 0), cellWord(l, digits, 0.15*cellWidth)}
	if section != "" {
		words = append(words, cellWord(l, section, 0.3*cellWidth))
	}
	return words
}

// cellGaps are the distance between cells, and how much an empty cell adds: a line, or only the space around it.
type cellGaps struct{ pitch, empty float64 }

func measureGaps(lines []Line) cellGaps {
	var all, wider []float64
	for i := 1; i < len(lines); i++ {
		if lines[i].Page == lines[i-1].Page && valueCell.MatchString(lines[i].Text) && valueCell.MatchString(lines[i-1].Text) {
			all = append(all, lines[i].Baseline-lines[i-1].Baseline)
		}
	}
	if len(all) == 0 {
		return cellGaps{}
	}
	g := cellGaps{pitch: MostCommon(all, 0.1*lines[0].Size)}
	for _, gap := range all {
		if gap > 1.2*g.pitch && gap <= 2.2*g.pitch {
			wider = append(wider, gap-g.pitch)
		}
	}
	if len(wider) > 0 {
		g.empty = slices.Min(wider)
	}
	return g
}

// emptyCells returns the number of empty cells between two cells at a distance.
func (g cellGaps) emptyCells(distance float64) int {
	if g.empty <= 0 || distance <= g.pitch {
		return 0
	}
	return int(math.Round((distance - g.pitch) / g.empty))
}

// alignEarned moves the last decimal of a row to the column of earned credits, which every row has: a page break
// hides the number of empty cells.
func alignEarned(words []Word, columns []string) {
	at := slices.Index(columns, Earned)
	if at < 0 {
		return
	}
	for i := len(words) - 1; i >= 0; i-- {
		if words[i].X0 < 2.5*cellWidth && slices.Contains(columns, Attempted) {
			return
		}
		if decimalPattern.MatchString(words[i].Text) {
			width := words[i].X1 - words[i].X0
			words[i].X0 = words[0].X0 + float64(at)*cellWidth
			words[i].X1 = words[i].X0 + width
			return
		}
	}
}
