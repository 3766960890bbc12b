package layout

import (
	"cmp"
	"math"
	"regexp"
	"slices"
	"strings"
	"unicode"
)

const (
	// sameLine is the largest distance of the baselines of one line, in sizes of the font. The half-lines of a title
	// that wraps are half a line, 0.5 sizes or more, above and below their row.
	sameLine = 0.28

	// touching is the largest gap, in sizes, between two pieces of one word. Every space is wider. overlapping is the
	// largest overlap of the pieces of a kerned word.
	touching    = 0.06
	overlapping = 0.18

	// InColumn is how far, in sizes, a word may begin left of its column.
	InColumn = 0.6
)

// Line is the words on one baseline of a page, from left to right.
type Line struct {
	Page     int
	Baseline float64 // baseline
	Size     float64 // the size of most of its characters
	X0, X1   float64
	Words    []Word
	Text     string // the words joined with spaces
	// Printed is the words as they are on the page, for a line that was arranged; nil for others.
	Printed []Word
	// LastPage is the page on which an arranged line ends; 0 for others.
	LastPage int
}

func buildPageLines(page int, p Page) []Line {
	words := make([]Word, 0, len(p.Words))
	for _, w := range p.Words {
		words = appendCleanWords(words, w)
	}
	slices.SortFunc(words, func(a, b Word) int {
		return cmp.Or(cmp.Compare(a.Baseline, b.Baseline), cmp.Compare(a.X0, b.X0), cmp.Compare(a.Text, b.Text),
			cmp.Compare(a.X1, b.X1), cmp.Compare(a.Size, b.Size))
	})
	var lines []Line
	for len(words) > 0 {
		n := 1
		for n < len(words) && words[n].Baseline-words[0].Baseline <= sameLine*min(words[0].Size, words[n].Size) {
			n++
		}
		lines = append(lines, NewLine(page, words[:n:n]))
		words = words[n:]
	}
	return lines
}

// NewLine returns the line of words that share a baseline, in reading order.
func NewLine(page int, words []Word) Line {
	slices.SortFunc(words, func(a, b Word) int {
		return cmp.Or(cmp.Compare(a.X0, b.X0), cmp.Compare(a.Text, b.Text), cmp.Compare(a.X1, b.X1))
	})
	// Text that is printed twice to look bold counts once.
	words = slices.CompactFunc(words, func(a, b Word) bool { return a.Text == b.Text && math.Abs(a.X0-b.X0) < 0.2*a.Size })
	l := Line{Page: page, Words: words, X0: words[0].X0, X1: words[0].X1}
	for _, w := range words {
		l.Baseline += w.Baseline / float64(len(words))
		l.X1 = max(l.X1, w.X1)
	}
	l.Size = mostUsedSize(words)
	l.Text = JoinWords(words)
	return l
}

// printedWords returns the words as they are on the page.
func (l Line) printedWords() []Word {
	if len(l.Printed) > 0 {
		return l.Printed
	}
	return l.Words
}

// sizedWords is how many words of a line are compared with each other.
const sizedWords = 64

// mostUsedSize returns the size, to a tenth, of most characters of words; among equals the largest.
func mostUsedSize(words []Word) float64 {
	words = words[:min(len(words), sizedWords)]
	least, largest := words[0].Size, words[0].Size
	for _, w := range words {
		least, largest = min(least, w.Size), max(largest, w.Size)
	}
	if largest-least <= 0.1*least {
		return largest
	}
	best, most := 0.0, 0
	for _, w := range words {
		n := 0
		for _, o := range words {
			if math.Abs(o.Size-w.Size) <= 0.1*w.Size {
				n += len(o.Text)
			}
		}
		if n > most || n == most && w.Size > best {
			best, most = w.Size, n
		}
	}
	return best
}

// JoinWords returns the text of words, with a space between two unless they touch.
func JoinWords(words []Word) string {
	var b strings.Builder
	for i, w := range words {
		if i > 0 && !areTouching(words[i-1], w) {
			b.WriteByte(' ')
		}
		b.WriteString(w.Text)
	}
	return b.String()
}

// HasOverlaps reports whether words of a line are printed over each other: their order may not be that of the text.
func HasOverlaps(l Line) bool {
	for i := 1; i < len(l.Words); i++ {
		a, b := l.Words[i-1], l.Words[i]
		if a.X1-b.X0 > 2*overlapping*min(a.Size, b.Size) {
			return true
		}
	}
	return false
}

