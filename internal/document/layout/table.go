package layout

import (
	"math"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"unicode"
)

// Table holds the columns of a header row, and the positions of the titles, learnt from the rows.
type Table struct {
	titleX0, titleX1 float64
	codesX1          float64  // the end of the codes and sections of most rows; titleX0 when that is not known
	right            []Column // the columns right of the titles
	Transfers        bool     // transfers rather than courses taken
}

// Row is a course's row.
type Row struct {
	Code, Section string
	Line          Line
	Title         []Word            // the part of the title on the row's own line
	Cells         map[string]string // the columns right of the title, by name
}

var (
	// codePattern matches the text left of the title. Its parts may touch where columns are narrow.
	codePattern = regexp.MustCompile(`^([A-Z]{2,4}) ?(\d{3,4})(?: ?([A-Z0-9][A-Z0-9-]{0,4}))?$`)

	// transferCode is the same in a table of transfers, where it need not name one course: PHIL 2XX, GNRL 3---,
	// PHYS 204/205. wordCode is a code with a word or signs as its number, HUMA UNSP, which only the grade confirms.
	transferCode = regexp.MustCompile(`^([A-Z]{2,4}) ?(\d[\dXx*-]{2,3}|\d ?-{2,3}|\d{3,4}(?: ?/ ?\d{3,4})+)()$`)
	wordCode     = regexp.MustCompile(`^([A-Z]{2,4}) ([A-Z]{3,6}|[X*-]{3,4})()$`)
	// unspecifiedCode matches those of wordCode that are clear without a grade.
	unspecifiedCode = regexp.MustCompile(`^[A-Z]{2,4} (?:UNSP(?:EC)?|UNAS|X{3,4}|\*{3,4}|-{3,4})$`)

	// classNumber matches the number of a class, which some records print between the section and the title.
	classNumber = regexp.MustCompile(`^\d{4,6}$`)

	// codeOrSection matches the part of it that can run into the title.
	codeOrSection = regexp.MustCompile(`^[A-Z0-9-]{1,12}$`)

	creditsPattern  = regexp.MustCompile(`^\d{1,3}(?:[.,]\d{1,3})?$`)
	decimalPattern  = regexp.MustCompile(`^\d{1,2}[.,]\d{1,3}$`)
	transferPattern = regexp.MustCompile(`^(?:EX|TRC)$`)
)

// maxCodeWords is the largest number of pieces of a code, a number and a section: each character on its own.
const maxCodeWords = 13

// parting is how far, in sizes, from the edge of a column its first character may begin.
const parting = 0.2

// NewTable returns the table of a header row. From below, the lines down to the next header, it learns what a header
// does not show that is centred over left-aligned columns.
func NewTable(h Header, below []Line) Table {
	t := Table{Transfers: true}
	for _, c := range h.Columns {
		switch {
		case c.Name == Description:
			t.titleX0 = c.X0
		case t.titleX0 > 0 || c.Name != Course && len(t.right) > 0:
			t.right = append(t.right, c)
		}
		if c.Name == Attempted {
			t.Transfers = false
		}
	}
	t.titleX1 = t.right[0].X0
	codesEnd := t.titleX0 // the smallest width of codes
	if i := slices.IndexFunc(h.Columns, func(c Column) bool { return c.Name == Course }); i >= 0 {
		codesEnd = h.Columns[i].X1
	}
	t.learnEnd(below, codesEnd)
	t.learnStart(h, below, codesEnd)
	t.learnCodes(below)
	return t
}

// countCodeCells returns how many of a line's words are its code, number and section: those left of the titles, or
// fewer where a title begins left of its column. It is 0 when there is no code.
func (t *Table) countCodeCells(l Line, words []Word) int {
	n := 0
	for n < len(words) && words[n].X0 < t.titleX0-InColumn*l.Size {
		n++
	}
	atEdge := n
	for n = min(n, maxCodeWords); n > 0; n-- {
		if t.matchCode(JoinWords(words[:n])) == nil {
			continue
		}
		if n == atEdge || !areTouching(words[n-1], words[n]) {
			return n
		}
	}
	return 0
}

// matchCode returns the letters, the number and the section of a code, nil when text is none.
func (t *Table) matchCode(text string) []string {
	if !t.Transfers {
		return codePattern.FindStringSubmatch(text)
	}
	if m := transferCode.FindStringSubmatch(text); m != nil {
		m[2] = spellNumber(m[2])
		return m
	}
	return wordCode.FindStringSubmatch(text)
}

// spellNumber spells what a code of transfers has as its number: PHIL 2XX, GNRL 3---, PHYS 204/205.
func spellNumber(text string) string {
	text = strings.ToUpper(strings.ReplaceAll(text, " ", ""))
	if strings.HasSuffix(text, "--") {
		return text[:1] + "---"
	}
	return text
}

