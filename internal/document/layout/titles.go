package layout

import (
	"math"
	"regexp"
	"slices"
	"strings"
)

const (
	// maxHalfLines bounds the lines between two rows: a title has four or five at most.
	maxHalfLines = 12

	// lineReach is the largest distance, in sizes, of lines of one title; rowReach that of the last line of one and
	// the first of the next.
	lineReach = 2.6
	rowReach  = 4.0

	// stray is the cost, in sizes, of leaving a line at the edge of a page to the row on the other side of it. A line
	// in its right position costs nothing, in a wrong one half a line or more.
	stray = 0.35

	// bare is the cost of a row without a title.
	bare = 0.6
)

// Block is the rows of one table on one page, from top to bottom, with the half-lines of titles between them: gaps[i]
// is above rows[i], the last one below all rows. It is open at an end where the table continues on another page:
// half-lines there may belong to a row of that page.
type Block struct {
	rows                 []*Row
	gaps                 [][]Line
	OpenAbove, OpenBelow bool
}

// placement is how a table aligns titles with their rows: it returns the deviation of a title with this first and
// last line.
type placement func(first, last, row float64) float64

var placements = []placement{
	func(first, last, row float64) float64 { return math.Abs((first+last)/2 - row) }, // centred
	func(first, _, row float64) float64 { return math.Abs(first - row) },             // from the row down
	func(_, last, row float64) float64 { return math.Abs(last - row) },               // from the row up
}

// CompleteTitles assigns each half-line to the row above or below it. A document aligns all titles in the same way,
// so it uses the placement that fits all blocks best.
func CompleteTitles(blocks []Block) {
	best, bestCost := 0, math.Inf(1)
	for i, p := range placements {
		total := 0.0
		for _, b := range blocks {
			_, cost := b.divideGaps(p)
			total += cost
		}
		if total < bestCost-1e-9 {
			best, bestCost = i, total
		}
	}
	var last *Row      // of the block before
	var waiting []Word // for the row after a page break
	toKeep := 0.0      // the cost if the last row had the waiting lines as well
	for _, b := range blocks {
		cuts, _ := b.divideGaps(placements[best])
		if !b.OpenAbove {
			last, waiting = nil, nil
		}
		above := joinLineWords(b.gaps[0][:cuts[0]])
		if len(b.rows) == 0 {
			above = joinLineWords(b.gaps[0])
		}
		if last != nil && len(waiting) > 0 && len(above) > 0 {
			// Each page on its own assigns its lines to the row on the other one. Only one row continues over the
			// break.
			if len(b.rows) == 0 || toKeep <= b.measureMisfit(placements[best], 0, 0, cuts[1])-b.measureMisfit(placements[best], 0, cuts[0], cuts[1]) {
				last.Title = append(last.Title, waiting...)
				waiting = nil
			} else {
				waiting = append(waiting, above...)
				above = nil
			}
		}
		if last != nil {
			last.Title = append(last.Title, above...)
		} else if len(b.rows) == 0 {
			waiting = append(waiting, above...) // the page ends below the first line of the table
		}
		for i, r := range b.rows {
			r.Title = slices.Concat(waiting, joinLineWords(b.gaps[i][cuts[i]:]), r.Title, joinLineWords(b.gaps[i+1][:cuts[i+1]]))
			last, waiting = r, nil
		}
		if n := len(b.rows); n > 0 {
			waiting = joinLineWords(b.gaps[n][cuts[n]:])
			toKeep = b.measureMisfit(placements[best], n-1, cuts[n-1], len(b.gaps[n])) - b.measureMisfit(placements[best], n-1, cuts[n-1], cuts[n])
		}
	}
}

// divideGaps finds how many lines of each gap belong to the row above it, and the cost: the cheapest division, built
// row by row from the top. cost[k] is that of the rows so far when k lines of the gap below belong to them.
func (b *Block) divideGaps(p placement) ([]int, float64) {
	edge := func(lines int, open bool) float64 {
		if lines > 0 && !open {
			return math.Inf(1)
		}
		return stray * float64(lines)
	}
	cost := make([]float64, len(b.gaps[0])+1)
	for k := range cost {
		cost[k] = edge(k, b.OpenAbove)
	}
	from := make([][]int, len(b.rows)+1)
	for i := range b.rows {
		next := make([]float64, len(b.gaps[i+1])+1)
		from[i+1] = make([]int, len(next))
		for k := range next {
			next[k] = math.Inf(1)
			for j := range cost {
				if c := cost[j] + b.measureMisfit(p, i, j, k); c < next[k] {
					next[k], from[i+1][k] = c, j
				}
			}
		}
		cost = next
	}
	last := len(cost) - 1
	best, bestCost := last, math.Inf(1)
	for k := range cost {
		if c := cost[k] + edge(last-k, b.OpenBelow); c < bestCost {
			best, bestCost = k, c
		}
	}
	cuts := make([]int, len(b.rows)+1)
	for i := len(b.rows); i >= 0; i-- {
		cuts[i] = best
		if i > 0 {
			best = from[i][best]
		}
	}
	return cuts, bestCost
}

