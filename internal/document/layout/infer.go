package layout

import (
	"cmp"
	"math"
	"regexp"
	"slices"
)

// rowCells is a line that looks like a course's row although no header row says where its columns are.
type rowCells struct {
	line      int
	codes     int // how many words are code, number and section
	transfers bool
}

var sectionCell = regexp.MustCompile(`^[A-Z0-9][A-Z0-9-]{0,4}$`)

// InsertHeaders returns the lines of a record that has no header row at all with header rows above its tables: where the
// columns are is learnt from the rows. Lines without such rows come back as they are.
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
	templates := map[bool]template{true: inferTemplate(all, rows, true), false: inferTemplate(all, rows, false)}
	insert := map[int][]Word{} // header words by the line that they come before
	run, above := 0, 0         // the first row of the table, and the line above which its header comes
	closeRun := func(end int) {
		if t := templates[rows[run].transfers]; len(t.spans) > 0 {
			insert[above] = t.header(all, rows[run:end])
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

// isIndented reports whether a line lies right of where the row begins, on its page: a half-line of a title.
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

// span is where the cells of a column lie, and what they hold.
type span struct {
	x0, x1                    float64
	words, decimals, integers int
}

// template is the columns of all tables of a kind, as distances from the first value of a row. Tables of one document
// differ by some points in where they begin.
type template struct {
	spans []span
	names []string
	title float64 // where most titles begin; NaN when none is seen
}

func inferTemplate(all []Line, rows []rowCells, transfers bool) template {
	t := template{title: math.NaN()}
	var titles []float64
	size := 0.0
	for _, r := range rows {
		if r.transfers != transfers {
			continue
		}
		l := all[r.line]
		i := firstValue(l, r)
		if i < 0 {
			continue
		}
		size = max(size, l.Size)
		base := l.Words[i].X0
		if i > r.codes {
			titles = append(titles, l.Words[r.codes].X0-base)
		} else if x, ok := halfLineStart(all, r.line, base); ok {
			titles = append(titles, x-base)
		}
		for _, w := range l.Words[i:] {
			s := span{x0: w.X0 - base, x1: w.X1 - base, words: 1}
			if decimalPattern.MatchString(w.Text) {
				s.decimals = 1
			} else if numberCell.MatchString(w.Text) {
				s.integers = 1
			}
			t.spans = append(t.spans, s)
		}
	}
	if len(t.spans) == 0 || len(titles) == 0 {
		return template{}
	}
	t.title = MostCommon(titles, 0.5*size)
	t.spans = mergeSpans(t.spans)
	t.names = nameSpans(t.spans, transfers)
	return t
}

// halfLineStart is where the line above or below a row begins, when it lies between the codes and the values.
func halfLineStart(all []Line, row int, base float64) (float64, bool) {
	for _, i := range []int{row - 1, row + 1} {
		if i >= 0 && i < len(all) && isIndented(all[i], all[row]) && all[i].X0 < base {
			return all[i].X0, true
		}
	}
	return 0, false
}

// header returns the header row of one table, as words.
func (t template) header(all []Line, rows []rowCells) []Word {
	var bases, titles []float64
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
		if i > r.codes {
			titles = append(titles, l.Words[r.codes].X0)
		} else if x, ok := halfLineStart(all, r.line, l.Words[i].X0); ok {
			titles = append(titles, x)
		}
	}
	if len(bases) == 0 {
		return nil
	}
	base := MostCommon(bases, 0.5*size)
	title := base + t.title
	if len(titles) > 0 {
		title = MostCommon(titles, 0.5*size)
	}
	header := []Word{
		{Text: Course, X0: left, X1: max(left, min(end, title-0.1*size))},
		{Text: Description, X0: title, X1: max(title, base-size)},
	}
	for i, name := range t.names {
		if name != "" {
			header = append(header, Word{Text: name, X0: base + t.spans[i].x0, X1: base + t.spans[i].x1})
		}
	}
	return header
}

// firstValue is the first word right of the title: the credits of a course, the grade of a transfer. -1 when there is none.
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

// mergeSpans merges what overlaps into columns, from left to right.
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

// nameSpans names columns by what they hold, in the order that a record has.
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
