package plainpdf

import "encoding/binary"

// readTable reads the table of objects at the offset, in either of its forms, with the trailer.
func (f *file) readTable(offset int) error {
	l := &lexer{data: f.data, at: offset, references: true}
	if l.hasPrefix("xref") {
		l.at += len("xref")
		return f.readClassicTable(l)
	}
	o, err := f.readIndirect(offset, -1)
	if err != nil {
		return err
	}
	if o.kind != kindStream || !o.dict["Type"].isName("XRef") {
		return notPlain("no table of objects where it is expected")
	}
	f.trailer = o.dict
	return f.readTableStream(o)
}

func (f *file) readClassicTable(l *lexer) error {
	for {
		first, err := l.readObject()
		if err != nil {
			return err
		}
		if first.isWord("trailer") {
			o, err := l.readObject()
			f.trailer = o.dict
			return err
		}
		count, err := l.readObject()
		if err != nil {
			return err
		}
		from, ok := first.wholeNumber()
		n, ok2 := count.wholeNumber()
		if !ok || !ok2 || from+n > maxObjects {
			return notPlain("unusual table of objects")
		}
		for i := range n {
			if err := f.readEntry(l, from+i); err != nil {
				return err
			}
		}
	}
}

// readEntry reads an entry such as "0000000016 00000 n".
func (f *file) readEntry(l *lexer, number int) error {
	var fields [3]object
	for i := range fields {
		var err error
		if fields[i], err = l.readObject(); err != nil {
			return err
		}
	}
	offset, ok := fields[0].wholeNumber()
	switch {
	case ok && fields[2].isWord("f"):
		return nil
	case ok && fields[2].isWord("n") && fields[1].number == 0:
		return f.addPlace(number, place{offset: offset})
	}
	return notPlain("unusual table of objects")
}

func (f *file) addPlace(number int, p place) error {
	if _, twice := f.places[number]; twice || number >= maxObjects || p.offset >= len(f.data) {
		return notPlain("unusual table of objects")
	}
	f.places[number] = p
	return nil
}

// readTableStream reads the table in its form as a stream (ISO 32000-1, 7.5.8).
func (f *file) readTableStream(o object) error {
	rows, err := f.decodeStream(o)
	if err != nil {
		return err
	}
	var widths [3]int
	w := o.dict["W"].list
	size := 0
	for i := range widths {
		ok := i < len(w)
		if ok {
			widths[i], ok = w[i].wholeNumber()
		}
		if !ok || widths[i] > 4 {
			return notPlain("unusual table of objects")
		}
		size += widths[i]
	}
	index := o.dict["Index"].list
	if index == nil {
		index = []object{{kind: kindNumber}, o.dict["Size"]}
	}
	if len(w) != 3 || size == 0 || len(index)%2 != 0 {
		return notPlain("unusual table of objects")
	}
	for i := 0; i < len(index); i += 2 {
		from, ok := index[i].wholeNumber()
		n, ok2 := index[i+1].wholeNumber()
		if !ok || !ok2 || from+n > maxObjects || n*size > len(rows) {
			return notPlain("unusual table of objects")
		}
		for k := range n {
			if err := f.addRow(from+k, widths, rows[k*size:]); err != nil {
				return err
			}
		}
		rows = rows[n*size:]
	}
	return nil
}

// Kinds of rows of the table.
const (
	freeObject   = 0
	plainObject  = 1
	packedObject = 2
)

func (f *file) addRow(number int, widths [3]int, row []byte) error {
	var fields [3]int
	for i, width := range widths {
		var wide [8]byte
		copy(wide[8-width:], row[:width])
		fields[i] = int(binary.BigEndian.Uint64(wide[:]))
		row = row[width:]
	}
	switch {
	case widths[0] == 0, fields[0] == plainObject && fields[2] == 0:
		return f.addPlace(number, place{offset: fields[1]})
	case fields[0] == freeObject:
		return nil
	case fields[0] == packedObject && fields[1] > 0:
		return f.addPlace(number, place{inStream: fields[1], index: fields[2]})
	}
	return notPlain("unusual table of objects")
}

// upPredictor is the filter of PNG that programs use for the table of objects: each row is the difference to the one
// above it.
const upPredictor = 2

func undoPredictor(b []byte, parameters dict) ([]byte, error) {
	columns, ok := parameters["Columns"].wholeNumber()
	if predictor, _ := parameters["Predictor"].wholeNumber(); predictor < 10 || !ok || columns == 0 || len(b)%(columns+1) != 0 {
		return nil, notPlain("unusual predictor")
	}
	above := make([]byte, columns)
	out := make([]byte, 0, len(b))
	for ; len(b) > 0; b = b[columns+1:] {
		row := b[1 : columns+1]
		switch b[0] {
		case 0:
		case upPredictor:
			for i := range row {
				row[i] += above[i]
			}
		default:
			return nil, notPlain("unusual predictor")
		}
		above = row
		out = append(out, row...)
	}
	return out, nil
}
