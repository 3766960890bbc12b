package plainpdf

import "golang.org/x/text/encoding/charmap"

// font is what a TrueType font says about its codes. Widths, ascent and descent are in thousandths of the size.
type font struct {
	// codeBytes is the number of bytes of a code: 2 for a composite font, otherwise 1.
	codeBytes int
	// texts are what the codes mean: one character, or the letters of a ligature.
	texts           map[int]string
	widths          map[int]int
	defaultWidth    int // -1 for none
	ascent, descent int
	outlines        *outlines
	// raisedInk reports that PDFium adds a 64th to the top of the ink.
	raisedInk bool
	// glyphOf returns the number of the glyph of a code, -1 for none.
	glyphOf func(code int) int
}

// flagAllCap is the flag of a font that shows small letters as capitals.
const flagAllCap = 1 << 16

// fontOf returns a font, and reads each once.
func (f *file) fontOf(o object) (*font, error) {
	if o.kind != kindReference {
		return nil, notPlain("font inside of the resources")
	}
	if fn := f.fonts[int(o.number)]; fn != nil {
		return fn, nil
	}
	fn, err := f.readFont(o)
	if err == nil {
		f.fonts[int(o.number)] = fn
	}
	return fn, err
}

// readFont reads a font that is embedded with its metrics, and whose codes have a known meaning.
func (f *file) readFont(o object) (*font, error) {
	d, err := f.findDict(o)
	if err != nil {
		return nil, err
	}
	fn := &font{texts: map[int]string{}, widths: map[int]int{}}
	switch string(d["Subtype"].text) {
	case "Type0":
		err = f.readComposite(fn, d)
	case "TrueType":
		err = f.readSimple(fn, d)
	default:
		err = notPlain("another kind of font")
	}
	if err != nil {
		return nil, err
	}
	return fn, f.readMeaning(fn, d)
}

// findDict finds a dictionary.
func (f *file) findDict(o object) (dict, error) {
	found, err := f.findObject(o)
	if err != nil {
		return nil, err
	}
	if found.kind != kindDictionary && found.kind != kindStream {
		return nil, notPlain("missing dictionary")
	}
	return found.dict, nil
}

// readComposite reads a font with codes of two bytes, each the number of a glyph or mapped to one.
func (f *file) readComposite(fn *font, d dict) error {
	list, err := f.findObject(d["DescendantFonts"])
	if err != nil {
		return err
	}
	if !d["Encoding"].isName("Identity-H") || len(list.list) != 1 {
		return notPlain("unusual encoding of a composite font")
	}
	descendant, err := f.findDict(list.list[0])
	if err != nil {
		return err
	}
	if !descendant["Subtype"].isName("CIDFontType2") {
		return notPlain("another kind of font")
	}
	fn.codeBytes, fn.defaultWidth = 2, 1000
	if err := f.readGlyphs(fn, descendant["CIDToGIDMap"]); err != nil {
		return err
	}
	if w := descendant["DW"]; w.kind != kindNull {
		if fn.defaultWidth, err = f.readWidth(w); err != nil {
			return err
		}
	}
	w, err := f.findObject(descendant["W"])
	if err != nil {
		return err
	}
	if err := f.readWidthArray(fn, w.list); err != nil {
		return err
	}
	_, _, err = f.readDescriptor(fn, descendant)
	// CFX_Face::GetCharBBox, which PDFium uses for composite fonts only.
	fn.raisedInk = true
	return err
}

// readGlyphs reads the map of codes to glyphs, two bytes for each code. Without one the code is the number.
func (f *file) readGlyphs(fn *font, o object) error {
	fn.glyphOf = func(code int) int { return code }
	if o.kind == kindNull || o.isName("Identity") {
		return nil
	}
	o, err := f.findObject(o)
	if err != nil {
		return err
	}
	if o.kind != kindStream {
		return notPlain("unusual glyphs of a font")
	}
	glyphs, err := f.decodeStream(o)
	fn.glyphOf = func(code int) int {
		if 2*code+2 > len(glyphs) {
			return -1
		}
		return int(glyphs[2*code])<<8 | int(glyphs[2*code+1])
	}
	return err
}

// flagSymbolic and flagNonsymbolic say whether the characters of a font are those of the standard Latin ones.
const (
	flagSymbolic    = 1 << 2
	flagNonsymbolic = 1 << 5
)

// readSimple reads a font with codes of one byte, in Windows-1252, whose only table of characters is one of Unicode:
// the subsets of cairo, with which Firefox prints. PDFium finds the glyphs of other tables by rules of its own.
func (f *file) readSimple(fn *font, d dict) error {
	fn.codeBytes, fn.defaultWidth = 1, -1
	first, ok := d["FirstChar"].wholeNumber()
	widths, err := f.findObject(d["Widths"])
	if err != nil {
		return err
	}
	if !ok || len(widths.list) == 0 || first+len(widths.list) > 256 || !d["Encoding"].isName("WinAnsiEncoding") {
		return notPlain("unusual encoding of a font")
	}
	for i, w := range widths.list {
		if err := f.setWidth(fn, first+i, w); err != nil {
			return err
		}
	}
	flags, tables, err := f.readDescriptor(fn, d)
	if err != nil {
		return err
	}
	if flags&(flagSymbolic|flagNonsymbolic) != flagNonsymbolic {
		return notPlain("unusual encoding of a font")
	}
	glyphs, err := readCharacters(tables["cmap"])
	fn.glyphOf = func(code int) int {
		character := charmap.Windows1252.DecodeByte(byte(code))
		if glyph := glyphs[int(character)]; glyph > 0 && character > ' ' && character != noBreakSpace && character != softHyphen {
			return glyph
		}
		return -1
	}
	return err
}

