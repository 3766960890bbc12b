package parserchild

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"testing"

	"github.com/trackmydegree/trackmydegree/internal/document"
	"github.com/trackmydegree/trackmydegree/internal/fault"
	"github.com/trackmydegree/trackmydegree/internal/parsepool"
	"github.com/trackmydegree/trackmydegree/internal/plainpdf"
	"github.com/trackmydegree/trackmydegree/internal/testenv"
)

func TestReadDocument(t *testing.T) {
	t.Parallel()
	pages := pagesOf(t, "letters/regular.pdf")
	other := pagesOf(t, "letters/coop.pdf")
	doubtful := pagesOf(t, "printed/line-height-1.8.pdf")
	var empty []document.Page
	notPlain := errors.New("not plain")
	for _, tt := range []struct {
		name          string
		plain         []document.Page
		plainErr      error
		pdfium        []document.Page
		pdfiumErr     error
		read          uint64 // documents before
		want          parsepool.Reader
		wantDocument  []document.Page
		wantFault     fault.Code
		wantNotCalled bool
	}{
		{name: "plain", plain: pages, read: 1, want: parsepool.ReaderPlain, wantDocument: pages, wantNotCalled: true},
		{name: "a sample with equal facts", plain: pages, pdfium: pages, want: parsepool.ReaderPlain, wantDocument: pages},
		{name: "a sample with other facts", plain: pages, pdfium: other, want: parsepool.ReadersDiffer, wantDocument: other},
		{name: "a sample that PDFium refuses", plain: pages, pdfiumErr: fault.New(fault.Corrupt), want: parsepool.ReadersDiffer, wantFault: fault.Corrupt},
		{name: "not plain", plainErr: notPlain, pdfium: pages, read: 1, want: parsepool.ReaderPDFium, wantDocument: pages},
		{name: "plain without facts", plain: empty, pdfium: pages, read: 1, want: parsepool.ReaderPDFium, wantDocument: pages},
		{name: "plain with a row that was not understood", plain: doubtful, pdfium: doubtful, read: 1, want: parsepool.ReaderPDFium, wantDocument: doubtful},
		{name: "neither", plainErr: notPlain, pdfiumErr: fault.New(fault.Encrypted), want: parsepool.ReaderPDFium, wantFault: fault.Encrypted},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			called := false
			r := &reader{
				plain: func(context.Context, []byte) ([]document.Page, error) { return tt.plain, tt.plainErr },
				pdfium: func(context.Context, []byte) ([]document.Page, error) {
					called = true
					return tt.pdfium, tt.pdfiumErr
				},
				plainRead: tt.read,
			}
			got, err := r.readDocument(t.Context(), nil)
			if got.Reader != tt.want || called == tt.wantNotCalled {
				t.Errorf("reader %s, PDFium called: %t; want %s, %t", got.Reader, called, tt.want, !tt.wantNotCalled)
			}
			if tt.wantFault != "" {
				if fault.CodeOf(err) != tt.wantFault {
					t.Errorf("got %v, want %s", err, tt.wantFault)
				}
				return
			}
			want, _ := document.Read(tt.wantDocument)
			if err != nil || !areEqual(got.Document, want) {
				t.Errorf("%v, facts:\n got %+v\nwant %+v", err, got.Document, want)
			}
		})
	}
}

func TestAreEqual(t *testing.T) {
	t.Parallel()
	facts, err := document.Read(pagesOf(t, "transcripts/first-term.pdf"))
	if err != nil || len(facts.Rows) == 0 {
		t.Fatal("no rows", err)
	}
	moved := func(by float64) document.Document {
		other := facts
		other.Rows = append([]document.RowPlace{}, facts.Rows...)
		other.Rows[0].X1 += by
		return other
	}
	graded := facts
	graded.RowsPrinted++
	for _, tt := range []struct {
		name  string
		other document.Document
		want  bool
	}{
		{"the same", facts, true},
		{"a place that was rounded", moved(0.01), true},
		{"another place", moved(1), false},
		{"another fact", graded, false},
	} {
		if got := areEqual(facts, tt.other); got != tt.want {
			t.Errorf("%s: %t, want %t", tt.name, got, tt.want)
		}
	}
}

func pagesOf(t *testing.T, name string) []document.Page {
	t.Helper()
	pdf, err := os.ReadFile(filepath.Join(testenv.RepoRoot(), "tests/documents", name))
	if err != nil {
		t.Fatal(err)
	}
	pages, err := plainpdf.Pages(t.Context(), pdf)
	if err != nil {
		t.Fatal(err)
	}
	return pages
}
