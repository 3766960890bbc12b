package document

import (
	"math"
	"regexp"
	"slices"
	"strconv"
	"strings"
)

// table is how rows are read: the columns of a header row, and where the titles stand, learnt from the rows.
type table struct {
	titleX0, titleX1 float64
	right            []column // the columns right of the titles
	transfers        bool     // credits from elsewhere rather than courses taken
}

// row is a course's row.
type row struct {
	code, section string
	line          line
	title         []Word            // what of the title stands on the row's own line
	cells         map[string]string // the columns right of the title, by name
}

var (
	// codePattern is what stands left of the title. Its parts may touch where columns are narrow.
	codePattern = regexp.MustCompile(`^([A-Z]{2,4}) ?(\d{3,4})(?: ?([A-Z0-9][A-Z0-9-]{0,4}))?$`)

	// codeOrSection is what of it can run into the title.
	codeOrSection = regexp.MustCompile(`^[A-Z0-9-]{1,12}$`)

	creditsPattern  = regexp.MustCompile(`^\d{1,3}(?:[.,]\d{1,3})?$`)
	decimalPattern  = regexp.MustCompile(`^\d{1,2}[.,]\d{1,3}$`)
	transferPattern = regexp.MustCompile(`^(?:EX|TRC)$`)
)

// maxCodeWords is in how many pieces a code, a number and a section may come: each character on its own.
const maxCodeWords = 13

// parting is how far, in sizes, from the edge of a column a character may begin to be the first one in it.
const parting = 0.2

// newTable makes a table of a header row and learns from below, the lines down to the next header, what the header
// does not say when it is centred over columns that begin at the left.
func newTable(h header, below []line) table {
	t := table{transfers: true}
	for _, c := range h.columns {
		switch {
		case c.name == colDescription:
			t.titleX0 = c.x0
		case t.titleX0 > 0 || c.name != colCourse && len(t.right) > 0:
			t.right = append(t.right, c)
		}
		if c.name == colAttempted {
			t.transfers = false
		}
	}
	t.titleX1 = t.right[0].x0
	codesEnd := t.titleX0 // the least that codes take
	if i := slices.IndexFunc(h.columns, func(c column) bool { return c.name == colCourse }); i >= 0 {
		codesEnd = h.columns[i].x1
	}
	t.learnEnd(below, codesEnd)
	t.learnStart(h, below, codesEnd)
	return t
}

// learnEnd moves the end of the titles left to where the cells of the next column begin. The name of that column may stand
// well right of them, and a title may hold what looks like such a cell: on each line, the cell is the last that does.
func (t *table) learnEnd(below []line, codesEnd float64) {
	pattern := decimalPattern
	if t.transfers {
		pattern = transferPattern
	}
	beyond := math.Inf(1)
	if len(t.right) > 1 {
		beyond = t.right[1].x0
	}
	for _, l := range below {
		if l.x0 >= codesEnd { // a half-line
			continue
		}
		n := codeWords(l)
		if n == 0 && !codeAndSection(l) {
			continue
		}
		for _, w := range slices.Backward(l.words[n:]) {
			if pattern.MatchString(w.Text) && w.X0 < beyond {
				t.titleX1 = min(t.titleX1, w.X0)
				break
			}
		}
	}
}

// learnStart finds where titles begin: at the left edge of their column's name if words begin there, else at the edge
// that most rows and half-lines share.
func (t *table) learnStart(h header, below []line, codesEnd float64) {
	var edges []float64
	agree := 0
	for _, l := range below {
		n := codeWords(l)
		var words []Word // right of the number, left of the next column
		for _, w := range l.words[n:] {
			if w.X1 < t.titleX1 {
				words = append(words, w)
			}
		}
		if n == 0 && (len(words) < len(l.words) || l.x0 < codesEnd) {
			continue // neither a row nor a half-line
		}
		// In a row of a course the section stands before the title.
		before := 0
		if n > 0 && !t.transfers {
			before = 1
		}
		for i, w := range words[:min(before+1, len(words))] {
			// Where the section touches the title, the edge is inside the first word.
			_, title, touching := partAt(w, t.titleX0)
			touching = touching && i < before && math.Abs(title.X0-t.titleX0) <= 0.06*l.size
			if touching || math.Abs(w.X0-t.titleX0) <= 0.5*l.size {
				agree++
				break
			}
		}
		if before > 0 && len(words) > 0 && len(words[0].Text) <= 4 {
			words = words[1:]
		}
		if len(words) > 0 {
			edges = append(edges, words[0].X0)
		}
	}
	if 2*agree < len(edges) {
		t.titleX0 = mostCommon(edges, 0.5*h.size)
	}
}

// codeWords is how many words at the start of a line make a code and a number: two as a rule, 0 when none do.
func codeWords(l line) int {
	for n := 1; n <= min(maxCodeWords, len(l.words)); n++ {
		if m := codePattern.FindStringSubmatch(join(l.words[:n])); m != nil && m[3] == "" {
			return n
		}
	}
	return 0
}

// codeAndSection reports whether a line begins with a code whose number its section touches.
func codeAndSection(l line) bool {
	for n := 1; n <= min(maxCodeWords, len(l.words)); n++ {
		if codePattern.MatchString(join(l.words[:n])) {
			return true
		}
	}
	return false
}