// readWidth returns a width as PDFium counts it: the fraction is dropped.
func (f *file) readWidth(o object) (int, error) {
	o, err := f.findObject(o)
	if err != nil {
		return 0, err
	}
	if o.kind != kindNumber || o.number < 0 || o.number > 10_000 {
		return 0, notPlain("unusual width")
	}
	return int(o.number), nil
}

// maxCode is the largest code of a character.
const maxCode = 0xFFFF

// readWidthArray reads "first [w1 w2 ...]" and "first last w" (ISO 32000-1, 9.7.4.3).
func (f *file) readWidthArray(fn *font, list []object) error {
	for len(list) > 0 {
		first, ok := list[0].wholeNumber()
		if !ok || len(list) < 2 {
			return notPlain("unusual widths")
		}
		second, err := f.findObject(list[1])
		if err != nil {
			return err
		}
		if second.kind == kindArray {
			for i, w := range second.list {
				if err := f.setWidth(fn, first+i, w); err != nil {
					return err
				}
			}
			list = list[2:]
			continue
		}
		last, ok := second.wholeNumber()
		if !ok || len(list) < 3 || last < first || last > maxCode {
			return notPlain("unusual widths")
		}
		for code := first; code <= last; code++ {
			if err := f.setWidth(fn, code, list[2]); err != nil {
				return err
			}
		}
		list = list[3:]
	}
	return nil
}

func (f *file) setWidth(fn *font, code int, o object) error {
	w, err := f.readWidth(o)
	if err != nil {
		return err
	}
	if _, twice := fn.widths[code]; twice || code > maxCode {
		return notPlain("unusual widths")
	}
	fn.widths[code] = w
	return nil
}

// readDescriptor reads ascent, descent and outlines. It returns the flags and the tables of the font's program.
func (f *file) readDescriptor(fn *font, d dict) (int, map[string][]byte, error) {
	descriptor, err := f.findDict(d["FontDescriptor"])
	if err != nil {
		return 0, nil, err
	}
	flags, ok := descriptor["Flags"].wholeNumber()
	ascent, descent := descriptor["Ascent"], descriptor["Descent"]
	box, err := f.findObject(descriptor["FontBBox"])
	switch {
	case err != nil:
		return 0, nil, err
	case !ok || flags&flagAllCap != 0 || len(box.list) != 4:
		return 0, nil, notPlain("unusual descriptor of a font")
	case ascent.kind != kindNumber || descent.kind != kindNumber || int(ascent.number) <= 0 || int(descent.number) >= 0:
		return 0, nil, notPlain("font without ascent and descent")
	}
	// PDFium takes the box where it is smaller.
	if bottom, top := box.list[1], box.list[3]; bottom.kind != kindNumber || top.kind != kindNumber ||
		int(bottom.number) > int(descent.number) || int(top.number) < int(ascent.number) {
		return 0, nil, notPlain("font higher than its box")
	}
	program, err := f.findObject(descriptor["FontFile2"])
	if err != nil {
		return 0, nil, err
	}
	if program.kind != kindStream {
		return 0, nil, notPlain("font that is not an embedded TrueType font")
	}
	content, err := f.decodeStream(program)
	if err != nil {
		return 0, nil, err
	}
	fn.ascent, fn.descent = int(ascent.number), int(descent.number)
	tables, err := readTables(content)
	if err != nil {
		return 0, nil, err
	}
	fn.outlines, err = readOutlines(tables)
	return flags, tables, err
}

// readMeaning reads which characters the codes mean.
func (f *file) readMeaning(fn *font, d dict) error {
	o, err := f.findObject(d["ToUnicode"])
	if err != nil {
		return err
	}
	if o.kind != kindStream {
		return notPlain("codes without a meaning")
	}
	content, err := f.decodeStream(o)
	if err != nil {
		return err
	}
	return readToUnicode(fn.texts, content)
}

// inkOf returns the box of the ink of a code, in thousandths of the size.
func (fn *font) inkOf(code int) (inkBox, error) {
	glyph := fn.glyphOf(code)
	if glyph < 0 {
		return inkBox{}, notPlain("glyph that is not there")
	}
	ink, err := fn.outlines.inkOf(glyph)
	if fn.raisedInk {
		ink.top += ink.top / 64
	}
	return ink, err
}

// widthOf returns the width of a code, false when the font does not say it.
func (fn *font) widthOf(code int) (int, bool) {
	if w, ok := fn.widths[code]; ok {
		return w, true
	}
	return fn.defaultWidth, fn.defaultWidth >= 0
}