// ReadRow reads a line as a row of the table. A row has a code left of the title and, in a table of courses,
// attempted credits in their column.
func (t *Table) ReadRow(l Line) (Row, bool) {
	l.Words = t.splitAtEdges(l.Words)
	n := t.countCodeCells(l, l.Words)
	if n == 0 {
		return Row{}, false
	}
	match := t.matchCode(JoinWords(l.Words[:n]))
	r := Row{Code: match[1] + " " + match[2], Section: match[3], Line: l, Cells: map[string]string{}}
	for n < len(l.Words) && l.Words[n].X0 < t.titleX0-InColumn*l.Size && classNumber.MatchString(l.Words[n].Text) {
		n++
	}
	var cells [][]Word
	for i, w := range l.Words[n:] {
		switch {
		case t.inTitle(w):
			r.Title = append(r.Title, w)
		case len(cells) > 0 && w.X0-l.Words[n+i-1].X1 < l.Size && t.nearestColumn(w) == t.nearestColumn(l.Words[n+i-1]):
			cells[len(cells)-1] = append(cells[len(cells)-1], w)
		default:
			cells = append(cells, []Word{w})
		}
	}
	cells = t.dropForeign(cells)
	inColumns := map[string][]Word{}
	for i, c := range t.assignColumns(cells) {
		inColumns[t.right[c].Name] = append(inColumns[t.right[c].Name], cells[i]...)
	}
	for name, words := range inColumns {
		r.Cells[name] = JoinWords(words)
	}
	if r.Section == "" && codePattern.MatchString("AA 000 "+r.Cells[sectionColumn]) {
		r.Section = r.Cells[sectionColumn]
	}
	if t.Transfers {
		return r, !unicode.IsLetter(rune(match[2][0])) || transferPattern.MatchString(r.Cells[Grade])
	}
	return r, creditsPattern.MatchString(r.Cells[Attempted])
}

// sectionColumn is a column of sections right of the titles.
const sectionColumn = "SECTION"

// HasColumn reports whether the table has a column.
func (t *Table) HasColumn(name string) bool {
	return slices.ContainsFunc(t.right, func(c Column) bool { return c.Name == name })
}

// IsBelowCodes reports whether a line begins left of the titles and ends left of the other columns.
func (t *Table) IsBelowCodes(l Line) bool {
	return l.X0 < t.titleX0-InColumn*l.Size && l.X1 <= t.titleX1
}

// numberCell matches the contents of columns of numbers; wordCell those of grades and notations.
var (
	numberCell    = regexp.MustCompile(`^[\d.,/%–—-]+$`)
	wordCell      = regexp.MustCompile(`^(?:[A-Z*#][A-Z0-9*#/]{0,7}|[A-F] ?[-+–—])$`)
	numberColumns = []string{Attempted, "GPA", "AVG", "SIZE", Earned}
)

// dropForeign drops cells that do not belong to a table, such as a stamp or a remark over a row: text in a column of
// numbers, or no notation in the column of notations.
func (t *Table) dropForeign(cells [][]Word) [][]Word {
	foreign := func(cell []Word) bool {
		name, text := t.right[t.nearestColumn(cell[0])].Name, JoinWords(cell)
		switch {
		case numberCell.MatchString(text) || wordCell.MatchString(text):
			return false
		case name == Notation, name == Grade:
			return !strings.Contains(text, string(unicode.ReplacementChar)) && len(text) > 1
		}
		return slices.Contains(numberColumns, name)
	}
	if t.Transfers {
		return cells
	}
	return slices.DeleteFunc(cells, foreign)
}

// splitAtEdges splits words at the edges of the column of titles. Where columns are narrow, cells touch or even
// overlap: a section runs into the title, the title into its credits.
func (t *Table) splitAtEdges(words []Word) []Word {
	if !slices.ContainsFunc(words, func(w Word) bool { return isAcross(&w, t.titleX0) || isAcross(&w, t.titleX1) }) {
		return words
	}
	var parted []Word
	for _, w := range words {
		left, right, ok := SplitWordAt(w, t.titleX0)
		if ok && codeOrSection.MatchString(left.Text) {
			parted = append(parted, left)
			w = right
		}
		left, right, ok = SplitWordAt(w, t.titleX1)
		if ok && decimalPattern.MatchString(right.Text) {
			parted = append(parted, left)
			w = right
		}
		parted = append(parted, w)
	}
	return parted
}

// isAcross reports whether a word begins left of x and ends right of it.
func isAcross(w *Word, x float64) bool { return w.X0 < x-parting*w.Size && w.X1 > x+0.1*w.Size }

