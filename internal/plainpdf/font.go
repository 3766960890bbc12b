package plainpdf

import "unicode/utf16"

// font is what a composite font (Type0) says about its codes of two bytes. Widths, ascent and descent are in thousandths
// of the size.
type font struct {
	// texts are what the codes mean: one character, or the letters of a ligature.
	texts           map[int]string
	widths          map[int]int
	defaultWidth    int
	ascent, descent int
	outlines        *outlines
	// glyphs are the numbers of the glyphs, two bytes for each code; nil when the code is the number.
	glyphs []byte
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
	if !d["Subtype"].isName("Type0") {
		return nil, notPlain("another kind of font")
	}
	fn := &font{texts: map[int]string{}, widths: map[int]int{}}
	descendant, err := f.readComposite(fn, d)
	if err != nil {
		return nil, err
	}
	if err := f.readDescriptor(fn, descendant); err != nil {
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

// readComposite reads the widths and the glyphs of a font, and returns its descendant.
func (f *file) readComposite(fn *font, d dict) (dict, error) {
	list, err := f.findObject(d["DescendantFonts"])
	if err != nil {
		return nil, err
	}
	if !d["Encoding"].isName("Identity-H") || len(list.list) != 1 {
		return nil, notPlain("unusual encoding of a composite font")
	}
	descendant, err := f.findDict(list.list[0])
	if err != nil {
		return nil, err
	}
	if !descendant["Subtype"].isName("CIDFontType2") {
		return nil, notPlain("another kind of font")
	}
	if m := descendant["CIDToGIDMap"]; m.kind != kindNull && !m.isName("Identity") {
		glyphs, err := f.findObject(m)
		if err != nil {
			return nil, err
		}
		if glyphs.kind != kindStream {
			return nil, notPlain("unusual glyphs of a font")
		}
		if fn.glyphs, err = f.decodeStream(glyphs); err != nil {
			return nil, err
		}
	}
	fn.defaultWidth = 1000
	if w := descendant["DW"]; w.kind != kindNull {
		if fn.defaultWidth, err = f.readWidth(w); err != nil {
			return nil, err
		}
	}
	w, err := f.findObject(descendant["W"])
	if err != nil {
		return nil, err
	}
	return descendant, f.readWidthArray(fn, w.list)
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

// readDescriptor reads ascent and descent.
func (f *file) readDescriptor(fn *font, d dict) error {
	descriptor, err := f.findDict(d["FontDescriptor"])
	if err != nil {
		return err
	}
	flags, ok := descriptor["Flags"].wholeNumber()
	ascent, descent := descriptor["Ascent"], descriptor["Descent"]
	box, err := f.findObject(descriptor["FontBBox"])
	switch {
	case err != nil:
		return err
	case !ok || flags&flagAllCap != 0 || len(box.list) != 4:
		return notPlain("unusual descriptor of a font")
	case ascent.kind != kindNumber || descent.kind != kindNumber || int(ascent.number) <= 0 || int(descent.number) >= 0:
		return notPlain("font without ascent and descent")
	}
	// PDFium takes the box where it is smaller.
	if bottom, top := box.list[1], box.list[3]; bottom.kind != kindNumber || top.kind != kindNumber ||
		int(bottom.number) > int(descent.number) || int(top.number) < int(ascent.number) {
		return notPlain("font higher than its box")
	}
	program, err := f.findObject(descriptor["FontFile2"])
	if err != nil {
		return err
	}
	if program.kind != kindStream {
		return notPlain("font that is not an embedded TrueType font")
	}
	content, err := f.decodeStream(program)
	if err != nil {
		return err
	}
	fn.ascent, fn.descent = int(ascent.number), int(descent.number)
	fn.outlines, err = readOutlines(content)
	return err
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

// readToUnicode reads a map of codes to characters (ISO 32000-1, 9.10.3), one character for each code.
func readToUnicode(texts map[int]string, content []byte) error {
	l := &lexer{data: content}
	for {
		o, err := l.readObject()
		switch {
		case err != nil:
			return err
		case o.isWord("beginbfchar"):
			err = readCharacters(l, texts)
		case o.isWord("beginbfrange"):
			err = readRanges(l, texts)
		case o.isWord("usecmap"):
			return notPlain("map of codes that uses another one")
		case o.kind == kindEnd && l.at >= len(content):
			return nil
		case o.kind == kindEnd:
			return notPlain("unusual map of codes")
		}
		if err != nil {
			return err
		}
	}
}

func readCharacters(l *lexer, texts map[int]string) error {
	for {
		from, err := l.readObject()
		if err != nil || from.isWord("endbfchar") {
			return err
		}
		to, err := l.readObject()
		if err != nil {
			return err
		}
		if err := addCharacter(texts, from, to, 0); err != nil {
			return err
		}
	}
}

func readRanges(l *lexer, texts map[int]string) error {
	for {
		from, err := l.readObject()
		if err != nil || from.isWord("endbfrange") {
			return err
		}
		last, err := l.readObject()
		if err != nil {
			return err
		}
		to, err := l.readObject()
		if err != nil {
			return err
		}
		first, until := codeOf(from), codeOf(last)
		if first < 0 || until < first || first>>8 != until>>8 || to.kind == kindArray && len(to.list) != until-first+1 {
			return notPlain("unusual map of codes")
		}
		for i := range until - first + 1 {
			target, step := to, i
			if to.kind == kindArray {
				target, step = to.list[i], 0
			}
			if err := addCharacter(texts, object{kind: kindText, text: []byte{byte((first + i) >> 8), byte(first + i)}}, target, step); err != nil {
				return err
			}
		}
	}
}

// codeOf returns a code of one or two bytes, -1 for anything else.
func codeOf(o object) int {
	switch {
	case o.kind == kindText && len(o.text) == 1:
		return int(o.text[0])
	case o.kind == kindText && len(o.text) == 2:
		return int(o.text[0])<<8 | int(o.text[1])
	}
	return -1
}

// addCharacter maps a code to UTF-16 units, the last of which is raised by step.
func addCharacter(texts map[int]string, from, to object, step int) error {
	code := codeOf(from)
	n := len(to.text) / 2
	if code < 0 || to.kind != kindText || n == 0 || len(to.text)%2 != 0 || n > 1 && step > 0 {
		return notPlain("unusual map of codes")
	}
	units := make([]uint16, n)
	for i := range units {
		units[i] = uint16(to.text[2*i])<<8 | uint16(to.text[2*i+1])
	}
	units[n-1] += uint16(step)
	meaning := string(utf16.Decode(units))
	if letters, ok := ligatures[meaning]; ok {
		meaning = letters
	}
	if earlier, twice := texts[code]; twice && earlier != meaning {
		return notPlain("code with two meanings")
	}
	texts[code] = meaning
	return nil
}

// ligatures are the letters of characters that PDFium expands.
var ligatures = map[string]string{"\ufb00": "ff", "\ufb01": "fi", "\ufb02": "fl", "\ufb03": "ffi", "\ufb04": "ffl"}

// inkOf returns the box of the ink of a code.
func (fn *font) inkOf(code int) (inkBox, error) {
	switch {
	case fn.glyphs == nil:
		return fn.outlines.inkOf(code)
	case 2*code+2 > len(fn.glyphs):
		return inkBox{}, notPlain("glyph that is not there")
	}
	return fn.outlines.inkOf(int(fn.glyphs[2*code])<<8 | int(fn.glyphs[2*code+1]))
}

// widthOf returns the width of a code.
func (fn *font) widthOf(code int) int {
	if w, ok := fn.widths[code]; ok {
		return w
	}
	return fn.defaultWidth
}
