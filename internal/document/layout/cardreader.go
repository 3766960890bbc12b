package layout

import (
	"cmp"
	"math"
	"slices"
)

// cardReader reads the cards of a record.
type cardReader struct {
	isBoundary Boundary
	edges      []float64 // where the cards next to each other begin
	aligned    bool      // cards next to each other begin on one line
	gaps       cellGaps
	labels     labelCounts
	columns    []string // of piles, from their header; nil before it
	order      []string // of piles without a header, from their contents
	learnt     bool     // order is in use
	term       string   // of the cards below a label of the term
}

// labelCounts is how often each field has a label, and which one begins a card.
type labelCounts struct {
	fields map[string]int
	lines  int // with a label
	starts int // lines that begin a card
	first  string
}

// cardPart is a card, or a line that belongs to none.
type cardPart struct {
	card *card
	line Line
}

func (p cardPart) firstLine() Line {
	if p.card != nil {
		return p.card.lines[0]
	}
	return p.line
}

func newCardReader(all []Line, isBoundary Boundary) *cardReader {
	r := &cardReader{isBoundary: isBoundary}
	r.findEdges(all)
	r.gaps = measureGaps(all)
	r.countLabels(all)
	return r
}

// findEdges finds where cards next to each other begin: on the lines on which several begin, otherwise where cards
// that never begin together are a column's width apart.
func (r *cardReader) findEdges(all []Line) {
	var together, alone []float64
	size, starts, lines := 0.0, 0, 0
	for i, l := range all {
		cells := splitCells(l)
		begins := func(c Line) bool { return beginsCard(c, nextLine(all, i)) }
		if slices.ContainsFunc(cells, isCourseLabel) {
			begins = isCourseLabel
		}
		cells = slices.DeleteFunc(slices.Clone(cells), func(c Line) bool { return !begins(c) })
		if len(cells) > 0 {
			starts++
			size = max(size, l.Size)
		}
		for _, c := range cells {
			if len(cells) > 1 {
				together = append(together, c.X0)
			}
			alone = append(alone, c.X0)
		}
		if len(cells) > 1 {
			lines++
		}
	}
	r.edges = clusterEdges(together, 2*size, 1)
	r.aligned = 2*lines >= starts-1
	if !r.aligned {
		if edges := clusterEdges(alone, columnWidth*size, 2); len(edges) > len(r.edges) && len(edges) > 1 {
			r.edges = edges
		}
	}
}

// clusterEdges returns the smallest of the values of each cluster that has at least so many values.
func clusterEdges(xs []float64, apart float64, least int) []float64 {
	slices.Sort(xs)
	var edges []float64
	for from := 0; from < len(xs); {
		end := from + 1
		for end < len(xs) && xs[end]-xs[end-1] <= apart {
			end++
		}
		if end-from >= least {
			edges = append(edges, xs[from])
		}
		from = end
	}
	return edges
}

func isCourseLabel(l Line) bool {
	parts := splitLabels(l)
	return len(parts) > 0 && parts[0].field == Course
}

// splitColumns cuts a line at the edges of the cards; ok is false for a line across them.
func (r *cardReader) splitColumns(l Line) (columns [][]Word, ok bool) {
	columns = make([][]Word, max(len(r.edges), 1))
	for i, w := range l.Words {
		k := 0
		for k+1 < len(r.edges) && w.X0 >= r.edges[k+1]-InColumn*l.Size {
			k++
		}
		if k+1 < len(r.edges) && w.X1 > r.edges[k+1] {
			return nil, false
		}
		if i > 0 && len(columns[k]) == 0 && w.X0-l.Words[i-1].X1 < 0.5*l.Size {
			return nil, false
		}
		columns[k] = append(columns[k], w)
	}
	return columns, true
}

