package layout

import (
	"math"
	"regexp"
	"slices"
	"strings"
)

var (
	valueCell    = regexp.MustCompile(`^[A-Z0-9*#.,+–—-]{1,8}$`)
	notationCell = regexp.MustCompile(`^[A-Z*#][A-Z0-9*#/]{0,7}$`)
	// knownNotation matches the notations of records; others are read where nothing else can be.
	knownNotation = regexp.MustCompile(`^(?:RPT|WKRT|EX|EXTR|REG|RPTX|NOTE)$`)
	yearCell      = regexp.MustCompile(`^(?:NA|\d{4}(?:-\d{2,4})?)$`)
	countCell     = regexp.MustCompile(`^\d{1,4}$`)
)

// maxPile bounds the cells of a card.
const maxPile = 28

// pileCell is a cell of a card without labels. Line is the index of its line; empty is how many empty cells its
// distance from the cell above shows, -1 when that is not known.
type pileCell struct {
	text  string
	line  int
	empty int
	// apart reports that the distance is too wide for lines of one title.
	apart bool
}

// headerRun returns the columns of a header whose names are below each other from the first line on.
func headerRun(lines []Line) []string {
	if field, ok := isLabelLine(lines[0]); !ok || field != Course {
		return nil
	}
	var names []string
	for i := range lines[:min(len(lines), len(headerNames)+2)] {
		field, ok := isLabelLine(lines[i])
		if !ok {
			break
		}
		if slices.Contains(names, field) { // the label of the first value
			break
		}
		names = append(names, field)
	}
	if len(names) < 3 || !slices.Contains(names, Description) || !slices.Contains(names, Grade) {
		return nil
	}
	return names
}

// readPiles reads cards without labels: their cells are below each other in the order of the header, or in an order
// that is learnt from all of them.
func (r *cardReader) readPiles(lines []Line) []cardPart {
	var parts []cardPart
	for i := 0; i < len(lines); {
		if names := headerRun(lines[i:]); names != nil {
			r.columns = names
			i += len(names)
			continue
		}
		if n := pileCodeLines(lines[i:]); n > 0 {
			if c, used := r.readPile(lines[i:], n, r.pileColumns()); used > 0 {
				parts = append(parts, cardPart{card: c})
				i += used
				continue
			}
		}
		parts = append(parts, cardPart{line: lines[i]})
		i++
	}
	return parts
}

func (r *cardReader) pileColumns() []string {
	if r.columns != nil {
		return r.columns[1:]
	}
	return r.order
}

// pileCodeLines returns the number of lines of the code with which a card begins: one, or two for letters and number;
// 0 when it is no card.
func pileCodeLines(lines []Line) int {
	text := lines[0].Text
	if slices.Contains(gradeWords, text) {
		return 0
	}
	if courseCell.MatchString(text) || titledCell.MatchString(text) && !hasDecimals(lines[0]) || unspecifiedCode.MatchString(text) {
		return 1
	}
	if cells := splitCells(lines[0]); len(cells) == 2 && courseCell.MatchString(cells[0].Text) && !hasDecimals(lines[0]) && !valueCell.MatchString(cells[1].Text) {
		return 1
	}
	if letterCell.MatchString(text) && len(lines) > 1 && digitCell.MatchString(lines[1].Text) {
		return 2
	}
	return 0
}

// readPile reads the card with which lines begin, whose code has n lines; used is the number of its lines, 0 when it
// cannot be read.
func (r *cardReader) readPile(lines []Line, n int, columns []string) (c *card, used int) {
	c = &card{fields: map[string]string{}}
	var cells []pileCell
	text := JoinWords(lines[0].Words)
	if n == 2 {
		text += " " + lines[1].Text
	}
	if parts := splitCells(lines[0]); n == 1 && len(parts) == 2 {
		text = parts[0].Text
		cells = append(cells, pileCell{text: parts[1].Text, empty: -1})
	}
	if m := titledCell.FindStringSubmatch(text); m != nil && !courseCell.MatchString(text) {
		text = strings.TrimSpace(m[1] + " " + m[2] + " " + m[3])
		cells = append(cells, pileCell{text: m[4], empty: -1})
	}
	c.fields[Course] = text
	cells = append(cells, r.pileCells(lines, n)...)
	if m := courseCell.FindStringSubmatch(text); m != nil && m[3] == "" {
		columns = slices.Concat([]string{fieldSection}, columns)
	}
	places, count := r.placeCells(cells, columns)
	if count == 0 && slices.Contains(columns, Attempted) && r.columns == nil {
		columns = transferColumns[1:]
		places, count = r.placeCells(cells, columns)
	}
	if count == 0 {
		return nil, 0
	}
	for i, k := range places[:count] {
		c.fields[columns[k]] = joinText(c.fields[columns[k]], cells[i].text)
		n = max(n, cells[i].line+1)
	}
	if _, ok := c.fields[columnAttended]; !ok && !slices.Contains(columns, Attempted) {
		c.fields[columnAttended] = ""
	}
	for _, l := range lines[:n] {
		c.addLine(l)
	}
	return c, n
}

