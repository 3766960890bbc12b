package plainpdf

import "unicode/utf16"

// readToUnicode reads a map of codes to characters (ISO 32000-1, 9.10.3). Each code may occur once, which also bounds
// the ranges.
func readToUnicode(texts map[int]string, content []byte) error {
	l := &lexer{data: content}
	for {
		o, err := l.readObject()
		switch {
		case err != nil:
			return err
		case o.isWord("beginbfchar"):
			err = readSingles(l, texts)
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

func readSingles(l *lexer, texts map[int]string) error {
	for {
		from, err := l.readObject()
		if err != nil || from.isWord("endbfchar") {
			return err
		}
		to, err := l.readObject()
		if err != nil {
			return err
		}
		if err := addCharacter(texts, codeOf(from), to, 0); err != nil {
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
			if err := addCharacter(texts, first+i, target, step); err != nil {
				return err
			}
		}
	}
}

// codeOf returns a code of one or two bytes, -1 for anything else.
func codeOf(o object) int {
	switch {
	case o.kind != kindText:
	case len(o.text) == 1:
		return int(o.text[0])
	case len(o.text) == 2:
		return int(o.text[0])<<8 | int(o.text[1])
	}
	return -1
}

// addCharacter maps a code to UTF-16 units, the last of which is raised by step.
func addCharacter(texts map[int]string, code int, to object, step int) error {
	n := len(to.text) / 2
	if code < 0 || to.kind != kindText || n == 0 || len(to.text)%2 != 0 || n > 1 && step > 0 {
		return notPlain("unusual map of codes")
	}
	units := make([]uint16, n)
	for i := range units {
		units[i] = uint16(to.text[2*i])<<8 | uint16(to.text[2*i+1])
	}
	if int(units[n-1])+step > 0xFFFF {
		return notPlain("unusual map of codes")
	}
	units[n-1] += uint16(step)
	meaning := string(utf16.Decode(units))
	if letters, ok := ligatures[meaning]; ok {
		meaning = letters
	}
	if _, twice := texts[code]; twice {
		return notPlain("code that is listed twice")
	}
	texts[code] = meaning
	return nil
}

// ligatures are the letters of characters that PDFium expands.
var ligatures = map[string]string{"\ufb00": "ff", "\ufb01": "fi", "\ufb02": "fl", "\ufb03": "ffi", "\ufb04": "ffl"}