// measureMisfit is the deviation, in sizes, of the title of the row i if it has the lines of the gap above from j on
// and those of the gap below up to k: its distance from the position of the placement, and by how much the distance
// of its lines exceeds that to its neighbours.
func (b *Block) measureMisfit(p placement, i, j, k int) float64 {
	r := b.rows[i]
	above, below := b.gaps[i], b.gaps[i+1]
	if j == len(above) && k == 0 && len(r.Title) == 0 {
		return bare
	}
	var ys []float64
	for _, l := range above[j:] {
		ys = append(ys, l.Baseline)
	}
	if len(r.Title) > 0 {
		ys = append(ys, r.Line.Baseline)
	}
	for _, l := range below[:k] {
		ys = append(ys, l.Baseline)
	}
	first, last := ys[0], ys[len(ys)-1]
	pitch := 0.0
	for n := 1; n < len(ys); n++ {
		pitch = max(pitch, ys[n]-ys[n-1])
	}
	room := math.Inf(1) // to the nearest line of another row
	if j > 0 {
		room = first - above[j-1].Baseline
	} else if i > 0 {
		room = first - b.rows[i-1].Line.Baseline
	}
	if k < len(below) {
		room = min(room, below[k].Baseline-last)
	} else if i+1 < len(b.rows) {
		room = min(room, b.rows[i+1].Line.Baseline-last)
	}
	return (p(first, last, r.Line.Baseline) + max(0, pitch-room)) / r.Line.Size
}

// IsStarted reports whether the block is not empty.
func (b *Block) IsStarted() bool { return len(b.gaps) > 0 }

// FirstPage returns the page on which the block begins. The block must be started.
func (b *Block) FirstPage() int {
	if len(b.rows) > 0 {
		return b.rows[0].Line.Page
	}
	return b.gaps[0][0].Page
}

// AddRow appends the next row of the table.
func (b *Block) AddRow(r *Row) {
	if len(b.gaps) == 0 {
		b.gaps = append(b.gaps, nil)
	}
	b.rows = append(b.rows, r)
	b.gaps = append(b.gaps, nil)
}

// AddHalfLine appends a line between two rows: a part of the title above or below it.
func (b *Block) AddHalfLine(l Line) {
	if len(b.gaps) == 0 {
		b.gaps = append(b.gaps, nil)
	}
	n := len(b.gaps) - 1
	b.gaps[n] = append(b.gaps[n], l)
}

// DropDistantLines drops lines that cannot belong to a title: those of another size than the rows, or too far from
// them.
func (b *Block) DropDistantLines() {
	if len(b.rows) == 0 {
		b.gaps[0] = b.gaps[0][:min(len(b.gaps[0]), maxHalfLines)]
		return
	}
	size, titleSize := b.rows[0].Line.Size, b.titleSize()
	foreign := func(l Line) bool {
		return isRemark(l) || math.Abs(l.Size-size) > 0.15*size && math.Abs(l.Size-titleSize) > 0.15*titleSize
	}
	for i := range b.gaps {
		b.gaps[i] = slices.DeleteFunc(b.gaps[i], foreign)
		reach := lineReach * size
		if i == 0 && b.OpenAbove || i == len(b.rows) && b.OpenBelow {
			reach = rowReach * size
		}
		b.gaps[i] = b.linesInReach(i, reach)
	}
}

var (
	remarkText = regexp.MustCompile(`(?i)^(?:remarks?|comments?|notes?|topics?|repeated)\b ?:`)
	spacedText = regexp.MustCompile(`^(?:\pL ){3,}\pL$`)
)

// isRemark reports whether a line between rows is a remark or a watermark rather than a part of a title.
func isRemark(l Line) bool {
	return remarkText.MatchString(l.Text) || isWatermark(l.Text)
}

// watermarks are the words that records have across their pages, letter by letter.
var watermarks = []string{"UNOFFICIAL", "UNOFFICIALCOPY", "UNOFFICIALTRANSCRIPT", "OFFICIAL", "COPY", "STUDENTCOPY", "DRAFT",
	"SPECIMEN", "SAMPLE", "CONFIDENTIAL", "PREVIEW", "VOID"}

// isWatermark reports whether a text with spaces between its letters is a known word, or longer than the single
// letters of any title.
func isWatermark(text string) bool {
	if !spacedText.MatchString(text) {
		return false
	}
	word := strings.ToUpper(strings.ReplaceAll(text, " ", ""))
	return slices.Contains(watermarks, word) || len(word) >= 10
}

// titleSize returns the size of the titles: of their parts on the rows themselves, otherwise of most half-lines.
func (b *Block) titleSize() float64 {
	var words []Word
	for _, r := range b.rows {
		words = append(words, r.Title...)
	}
	if len(words) == 0 {
		for _, gap := range b.gaps {
			words = append(words, joinLineWords(gap)...)
		}
	}
	if len(words) == 0 {
		return b.rows[0].Line.Size
	}
	return mostUsedSize(words)
}

// linesInReach returns the lines of the gap i that are in reach of a row, or of a line that is.
func (b *Block) linesInReach(i int, reach float64) []Line {
	gap := b.gaps[i]
	down, up := 0, len(gap) // the lines before down belong to the row above, those from up to the row below
	if i > 0 {
		for y := b.rows[i-1].Line.Baseline; down < min(len(gap), maxHalfLines/2) && gap[down].Baseline-y <= reach; down++ {
			y = gap[down].Baseline
		}
	}
	if i < len(b.rows) {
		for y := b.rows[i].Line.Baseline; up > max(down, len(gap)-maxHalfLines/2) && y-gap[up-1].Baseline <= reach; up-- {
			y = gap[up-1].Baseline
		}
	}
	return slices.Concat(gap[:down], gap[up:])
}

func joinLineWords(lines []Line) []Word {
	var words []Word
	for _, l := range lines {
		words = append(words, l.Words...)
	}
	return words
}
