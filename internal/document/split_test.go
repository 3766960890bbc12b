package document_test

import (
	"math/rand/v2"
	"slices"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/trackmydegree/trackmydegree/internal/document"
	"github.com/trackmydegree/trackmydegree/internal/warning"
)

// otherPages is the record of another student.
func otherPages() []document.Page {
	r := longRecord()
	r.terms = r.terms[:3]
	r.earned = "36.00"
	r.blocks[0].major = "Computer Engineering"
	l := plain
	l.Height, l.Furniture = 420, true
	return l.set(r)
}

func letterPages() []document.Page {
	r := rand.New(rand.NewPCG(1, 2))
	return drawLetterLayout(r).set(drawLetter(r))
}

// TestJoinedFiles reads files that hold more than one document: the one that is read is read whole and alone, and a
// warning names the page on which each other one begins.
func TestJoinedFiles(t *testing.T) {
	t.Parallel()
	long, other, letter := longPages(), otherPages(), letterPages()
	reversed := func(p []document.Page) []document.Page {
		p = slices.Clone(p)
		slices.Reverse(p)
		return p
	}
	for _, c := range []struct {
		name        string
		pages, want []document.Page
		others      []int // the pages on which the others begin
	}{
		{"two records", slices.Concat(long, other), long, []int{len(long) + 1}},
		{"the other one first", slices.Concat(other, long), other, []int{len(other) + 1}},
		{"a record twice", slices.Concat(long, long), long, nil},
		{"two records, each reversed", slices.Concat(reversed(long), reversed(other)), long, []int{len(long) + 1}},
		{"a letter behind a record", slices.Concat(long, letter), long, []int{len(long) + 1}},
		{"two letters", slices.Concat(letter, secondLetterPages()), letter, []int{len(letter) + 1}},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			want, err := document.Read(c.want)
			if err != nil {
				t.Fatal(err)
			}
			got, err := document.Read(c.pages)
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(want.Plain(), got.Plain()); diff != "" {
				t.Errorf("want -, got +\n%s", diff)
			}
			var others []int
			for _, w := range got.Warnings {
				if w.Code == warning.SecondDocument {
					others = append(others, w.Page)
				}
			}
			if !slices.Equal(others, c.others) {
				t.Errorf("got warnings of the pages %v, want %v", others, c.others)
			}
		})
	}
}

func secondLetterPages() []document.Page {
	r := rand.New(rand.NewPCG(1, 2))
	drawLetterLayout(r)
	return drawLetterLayout(r).set(drawLetter(r))
}
