package plainpdf

import "encoding/binary"

// outlines are the boxes of the glyphs of a TrueType font, from its tables "head", "loca" and "glyf" (ISO/IEC
// 14496-22).
type outlines struct {
	count      int // of glyphs
	unitsPerEm int
	longLoca   bool
	loca, glyf []byte
}

// readTables returns the tables of a font file by their tags.
func readTables(b []byte) (map[string][]byte, error) {
	tables := map[string][]byte{}
	const head, entry = 12, 16
	if len(b) < head {
		return nil, notPlain("damaged font")
	}
	if version := binary.BigEndian.Uint32(b); version != 0x00010000 && version != 0x74727565 { // "true"
		return nil, notPlain("another kind of font file")
	}
	n := int(binary.BigEndian.Uint16(b[4:]))
	if len(b) < head+n*entry {
		return nil, notPlain("damaged font")
	}
	for i := range n {
		e := b[head+i*entry:]
		offset, length := uint64(binary.BigEndian.Uint32(e[8:])), uint64(binary.BigEndian.Uint32(e[12:]))
		if offset+length > uint64(len(b)) {
			return nil, notPlain("damaged font")
		}
		tables[string(e[:4])] = b[offset : offset+length]
	}
	return tables, nil
}

func readOutlines(tables map[string][]byte) (*outlines, error) {
	// The tables that a reader of fonts requires (FreeType's sfnt driver).
	const headLength, maxpLength, hheaLength, magic = 54, 6, 36, 0x5F0F3CF5
	if len(tables["head"]) < headLength || len(tables["maxp"]) < maxpLength || len(tables["hhea"]) < hheaLength ||
		len(tables["hmtx"]) == 0 || binary.BigEndian.Uint32(tables["head"][12:]) != magic {
		return nil, notPlain("damaged font")
	}
	o := &outlines{
		count:      int(binary.BigEndian.Uint16(tables["maxp"][4:])),
		unitsPerEm: int(binary.BigEndian.Uint16(tables["head"][18:])),
		longLoca:   binary.BigEndian.Uint16(tables["head"][50:]) != 0,
		loca:       tables["loca"],
		glyf:       tables["glyf"],
	}
	if o.unitsPerEm == 0 {
		return nil, notPlain("damaged font")
	}
	return o, nil
}

// inkBox is the box of the ink of a glyph, in thousandths of the size, y growing upwards.
type inkBox struct{ left, bottom, right, top int }

// inkOf returns the box of a glyph as PDFium rounds it.
func (o *outlines) inkOf(glyph int) (inkBox, error) {
	from, ok := o.glyphOffset(glyph)
	until, ok2 := o.glyphOffset(glyph + 1)
	const header = 10
	switch {
	case glyph >= o.count || !ok || !ok2 || from > until || until > len(o.glyf):
		return inkBox{}, notPlain("glyph that is not there")
	case from == until:
		return inkBox{}, nil // a space
	case until-from < header:
		return inkBox{}, notPlain("damaged font")
	}
	side := func(i int) int { return o.toThousandths(int(int16(binary.BigEndian.Uint16(o.glyf[from+2*i:])))) }
	return inkBox{side(1), side(2), side(3), side(4)}, nil
}

func (o *outlines) glyphOffset(glyph int) (int, bool) {
	if o.longLoca {
		if at := 4 * glyph; at+4 <= len(o.loca) {
			return int(binary.BigEndian.Uint32(o.loca[at:])), true
		}
		return 0, false
	}
	if at := 2 * glyph; at+2 <= len(o.loca) {
		return 2 * int(binary.BigEndian.Uint16(o.loca[at:])), true
	}
	return 0, false
}

// toThousandths converts units of the font to thousandths.
func (o *outlines) toThousandths(v int) int {
	return int((float64(v)*1000 + float64(o.unitsPerEm/2)) / float64(o.unitsPerEm))
}

// readCharacters returns the glyphs of the characters of a font whose only table of characters is one of Unicode
// (platform 3, encoding 1, format 4).
func readCharacters(b []byte) (map[int]int, error) {
	const head, entry = 4, 8
	if len(b) < head+entry {
		return nil, notPlain("damaged font")
	}
	word := func(at int) int {
		if at < 0 || at+2 > len(b) {
			return 0
		}
		return int(binary.BigEndian.Uint16(b[at:]))
	}
	at := int(binary.BigEndian.Uint32(b[head+4:]))
	if word(2) != 1 || word(head) != 3 || word(head+2) != 1 || word(at) != 4 {
		return nil, notPlain("unusual characters of a font")
	}
	// Four arrays of one word for each segment: the last characters, a pad, the first ones, differences, and offsets.
	segments := word(at+6) / 2
	last := at + 14
	first := last + 2*segments + 2
	differences, offsets := first+2*segments, first+4*segments
	if offsets+2*segments > len(b) {
		return nil, notPlain("damaged font")
	}
	glyphs := map[int]int{}
	next := 0 // segments are in ascending order
	for i := range segments {
		from, until, offset := word(first+2*i), word(last+2*i), word(offsets+2*i)
		if from < next || until < from {
			return nil, notPlain("damaged font")
		}
		next = until + 1
		for character := from; character <= until && character < 0xFFFF; character++ {
			glyph := character
			if offset > 0 {
				glyph = word(offsets + 2*i + offset + 2*(character-from))
			}
			if offset == 0 || glyph > 0 {
				glyphs[character] = (glyph + word(differences+2*i)) & 0xFFFF
			}
		}
	}
	return glyphs, nil
}
