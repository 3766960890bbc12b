package document

import (
	"math"
	"slices"
	"strings"

	"github.com/trackmydegree/trackmydegree/internal/document/layout"
)

// valueColumn is where the values of a section begin; without a known column they directly follow their labels.
type valueColumn struct {
	x     float64
	known bool
}

// settleSections finds the column of values of each section, which may have another x in each, and moves labels that
// are centred on their values next to the first line of these. It returns the lines with the column of each.
func settleSections(all []layout.Line) ([]layout.Line, []valueColumn) {
	whole := findValueColumn(all, 0.5)
	var lines []layout.Line
	var columns []valueColumn
	for start := 0; start < len(all); {
		end := start + 1
		for end < len(all) && !sectionLine.MatchString(all[end].Text) {
			end++
		}
		section := all[start:end]
		column := findValueColumn(section, 0.2)
		if !column.known {
			column = findUnlabelled(section)
		}
		if !column.known {
			column = whole
		}
		if column.known {
			section = raiseLabels(section, column.x)
		}
		for _, l := range section {
			lines = append(lines, l)
			columns = append(columns, column)
		}
		start = end
	}
	return lines, columns
}

// findValueColumn returns where the values of most known labels begin. There is no such column when values directly
// follow their labels. Edges within reach, in sizes, count as one.
func findValueColumn(all []layout.Line, reach float64) valueColumn {
	var edges []float64
	size := 0.0
	for _, l := range all {
		if name, words := labelWords(l); name != "" && len(words) > 0 {
			edges = append(edges, words[0].X0)
			size = max(size, l.Size)
		}
	}
	if len(edges) == 0 {
		return valueColumn{}
	}
	x := layout.MostCommon(edges, reach*size)
	n := 0
	for _, e := range edges {
		if e >= x && e-x <= reach*size {
			n++
		}
	}
	return valueColumn{x, 2*n >= len(edges)}
}

// findUnlabelled returns the column of a section none of whose labels has a value on its own line: where most lines
// right of all labels begin.
func findUnlabelled(section []layout.Line) valueColumn {
	right, size := 0.0, 0.0
	for _, l := range section {
		name, words := labelWords(l)
		if len(words) > 0 {
			return valueColumn{}
		}
		if name != "" {
			right, size = max(right, l.X1), max(size, l.Size)
		}
	}
	if right == 0 {
		return valueColumn{}
	}
	var edges []float64
	for _, l := range section {
		if l.X0 > right {
			edges = append(edges, l.X0)
		}
	}
	if len(edges) == 0 {
		return valueColumn{}
	}
	return valueColumn{layout.MostCommon(edges, 0.5*size), true}
}

// placedLabel is a label of a section: its first line, its number of lines, and its position.
type placedLabel struct {
	at, lines int
	middle    float64
}

// raiseLabels moves labels that are in the middle of their values next to the first line of these. A section whose
// labels are there already is returned unchanged.
func raiseLabels(section []layout.Line, column float64) []layout.Line {
	var labels []placedLabel
	var values []int // lines with text in the column of values, and nothing left of it but labels
	page := func(l layout.Line) float64 { return l.Baseline + pageStep*float64(l.Page) }
	for i := 0; i < len(section); {
		name, _, n := labelAt(section[i:], column, true)
		if name == "" {
			left, right := splitLine(section[i], column)
			if len(left.Words) == 0 && len(right.Words) > 0 {
				values = append(values, i)
			}
			i++
			continue
		}
		l := placedLabel{at: i, lines: n, middle: (page(section[i]) + page(section[i+n-1])) / 2}
		labels = append(labels, l)
		for k := i; k < i+n; k++ {
			if _, right := splitLine(section[k], column); len(right.Words) > 0 {
				values = append(values, k)
			}
		}
		i += n
	}
	if len(labels) == 0 || len(values) == 0 || values[0] >= labels[0].at {
		return section // the first value is next to its label: all are
	}
	if len(labels)*len(values)*len(values) > maxShares {
		return section
	}
	ys := make([]float64, len(values))
	for k, i := range values {
		ys[k] = page(section[i])
	}
	cuts := shareValues(labels, ys)
	return setBeside(section, labels, values, cuts, column)
}

// maxShares bounds the work of assigning values; a section has some ten labels and fifty lines.
const maxShares = 2_000_000

// pageStep places the pages of a section below each other.
const pageStep = 10_000

// shareValues assigns to each label the values of which it is in the middle: the cheapest way to cut the values, in
// their order, into one run for each label. It returns where each run begins.
func shareValues(labels []placedLabel, ys []float64) []int {
	n, m := len(labels), len(ys)
	cost := make([][]float64, n+1)
	from := make([][]int, n+1)
	for k := range cost {
		cost[k], from[k] = make([]float64, m+1), make([]int, m+1)
		for j := range cost[k] {
			cost[k][j] = math.Inf(1)
		}
	}
	cost[0][0] = 0
	for k := 1; k <= n; k++ {
		for j := 0; j <= m; j++ {
			for i := 0; i <= j; i++ {
				c := cost[k-1][i]
				if i == j {
					c += emptyValue
				} else {
					c += math.Abs((ys[i]+ys[j-1])/2 - labels[k-1].middle)
				}
				if c < cost[k][j] {
					cost[k][j], from[k][j] = c, i
				}
			}
		}
	}
	cuts := make([]int, n)
	for k, j := n, m; k > 0; k-- {
		j = from[k][j]
		cuts[k-1] = j
	}
	return cuts
}

