package plainpdf

import (
	"strings"
	"unicode"
)

const (
	noBreakSpace = 0xA0
	softHyphen   = 0xAD
)

// plainSigns are the signs of records that PDFium gives as they are.
const plainSigns = "\u2010\u2011\u2012\u2013\u2014\u2015\u2018\u2019\u201c\u201d\u2020\u2021\u2022\u2026"

// isPlain reports whether PDFium gives a character as it is. It reorders those that are written from right to left, and
// expands or drops others.
func isPlain(r rune) bool {
	switch {
	case r > ' ' && r <= '~', r > noBreakSpace && r <= 0x24F, r >= 0x1E00 && r <= 0x1EFF:
		return true
	}
	return strings.ContainsRune(plainSigns, r)
}

// isLigature reports whether PDFium gives several characters one by one.
func isLigature(meaning string) bool {
	return strings.IndexFunc(meaning, func(r rune) bool { return r > unicode.MaxASCII || !unicode.IsLetter(r) }) < 0
}
