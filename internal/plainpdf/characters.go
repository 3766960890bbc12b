package plainpdf

import (
	"strings"
	"unicode"
)

const (
	noBreakSpace = 0xA0
	softHyphen   = 0xAD
)

// isPlain reports whether PDFium gives a character as it is, wherever it is: Latin letters, and signs that have no
// direction of their own. It reorders and expands others.
func isPlain(r rune) bool {
	switch {
	case r > ' ' && r <= '~', r > noBreakSpace && r <= 0x24F, r >= 0x1E00 && r <= 0x1EFF:
		return true
	}
	return strings.ContainsRune("\u2010\u2012\u2013\u2014\u2015\u2020\u2021\u2022", r)
}

// isPlainBehindLetter reports the same for signs that PDFium gives as they are behind a Latin letter. It mirrors or
// expands them in a line without letters.
func isPlainBehindLetter(r rune) bool {
	return strings.ContainsRune("\u2011\u2018\u2019\u201c\u201d\u2026", r)
}

// isLigature reports whether PDFium gives several characters one by one.
func isLigature(meaning string) bool {
	return strings.IndexFunc(meaning, func(r rune) bool { return r > unicode.MaxASCII || !unicode.IsLetter(r) }) < 0
}
