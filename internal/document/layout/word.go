// Package layout finds the geometry of a printed page: words with coordinates become lines, and lines become tables
// with columns, rows and titles. It contains the names of the columns of a student record and the form of a course's
// code, but not their meaning, which package document reads.
package layout

// Word is a run of characters without white space. Coordinates are points (1/72 inch) from the page's top left corner,
// y growing downwards; Baseline is the y of the text's baseline.
type Word struct {
	Text           string
	X0, X1         float64
	Top, Bottom    float64
	Baseline, Size float64
	// Edges is the x at which each character of Text begins, to separate cells that touch; nil when it is not known.
	// Its length is the number of runes of Text.
	Edges []float32
}

// Page is one page in the order of the document. Words are in no particular order: the text stream of a printed page
// differs from its visual order.
type Page struct {
	Width, Height float64
	Words         []Word
	// Drawn reports that a page without words shows something that may be text: a picture of a page, or outlines.
	Drawn bool
}