// mostCommon returns the smallest of the values, within reach of each other, that are the most.
func mostCommon(values []float64, reach float64) float64 {
	slices.Sort(values)
	best, most := 0.0, 0
	for i := 0; i < len(values); {
		n := i
		for n < len(values) && values[n]-values[i] <= reach {
			n++
		}
		if n-i > most {
			best, most = values[i], n-i
		}
		i = n
	}
	return best
}

// row reads a line as a row of the table. It is one when a code stands left of the title and, in a table of courses,
// attempted credits in their column.
func (t *table) row(l line) (row, bool) {
	n := 0
	l.words = t.part(l.words)
	for n < len(l.words) && l.words[n].X0 < t.titleX0-inColumn*l.size {
		n++
	}
	if n == 0 || n > maxCodeWords {
		return row{}, false
	}
	match := codePattern.FindStringSubmatch(join(l.words[:n]))
	if match == nil {
		return row{}, false
	}
	r := row{code: match[1] + " " + match[2], section: match[3], line: l, cells: map[string]string{}}
	var cells [][]Word
	for i, w := range l.words[n:] {
		switch {
		case t.inTitle(w):
			r.title = append(r.title, w)
		case len(cells) > 0 && w.X0-l.words[n+i-1].X1 < l.size && t.nearest(w) == t.nearest(l.words[n+i-1]):
			cells[len(cells)-1] = append(cells[len(cells)-1], w)
		default:
			cells = append(cells, []Word{w})
		}
	}
	inColumns := map[string][]Word{}
	for i, c := range t.columnsOf(cells) {
		inColumns[t.right[c].name] = append(inColumns[t.right[c].name], cells[i]...)
	}
	for name, words := range inColumns {
		r.cells[name] = join(words)
	}
	return r, t.transfers || creditsPattern.MatchString(r.cells[colAttempted])
}

// part parts words at the edges of the column of titles. Where columns are narrow, cells touch or even overlap: a
// section runs into the title, the title into its credits.
func (t *table) part(words []Word) []Word {
	var parted []Word
	for _, w := range words {
		left, right, ok := partAt(w, t.titleX0)
		if ok && codeOrSection.MatchString(left.Text) {
			parted = append(parted, left)
			w = right
		}
		left, right, ok = partAt(w, t.titleX1)
		if ok && decimalPattern.MatchString(right.Text) {
			parted = append(parted, left)
			w = right
		}
		parted = append(parted, w)
	}
	return parted
}

// partAt parts a word at x if one of its characters begins there.
func partAt(w Word, x float64) (left, right Word, ok bool) {
	if w.X0 >= x-parting*w.Size || w.X1 <= x+0.1*w.Size {
		return Word{}, Word{}, false
	}
	runes := []rune(w.Text)
	best := 0
	for i := range runes {
		if math.Abs(edge(w, len(runes), i)-x) < math.Abs(edge(w, len(runes), best)-x) {
			best = i
		}
	}
	if best == 0 || math.Abs(edge(w, len(runes), best)-x) > parting*w.Size {
		return Word{}, Word{}, false
	}
	return slice(w, runes, 0, best), slice(w, runes, best, len(runes)), true
}

// inTitle reports whether a word right of the code stands left of all other columns.
func (t *table) inTitle(w Word) bool { return w.X0 < t.titleX1-0.1*w.Size }

// nearest returns the column, as an index into right, whose name a word stands under, or next to.
func (t *table) nearest(w Word) int {
	best := 0
	for k, c := range t.right {
		if distance(w, c) < distance(w, t.right[best]) {
			best = k
		}
	}
	return best
}

// columnsOf returns the columns of the cells of a row from left to right, the nearest. Where that puts two cells into one
// column, because names are centred over wide columns and cells are not, all of them move as little as it takes for each
// to have its own.
func (t *table) columnsOf(cells [][]Word) []int {
	columns := make([]int, len(cells))
	apart := true
	for i, c := range cells {
		columns[i] = t.nearest(c[0])
		apart = apart && (i == 0 || columns[i] > columns[i-1])
	}
	if apart || len(cells) > len(t.right) {
		return columns
	}
	// cost[k] is the least for the cells so far when the last of them is in the column k, and from[i][k] is where the one
	// before the cell i is then.
	var cost []float64
	from := make([][]int, len(cells))
	for i, c := range cells {
		next := make([]float64, len(t.right))
		from[i] = make([]int, len(t.right))
		before := -1
		for k := range t.right {
			next[k] = math.Inf(1)
			if i == 0 || before >= 0 {
				next[k] = distance(c[0], t.right[k])
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

// distance is how far apart a word and the name of a column are; the more they share, the more it is below zero.
func distance(w Word, c column) float64 { return max(w.X0, c.x0) - min(w.X1, c.x1) }

// half reads a line as a half-line of a title that wraps: nothing stands left of the titles, and what stands right of
// them is another cell that wraps, a column's width away.
func (t *table) half(l line) (line, bool) {
	if l.x0 < t.titleX0-inColumn*l.size {
		return line{}, false
	}
	n := 0
	for n < len(l.words) && t.inTitle(l.words[n]) {
		n++
	}
	if n == 0 || n < len(l.words) && l.words[n].X0-l.words[n-1].X1 < l.size {
		return line{}, false
	}
	l.words = l.words[:n]
	return l, true
}

// credits is the number in the cell, 0 when there is none.
func (r *row) credits(name string) float64 {
	if !creditsPattern.MatchString(r.cells[name]) {
		return 0
	}
	v, _ := strconv.ParseFloat(strings.Replace(r.cells[name], ",", ".", 1), 64)
	return v
}
