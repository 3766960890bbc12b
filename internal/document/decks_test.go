package document_test

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"

	"github.com/trackmydegree/trackmydegree/internal/document"
)

// deckLayout is the layout of a record whose cards have the width of a column: a phone's page, or several columns.
type deckLayout struct {
	Columns int     // cards next to each other
	Width   float64 // of a card, in sizes
	Size    float64
	Height  float64
	Pitch   float64
	Between float64 // space between cards, in lines
	Style   deckStyle
	Labels  deckLabels
	Right   bool // values end at the right edge of the card
	Whole   bool // no page ends inside a card
	Heads   bool // each page repeats a heading
	Terms   bool // each card names its term; there are no headings
	Extra   bool // a label that is not of the record
	Sums    bool
}

// deckStyle is how a card is set.
type deckStyle int

const (
	deckColons deckStyle = iota // "Grade: A"
	deckBeside                  // the label left, the value right of it
	deckAbove                   // the label above the value
	deckTitled                  // the code and the title without labels, the rest with colons
	deckPairs                   // two labels with their values on one line
	deckPile                    // no labels
	deckStrip                   // no labels, the values on one line
	deckStyles
)

// deckLabels are the labels of course, title, attempted credits, grade, notation, earned credits and term.
type deckLabels [7]string

var allDeckLabels = []deckLabels{
	{"Course", "Description", "Attempted", "Grade", "Notation", "Earned", "Term"},
	{"COURSE", "DESCRIPTION", "ATTEMPTED", "GRADE", "NOTATION", "PROGRAM CREDITS EARNED", "TERM"},
	{"Course", "Title", "Credits", "Grade", "Notation", "Credits Earned", "Term"},
	{"Class", "Course Title", "Units", "Final Grade", "Notation", "Units Earned", "Session"},
	{"Course", "Title", "Credits", "Grade", "", "", "Term"},
	{"Cours", "Titre", "Crédits tentés", "Note", "Mention", "Crédits obtenus", "Trimestre"},
	{"SIGLE", "TITRE DU COURS", "CRÉDITS", "NOTE FINALE", "MENTION", "CRÉDITS DU PROGRAMME OBTENUS", "SESSION"},
	{"Cours ", "Titre ", "Crédits ", "Note ", "Mention ", "Crédits obtenus ", "Trimestre "}, // with a space before the colon
}

func drawDeckLayout(r *rand.Rand) deckLayout {
	size := 6 + 8*r.Float64()
	l := deckLayout{Columns: 1 + r.IntN(3), Width: 24 + 16*r.Float64(), Size: size, Height: size * (50 + 70*r.Float64()),
		Pitch: 1.15 + 0.4*r.Float64(), Between: 2 * r.Float64(), Style: deckStyle(r.IntN(int(deckStyles))), Labels: allDeckLabels[r.IntN(len(allDeckLabels))],
		Right: r.IntN(3) == 0, Whole: r.IntN(2) == 0, Heads: r.IntN(4) == 0, Terms: r.IntN(4) == 0, Extra: r.IntN(4) == 0, Sums: r.IntN(4) > 0}
	if l.Style == deckBeside {
		l.Width += 14
	}
	switch l.Style {
	case deckTitled, deckPile, deckStrip:
		l.Between = max(l.Between, 0.6)
	}
	if l.isBare() {
		l.Terms, l.Extra = false, false
		l.Labels = allDeckLabels[0]
	}
	if l.Labels[5] == "" || l.isBare() {
		l.Sums = true // nothing else says which credits were earned, or which cell is which
	}
	return l
}

// isBare reports whether the cells have no labels.
func (l deckLayout) isBare() bool { return l.Style == deckPile || l.Style == deckStrip }

// deckText is text of a card: its place from the left edge of the card, in sizes, and its line.
type deckText struct {
	x    float64
	line int
	text string
}

// deckCard is a card with its number of lines.
type deckCard struct {
	texts []deckText
	lines int
}

func (c *deckCard) addLine(x float64, text string) {
	c.texts = append(c.texts, deckText{x, c.lines, text})
	c.lines++
}

// deckFields are the labels and the values of a card.
func (l deckLayout) fields(term string, row textRow) [][2]string {
	values := []string{row.Code + " " + row.Section, row.Title, cellTried(row), row.Grade, row.Notation, cellEarned(row), term}
	var fields [][2]string
	for i, label := range l.Labels {
		if label == "" || i == 6 && !l.Terms || i == 4 && row.Notation == "" {
			continue
		}
		fields = append(fields, [2]string{label, values[i]})
		if i == 3 && l.Extra {
			fields = append(fields, [2]string{"Instructor", "A. Person"})
		}
	}
	return fields
}

