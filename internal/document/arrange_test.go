package document_test

import (
	"os"
	"slices"
	"strconv"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
	"pgregory.net/rapid"

	"github.com/trackmydegree/trackmydegree/internal/document"
	"github.com/trackmydegree/trackmydegree/internal/fault"
)

// documentsOfTheDay is the number of documents of a kind that the seed of the day generates.
const documentsOfTheDay = 500

// countDocuments returns documentsOfTheDay, a fifth of it with -short.
func countDocuments() int {
	if testing.Short() {
		return documentsOfTheDay / 5
	}
	return documentsOfTheDay
}

// seedOfTheDay changes each day, so that new documents are tested. It is printed; DAY=20261128 repeats the documents
// of that day.
func seedOfTheDay(t *testing.T) int {
	t.Helper()
	day := os.Getenv("DAY")
	if day == "" {
		day = time.Now().UTC().Format("20060102")
	}
	seed, err := strconv.Atoi(day)
	if err != nil {
		t.Fatalf("DAY: %v", err)
	}
	t.Logf("documents of DAY=%d", seed)
	return seed * 1000
}

// arrangement is an arrangement of printed pages.
type arrangement struct {
	name   string
	number bool // it needs page numbers
	apply  func([]document.Page) []document.Page
}

var arrangements = []arrangement{
	{"as printed", false, func(p []document.Page) []document.Page { return p }},
	{"reversed", true, func(p []document.Page) []document.Page {
		p = slices.Clone(p)
		slices.Reverse(p)
		return p
	}},
	{"with an empty page", false, func(p []document.Page) []document.Page {
		return append(slices.Clone(p), document.Page{Width: p[0].Width, Height: p[0].Height})
	}},
	{"twice", true, func(p []document.Page) []document.Page { return slices.Concat(p, p) }},
	{"two on a sheet", true, func(p []document.Page) []document.Page { return putOnSheets(p, 2, 1) }},
	{"four on a sheet", true, func(p []document.Page) []document.Page { return putOnSheets(p, 2, 2) }},
}

// putOnSheets prints pages on sheets of columns × rows, at half their size.
func putOnSheets(pages []document.Page, columns, rows int) []document.Page {
	const scale = 0.5
	var sheets []document.Page
	for i, p := range pages {
		at := i % (columns * rows)
		if at == 0 {
			sheets = append(sheets, document.Page{Width: float64(columns) * p.Width * scale, Height: float64(rows) * p.Height * scale})
		}
		sheet := &sheets[len(sheets)-1]
		dx, dy := float64(at%columns)*p.Width*scale, float64(at/columns)*p.Height*scale
		for _, w := range p.Words {
			sheet.Words = append(sheet.Words, moveWord(w, scale, dx, dy))
		}
	}
	return sheets
}

func moveWord(w document.Word, scale, dx, dy float64) document.Word {
	w.X0, w.X1 = w.X0*scale+dx, w.X1*scale+dx
	w.Top, w.Bottom, w.Baseline, w.Size = w.Top*scale+dy, w.Bottom*scale+dy, w.Baseline*scale+dy, w.Size*scale
	edges := slices.Clone(w.Edges)
	for i := range edges {
		edges[i] = edges[i]*float32(scale) + float32(dx)
	}
	w.Edges = edges
	return w
}

// TestTranscriptsOfTheDay reads 500 records in random layouts and arrangements exactly.
func TestTranscriptsOfTheDay(t *testing.T) {
	t.Parallel()
	seed := seedOfTheDay(t)
	records, layouts := rapid.Custom(drawRecord), rapid.Custom(drawLayout)
	for i := range countDocuments() {
		want, l := records.Example(seed+i), layouts.Example(seed+i)
		arranged := arrangements[i%len(arrangements)]
		l.Furniture = l.Furniture || arranged.number
		pages := l.set(want)
		if !fitsPaper(pages) {
			arranged = arrangements[0]
		}
		got, err := document.Read(arranged.apply(pages))
		if err != nil {
			t.Fatalf("document %d, %s, layout %+v: %v", i, arranged.name, l, err)
		}
		if diff := cmp.Diff(want.document(), got.Plain(), cmpopts.EquateEmpty()); diff != "" {
			t.Fatalf("document %d, %s, layout %+v: want -, got +\n%s", i, arranged.name, l, diff)
		}
	}
}

// fitsPaper reports whether nothing crosses the right edge of a page, where the next page of a sheet begins.
func fitsPaper(pages []document.Page) bool {
	for _, p := range pages {
		for _, w := range p.Words {
			if w.X1 > p.Width-w.Size {
				return false
			}
		}
	}
	return true
}

// longRecord is a record of several pages with correct printed sums.
func longRecord() studentRecord {
	r := studentRecord{blocks: []programBlock{{admit: "Fall 2019", kind: "Bachelor of Engineering", major: "Software Engineering"}},
		earned: "72.00", gpa: "3.00", termGPA: "3.00"}
	for i, term := range []string{"Fall 2019", "Winter 2020", "Fall 2020", "Winter 2021", "Fall 2021", "Winter 2022"} {
		tr := termRecord{term: term}
		// Each term has four courses of other credits and grades, 12 credits and an average of 3.00.
		credits := []float64{3, 4, 3, 2}
		grades := [][]string{{"B+", "B", "B-", "B"}, {"A", "B", "C", "B"}, {"C", "B", "A", "B"}, {"B-", "B", "B+", "B"}}[i%4]
		for k, code := range []string{"COMP", "ENGR", "SOEN", "MATH"} {
			tr.courses = append(tr.courses, document.Sitting{Code: code + " " + string(rune('2'+i)) + "0" + string(rune('1'+k)), Section: "AA",
				Title: "METHODS OF THE TERM", CreditsAttempted: credits[k], CreditsEarned: credits[k], Grade: grades[k]})
		}
		r.terms = append(r.terms, tr)
	}
	return r
}

func longPages() []document.Page {
	l := plain
	l.Height, l.Furniture = 420, true
	return l.set(longRecord())
}

func TestArrange(t *testing.T) {
	t.Parallel()
	want, err := document.Read(longPages())
	if err != nil {
		t.Fatal(err)
	}
	for _, a := range arrangements {
		t.Run(a.name, func(t *testing.T) {
			got, err := document.Read(a.apply(longPages()))
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(want.Plain(), got.Plain()); diff != "" {
				t.Errorf("want -, got +\n%s", diff)
			}
		})
	}
	for name, c := range map[string]struct {
		change func([]document.Page) []document.Page
		want   string
	}{
		"a page is missing": {func(p []document.Page) []document.Page { return slices.Delete(p, 1, 2) },
			"Page 2 of 4 is missing. Print the whole document to PDF from the browser and upload that file."},
		"two pages are missing": {func(p []document.Page) []document.Page { return slices.Delete(p, 1, 3) },
			"Pages 2 and 3 of 4 are missing. Print the whole document to PDF from the browser and upload that file."},
		"a page is a picture": {func(p []document.Page) []document.Page {
			p[1] = document.Page{Width: p[1].Width, Height: p[1].Height, Drawn: true}
			return p
		}, "Page 2 of this PDF holds no text that can be read, only a picture. Print the whole student record to PDF from the browser."},
	} {
		t.Run(name, func(t *testing.T) {
			_, err := document.Read(c.change(longPages()))
			if got := fault.From(err); fault.CodeOf(err) != fault.IncompleteDocument || got.Message() != c.want {
				t.Errorf("got %v, want %s", err, c.want)
			}
		})
	}
}
