package document_test

import (
	"math/rand/v2"
	"os"
	"slices"
	"strconv"
	"testing"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"github.com/trackmydegree/trackmydegree/internal/cataloguetest"
	"github.com/trackmydegree/trackmydegree/internal/document"
	"github.com/trackmydegree/trackmydegree/internal/fault"
)

// mutationsOfTheDay is the number of damaged records; make mutations reads ten thousand.
const mutationsOfTheDay = 1_000

// damage changes pages like a printer, a person or a program. It may change nothing.
type damage struct {
	name  string
	apply func(*rand.Rand, []document.Page) []document.Page
}

var damages = []damage{
	{"a column is hidden", hideColumn},
	{"rows are dropped", dropLines},
	{"words are shifted", shiftWords},
	{"a page is dropped", dropPage},
	{"pages are swapped", swapPages},
	{"a page is turned", turnPage},
	{"a part of the rows is moved", moveRows},
	{"the right edge is cut off", cutRight},
	{"the lower edge is cut off", cutBottom},
	{"characters are lost", loseCharacters},
	{"a page is smaller", shrinkPage},
	{"lines are drawn twice", drawTwice},
	{"headings are dropped", dropHeadings},
}

// TestMutationsOfTheDay damages good records of many layouts. The result is the same facts, a warning or a fault.
func TestMutationsOfTheDay(t *testing.T) {
	t.Parallel()
	n := mutationsOfTheDay
	if testing.Short() {
		n /= 5
	}
	if all := os.Getenv("MUTATIONS"); all != "" {
		var err error
		if n, err = strconv.Atoi(all); err != nil {
			t.Fatalf("MUTATIONS: %v", err)
		}
	}
	seed := seedOfTheDay(t)
	layouts := rapid.Custom(drawLayout)
	outcomes := map[string][3]int{}
	var pages []document.Page
	var want document.Document
	for i := range n {
		r := rand.New(rand.NewPCG(uint64(seed), uint64(i)))
		if i%50 == 0 {
			pages, want = drawGoodPages(t, r, layouts, seed+i)
		}
		d := damages[i%len(damages)]
		got, err := document.Read(d.apply(r, clonePages(pages)))
		count := outcomes[d.name]
		diff := ""
		switch {
		case err != nil && fault.CodeOf(err).IsTransient():
			t.Fatalf("mutation %d, %s: %v", i, d.name, err)
		case err != nil:
			count[2]++
		case len(got.Warnings) > 0:
			count[1]++
		default:
			count[0]++
			diff = diffFacts(want, got)
		}
		if outcomes[d.name] = count; diff != "" {
			t.Errorf("mutation %d, %s: a difference without a word: want -, got +\n%s", i, d.name, diff)
		}
	}
	for _, d := range damages {
		t.Logf("%s: %d same, %d with a warning, %d refused", d.name, outcomes[d.name][0], outcomes[d.name][1], outcomes[d.name][2])
	}
}

// diffFacts compares what a timeline consists of: the courses with their terms, credits and grades, and the program. A
// missing part of the program is not silent: a document without a degree is refused, and without a number of credits
// the result names the catalogue as its source. Titles and sections are not used.
func diffFacts(want, got document.Document) string {
	facts := func(d document.Document) document.Document {
		d = d.Plain()
		semesters := slices.Clone(d.Semesters)
		for i := range semesters {
			courses := slices.Clone(semesters[i].Courses)
			for k := range courses {
				courses[k].Title, courses[k].Section = "", ""
			}
			semesters[i].Courses = courses
		}
		d.Semesters = semesters
		return d
	}
	a, b := facts(want), facts(got)
	if b.ProgramInfo == nil {
		return ""
	}
	if _, err := cataloguetest.Embedded().MatchDegree(b.ProgramInfo.Degree); err != nil {
		return ""
	}
	info := *a.ProgramInfo
	if b.ProgramInfo.FirstTerm == nil {
		info.FirstTerm = nil
	}
	if b.ProgramInfo.MinimumProgramLength == nil {
		info.MinimumProgramLength = nil
	}
	if b.CumulativeGPA == nil {
		a.CumulativeGPA = nil
	}
	info.EWTSatisfied = info.EWTSatisfied && b.ProgramInfo.EWTSatisfied
	a.ProgramInfo = &info
	return cmp.Diff(a, b)
}

