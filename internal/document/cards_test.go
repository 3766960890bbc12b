package document_test

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"github.com/trackmydegree/trackmydegree/internal/document"
)

// cardLayout is the layout of a record whose rows are cards of a phone, or cells below each other.
type cardLayout struct {
	Labels     int  // 0: none, as in a linear print; 1: "GRADE: A" on one line; 2: the label above its value; 3: labels left, values in a column
	Repeat     bool // the names of the columns stand above each row
	SkipEmpty  bool // an empty cell leaves no line
	Joined     bool // code, number and section on one line
	Order      []int
	Width      int // of titles
	PageLines  int
	BlankLines int
	Sums       bool
}

var cardNames = []string{"DESCRIPTION", "ATTEMPTED", "GRADE", "NOTATION", "GPA", "PROGRAM CREDITS EARNED"}

func drawCardLayout(r *rand.Rand) cardLayout {
	l := cardLayout{Labels: r.IntN(4), Repeat: r.IntN(3) == 0, SkipEmpty: r.IntN(2) == 0, Joined: r.IntN(2) == 0, Order: []int{0, 1, 2, 3, 4, 5},
		Width: 16 + r.IntN(40), PageLines: 25 + r.IntN(60), BlankLines: r.IntN(3), Sums: r.IntN(4) > 0}
	if r.IntN(2) == 0 {
		r.Shuffle(len(l.Order), func(i, j int) { l.Order[i], l.Order[j] = l.Order[j], l.Order[i] })
	}
	return l
}

func (l cardLayout) cells(row textRow) []string {
	all := []string{row.Title, cellTried(row), row.Grade, row.Notation, row.points, cellEarned(row)}
	ordered := make([]string, len(all))
	for i, at := range l.Order {
		ordered[i] = all[at]
	}
	return ordered
}

func (l cardLayout) header() string {
	if l.Labels > 0 {
		return ""
	}
	text := "COURSE\n"
	for _, at := range l.Order {
		text += cardNames[at] + "\n"
	}
	return text
}

func (l cardLayout) card(row textRow) string {
	code := strings.Fields(row.Code)
	lines := []string{code[0], code[1], row.Section}
	if l.Joined {
		lines = []string{row.Code + " " + row.Section}
	}
	text := ""
	switch l.Labels {
	case 1:
		text = "COURSE: " + row.Code + " " + row.Section + "\n"
	case 2:
		text = "COURSE\n" + row.Code + " " + row.Section + "\n"
	case 3:
		text = fmt.Sprintf("%-26s%s\n", "COURSE", row.Code+" "+row.Section)
	default:
		text = strings.Join(lines, "\n") + "\n"
	}
	for i, cell := range l.cells(row) {
		name := cardNames[l.Order[i]]
		if cell == "" && l.SkipEmpty {
			continue
		}
		wrapped := []string{""}
		for _, w := range strings.Fields(cell) {
			if n := len(wrapped) - 1; wrapped[n] == "" {
				wrapped[n] = w
			} else if len(wrapped[n])+len(w) < l.Width {
				wrapped[n] += " " + w
			} else {
				wrapped = append(wrapped, w)
			}
		}
		switch l.Labels {
		case 1:
			text += name + ": " + strings.Join(wrapped, "\n") + "\n"
		case 2:
			text += name + "\n" + strings.Join(wrapped, "\n") + "\n"
		case 3:
			text += fmt.Sprintf("%-26s%s\n", name, strings.Join(wrapped, "\n"+strings.Repeat(" ", 26)))
		default:
			text += strings.Join(wrapped, "\n") + "\n"
		}
	}
	return text + strings.Repeat("\n", l.BlankLines)
}

func (l cardLayout) text(record textRecord) string {
	t := usualText()
	t.record = record
	if !l.Sums {
		withoutSums(&t)
	}
	t.header = func(textLayout, textTerm) string {
		if l.Repeat {
			return ""
		}
		return l.header()
	}
	t.row = func(_ textLayout, _ textTerm, row textRow, _ int) string {
		if l.Repeat {
			return l.header() + l.card(row)
		}
		return l.card(row)
	}
	var pages []string
	lines := strings.Split(t.text(), "\n")
	for page := range slices.Chunk(lines, l.PageLines) {
		pages = append(pages, strings.Join(page, "\n"))
	}
	return strings.Join(pages, "\f")
}

// drawnLayout is a layout of the day: set returns the pages of a record in it, and hide removes from a record what the
// layout does not print.
type drawnLayout struct {
	layout any // for messages
	sums   bool
	hide   func(record textRecord)
	set    func(record textRecord) []document.Page
}

// readDrawnLayouts reads records in layouts of the day: nearly all exactly, the others with a warning or a fault.
func readDrawnLayouts(t *testing.T, name string, draw func(r *rand.Rand) drawnLayout) {
	t.Helper()
	seed := seedOfTheDay(t)
	outcomes := map[string]int{}
	for i := range countDocuments() {
		r := rand.New(rand.NewPCG(uint64(seed), uint64(i)))
		l := draw(r)
		record := usualTextRecord()
		for k := range record.terms {
			rows := record.terms[k].rows
			r.Shuffle(len(rows), func(i, j int) { rows[i], rows[j] = rows[j], rows[i] })
		}
		record.terms[0].transfers = nil
		l.hide(record)
		want := record.document()
		want.ExemptedCourses, want.TransferredCourses = nil, nil
		if !l.sums {
			want.CumulativeGPA = nil
		}
		got, err := document.Read(l.set(record))
		switch {
		case err != nil:
			outcomes["refused"]++
			t.Logf("%s %d, layout %+v: %v", name, i, l.layout, err)
		case len(got.Warnings) > 0:
			outcomes["warned"]++
			t.Logf("%s %d, layout %+v: %s", name, i, l.layout, got.Warnings[0].Message)
		default:
			outcomes["exact"]++
			if diff := cmp.Diff(want, got.Plain(), cmpopts.EquateEmpty()); diff != "" {
				t.Errorf("%s %d, layout %+v: silent: want -, got +\n%s", name, i, l.layout, diff)
			}
		}
	}
	if exact, least := outcomes["exact"], countDocuments()*95/100; exact < least {
		t.Errorf("%v: want at least %d exact", outcomes, least)
	}
}

// TestCardsOfTheDay reads records that a phone prints as cards or as one column of cells.
func TestCardsOfTheDay(t *testing.T) {
	t.Parallel()
	readDrawnLayouts(t, "cards", func(r *rand.Rand) drawnLayout {
		l := drawCardLayout(r)
		return drawnLayout{
			layout: l, sums: l.Sums, hide: func(textRecord) {},
			set: func(record textRecord) []document.Page { return setText(l.text(record)) },
		}
	})
}
