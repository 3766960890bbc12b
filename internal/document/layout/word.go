// Package layout finds the geometry of a printed page: words with coordinates become lines, and lines become tables
// with columns, rows and titles. It knows the names of the columns of a student record and the shape of a course's
// code, and nothing of what a record means; package document reads that.
package layout

// Word is a run of characters without white space. Coordinates are points (1/72 inch) from the page's top left corner,
// y growing downwards; Baseline is the y of the text's baseline.
type Word struct {
	Text           string
	X0, X1         float64
	Top, Bottom    float64
	Baseline, Size float64
	// Edges is the x at which each character of Text begins, to tell apart what touches; nil when it is not known.
	Edges []float32
}

// Page is one page in the order of the document. Words are in no particular order: the text stream of a printed page
// is not its visual order.
type Page struct {
	Width, Height float64
	Words         []Word
	// Drawn says that a page without words shows something that may be text: a picture of a page, or outlines.
	Drawn bool
}