// drawGoodPages sets a record with correct sums in a layout in which it is read completely.
func drawGoodPages(t *testing.T, r *rand.Rand, layouts *rapid.Generator[layout], seed int) ([]document.Page, document.Document) {
	t.Helper()
	for k := 0; ; k++ {
		if k > 200 {
			t.Fatal("no layout is read without a warning")
		}
		l := layouts.Example(seed + k)
		l.Furniture = true
		if k > 20 {
			l = plain
			l.Height, l.Furniture = float64(300+r.IntN(300)), true
		}
		pages := l.set(longRecord())
		want, err := document.Read(clonePages(pages))
		if err == nil && len(want.Warnings) == 0 && len(pages) > 1 {
			return pages, want
		}
	}
}

func clonePages(pages []document.Page) []document.Page {
	out := slices.Clone(pages)
	for i := range out {
		out[i].Words = slices.Clone(out[i].Words)
	}
	return out
}

// hideColumn removes the cells of a column from all rows of the document.
func hideColumn(r *rand.Rand, pages []document.Page) []document.Page {
	names := []string{"COURSE", "DESCRIPTION", "ATTEMPTED", "GRADE", "PROGRAM"}
	k := r.IntN(len(names))
	next := [...]string{"DESCRIPTION", "ATTEMPTED", "GRADE", "NOTATION", "OTHER"}[k]
	for i := range pages {
		rows := rowBaselines(pages[i])
		left, right := 0.0, 0.0
		for _, w := range pages[i].Words {
			switch w.Text {
			case names[k]:
				left = w.X0
			case next:
				right = w.X0
			}
		}
		pages[i].Words = slices.DeleteFunc(pages[i].Words, func(w document.Word) bool {
			return slices.Contains(rows, w.Baseline) && w.X0 >= left-1 && w.X0 < right-1
		})
	}
	return pages
}

// rowBaselines returns the baselines of the rows of courses.
func rowBaselines(p document.Page) []float64 {
	var rows []float64
	for _, w := range p.Words {
		if w.Text == "COMP" || w.Text == "ENGR" || w.Text == "SOEN" || w.Text == "MATH" {
			rows = append(rows, w.Baseline)
		}
	}
	return rows
}

// dropLines removes rows of courses.
func dropLines(r *rand.Rand, pages []document.Page) []document.Page {
	page := &pages[r.IntN(len(pages))]
	rows := rowBaselines(*page)
	r.Shuffle(len(rows), func(i, j int) { rows[i], rows[j] = rows[j], rows[i] })
	if len(rows) > 0 {
		rows = rows[:1+r.IntN(len(rows))]
	}
	page.Words = slices.DeleteFunc(page.Words, func(w document.Word) bool { return slices.Contains(rows, w.Baseline) })
	return pages
}

// shiftWords moves each word by up to a tenth of its size sideways, and a little up or down.
func shiftWords(r *rand.Rand, pages []document.Page) []document.Page {
	reach := r.Float64() * 0.1
	for i := range pages {
		for k, w := range pages[i].Words {
			pages[i].Words[k] = moveWord(w, 1, (2*r.Float64()-1)*reach*w.Size, (2*r.Float64()-1)*0.3*reach*w.Size)
		}
	}
	return pages
}

func dropPage(r *rand.Rand, pages []document.Page) []document.Page {
	at := r.IntN(len(pages))
	return slices.Delete(pages, at, at+1)
}

func swapPages(r *rand.Rand, pages []document.Page) []document.Page {
	a, b := r.IntN(len(pages)), r.IntN(len(pages))
	pages[a], pages[b] = pages[b], pages[a]
	return pages
}