// emptyValue is the cost, in points, of a label without a value.
const emptyValue = 200

// setBeside rebuilds a section: each label next to the first of its values, the others below. Other lines keep their
// position behind the value before them.
func setBeside(section []layout.Line, labels []placedLabel, values, cuts []int, column float64) []layout.Line {
	isLabelLine := make([]bool, len(section))
	for _, l := range labels {
		for k := l.at; k < l.at+l.lines; k++ {
			isLabelLine[k] = true
		}
	}
	var lines []layout.Line
	next := 0 // first line of the section that is not emitted yet
	emitOthers := func(until int) {
		for ; next < until; next++ {
			if !isLabelLine[next] && !slices.Contains(values, next) {
				lines = append(lines, section[next])
			}
		}
	}
	for k, l := range labels {
		end := len(values)
		if k+1 < len(labels) {
			end = cuts[k+1]
		}
		var words []layout.Word
		for i := l.at; i < l.at+l.lines; i++ {
			left, _ := splitLine(section[i], column)
			words = append(words, left.Words...)
		}
		label := joinLabel(section[l.at].Page, words)
		if cuts[k] == end {
			lines = append(lines, label)
			continue
		}
		for n, at := range values[cuts[k]:end] {
			emitOthers(at)
			_, right := splitLine(section[at], column)
			if n == 0 {
				right = layout.NewLine(label.Page, slices.Concat(label.Words, right.Words))
			}
			lines = append(lines, right)
		}
	}
	emitOthers(len(section))
	return lines
}

// joinLabel joins the lines of a label that wraps.
func joinLabel(page int, words []layout.Word) layout.Line {
	words = slices.Clone(words)
	x := words[0].X0
	for i := range words {
		width := words[i].X1 - words[i].X0
		words[i].X0, words[i].X1, words[i].Edges = x, x+min(width, 1), nil
		x += 0.1 + words[i].X1 - words[i].X0
	}
	return layout.NewLine(page, words)
}

// labelAt returns the label with which the first line begins, the lines of value next to it, and the number of lines
// of the label: in a narrow column it wraps.
func labelAt(lines []layout.Line, column float64, columns bool) (label string, value []layout.Line, taken int) {
	if !columns {
		name, words := labelWords(lines[0])
		if name == "" {
			return "", nil, 0
		}
		if len(words) > 0 {
			value = []layout.Line{layout.NewLine(lines[0].Page, words)}
		}
		return name, value, 1
	}
	letters := ""
	for n := range lines[:min(len(lines), 4)] {
		left, right := splitLine(lines[n], column)
		if len(left.Words) == 0 {
			return "", nil, 0
		}
		if len(right.Words) > 0 {
			value = append(value, right)
		}
		letters += labelName(left.Text)
		if strings.HasSuffix(left.Text, ":") {
			if slices.Contains(letterLabels, letters) {
				return letters, value, n + 1
			}
			if n == 0 && isLabel(left, right, column) {
				return letters, value, 1
			}
			return "", nil, 0
		}
		if !slices.ContainsFunc(letterLabels, func(l string) bool { return strings.HasPrefix(l, letters) }) {
			return "", nil, 0
		}
	}
	return "", nil, 0
}

// isLabel reports whether an unknown text before a colon is a label: its value is in the column of values.
func isLabel(left, right layout.Line, column float64) bool {
	return len(right.Words) > 0 && right.X0-column < left.Size && len(left.Text) < 40 && right.X0-left.X1 > 0.5*left.Size
}

// labelWords returns the known label that ends at the first colon of the line, and the words behind it.
func labelWords(l layout.Line) (string, []layout.Word) {
	var spelt []string
	for i, w := range l.Words {
		before, after, colon := strings.Cut(w.Text, ":")
		if !colon {
			spelt = append(spelt, before)
			continue
		}
		letters := labelName(strings.Join(append(spelt, before), " "))
		if !slices.Contains(letterLabels, letters) {
			return "", nil
		}
		words := slices.Clone(l.Words[i+1:])
		if after != "" {
			runes := []rune(w.Text)
			words = append([]layout.Word{layout.SliceWord(w, runes, len(runes)-len([]rune(after)), len(runes))}, words...)
		}
		return letters, words
	}
	return "", nil
}

// splitLine splits a line at the column of values.
func splitLine(l layout.Line, column float64) (left, right layout.Line) {
	var words []layout.Word
	for _, w := range l.Words {
		if a, b, ok := layout.SplitWordAt(w, column); ok && strings.HasSuffix(a.Text, ":") {
			words = append(words, a, b)
		} else {
			words = append(words, w)
		}
	}
	n := 0
	for n < len(words) && words[n].X0 < column-layout.InColumn*l.Size {
		n++
	}
	if n > 0 {
		left = layout.NewLine(l.Page, words[:n:n])
	}
	if n < len(words) {
		right = layout.NewLine(l.Page, words[n:])
	}
	return left, right
}
