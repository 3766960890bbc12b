package plainpdf

import (
	"bytes"
	"io"

	"github.com/klauspost/compress/zlib"
)

const (
	// maxObjects is the largest number of objects of a file. The longest printed record has some thousands.
	maxObjects = 100_000
	// maxInflated is the largest number of bytes that all streams of a file expand to.
	maxInflated = 32 << 20
	// usualRatio is how far the content of a page expands. Fonts expand less.
	usualRatio = 4
	// tail is how far from its end a file names its table of objects.
	tail = 64
)

// place is where an object is: at an offset of the file, or in an object stream.
type place struct {
	offset   int
	inStream int // number of the object stream, 0 for none
	index    int // in that stream
}

// file is a PDF that one program wrote in one go: one table of objects, no encryption, no repairs.
type file struct {
	data     []byte
	places   map[int]place
	objects  map[int]object   // those that were read
	streams  map[int][]object // contents of object streams
	fonts    map[int]*font
	trailer  dict
	inflater io.ReadCloser
	inflated int // bytes so far
	parts    int // objects so far, with those inside of others
	depth    int // of objects that are read because another one needs them
}

func openFile(data []byte) (*file, error) {
	if !bytes.HasPrefix(data, []byte("%PDF-1.")) {
		return nil, notPlain("no header at the beginning")
	}
	behind := data[max(0, len(data)-tail):]
	at := bytes.LastIndex(behind, []byte("startxref"))
	if at < 0 {
		return nil, notPlain("no table of objects at the end")
	}
	l := lexer{data: behind, at: at + len("startxref")}
	start, err := l.readObject()
	if err != nil {
		return nil, err
	}
	offset, ok := start.wholeNumber()
	if rest := bytes.TrimSpace(behind[l.at:]); !ok || offset >= len(data) || string(rest) != "%%EOF" {
		return nil, notPlain("unusual end")
	}
	f := &file{data: data, places: map[int]place{}, objects: map[int]object{}, streams: map[int][]object{}, fonts: map[int]*font{}}
	if err := f.readTable(offset); err != nil {
		return nil, err
	}
	for _, key := range []string{"Encrypt", "Prev", "XRefStm"} {
		if f.trailer[key].kind != kindNull {
			return nil, notPlain("encrypted, or changed after it was written")
		}
	}
	return f, nil
}

// findObject returns the object that o refers to, or o itself.
func (f *file) findObject(o object) (object, error) {
	if o.kind != kindReference {
		return o, nil
	}
	number := int(o.number)
	if found, ok := f.objects[number]; ok {
		return found, nil
	}
	p, ok := f.places[number]
	if !ok {
		return object{}, notPlain("reference to an object that does not exist")
	}
	var found object
	var err error
	if p.inStream > 0 {
		found, err = f.findPacked(number, p)
	} else {
		found, err = f.readIndirect(p.offset, number)
	}
	if err != nil {
		return object{}, err
	}
	if found.kind == kindReference {
		return object{}, notPlain("reference to a reference")
	}
	f.objects[number] = found
	return found, nil
}

// maxAllParts is the largest number of objects of a file that are read, with those inside of others.
const maxAllParts = 500_000

// readCounted reads an object and counts it with those inside of it.
func (f *file) readCounted(l *lexer) (object, error) {
	o, err := l.readObject()
	if f.parts += l.parts; err == nil && f.parts > maxAllParts {
		err = notPlain("too many objects")
	}
	return o, err
}

// readIndirect reads the object at the offset, which must have the number unless that is negative.
func (f *file) readIndirect(offset, want int) (object, error) {
	// A stream may need another object for its length, which needs none.
	if f.depth++; f.depth > 3 {
		return object{}, notPlain("objects that need each other")
	}
	defer func() { f.depth-- }()
	l := &lexer{data: f.data, at: offset, references: true}
	var head [3]object
	for i := range head {
		var err error
		if head[i], err = l.readObject(); err != nil {
			return object{}, err
		}
	}
	got, ok := head[0].wholeNumber()
	if !ok || want >= 0 && got != want || head[1].kind != kindNumber || head[1].number != 0 || !head[2].isWord("obj") {
		return object{}, notPlain("object not where the table says")
	}
	o, err := f.readCounted(l)
	if err != nil {
		return object{}, err
	}
	word, err := l.readObject()
	switch {
	case err != nil:
		return object{}, err
	case word.isWord("endobj"):
		return o, nil
	case word.isWord("stream") && o.kind == kindDictionary:
		o.kind = kindStream
		o.body, err = f.readBody(l, o.dict)
		return o, err
	}
	return object{}, notPlain("object without an end")
}

