package plainpdf

import (
	"maps"
	"slices"
)

// TestFont is a font of a document, for documents that tests write.
type TestFont struct {
	Program         []byte
	Widths          map[int]int // by code, in thousandths of the size
	CodeBytes       int
	Ascent, Descent int
	Codes           map[rune]int // of the characters that have a glyph
}

// FontOf returns the font with most characters of the first page of a plain PDF.
func FontOf(pdf []byte) (TestFont, error) {
	f, err := openFile(pdf)
	if err != nil {
		return TestFont{}, err
	}
	pages, err := f.findPages()
	if err != nil {
		return TestFont{}, err
	}
	resources, err := f.findDict(pages[0]["Resources"])
	if err != nil {
		return TestFont{}, err
	}
	fonts, err := f.findDict(resources["Font"])
	if err != nil {
		return TestFont{}, err
	}
	var best TestFont
	for _, key := range slices.Sorted(maps.Keys(fonts)) {
		o := fonts[key]
		fn, err := f.fontOf(o)
		if err != nil {
			return TestFont{}, err
		}
		font := TestFont{CodeBytes: fn.codeBytes, Ascent: fn.ascent, Descent: fn.descent, Codes: map[rune]int{}}
		for code, meaning := range fn.texts {
			if r := []rune(meaning); len(r) == 1 {
				font.Codes[r[0]] = code
			}
		}
		d, _ := f.findDict(o)
		if fn.codeBytes == 2 {
			list, _ := f.findObject(d["DescendantFonts"])
			d, _ = f.findDict(list.list[0])
		}
		descriptor, _ := f.findDict(d["FontDescriptor"])
		program, _ := f.findObject(descriptor["FontFile2"])
		if font.Program, err = f.decodeStream(program); err != nil {
			return TestFont{}, err
		}
		font.Widths = map[int]int{}
		for _, code := range font.Codes {
			font.Widths[code], _ = fn.widthOf(code)
		}
		if len(font.Codes) > len(best.Codes) {
			best = font
		}
	}
	return best, nil
}
