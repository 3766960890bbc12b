package layout

import (
	"math"
	"slices"
	"strings"
)

// columnWidth is the smallest width, in sizes, of a column of terms.
const columnWidth = 12.0

// ArrangeColumns returns the lines of a record whose terms are printed in columns next to each other: on each page one
// column after the other, cut at the lines across them. IsHeading reports whether a text is a term. Lines of any other
// record are returned unchanged. Unclear reports that a column of a later page begins without a term, so that its first
// courses may belong to another column of the page before.
func ArrangeColumns(all []Line, isHeading func(string) bool) (lines []Line, unclear bool) {
	edges := findTermColumns(all, isHeading)
	if len(edges) < 2 {
		return all, false
	}
	columns := make([][]Line, len(edges))
	flush := func() {
		for k := range columns {
			lines = append(lines, columns[k]...)
			columns[k] = nil
		}
	}
	started := map[int]bool{} // columns of the page with a line
	first := true
	for i, l := range all {
		if i > 0 && all[i-1].Page != l.Page {
			flush()
			clear(started)
			first = false
		}
		parts, ok := cutAtEdges(l, edges)
		if !ok {
			flush()
			lines = append(lines, l)
			continue
		}
		for k, words := range parts {
			if len(words) == 0 {
				continue
			}
			part := l
			if len(words) < len(l.Words) || k > 0 {
				part = moveColumn(l.Page, words, edges[k]-edges[0])
			}
			if !started[k] {
				started[k] = true
				unclear = unclear || !first && !isHeading(part.Text)
			}
			columns[k] = append(columns[k], part)
		}
	}
	flush()
	return lines, unclear
}

// moveColumn returns the line of words of a column, at the place of the first column.
func moveColumn(page int, words []Word, by float64) Line {
	l := NewLine(page, moveWords(words, by))
	if by != 0 {
		l.Printed = words
	}
	return l
}

// findTermColumns returns the left edges of columns that each have terms and courses.
func findTermColumns(all []Line, isHeading func(string) bool) []float64 {
	headings, size := findHeadings(all, isHeading)
	if len(headings) < 2 || slices.Max(headings)-slices.Min(headings) < columnWidth*size {
		return nil // nearly every record: its terms begin at one edge
	}
	courses := findCourses(all)
	if len(courses) < 2 {
		return nil
	}
	slices.Sort(courses)
	var edges []float64
	for _, x := range courses {
		if n := len(edges); n == 0 || x-edges[n-1] > columnWidth*size {
			edges = append(edges, x)
		}
	}
	// A column without a term is a part of the one left of it: its values, or its second card.
	return slices.DeleteFunc(slices.Clone(edges), func(edge float64) bool {
		next := slices.IndexFunc(edges, func(x float64) bool { return x > edge })
		return !slices.ContainsFunc(headings, func(x float64) bool {
			return x > edge-columnWidth*size/4 && (next < 0 || x < edges[next]-columnWidth*size/4)
		})
	})
}

// findHeadings returns where terms begin, and the size of the largest. The term of one card is none.
func findHeadings(all []Line, isHeading func(string) bool) (xs []float64, size float64) {
	for i, l := range all {
		if !hasYear(l) {
			continue
		}
		cells := splitCells(l)
		for k, c := range cells {
			if !isHeading(c.Text) || k > 0 && isTermLabel(cells[k-1]) || k == 0 && len(xs) > 0 && c.X0 == xs[0] {
				continue
			}
			if !hasTermLabelAbove(all[max(i-3, 0):i], c) {
				xs, size = append(xs, c.X0), max(size, l.Size)
			}
		}
	}
	return xs, size
}

// findCourses returns where courses, their labels and the headers of their tables begin.
func findCourses(all []Line) []float64 {
	var xs []float64
	for _, l := range all {
		if !hasCodeLetters(l) {
			continue
		}
		for _, c := range splitCells(l) {
			if rowStart.MatchString(c.Text) || isCourseLabel(c) || strings.HasPrefix(c.Text, Course) {
				xs = append(xs, c.X0)
			}
		}
	}
	return xs
}

func isTermLabel(l Line) bool {
	field, ok := isLabelLine(l)
	return ok && field == fieldTerm
}

// hasTermLabelAbove reports whether one of the lines above a cell has the label of the term there.
func hasTermLabelAbove(lines []Line, cell Line) bool {
	for _, l := range lines {
		for _, c := range splitCells(l) {
			if math.Abs(c.X0-cell.X0) < cell.Size && isTermLabel(c) {
				return true
			}
		}
	}
	return false
}

// hasYear reports whether a word of a line can be the year of a term.
func hasYear(l Line) bool {
	return slices.ContainsFunc(l.Words, func(w Word) bool {
		return len(w.Text) >= 4 && (strings.HasPrefix(w.Text, "20") || strings.HasPrefix(w.Text, "19"))
	})
}

// hasCodeLetters reports whether a word of a line can begin a code, or the label of one.
func hasCodeLetters(l Line) bool {
	return slices.ContainsFunc(l.Words, func(w Word) bool {
		return letterCell.MatchString(w.Text) || strings.HasPrefix(strings.ToUpper(w.Text), "COUR") || strings.EqualFold(w.Text, "sigle")
	})
}

// cutAtEdges cuts a line at the left edges of columns; ok is false for a line across them.
func cutAtEdges(l Line, edges []float64) (parts [][]Word, ok bool) {
	parts = make([][]Word, len(edges))
	from := 0
	for k := range edges {
		end := len(l.Words)
		if k+1 < len(edges) {
			cut := edges[k+1] - InColumn*l.Size
			end = from
			for end < len(l.Words) && l.Words[end].X0 < cut {
				if l.Words[end].X1 > edges[k+1] {
					return nil, false
				}
				end++
			}
			if end > 0 && end < len(l.Words) && l.Words[end].X0-l.Words[end-1].X1 < 0.5*l.Size {
				return nil, false
			}
		}
		parts[k] = l.Words[from:end:end]
		from = end
	}
	return parts, true
}
