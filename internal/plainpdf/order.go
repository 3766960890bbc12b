package plainpdf

import (
	"math"
	"slices"
)

// arrangeRuns returns runs in the order in which PDFium's text has them: within a line by their x, and lines as they
// come. A line ends where a run is more than half a character above or below the run in front of it
// (CPDF_TextPage::ProcessTextObject).
func arrangeRuns(runs []textRun) ([]textRun, error) {
	arranged := make([]textRun, 0, len(runs))
	var line []textRun
	fixed := 0 // runs of the line that may belong to an earlier one
	for i, r := range runs {
		if err := checkRepeatedRun(runs[max(0, i-nearRuns):i], r); err != nil {
			return nil, err
		}
		if len(line) == 0 {
			line = append(line, r)
			continue
		}
		previous := line[len(line)-1]
		most := max(lastWidth(previous), firstWidth(r)) / 2
		switch away := math.Abs(r.matrix.f - previous.matrix.f); {
		case away > most*(1+unsure):
			arranged = append(arranged, line...)
			line, fixed = append(line[:0], r), 0
			continue
		case away > most*(1-unsure):
			fixed = len(line)
		}
		if len(line) == maxLine {
			return nil, notPlain("long line")
		}
		at := len(line)
		for at > 0 && r.matrix.e < line[at-1].matrix.e {
			at--
		}
		if at < fixed {
			return nil, notPlain("runs that may be on one line")
		}
		line = slices.Insert(line, at, r)
	}
	return append(arranged, line...), nil
}

const (
	// unsure is the part of a limit within which PDFium's arithmetic, in 32 bits, may differ from ours.
	unsure = 0.1
	// maxLine is the largest number of runs of a line: to insert into it takes a time of its square.
	maxLine = 2_000
	// nearRuns is more than the number of previous runs that PDFium compares a run with, to drop one of two.
	nearRuns = 8
)

// firstWidth and lastWidth are the widths of characters of a run on the page.
func firstWidth(r textRun) float64 { return r.glyphWidth(r.glyphs[0]) * r.matrix.a }
func lastWidth(r textRun) float64  { return r.glyphWidth(r.glyphs[len(r.glyphs)-1]) * r.matrix.a }

// glyphWidth is the width of a glyph in the text's space.
func (r textRun) glyphWidth(g glyph) float64 {
	width, _ := r.font.widthOf(g.code)
	return float64(width) * r.size / 1000
}

// checkRepeatedRun refuses a run that begins like an earlier one at its place. PDFium drops one of two equal runs.
func checkRepeatedRun(earlier []textRun, r textRun) error {
	reach := 2 * nearby * r.fontHeight()
	for _, e := range earlier {
		if e.glyphs[0].code == r.glyphs[0].code && math.Abs(e.matrix.e-r.matrix.e) < reach &&
			math.Abs(e.matrix.f-r.matrix.f) < reach {
			return notPlain("text that is printed twice")
		}
	}
	return nil
}

// fontHeight is the size of the font on the page.
func (r textRun) fontHeight() float64 { return r.size * math.Hypot(r.matrix.c, r.matrix.d) }
