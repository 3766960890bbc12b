package layout

import (
	"cmp"
	"math"
	"regexp"
	"slices"
)

// rowCells is a line that looks like a course's row although there is no header row.
type rowCells struct {
	line      int
	codes     int // the number of words in code, number and section
	transfers bool
}

var sectionCell = regexp.MustCompile(`^[A-Z0-9][A-Z0-9-]{0,4}$`)

// InsertHeaders adds header rows above the tables of a record that has none: it infers the columns from the rows.
// Lines without such rows are returned unchanged.
func InsertHeaders(all []Line) []Line {
	var rows []rowCells
	for i, l := range all {
		if r, ok := readCells(l); ok {
			r.line = i
			rows = append(rows, r)
		}
	}
	if len(rows) == 0 {
		return all
	}
	offsets := map[bool]float64{true: titleOffset(all, rows, true), false: titleOffset(all, rows, false)}
	insert := map[int][]Word{} // header words by the line before which they are inserted
	run, above := 0, 0         // the first row of the table, and the line above which its header is inserted
	closeRun := func(end int) {
		if offset := offsets[rows[run].transfers]; offset < 0 {
			insert[above] = inferHeader(all, rows[run:end], offset)
		}
	}
	for k, r := range rows {
		top := r.line // with the half-lines above
		for top > 0 && isIndented(all[top-1], all[r.line]) {
			top--
		}
		goesOn := k > 0 && rows[k-1].transfers == r.transfers &&
			(rows[k-1].line >= top-1 || all[top].Page != all[rows[k-1].line].Page && top > 0 && all[top-1].Page != all[top].Page)
		if !goesOn {
			if k > 0 {
				closeRun(k)
			}
			run, above = k, top
		}
	}
	closeRun(len(rows))
	var lines []Line
	for i, l := range all {
		if words := insert[i]; words != nil {
			y := l.Baseline - 1.5*l.Size
			header := make([]Word, len(words))
			for k, w := range words {
				w.Baseline, w.Size, w.Top, w.Bottom = y, l.Size, y-l.Size, y
				header[k] = w
			}
			lines = append(lines, NewLine(l.Page, header))
		}
		lines = append(lines, l)
	}
	return lines
}

// isIndented reports whether a line is right of the beginning of the row, on its page: a half-line of a title.
func isIndented(l, row Line) bool { return l.Page == row.Page && l.X0 > row.X0+4*row.Size }

// readCells finds the code of a line that also has credits.
func readCells(l Line) (rowCells, bool) {
	n := countCodeWords(l)
	if n == 0 {
		return rowCells{}, false
	}
	r := rowCells{codes: n}
	decimals := 0
	for _, w := range l.Words[n:] {
		if decimalPattern.MatchString(w.Text) {
			decimals++
		}
		if transferPattern.MatchString(w.Text) && decimals == 0 {
			r.transfers = true
		}
	}
	if !r.transfers && n < len(l.Words) && sectionCell.MatchString(l.Words[n].Text) {
		r.codes++
	}
	return r, decimals > 0
}

// span is the extent of the cells of a column, and their contents.
type span struct {
	x0, x1                    float64
	words, decimals, integers int
}

// titleOffset returns how far left of the first value most titles of a kind of rows begin; 0 when there is none.
func titleOffset(all []Line, rows []rowCells, transfers bool) float64 {
	var offsets []float64
	size := 0.0
	for _, r := range rows {
		if r.transfers != transfers {
			continue
		}
		if i := firstValue(all[r.line], r); i >= 0 {
			if x, ok := titleStart(all, r, i); ok {
				offsets = append(offsets, x-all[r.line].Words[i].X0)
				size = max(size, all[r.line].Size)
			}
		}
	}
	if len(offsets) == 0 {
		return 0
	}
	return MostCommon(offsets, 0.5*size)
}

// titleStart returns where the title of a row begins, on the row or on the half-line next to it; value is its first
// value.
func titleStart(all []Line, r rowCells, value int) (float64, bool) {
	l := all[r.line]
	if value > r.codes {
		return l.Words[r.codes].X0, true
	}
	return halfLineStart(all, r.line, l.Words[value].X0)
}