// areTouching reports whether b continues a: words may come in pieces.
func areTouching(a, b Word) bool {
	size := min(a.Size, b.Size)
	gap := b.X0 - a.X1
	return gap < touching*size && gap > -overlapping*size && math.Abs(a.Baseline-b.Baseline) <= sameLine*size
}

// spelling maps characters that fonts and browsers print to plain ones. A soft hyphen on a page is a hyphen:
// otherwise it would not have been printed.
var spelling = strings.NewReplacer(
	"\u00ad", "-", "\u2010", "-", "\u2011", "-", "\u2012", "-", "\u2212", "-", "\ufe63", "-", "\uff0d", "-",
	"\ufb00", "ff", "\ufb01", "fi", "\ufb02", "fl", "\ufb03", "ffi", "\ufb04", "ffl", "\ufb05", "st", "\ufb06", "st",
	"\u2044", "/", "\u2215", "/",
	"\u200b", "", "\u200c", "", "\u200d", "", "\u2060", "", "\ufeff", "",
)

// appendCleanWords appends a normalised word: two where it contains a space, and none when it is invisible.
func appendCleanWords(words []Word, w Word) []Word {
	for _, v := range []float64{w.X0, w.X1, w.Top, w.Bottom, w.Baseline, w.Size} {
		if math.IsNaN(v) || math.Abs(v) > 1e6 {
			return words
		}
	}
	if w.X1 < w.X0 {
		w.X0, w.X1 = w.X1, w.X0
	}
	if w.Size <= 0 {
		w.Size = max(math.Abs(w.Bottom-w.Top), 0.1)
	}
	if isPlain(w.Text) {
		return append(words, w)
	}
	runes := []rune(spelling.Replace(w.Text))
	if len(w.Edges) != len(runes) {
		w.Edges = nil
	}
	for i := 0; i < len(runes); {
		n := i
		for n < len(runes) && !unicode.IsSpace(runes[n]) && !unicode.IsControl(runes[n]) {
			n++
		}
		if n > i {
			words = append(words, SliceWord(w, runes, i, n))
		}
		i = n + 1
	}
	return words
}

// isPlain reports whether text is printable ASCII, as nearly all words are.
func isPlain(text string) bool {
	for i := range len(text) {
		if text[i] <= ' ' || text[i] > '~' {
			return false
		}
	}
	return text != ""
}

// SliceWord returns the characters [from, to) of a word, given as runes.
func SliceWord(w Word, runes []rune, from, to int) Word {
	part := w
	part.Text = string(runes[from:to])
	part.X0 = characterEdge(w, len(runes), from)
	if to < len(runes) {
		part.X1 = characterEdge(w, len(runes), to)
	}
	if w.Edges != nil {
		part.Edges = w.Edges[from:to]
	}
	return part
}

// characterEdge returns where the character i of a word of n characters begins; evenly spaced when that is not known.
func characterEdge(w Word, n, i int) float64 {
	if i == 0 {
		return w.X0
	}
	if len(w.Edges) == n {
		return float64(w.Edges[i])
	}
	return w.X0 + (w.X1-w.X0)*float64(i)/float64(n)
}

// furniture is the text that browsers print above and below a page: its title, its address, the date and the page's
// number.
var furniture = regexp.MustCompile(`://|\bStudent Record Web Page\b|^(Page )?\d{1,3} ?(/|of) ?\d{1,3}( |$)|(^| )(Page )?\d{1,3} ?(/|of) ?\d{1,3}$`)

// isFurniture reports whether a line is printed by a browser above or below a page.
func isFurniture(text string) bool { return furniture.MatchString(text) }

// DropFurniture drops such lines, at most two at either end of a page, so that they do not interrupt tables.
func DropFurniture(all []Line) []Line {
	var kept []Line
	for len(all) > 0 {
		n := 1
		for n < len(all) && all[n].Page == all[0].Page {
			n++
		}
		page := all[:n]
		all = all[n:]
		for range 2 {
			if len(page) > 0 && furniture.MatchString(page[0].Text) {
				page = page[1:]
			}
			if len(page) > 0 && furniture.MatchString(page[len(page)-1].Text) {
				page = page[:len(page)-1]
			}
		}
		kept = append(kept, page...)
	}
	return kept
}