// turnPage turns a page upside down.
func turnPage(r *rand.Rand, pages []document.Page) []document.Page {
	p := &pages[r.IntN(len(pages))]
	for i, w := range p.Words {
		w.X0, w.X1 = p.Width-w.X1, p.Width-w.X0
		w.Top, w.Bottom, w.Baseline = p.Height-w.Bottom, p.Height-w.Top, p.Height-w.Baseline
		w.Edges = slices.Clone(w.Edges)
		for k := range w.Edges {
			w.Edges[k] = float32(p.Width) - w.Edges[k]
		}
		slices.Reverse(w.Edges)
		p.Words[i] = w
	}
	return pages
}

// moveRows moves everything of a page below a line, and right of a line, by up to a line: further, and the rows of a
// record are others that are as good.
func moveRows(r *rand.Rand, pages []document.Page) []document.Page {
	p := &pages[r.IntN(len(pages))]
	x, y := r.Float64()*p.Width, r.Float64()*p.Height
	if len(p.Words) == 0 {
		return pages
	}
	reach := 1.2 * p.Words[0].Size
	dx, dy := (2*r.Float64()-1)*reach, (2*r.Float64()-1)*reach
	for i, w := range p.Words {
		if w.X0 > x && w.Baseline > y {
			p.Words[i] = moveWord(w, 1, dx, dy)
		}
	}
	return pages
}

// cutRight removes the words right of a line, on one page or on all.
func cutRight(r *rand.Rand, pages []document.Page) []document.Page {
	x, only := pages[0].Width*(0.3+0.7*r.Float64()), r.IntN(2*len(pages))
	for i := range pages {
		if only >= len(pages) || i == only {
			pages[i].Words = slices.DeleteFunc(pages[i].Words, func(w document.Word) bool { return w.X1 > x })
		}
	}
	return pages
}

func cutBottom(r *rand.Rand, pages []document.Page) []document.Page {
	p := &pages[r.IntN(len(pages))]
	y := p.Height * r.Float64()
	p.Words = slices.DeleteFunc(p.Words, func(w document.Word) bool { return w.Baseline > y })
	return pages
}

// loseCharacters replaces characters by the replacement character of a lost one.
func loseCharacters(r *rand.Rand, pages []document.Page) []document.Page {
	for range 1 + r.IntN(4) {
		p := &pages[r.IntN(len(pages))]
		if len(p.Words) == 0 {
			continue
		}
		w := &p.Words[r.IntN(len(p.Words))]
		runes := []rune(w.Text)
		runes[r.IntN(len(runes))] = '\uFFFD'
		w.Text = string(runes)
	}
	return pages
}

func shrinkPage(r *rand.Rand, pages []document.Page) []document.Page {
	p, scale := &pages[r.IntN(len(pages))], 0.4+r.Float64()
	p.Width, p.Height = p.Width*scale, p.Height*scale
	for i, w := range p.Words {
		p.Words[i] = moveWord(w, scale, 0, 0)
	}
	return pages
}

// drawTwice draws rows again, slightly shifted.
func drawTwice(r *rand.Rand, pages []document.Page) []document.Page {
	p, d := &pages[r.IntN(len(pages))], r.Float64()*0.5
	rows := rowBaselines(*p)
	for _, w := range slices.Clone(p.Words) {
		if slices.Contains(rows, w.Baseline) {
			p.Words = append(p.Words, moveWord(w, 1, d, d/2))
		}
	}
	return pages
}

// dropHeadings removes lines that are not rows of courses: headings of terms, headers, sums.
func dropHeadings(r *rand.Rand, pages []document.Page) []document.Page {
	p := &pages[r.IntN(len(pages))]
	rows := rowBaselines(*p)
	var others []float64
	for _, w := range p.Words {
		if !slices.Contains(rows, w.Baseline) && !slices.Contains(others, w.Baseline) {
			others = append(others, w.Baseline)
		}
	}
	if len(others) == 0 {
		return pages
	}
	gone := others[r.IntN(len(others))]
	p.Words = slices.DeleteFunc(p.Words, func(w document.Word) bool { return w.Baseline == gone })
	return pages
}