// readBody reads the bytes of a stream, whose length must be right.
func (f *file) readBody(l *lexer, d dict) ([]byte, error) {
	switch {
	case l.hasPrefix("\r\n"):
		l.at += 2
	case l.hasPrefix("\n"):
		l.at++
	default:
		return nil, notPlain("unusual stream")
	}
	if d["Length"].kind == kindReference && f.places[int(d["Length"].number)].inStream > 0 {
		return nil, notPlain("length of a stream in a stream")
	}
	o, err := f.findObject(d["Length"])
	if err != nil {
		return nil, err
	}
	length, ok := o.wholeNumber()
	if !ok || length > len(l.data)-l.at {
		return nil, notPlain("unusual length of a stream")
	}
	body := l.data[l.at : l.at+length : l.at+length]
	l.at += length
	if word, err := l.readObject(); err != nil || !word.isWord("endstream") {
		return nil, notPlain("wrong length of a stream")
	}
	return body, nil
}

// findPacked returns an object of an object stream (ISO 32000-1, 7.5.7).
func (f *file) findPacked(number int, p place) (object, error) {
	packed, ok := f.streams[p.inStream]
	if !ok {
		var err error
		if packed, err = f.unpackObjects(p.inStream); err != nil {
			return object{}, err
		}
		f.streams[p.inStream] = packed
	}
	// packed is numbers and objects in turn.
	if i := 2 * p.index; i+1 < len(packed) && packed[i].number == float64(number) {
		return packed[i+1], nil
	}
	return object{}, notPlain("object not where the table says")
}

// unpackObjects returns the contents of an object stream: the number of each object in front of it.
func (f *file) unpackObjects(id int) ([]object, error) {
	p := f.places[id]
	if p.inStream > 0 || p.offset == 0 {
		return nil, notPlain("object stream that is not there")
	}
	o, err := f.readIndirect(p.offset, id)
	if err != nil {
		return nil, err
	}
	n, ok := o.dict["N"].wholeNumber()
	first, ok2 := o.dict["First"].wholeNumber()
	if o.kind != kindStream || !o.dict["Type"].isName("ObjStm") || !ok || !ok2 || n > maxObjects || o.dict["Extends"].kind != kindNull {
		return nil, notPlain("unusual object stream")
	}
	content, err := f.decodeStream(o)
	if err != nil {
		return nil, err
	}
	head := lexer{data: content[:min(first, len(content))]}
	packed := make([]object, 0, 2*min(n, len(content)))
	for range n {
		key, err := head.readObject()
		if err != nil {
			return nil, err
		}
		offset, err := head.readObject()
		if err != nil {
			return nil, err
		}
		at, ok := offset.wholeNumber()
		if !ok || key.kind != kindNumber || first+at >= len(content) {
			return nil, notPlain("unusual object stream")
		}
		l := lexer{data: content, at: first + at, references: true}
		value, err := f.readCounted(&l)
		if err != nil {
			return nil, err
		}
		packed = append(packed, key, value)
	}
	return packed, nil
}

// decodeStream returns the bytes of a stream. Flate is the only compression that it knows.
func (f *file) decodeStream(o object) ([]byte, error) {
	filter, err := f.findObject(o.dict["Filter"])
	if err != nil {
		return nil, err
	}
	if filter.kind == kindArray && len(filter.list) == 1 {
		filter = filter.list[0]
	}
	if filter.kind == kindNull && o.dict["DecodeParms"].kind == kindNull {
		return o.body, nil
	}
	if !filter.isName("FlateDecode") {
		return nil, notPlain("another filter")
	}
	// A font states its length.
	length, ok := o.dict["Length1"].wholeNumber()
	if !ok || length > usualRatio*len(o.body) {
		length = usualRatio * len(o.body)
	}
	b, err := f.inflateBytes(o.body, length)
	if err != nil {
		return nil, err
	}
	parameters := o.dict["DecodeParms"]
	switch {
	case parameters.kind == kindNull:
		return b, nil
	case parameters.kind == kindDictionary && o.dict["Type"].isName("XRef"):
		return undoPredictor(b, parameters.dict)
	}
	return nil, notPlain("predictor")
}

// inflateBytes expands b to about length bytes.
func (f *file) inflateBytes(b []byte, length int) ([]byte, error) {
	var err error
	if f.inflater == nil {
		f.inflater, err = zlib.NewReader(bytes.NewReader(b))
	} else {
		err = f.inflater.(zlib.Resetter).Reset(bytes.NewReader(b), nil)
	}
	if err != nil {
		return nil, notPlain("damaged stream")
	}
	var out bytes.Buffer
	out.Grow(length + bytes.MinRead)
	if _, err := out.ReadFrom(io.LimitReader(f.inflater, int64(maxInflated-f.inflated)+1)); err != nil {
		return nil, notPlain("damaged stream")
	}
	if f.inflated += out.Len(); f.inflated > maxInflated {
		return nil, notPlain("too much content")
	}
	return out.Bytes(), nil
}
