package document_test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp/cmpopts"

	"github.com/trackmydegree/trackmydegree/internal/document"
)

// termColumns is a layout whose terms, or cards, are columns next to each other.
type termColumns struct {
	deckLayout
	PerRow int     // columns next to each other
	Offset float64 // of a column below the one left of it, in sizes
	Tables bool    // terms are tables instead of cards
}

// beginRecord sets the program of a record above its terms.
func (l termColumns) beginRecord(record textRecord) *sheet {
	margin := 3 * l.Size
	s := newSheet(margin*2+float64(l.PerRow)*(l.Width+3)*l.Size, l.Height, margin, l.Size)
	_, all, earned := record.averages()
	s.line("Student Record")
	t := usualText()
	if !l.Sums {
		withoutSums(&t)
	}
	program := strings.NewReplacer("EARNED", fmt.Sprintf("%.2f", earned), "GPA\n", "GPA\n", "\nGPA\n", fmt.Sprintf("\n%.2f\n", all)).Replace(t.program)
	for text := range strings.Lines(program) {
		s.line(strings.TrimSpace(text))
	}
	s.line("Beginning of Undergraduate Record")
	return s
}

// setTerms sets each term as a column.
func (l termColumns) setTerms(record textRecord) []document.Page {
	s := l.beginRecord(record)
	terms, _, _ := record.averages()
	for at := 0; at < len(record.terms); at += l.PerRow {
		top, low := s.y, s.y
		for k, t := range record.terms[at:min(at+l.PerRow, len(record.terms))] {
			x, y := s.margin+float64(k)*(l.Width+3)*l.Size, top+l.Offset*float64(k)*l.Size
			put := func(x float64, text string) { s.put(x, y, l.Size, text); y += l.Pitch * l.Size }
			put(x, t.term)
			put(x, "Bachelor of Engineering, Software")
			if l.Tables {
				names := []string{"COURSE", "DESCRIPTION", "ATTEMPTED", "GRADE", "EARNED"}
				places := []float64{0, 8, 36, 44, 49}
				for i, name := range names {
					s.put(x+places[i]*l.Size, y, l.Size, name)
				}
				y += l.Pitch * l.Size
				for _, row := range t.rows {
					for i, text := range []string{row.Code + " " + row.Section, row.Title, cellTried(row), row.Grade, cellEarned(row)} {
						s.put(x+places[i]*l.Size, y, l.Size, text)
					}
					y += l.Pitch * l.Size
				}
			} else {
				for _, row := range t.rows {
					y += l.putCard(s, x, y, t.term, row)
				}
			}
			if v, ok := terms[t.term]; ok && l.Sums {
				y += l.Size
				put(x, fmt.Sprintf("Term GPA %.2f", v))
			}
			low = max(low, y)
		}
		s.y = low + 2*l.Size
	}
	return s.pages
}

// putCard sets a card and returns its height.
func (l termColumns) putCard(s *sheet, x, y float64, term string, row textRow) float64 {
	c := l.card(term, row)
	for _, text := range c.texts {
		s.put(x+text.x*l.Size, y+float64(text.line)*l.Pitch*l.Size, l.Size, text.text)
	}
	return (float64(c.lines) + l.Between) * l.Pitch * l.Size
}

// setCards sets the cards of each term in columns of their own height, so that cards next to each other do not begin on
// one line.
func (l termColumns) setCards(record textRecord) []document.Page {
	s := l.beginRecord(record)
	for _, t := range record.terms {
		s.gap(1)
		s.line(t.term)
		s.line("Bachelor of Engineering, Software Engineering")
		heights := make([]float64, l.PerRow)
		for k := range heights {
			heights[k] = float64(k) * l.Offset * l.Size
		}
		for i, row := range t.rows {
			k := i % l.PerRow
			heights[k] += l.putCard(s, s.margin+float64(k)*(l.Width+3)*l.Size, s.y+heights[k], t.term, row)
		}
		low := 0.0
		for _, h := range heights {
			low = max(low, h)
		}
		s.y += low
	}
	return s.pages
}

// anyOrder compares the courses of a term in any order: that of columns is another one than that of lines.
var anyOrder = cmpopts.SortSlices(func(a, b document.Sitting) bool { return a.Code < b.Code })

// TestReadColumnsOfTerms reads terms that are printed next to each other, and cards that are in columns of their own.
func TestReadColumnsOfTerms(t *testing.T) {
	t.Parallel()
	for i := range 10 * int(deckStyles) * 4 {
		l := termColumns{PerRow: 2 + i%2, Offset: []float64{0, 0.5, 1.3, 3.7}[i/20%4], Tables: i%10 == 0,
			deckLayout: deckLayout{Width: 36, Height: 2400, Size: 8, Pitch: 1.25, Between: 0.7, Style: deckStyle(i % int(deckStyles)),
				Labels: allDeckLabels[i%3], Sums: i/2%2 == 0}}
		if l.Tables {
			l.Width = 56
		}
		record := usualTextRecord()
		record.terms[0].transfers = nil
		set, name := l.setTerms, "terms"
		if i%3 == 0 && !l.Tables {
			set, name = l.setCards, "cards"
		}
		want := record.document()
		want.ExemptedCourses, want.TransferredCourses = nil, nil
		if !l.Sums {
			want.CumulativeGPA = nil
		}
		if l.Tables {
			want.Semesters[1].Courses[1].Notation = ""
		}
		t.Run(fmt.Sprintf("%s %d", name, i), func(t *testing.T) {
			t.Parallel()
			if outcome := honest(t, set(record), want, anyOrder); outcome != "exact" && !(l.isBare() && !l.Sums) {
				t.Errorf("layout %+v: got %s, want exact", l, outcome)
			}
		})
	}
}
