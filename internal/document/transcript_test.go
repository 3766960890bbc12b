package document_test

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/trackmydegree/trackmydegree/internal/document"
	"github.com/trackmydegree/trackmydegree/internal/fault"
)

// plain is a simple layout.
var plain = layout{Width: 700, Height: 900, Margin: 30, Size: 8, HeaderSize: 7, TitleWidth: 120, Gap: 12, SectionGap: 8, Pitch: 1.2, Padding: 4}

func transcriptSheet() *sheet {
	s := newSheet(plain.Width, plain.Height, plain.Margin, plain.Size)
	s.line("Student Record")
	return s
}

func sat(code, title, grade string) document.Sitting {
	return document.Sitting{Code: code, Section: "AA", Title: title, CreditsAttempted: 3, CreditsEarned: 3, Grade: grade}
}

func TestReadTranscriptLayouts(t *testing.T) {
	t.Parallel()
	logic, sets := sat("COMP 232", "LOGIC", "A"), sat("COMP 248", "SETS", "B")
	one := []document.Semester{{Term: "Fall 2022", Courses: []document.Sitting{logic}}}
	for _, c := range []struct {
		name string
		set  func(s *sheet)
		want []document.Semester
	}{
		{"a line of a note that is nothing but a term is no heading", func(s *sheet) {
			s.line("Fall 2022")
			s.line("Bachelor of Engineering, Software Engineering")
			s.line("SPECIAL NOTE: all courses were offered online in the term")
			s.line("Winter 2021")
			s.line("as well as before.")
			plain.courses(s, []document.Sitting{logic})
			s.line("SPECIAL NOTE: see the term")
			s.line("Winter 2020")
		}, one},
		{"a heading without what follows headings counts above a table", func(s *sheet) {
			s.line("Fall 2022")
			plain.courses(s, []document.Sitting{logic})
		}, one},
		{"a heading may be on the page before", func(s *sheet) {
			s.line("Fall 2022")
			s.turn()
			s.line("Bachelor of Engineering, Software Engineering")
			plain.courses(s, []document.Sitting{logic})
		}, one},
		{"a row that is printed on both sides of a page break counts once", func(s *sheet) {
			s.line("Fall 2022")
			plain.courses(s, []document.Sitting{logic})
			s.turn()
			plain.courses(s, []document.Sitting{logic, sets})
		}, []document.Semester{{Term: "Fall 2022", Courses: []document.Sitting{logic, sets}}}},
		{"terms come in order of time and are put together", func(s *sheet) {
			for _, term := range []string{"Fall/Winter 2022-23", "Fall 2022", "Winter 2022", "Summer 2022", "Spring 2022", "Winter/Summer 2022"} {
				s.gap(2)
				s.line(term)
				plain.courses(s, []document.Sitting{logic})
			}
			s.gap(2)
			s.line("Winter 2022")
			plain.courses(s, []document.Sitting{sets})
		}, []document.Semester{
			{Term: "Winter 2022", Courses: []document.Sitting{logic, sets}}, {Term: "Winter/Summer 2022", Courses: one[0].Courses},
			{Term: "Spring 2022", Courses: one[0].Courses}, {Term: "Summer 2022", Courses: one[0].Courses},
			{Term: "Fall 2022", Courses: one[0].Courses}, {Term: "Fall/Winter 2022-23", Courses: one[0].Courses},
		}},
		{"names of columns that are torn", func(s *sheet) {
			s.line("Fall 2022")
			s.gap(2)
			for _, name := range []struct {
				x, y float64
				text string
			}{{30, 0, "COURSE"}, {150, 0, "DESCRIPTION"}, {300, -5, "ATTEMP-"}, {300, 5, "TED"}, {340, 0, "GRA"}, {356, 0, "DE"}, {400, -5, "PROGRAM CREDITS"}, {400, 5, "EARNED"}} {
				s.put(name.x, s.y+name.y, 7, name.text)
			}
			s.gap(3)
			s.put(30, s.y, 8, "COMP 232 AA")
			s.put(150, s.y, 8, "LOGIC")
			s.put(300, s.y, 8, "3.00")
			s.put(340, s.y, 8, "A")
			s.put(400, s.y, 8, "3.00")
		}, one},
		{"text that is printed twice to look bold is one text", func(s *sheet) {
			s.line("Fall 2022")
			plain.courses(s, []document.Sitting{logic})
			words := s.pages[0].Words
			for _, w := range words {
				w.X0, w.X1, w.Edges = w.X0+0.3, w.X1+0.3, nil
				s.pages[0].Words = append(s.pages[0].Words, w)
			}
		}, one},
		{"a row without credits is none", func(s *sheet) {
			s.line("Fall 2022")
			plain.courses(s, []document.Sitting{logic})
			s.line("COMP 352 AA is not offered")
		}, one},
		{"an unknown grade is kept, a dash in one is a minus", func(s *sheet) {
			s.line("Fall 2022")
			plain.courses(s, []document.Sitting{sat("COMP 232", "LOGIC", "ZZ"), sat("COMP 248", "SETS", "B–")})
		}, []document.Semester{{Term: "Fall 2022", Courses: []document.Sitting{sat("COMP 232", "LOGIC", "ZZ"), sat("COMP 248", "SETS", "B-")}}}},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			s := transcriptSheet()
			c.set(s)
			got, err := document.Read(s.pages)
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(c.want, got.Semesters); diff != "" {
				t.Error("want -, got +\n" + diff)
			}
		})
	}
}