func (l deckLayout) card(term string, row textRow) deckCard {
	var c deckCard
	fields := l.fields(term, row)
	addWrapped := func(x float64, text string, indent float64) {
		for i, part := range wrap(text, l.Width-max(x, indent)-1, 1) {
			if i == 0 {
				c.addLine(x, part)
			} else {
				c.addLine(indent, part)
			}
		}
	}
	if l.Style == deckTitled || l.isBare() {
		c.addLine(0, fields[0][1])
		addWrapped(0, fields[1][1], 0)
		fields = fields[2:]
	}
	switch l.Style {
	case deckBeside:
		for _, f := range fields {
			lines := wrap(f[1], l.Width-17, 1)
			c.texts = append(c.texts, deckText{0, c.lines, f[0]})
			for _, part := range append(lines, "")[:max(len(lines), 1)] {
				x := 16.0
				if l.Right {
					x = l.Width - 1 - textWidth(part, 1)
				}
				c.addLine(x, part)
			}
		}
	case deckAbove:
		for _, f := range fields {
			c.addLine(0, f[0])
			if f[1] != "" {
				addWrapped(0, f[1], 0)
			}
		}
	case deckPairs:
		for i := 0; i < len(fields); i++ {
			text := fields[i][0] + ": " + fields[i][1]
			if i < 2 || i+1 == len(fields) || textWidth(text+fields[i+1][0]+fields[i+1][1], 1) > l.Width-6 {
				addWrapped(0, text, 0)
				continue
			}
			c.texts = append(c.texts, deckText{0, c.lines, text})
			c.addLine(textWidth(text, 1)+3, fields[i+1][0]+": "+fields[i+1][1])
			i++
		}
	case deckPile:
		for _, f := range fields {
			if f[1] != "" {
				c.addLine(0, f[1])
			}
		}
	case deckStrip:
		x := 0.0
		for _, f := range fields {
			if f[1] != "" {
				c.texts = append(c.texts, deckText{x, c.lines, f[1]})
			}
			x += 4.5
		}
		c.lines++
	default:
		for _, f := range fields {
			addWrapped(0, f[0]+": "+f[1], 0)
		}
	}
	return c
}

// set sets the record on pages.
func (l deckLayout) set(record textRecord) []document.Page {
	margin := 3 * l.Size
	width := margin*2 + float64(l.Columns)*(l.Width+3)*l.Size
	s := newSheet(width, l.Height, margin, l.Size)
	terms, all, earned := record.averages()
	head := func() {
		if l.Heads && len(s.pages) > 1 && s.y == s.margin+3*s.size {
			s.line("Student Record of Kim Example")
		}
	}
	line := func(text string) { s.room(1.7 * s.size); head(); s.line(text) }
	line("Student Record")
	program := usualProgram
	if !l.Sums {
		t := usualText()
		withoutSums(&t)
		program = t.program
	}
	program = strings.NewReplacer("EARNED", fmt.Sprintf("%.2f", earned), "GPA\n", "GPA\n", "\nGPA\n", fmt.Sprintf("\n%.2f\n", all)).Replace(program)
	for text := range strings.Lines(program) {
		line(strings.TrimSpace(text))
	}
	line("Beginning of Undergraduate Record")
	for _, t := range record.terms {
		if !l.Terms {
			s.gap(1)
			line(t.term)
			line("Bachelor of Engineering, Software Engineering")
		}
		for deck := range slices.Chunk(t.rows, l.Columns) {
			var cards []deckCard
			tallest := 0
			for _, row := range deck {
				c := l.card(t.term, row)
				cards = append(cards, c)
				tallest = max(tallest, c.lines)
			}
			if l.Whole {
				s.room(float64(tallest) * l.Pitch * l.Size)
			}
			for n := range tallest {
				s.room(l.Pitch * l.Size)
				head()
				for k, c := range cards {
					for _, text := range c.texts {
						if text.line == n {
							s.put(margin+(float64(k)*(l.Width+3)+text.x)*l.Size, s.y, l.Size, text.text)
						}
					}
				}
				s.y += l.Pitch * l.Size
			}
			s.y += l.Between * l.Pitch * l.Size
		}
		if v, ok := terms[t.term]; ok && l.Sums && !l.Terms {
			s.gap(1)
			line(fmt.Sprintf("Term GPA %.2f", v))
		}
	}
	return s.pages
}

// TestDecksOfTheDay reads records whose courses are cards of other programs.
func TestDecksOfTheDay(t *testing.T) {
	t.Parallel()
	readDrawnLayouts(t, "deck", func(r *rand.Rand) drawnLayout {
		l := drawDeckLayout(r)
		return drawnLayout{layout: l, sums: l.Sums, set: l.set, hide: func(record textRecord) {
			if l.Labels[4] == "" {
				rows := record.terms[1].rows
				rows[slices.IndexFunc(rows, func(r textRow) bool { return r.Notation != "" })].Notation = ""
			}
		}}
	})
}