// SplitWordAt splits a word at x if one of its characters begins there.
func SplitWordAt(w Word, x float64) (left, right Word, ok bool) {
	if !isAcross(&w, x) {
		return Word{}, Word{}, false
	}
	runes := []rune(w.Text)
	best := 0
	for i := range runes {
		if math.Abs(characterEdge(w, len(runes), i)-x) < math.Abs(characterEdge(w, len(runes), best)-x) {
			best = i
		}
	}
	if best == 0 || math.Abs(characterEdge(w, len(runes), best)-x) > parting*w.Size {
		return Word{}, Word{}, false
	}
	return SliceWord(w, runes, 0, best), SliceWord(w, runes, best, len(runes)), true
}

// inTitle reports whether a word right of the code is left of all other columns.
func (t *Table) inTitle(w Word) bool { return w.X0 < t.titleX1-0.1*w.Size }

// nearestColumn returns the column, as an index into right, whose name is nearest to a word.
func (t *Table) nearestColumn(w Word) int {
	best := 0
	for k, c := range t.right {
		if columnDistance(w, c) < columnDistance(w, t.right[best]) {
			best = k
		}
	}
	return best
}

// assignColumns returns the nearest columns of the cells of a row from left to right. If that puts two cells into one
// column, because names are centred over wide columns and cells are not, it moves them as little as possible so that
// each has its own.
func (t *Table) assignColumns(cells [][]Word) []int {
	columns := make([]int, len(cells))
	apart := true
	for i, c := range cells {
		columns[i] = t.nearestColumn(c[0])
		apart = apart && (i == 0 || columns[i] > columns[i-1])
	}
	if apart || len(cells) > len(t.right) {
		return columns
	}
	// cost[k] is the lowest cost of the cells so far when the last of them is in the column k, and from[i][k] is the
	// column of the cell before the cell i then.
	var cost []float64
	from := make([][]int, len(cells))
	for i, c := range cells {
		next := make([]float64, len(t.right))
		from[i] = make([]int, len(t.right))
		before := -1
		for k := range t.right {
			next[k] = math.Inf(1)
			if i == 0 || before >= 0 {
				next[k] = columnDistance(c[0], t.right[k])
			}
			if i == 0 {
				continue
			}
			if before >= 0 {
				next[k] += cost[before]
				from[i][k] = before
			}
			if before < 0 || cost[k] < cost[before] {
				before = k
			}
		}
		cost = next
	}
	k := slices.Index(cost, slices.Min(cost))
	for i := range slices.Backward(cells) {
		columns[i] = k
		k = from[i][k]
	}
	return columns
}

// columnDistance returns the distance of a word and the name of a column; an overlap is negative.
func columnDistance(w Word, c Column) float64 { return max(w.X0, c.X0) - min(w.X1, c.X1) }

// ReadHalfLine reads a line as a half-line of a title that wraps: nothing is left of the titles, and text right of
// them is another cell that wraps, a column's width apart.
func (t *Table) ReadHalfLine(l Line) (Line, bool) {
	if l.X0 < t.titleX0-InColumn*l.Size && l.X0 < t.codesX1+0.2*l.Size {
		return Line{}, false
	}
	n := 0
	for n < len(l.Words) && t.inTitle(l.Words[n]) {
		n++
	}
	if n == 0 || n < len(l.Words) && l.Words[n].X0-l.Words[n-1].X1 < l.Size {
		return Line{}, false
	}
	l.Words = l.Words[:n]
	return l, true
}

// HoldsValues reports whether a line has the numbers of a course and nothing left of the titles: the rest of a row
// whose code is on another line.
func (t *Table) HoldsValues(l Line) bool {
	if t.Transfers || l.X0 < t.titleX0-InColumn*l.Size {
		return false
	}
	n := 0
	for _, w := range l.Words {
		if !t.inTitle(w) && decimalPattern.MatchString(w.Text) && slices.Contains(numberColumns, t.right[t.nearestColumn(w)].Name) {
			n++
		}
	}
	return n > 1
}

// IsBeside reports whether a line is completely right of the titles: a stamp, or a cell that wraps. It ends no table.
func (t *Table) IsBeside(l Line) bool { return l.X0 >= t.titleX1 }

// CreditsIn returns the number in the cell, 0 when there is none.
func (r *Row) CreditsIn(name string) float64 { return parseCredits(r.Cells[name]) }

// parseCredits returns the number that a text is, 0 when it is none.
func parseCredits(text string) float64 {
	if !creditsPattern.MatchString(text) {
		return 0
	}
	v, _ := strconv.ParseFloat(strings.Replace(text, ",", ".", 1), 64)
	return v
}