func TestReadFaults(t *testing.T) {
	t.Parallel()
	word := document.Word{Text: "x", X1: 5, Size: 10}
	many := make([]document.Word, 6*document.MaxCharacters)
	for _, c := range []struct {
		name  string
		pages []document.Page
		want  fault.Code
	}{
		{"no page", nil, fault.NoText},
		{"no word", make([]document.Page, 3), fault.NoText},
		{"another document", []document.Page{{Words: []document.Word{word}}}, fault.UnrecognizedDocument},
		{"too many pages", make([]document.Page, document.MaxPages+1), fault.TooManyPages},
		{"too many words", []document.Page{{Words: append(many, word)}}, fault.TooComplex},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			if _, err := document.Read(c.pages); fault.CodeOf(err) != c.want {
				t.Errorf("got %v, want %s", err, c.want)
			}
		})
	}
}

// A line of many words does not belong to an adjacent header row. Otherwise each of its pieces would be compared with
// each of the next line's: two lines of 100,000 characters took 14 s.
func TestLinesWithoutEnd(t *testing.T) {
	t.Parallel()
	at := func(x, y float64, text string) document.Word {
		return document.Word{Text: text, X0: x, X1: x + min(4*float64(len(text)), 5000), Top: y - 8, Bottom: y, Baseline: y, Size: 8}
	}
	record := []document.Word{
		at(0, 20, "Student Record"), at(0, 80, "Fall 2022"),
		at(0, 100, "COURSE"), at(80, 100, "DESCRIPTION"), at(180, 100, "ATTEMPTED"), at(240, 100, "GRADE"),
		at(0, 130, "COMP"), at(24, 130, "248"), at(80, 130, "SETS"), at(180, 130, "3.00"), at(240, 130, "B-"),
	}
	for name, piece := range map[string]string{"fillers": "CLASS", "fragments": "GRA-"} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			long := strings.Repeat(piece, 500_000/len(piece))
			got, err := document.Read([]document.Page{{Words: append(record, at(300, 110, long), at(300, 118, long))}})
			if err != nil {
				t.Fatal(err)
			}
			if len(got.Semesters) != 1 || len(got.Semesters[0].Courses) != 1 {
				t.Errorf("%+v", got.Semesters)
			}
		})
	}
}

func BenchmarkRead(b *testing.B) {
	e := newExtractor(b)
	pages, err := e.Pages(b.Context(), sampleFile(b, "transcripts/soen-coop.pdf"))
	if err != nil {
		b.Fatal(err)
	}
	b.ReportAllocs()
	for b.Loop() {
		if _, err := document.Read(pages); err != nil {
			b.Fatal(err)
		}
	}
}

// TestReadHeadersThatTouch reads two header rows with a line between them that could belong to either.
func TestReadHeadersThatTouch(t *testing.T) {
	t.Parallel()
	l := usualText()
	header := l.header
	l.header = func(l textLayout, t textTerm) string {
		names := "COURSE          DESCRIPTION                 ATTEMPTED  GRADE\n"
		return names + "                                                          EARNED\n" + header(l, t)
	}
	t.Log(honest(t, setText(l.text()), l.record.document()))
}
