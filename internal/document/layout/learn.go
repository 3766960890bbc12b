package layout

import (
	"math"
	"slices"
)

// learnCodes finds where codes, numbers and sections end: titles that are centred in their column begin anywhere
// right of that.
func (t *Table) learnCodes(below []Line) {
	end := 0.0
	for _, l := range below {
		if l.X0 >= t.titleX0 || !codeOrSection.MatchString(l.Words[0].Text) {
			continue
		}
		words := t.splitAtEdges(l.Words[:min(len(l.Words), maxCodeWords)])
		if n := t.countCodeCells(l, words); n > 0 {
			end = max(end, words[n-1].X1)
		}
	}
	t.codesX1 = t.titleX0
	if end > 0 {
		t.codesX1 = end
	}
}

// learnEnd moves the end of the titles left to where the cells of the next column begin. The name of that column may
// be well right of them, and a title may contain text that looks like such a cell: on each line the last one is the
// cell.
func (t *Table) learnEnd(below []Line, codesEnd float64) {
	pattern := decimalPattern
	if t.Transfers {
		pattern = transferPattern
	}
	beyond := math.Inf(1)
	if i := slices.IndexFunc(t.right, func(c Column) bool { return slices.Contains(headerNames, c.Name) }); i >= 0 && i+1 < len(t.right) {
		beyond = t.right[i+1].X0
	}
	for _, l := range below {
		if l.X0 >= codesEnd { // a half-line
			continue
		}
		n := countCodeWords(l)
		if n == 0 && !beginsWithCode(l) {
			continue
		}
		for _, w := range slices.Backward(l.Words[n:]) {
			if pattern.MatchString(w.Text) && w.X0 < beyond {
				t.titleX1 = min(t.titleX1, w.X0)
				break
			}
		}
	}
}

// learnStart finds where titles begin: at the left edge of their column's name if words begin there, otherwise at the
// most common edge of rows and half-lines.
func (t *Table) learnStart(h Header, below []Line, codesEnd float64) {
	var edges []float64
	agree := 0
	for _, l := range below {
		n := countCodeWords(l)
		var words []Word // right of the number, left of the next column
		for _, w := range l.Words[n:] {
			if w.X1 < t.titleX1 {
				words = append(words, w)
			}
		}
		if n == 0 && (len(words) < len(l.Words) || l.X0 < codesEnd) {
			continue // neither a row nor a half-line
		}
		// In a row of a course the section is before the title.
		before := 0
		if n > 0 && !t.Transfers {
			before = 1
			for before < len(words) && classNumber.MatchString(words[before].Text) {
				before++
			}
		}
		for i, w := range words[:min(before+1, len(words))] {
			// Where the section touches the title, the edge is inside the first word.
			_, title, touching := SplitWordAt(w, t.titleX0)
			touching = touching && i < before && math.Abs(title.X0-t.titleX0) <= 0.06*l.Size
			if touching || math.Abs(w.X0-t.titleX0) <= 0.5*l.Size {
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
		t.titleX0 = MostCommon(edges, 0.5*h.size)
	}
}

// countCodeWords returns the number of words at the start of a line that make a code and a number: usually two, 0
// when there is no code.
func countCodeWords(l Line) int {
	for n := 1; n <= min(maxCodeWords, len(l.Words)); n++ {
		if m := codePattern.FindStringSubmatch(JoinWords(l.Words[:n])); m != nil && m[3] == "" {
			return n
		}
	}
	return 0
}

// beginsWithCode reports whether a line begins with a code whose number its section touches.
func beginsWithCode(l Line) bool {
	for n := 1; n <= min(maxCodeWords, len(l.Words)); n++ {
		if codePattern.MatchString(JoinWords(l.Words[:n])) {
			return true
		}
	}
	return false
}

// MostCommon returns the smallest value of the largest group of values within reach of each other.
func MostCommon(values []float64, reach float64) float64 {
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