func (r *cardReader) countLabels(all []Line) {
	r.labels.fields = map[string]int{}
	var seen []string
	for i, l := range all {
		columns, ok := r.splitColumns(l)
		if !ok {
			continue
		}
		for _, words := range columns {
			if len(words) == 0 {
				continue
			}
			cell := NewLine(l.Page, slices.Clone(words))
			if beginsCard(cell, nextLine(all, i)) {
				r.labels.starts++
			}
			parts := splitLabels(cell)
			for _, p := range parts {
				if p.field != "" && p.field != fieldUnknown {
					r.labels.fields[p.field]++
					seen = append(seen, p.field)
				}
			}
			if len(parts) > 0 && parts[0].field != "" {
				r.labels.lines++
			}
		}
	}
	// A card begins with the first label that is as frequent as any: others may be absent, or stand above several.
	most := 0
	for _, n := range r.labels.fields {
		most = max(most, n)
	}
	for _, field := range seen {
		if 10*r.labels.fields[field] >= 8*most {
			r.labels.first = field
			break
		}
	}
	if n := r.labels.fields[Course]; n > 0 {
		r.labels.starts = n
	} else {
		r.labels.first = Course
	}
}

// hasLabels reports whether the cells of the cards have labels, rather than one header for all.
func (c *labelCounts) hasLabels() bool {
	return c.fields[Grade]+c.fields[Attempted] >= c.starts && c.starts > 0
}

// isTermHeading reports whether the label of the term stands above several cards.
func (c *labelCounts) isTermHeading() bool {
	return 10*c.fields[fieldTerm] < 8*max(c.fields[Attempted], c.fields[Grade])
}

// cardSegment is the lines between two boundaries, by the cards next to each other, and the line that ends it.
type cardSegment struct {
	streams [][]Line
	end     *Line
}

// splitSegments cuts lines at the lines that belong to no card.
func (r *cardReader) splitSegments(all []Line) []cardSegment {
	var segments []cardSegment
	streams := make([][]Line, max(len(r.edges), 1))
	for _, l := range all {
		columns, ok := r.splitColumns(l)
		k := max(slices.IndexFunc(columns, func(words []Word) bool { return len(words) > 0 }), 0)
		if !ok || len(columns[k]) == len(l.Words) && r.isBoundary(l) && !isLabelled(l) && !endsWithTerm(streams[k]) {
			segments = append(segments, cardSegment{streams, &l})
			streams = make([][]Line, len(streams))
			continue
		}
		for k, words := range columns {
			switch {
			case len(words) == len(l.Words):
				streams[k] = append(streams[k], l)
			case len(words) > 0:
				streams[k] = append(streams[k], NewLine(l.Page, slices.Clone(words)))
			}
		}
	}
	return append(segments, cardSegment{streams, nil})
}

// endsWithTerm reports whether the last line is the label of a term: the term below it is its value and no heading.
func endsWithTerm(lines []Line) bool {
	if len(lines) == 0 {
		return false
	}
	field, ok := isLabelLine(lines[len(lines)-1])
	return ok && field == fieldTerm
}

// readAll reads lines: cards and the lines between them, in reading order.
func (r *cardReader) readAll(all []Line) []cardPart {
	segments := r.splitSegments(all)
	if !r.labels.hasLabels() {
		r.learnOrder(segments)
	}
	var parts []cardPart
	for _, s := range segments {
		parts = append(parts, r.readStreams(s.streams)...)
		if s.end != nil {
			parts = append(parts, cardPart{line: *s.end})
		}
	}
	return parts
}

// readStreams reads cards next to each other: row by row if they begin on the same lines, otherwise column by column.
func (r *cardReader) readStreams(streams [][]Line) []cardPart {
	var parts []cardPart
	for _, lines := range streams {
		if r.labels.hasLabels() && !(r.columns != nil || startsWithHeader(lines)) {
			parts = append(parts, r.readLabelled(lines)...)
		} else {
			parts = append(parts, r.readPiles(lines)...)
		}
	}
	if len(streams) > 1 && r.aligned {
		slices.SortStableFunc(parts, func(a, b cardPart) int {
			x, y := a.firstLine(), b.firstLine()
			if x.Page == y.Page && math.Abs(x.Baseline-y.Baseline) < 0.5*x.Size {
				return 0
			}
			return cmp.Or(cmp.Compare(x.Page, y.Page), cmp.Compare(x.Baseline, y.Baseline))
		})
	}
	return parts
}

func startsWithHeader(lines []Line) bool {
	for i := range lines {
		if headerRun(lines[i:]) != nil {
			return true
		}
	}
	return false
}