// halfLineStart returns where the line above or below a row begins, if it is between the codes and the values.
func halfLineStart(all []Line, row int, base float64) (float64, bool) {
	for _, i := range []int{row - 1, row + 1} {
		if i >= 0 && i < len(all) && isIndented(all[i], all[row]) && all[i].X0 < base {
			return all[i].X0, true
		}
	}
	return 0, false
}

// inferHeader returns a header row for the rows of one table, as words; nil when they have no values.
func inferHeader(all []Line, rows []rowCells, titleOffset float64) []Word {
	var bases, titles []float64
	var spans []span
	left, end, size := math.Inf(1), 0.0, 0.0
	for _, r := range rows {
		l := all[r.line]
		size = max(size, l.Size)
		left, end = min(left, l.X0), max(end, l.Words[r.codes-1].X1)
		i := firstValue(l, r)
		if i < 0 {
			continue
		}
		bases = append(bases, l.Words[i].X0)
		if x, ok := titleStart(all, r, i); ok {
			titles = append(titles, x)
		}
		for _, w := range l.Words[i:] {
			spans = append(spans, newSpan(w))
		}
	}
	if len(bases) == 0 {
		return nil
	}
	base := MostCommon(bases, 0.5*size)
	title := base + titleOffset
	if len(titles) > 0 {
		title = MostCommon(titles, 0.5*size)
	}
	header := []Word{
		{Text: Course, X0: left, X1: max(left, min(end, title-0.1*size))},
		{Text: Description, X0: title, X1: max(title, base-size)},
	}
	spans = mergeSpans(spans)
	names := nameSpans(spans, rows[0].transfers)
	if !slices.Contains(names, Grade) { // no row has a grade yet
		x := spans[0].x1 + 0.5*size
		header = append(header, Word{Text: Grade, X0: x, X1: x})
	}
	for i, name := range names {
		if name != "" {
			header = append(header, Word{Text: name, X0: spans[i].x0, X1: spans[i].x1})
		}
	}
	return header
}

func newSpan(w Word) span {
	s := span{x0: w.X0, x1: w.X1, words: 1}
	if decimalPattern.MatchString(w.Text) {
		s.decimals = 1
	} else if numberCell.MatchString(w.Text) {
		s.integers = 1
	}
	return s
}

// firstValue returns the first word right of the title: the credits of a course, the grade of a transfer. -1 when
// there is none.
func firstValue(l Line, r rowCells) int {
	pattern := decimalPattern
	if r.transfers {
		pattern = transferPattern
	}
	for i := r.codes; i < len(l.Words); i++ {
		if pattern.MatchString(l.Words[i].Text) {
			return i
		}
	}
	return -1
}

// mergeSpans merges overlapping spans into columns, from left to right.
func mergeSpans(spans []span) []span {
	slices.SortFunc(spans, func(a, b span) int { return cmp.Compare(a.x0, b.x0) })
	merged := spans[:1]
	for _, s := range spans[1:] {
		last := &merged[len(merged)-1]
		if s.x0 > last.x1 {
			merged = append(merged, s)
			continue
		}
		last.x1 = max(last.x1, s.x1)
		last.words, last.decimals, last.integers = last.words+s.words, last.decimals+s.decimals, last.integers+s.integers
	}
	return merged
}

// nameSpans names columns by their contents, in the order of a record.
func nameSpans(spans []span, transfers bool) []string {
	names := make([]string, len(spans))
	earned := -1
	for i, s := range spans {
		if 2*s.decimals > s.words {
			earned = i
		}
	}
	texts, decimals := []string{Grade, Notation}, []string{Attempted, "GPA", "AVG"}
	if transfers {
		texts, decimals = []string{Grade, "ATTENDED"}, nil
	}
	for i, s := range spans {
		switch {
		case i == earned && (transfers || i > 0):
			names[i] = Earned
		case i > earned:
			names[i] = "OTHER"
		case 2*s.decimals > s.words && len(decimals) > 0:
			names[i], decimals = decimals[0], decimals[1:]
		case 2*s.integers > s.words && !transfers:
			names[i] = "SIZE"
		case len(texts) > 0:
			names[i], texts = texts[0], texts[1:]
		}
	}
	return names
}