// pileCells returns the cells of a card from the line n on, down to the next card.
func (r *cardReader) pileCells(lines []Line, n int) []pileCell {
	var cells []pileCell
	for i := n; i < len(lines) && len(cells) < maxPile; i++ {
		l := lines[i]
		if pileCodeLines(lines[i:]) > 0 || headerRun(lines[i:]) != nil {
			break
		}
		c := pileCell{text: l.Text, line: i, empty: -1}
		if above := lines[i-1]; above.Page == l.Page {
			c.empty = r.gaps.emptyCells(l.Baseline - above.Baseline)
			c.apart = l.Baseline-above.Baseline > lineReach*l.Size
		}
		if values := splitValues(l); values != nil {
			for k, text := range values {
				if k > 0 {
					c.empty, c.apart = -1, false
				}
				c.text = text
				cells = append(cells, c)
			}
			continue
		}
		cells = append(cells, c)
	}
	return cells
}

// splitValues returns the cells of a line that consists of values, nil when it is one cell.
func splitValues(l Line) []string {
	if len(l.Words) < 2 || !hasDecimals(l) {
		return nil
	}
	var texts []string
	for _, w := range l.Words {
		if !valueCell.MatchString(w.Text) {
			return nil
		}
		texts = append(texts, w.Text)
	}
	return texts
}

// The costs of placing cells in columns.
const (
	costForeign = 0.7 // a word that may be a value or a part of a title
	costLeft    = 0.9 // a cell below the card
	costGap     = 0.3 // for each empty cell that the distances show otherwise
	costMissing = 4.0 // a column that every card has
)

// cellCost returns the cost of a cell in a column, infinite when it cannot be there.
func cellCost(text, column string) float64 {
	if column == Description {
		switch {
		case decimalPattern.MatchString(text):
			return math.Inf(1)
		case knownGrade.MatchString(text), knownNotation.MatchString(text), countCell.MatchString(text):
			return costForeign
		}
		return 0
	}
	accepts := func(pattern *regexp.Regexp, cost float64) float64 {
		if pattern.MatchString(text) {
			return cost
		}
		return math.Inf(1)
	}
	switch column {
	case Attempted, Earned:
		return min(accepts(decimalPattern, 0), accepts(creditsPattern, 0.5))
	case columnGPA, columnAverage:
		return accepts(decimalPattern, 0)
	case columnSize:
		return accepts(countCell, 0)
	case Grade:
		return min(accepts(knownGrade, 0), accepts(wordCell, 0.5))
	case Notation:
		return min(accepts(knownNotation, 0), accepts(knownGrade, 0.2), accepts(notationCell, 0.4))
	case fieldSection:
		return accepts(sectionCell, 0.1)
	case columnAttended:
		return min(accepts(yearCell, 0), accepts(valueCell, 0.5))
	}
	return min(accepts(valueCell, 0.3), 0.8)
}

// skipCost returns the cost of a column without a cell.
func skipCost(column string) float64 {
	switch column {
	case Attempted, Earned, Description:
		return costMissing
	case Grade:
		return 0.2
	case fieldSection:
		return 0.35
	}
	return 0.08
}

// placeCells finds the columns of the cells, from the first on: the cheapest places in the order of the columns, of
// which only a title has several cells. It returns how many cells have a place; the others are below the card. The
// count is 0 when a necessary column has none.
func (r *cardReader) placeCells(cells []pileCell, columns []string) (places []int, count int) {
	n, m := len(cells), len(columns)
	cost := make([][]float64, n+1) // of the first i cells when the last of them is in column k-1
	from := make([][]int, n+1)
	skipped := make([]float64, m+1)
	for k, name := range columns {
		skipped[k+1] = skipped[k] + skipCost(name)
	}
	for i := range cost {
		cost[i], from[i] = make([]float64, m+1), make([]int, m+1)
		for k := range cost[i] {
			cost[i][k] = math.Inf(1)
		}
	}
	cost[0][0] = 0
	for i, c := range cells {
		for k, name := range columns {
			own := cellCost(c.text, name)
			if math.IsInf(own, 1) {
				continue
			}
			for j := range k + 2 { // the column of the cell before
				step := cost[i][j] + own
				switch {
				case j == k+1 && (name != Description || c.apart || c.empty > 0):
					continue
				case j <= k:
					step += skipped[k] - skipped[j]
					if r.gaps.empty > 0 && c.empty >= 0 && i > 0 {
						step += costGap * math.Abs(float64(c.empty-(k-j)))
					}
				}
				if step < cost[i+1][k+1] {
					cost[i+1][k+1], from[i+1][k+1] = step, j
				}
			}
		}
	}
	best, end := costMissing, 0
	for i := range cost {
		for k, c := range cost[i] {
			if c += skipped[m] - skipped[k] + costLeft*float64(n-i); c < best {
				best, count, end = c, i, k
			}
		}
	}
	places = make([]int, count)
	for i := count; i > 0; i-- {
		places[i-1] = end - 1
		end = from[i][end]
	}
	return places, count
}

// cellGaps are the distance between cells, and how much an empty cell adds: a line, or only the space around it.
type cellGaps struct{ pitch, empty float64 }

func measureGaps(lines []Line) cellGaps {
	var all, wider []float64
	for i := 1; i < len(lines); i++ {
		if lines[i].Page == lines[i-1].Page && valueCell.MatchString(lines[i].Text) && valueCell.MatchString(lines[i-1].Text) &&
			pileCodeLines(lines[i:]) == 0 && fieldLabels[foldLabel(lines[i].Text)] == "" {
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
