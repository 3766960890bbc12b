package document_test

import (
	"math"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/trackmydegree/trackmydegree/internal/document"
	"github.com/trackmydegree/trackmydegree/internal/fault"
)

// vocabulary is the source of the words of a fuzzed page, so that pages often look like documents.
var vocabulary = []string{"Student", "Record", "OFFER", "OF", "ADMISSION", "Undergraduate", "Academic", "Program", "History",
	"Active", "in", "28/04/2021", "Admit", "Term", "Fall", "Winter", "2022", "Fall/Winter", "2025-26", "Bachelor", "of",
	"Engineering", "Software", "(Co\u00adop)", "Beginning", "COURSE", "DESCRIPTION", "ATTEMPTED", "GRADE", "NOTATION", "CLASS",
	"AVG", "PROGRAM", "CREDITS", "EARNED", "COMP", "248", "AA", "EC1MARXISM", "3.00", "A-", "PASS", "EX", "TRC", "Transfer",
	"Credits", "Program/Plan(s):", "Session:", "Exemptions:", "Potential", "Exemption(s)", "Granted:", "NOTE:", "Deficiencies:",
	"GRADENOTATION", "ATTEMP", "TED", "1/4", "of", "\u00a0", "ﬁ", "", "Extended", "Credit", "Minimum", "Length:", "120"}

// FuzzRead reads pages of words at any position. Each word takes six bytes: text, x, y (two), size, and page break.
func FuzzRead(f *testing.F) {
	f.Add([]byte("\x00\x10\x00\x10\x08\x00\x01\x20\x00\x10\x08\x00"))
	header := []byte{0, 0, 0, 0, 8, 0, 1, 10, 0, 0, 8, 0}
	for i, word := range []byte{25, 26, 27, 28, 29, 34} {
		header = append(header, word, byte(i*40), 1, 0, 8, 0)
	}
	for i, word := range []byte{35, 36, 37, 38, 39, 40} {
		header = append(header, word, byte(i*30), 1, 30, 8, 0)
	}
	f.Add(header)
	f.Fuzz(func(t *testing.T, data []byte) {
		if len(data) > 6*4000 {
			return
		}
		pages := []document.Page{{Width: 612, Height: 792}}
		for ; len(data) >= 6; data = data[6:] {
			text := vocabulary[int(data[0])%len(vocabulary)]
			x, y := float64(data[1])*3, float64(data[2])*256/8+float64(data[3])/8
			size := float64(data[4])
			switch data[5] {
			case 1:
				x = math.NaN()
			case 2:
				size = -size
			case 3:
				y = math.Inf(1)
			case 4, 5, 6, 7:
				pages = append(pages, document.Page{})
			}
			page := &pages[len(pages)-1]
			page.Words = append(page.Words, document.Word{Text: text, X0: x, X1: x + float64(len(text))*size/2, Top: y - size,
				Bottom: y, Baseline: y, Size: size})
		}
		got, err := document.Read(pages)
		if err != nil {
			if code := fault.CodeOf(err); code.IsTransient() {
				t.Fatal(err)
			}
			return
		}
		again, _ := document.Read(pages)
		if diff := cmp.Diff(got, again); diff != "" {
			t.Fatal("the same pages read otherwise:\n" + diff)
		}
		for _, s := range got.Semesters {
			if s.Term == "" || len(s.Courses) == 0 {
				t.Fatalf("an empty semester: %+v", s)
			}
		}
	})
}
