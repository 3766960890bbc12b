package parserchild

import (
	"context"
	"math"
	"reflect"
	"slices"

	"github.com/trackmydegree/trackmydegree/internal/document"
	"github.com/trackmydegree/trackmydegree/internal/parsepool"
	"github.com/trackmydegree/trackmydegree/internal/warning"
)

// sampleInterval is how many documents the plain reader reads until one of them is read by PDFium as well, to compare
// the facts. The first of a child is one. It costs 2 % of the time of a document.
const sampleInterval = 64

// readPages returns the words of the pages of a PDF.
type readPages func(ctx context.Context, pdf []byte) ([]document.Page, error)

// reader reads a document with the plain reader if that finds nothing unusual in it, and with PDFium otherwise. Only
// one call at a time is allowed.
type reader struct {
	pdfium readPages
	plain  readPages // nil when it is switched off
	// plainRead counts the documents that the plain reader has read.
	plainRead uint64
}

// readDocument returns the facts of a document. Its faults are those of PDFium's reader and of document.Read.
func (r *reader) readDocument(ctx context.Context, pdf []byte) (parsepool.Result, error) {
	facts, ok := r.readPlain(ctx, pdf)
	if ok {
		r.plainRead++
		if r.plainRead%sampleInterval != 1 {
			return parsepool.Result{Document: facts, Reader: parsepool.ReaderPlain}, nil
		}
	}
	var full document.Document
	pages, err := r.pdfium(ctx, pdf)
	if err == nil {
		full, err = document.Read(pages)
	}
	used := parsepool.ReaderPDFium
	switch {
	case ok && err == nil && areEqual(facts, full):
		used = parsepool.ReaderPlain
	case ok:
		used = parsepool.ReadersDiffer
	}
	return parsepool.Result{Document: full, Reader: used}, err
}

// doubts are the warnings about the layout. Others are about what is printed, such as a sum that is not that of its
// rows.
var doubts = []warning.Code{
	warning.RowNotUnderstood, warning.TransferNotUnderstood, warning.PageWithoutRows, warning.SecondDocument,
}

// readPlain returns the facts of a document that the plain reader reads without a doubt: each row and each page was
// understood.
func (r *reader) readPlain(ctx context.Context, pdf []byte) (document.Document, bool) {
	if r.plain == nil {
		return document.Document{}, false
	}
	pages, err := r.plain(ctx, pdf)
	if err != nil {
		return document.Document{}, false
	}
	facts, err := document.Read(pages)
	doubtful := slices.ContainsFunc(facts.Warnings, func(w warning.Warning) bool { return slices.Contains(doubts, w.Code) })
	return facts, err == nil && !doubtful
}

// rounding is the largest difference, in points, of the places of a row that two readers find.
const rounding = 0.05

// areEqual reports whether two readers found the same facts.
func areEqual(a, b document.Document) bool {
	samePlaces := slices.EqualFunc(a.Rows, b.Rows, func(p, q document.RowPlace) bool {
		near := max(math.Abs(p.X0-q.X0), math.Abs(p.Y0-q.Y0), math.Abs(p.X1-q.X1), math.Abs(p.Y1-q.Y1)) <= rounding
		p.X0, p.Y0, p.X1, p.Y1 = q.X0, q.Y0, q.X1, q.Y1
		return near && p == q
	})
	a.Rows, b.Rows = nil, nil
	return samePlaces && reflect.DeepEqual(a, b)
}
