package plainpdf

import (
	"bytes"
	"strconv"
)

// kind is the kind of an object (ISO 32000-1, 7.3), or of a token that is none.
type kind uint8

const (
	kindNull kind = iota
	kindBoolean
	kindNumber
	kindText // a string
	kindName
	kindArray
	kindDictionary
	kindStream
	kindReference
	kindKeyword // an operator, or a word such as "obj"
	kindEnd     // of the input, or of an array or dictionary
)

// object is one object or token. Its zero value is null.
type object struct {
	kind   kind
	number float64 // of a number; of a reference, the number of the object
	text   []byte  // of a string, name or keyword
	list   []object
	dict   dict
	body   []byte // of a stream, encoded
}

type dict map[string]object

// isWord reports whether o is the keyword.
func (o object) isWord(word string) bool { return o.kind == kindKeyword && string(o.text) == word }

// isName reports whether o is the name.
func (o object) isName(want string) bool { return o.kind == kindName && string(o.text) == want }

// wholeNumber returns a whole number that is not negative, up to the largest size of a document.
func (o object) wholeNumber() (int, bool) {
	n := int(o.number)
	return n, o.kind == kindNumber && float64(n) == o.number && n >= 0 && n <= maxInteger
}

const (
	maxInteger = 1 << 30
	// maxDepth is the largest depth of arrays and dictionaries. The structure of a printed page is at most six deep.
	maxDepth = 24
	// maxParts is the largest number of objects inside of one object. The widths of a font are the longest list.
	maxParts = 100_000
	// maxNumber is the largest length of a number. Longer ones have more digits than a reader's arithmetic.
	maxNumber = 24
)

// lexer reads objects from bytes. It knows the syntax that programs write, and refuses what a reader would have to
// guess.
type lexer struct {
	data []byte
	at   int
	// references reports that "1 0 R" is a reference: not so in a content stream.
	references bool
	parts      int // objects inside of the present one
}

// isSpace and isDelimiter classify characters (ISO 32000-1, 7.2.2).
func isSpace(c byte) bool {
	return c == ' ' || c == '\n' || c == '\r' || c == '\t' || c == '\f' || c == 0
}

func isDelimiter(c byte) bool {
	switch c {
	case '(', ')', '<', '>', '[', ']', '{', '}', '/', '%':
		return true
	}
	return false
}

func isRegular(c byte) bool { return !isSpace(c) && !isDelimiter(c) }

// skipSpace skips white space and comments.
func (l *lexer) skipSpace() {
	for l.at < len(l.data) {
		switch c := l.data[l.at]; {
		case isSpace(c):
			l.at++
		case c == '%':
			for l.at < len(l.data) && l.data[l.at] != '\n' && l.data[l.at] != '\r' {
				l.at++
			}
		default:
			return
		}
	}
}

// readObject reads the next object, with all that is inside of it. A stream is read as its dictionary.
func (l *lexer) readObject() (object, error) {
	l.parts = 0
	return l.readNested(0)
}

func (l *lexer) readNested(depth int) (object, error) {
	l.skipSpace()
	if l.at >= len(l.data) {
		return object{kind: kindEnd}, nil
	}
	if l.parts++; depth > maxDepth || l.parts > maxParts {
		return object{}, notPlain("deep or long object")
	}
	switch c := l.data[l.at]; c {
	case '/':
		return l.readName()
	case '(':
		return l.readString()
	case '<':
		if l.hasPrefix("<<") {
			return l.readDictionary(depth)
		}
		return l.readHexString()
	case '[':
		l.at++
		return l.readArray(depth)
	case '+', '-', '.', '0', '1', '2', '3', '4', '5', '6', '7', '8', '9':
		return l.readNumber()
	case ']', '>':
		return object{kind: kindEnd}, nil
	default:
		if isDelimiter(c) {
			return object{}, notPlain("unexpected delimiter")
		}
		return l.readWord()
	}
}

func (l *lexer) hasPrefix(s string) bool { return bytes.HasPrefix(l.data[l.at:], []byte(s)) }

// readRegular reads regular characters.
func (l *lexer) readRegular() []byte {
	from := l.at
	for l.at < len(l.data) && isRegular(l.data[l.at]) {
		l.at++
	}
	return l.data[from:l.at:l.at]
}

func (l *lexer) readWord() (object, error) {
	switch word := l.readRegular(); string(word) {
	case "null":
		return object{}, nil
	case "true":
		return object{kind: kindBoolean, number: 1}, nil
	case "false":
		return object{kind: kindBoolean}, nil
	default:
		return object{kind: kindKeyword, text: word}, nil
	}
}

func (l *lexer) readName() (object, error) {
	l.at++
	text := l.readRegular()
	for i := bytes.IndexByte(text, '#'); i >= 0; i = bytes.IndexByte(text, '#') {
		if i+2 >= len(text) || hexDigit(text[i+1]) < 0 || hexDigit(text[i+2]) < 0 || text[i+1] == '0' || string(text[i+1:i+3]) == "23" {
			return object{}, notPlain("unusual escape in a name")
		}
		text = bytes.Join([][]byte{text[:i], text[i+3:]}, []byte{byte(hexDigit(text[i+1])<<4 | hexDigit(text[i+2]))})
	}
	return object{kind: kindName, text: text}, nil
}

// readNumber reads a number, or the reference that it begins.
func (l *lexer) readNumber() (object, error) {
	value, err := parseNumber(l.readRegular())
	if err != nil {
		return object{}, err
	}
	o := object{kind: kindNumber, number: value}
	if !l.references {
		return o, nil
	}
	if _, ok := o.wholeNumber(); !ok {
		return o, nil
	}
	// "0 R": documents whose objects have another generation were edited.
	behind := lexer{data: l.data, at: l.at}
	behind.skipSpace()
	if string(behind.readRegular()) != "0" {
		return o, nil
	}
	behind.skipSpace()
	if string(behind.readRegular()) == "R" {
		l.at = behind.at
		o.kind = kindReference
	}
	return o, nil
}

// parseNumber parses digits with an optional sign and point. Readers differ about other forms, such as "--1" and "1e5".
func parseNumber(s []byte) (float64, error) {
	digits := bytes.TrimLeft(s, "+-")
	whole, part, _ := bytes.Cut(digits, []byte("."))
	if len(s)-len(digits) > 1 || len(s) > maxNumber || len(whole)+len(part) == 0 || !isDigits(whole) || !isDigits(part) {
		return 0, notPlain("unusual number")
	}
	return strconv.ParseFloat(string(s), 64)
}

func isDigits(s []byte) bool {
	for _, c := range s {
		if c < '0' || c > '9' {
			return false
		}
	}
	return true
}

// escapes are the characters behind a backslash in a string, octal numbers apart.
var escapes = map[byte]byte{'n': '\n', 'r': '\r', 't': '\t', 'b': '\b', 'f': '\f', '(': '(', ')': ')', '\\': '\\'}

func (l *lexer) readString() (object, error) {
	l.at++
	var b []byte
	for depth := 1; l.at < len(l.data); l.at++ {
		switch c := l.data[l.at]; c {
		case '(':
			depth++
			b = append(b, c)
		case ')':
			if depth--; depth == 0 {
				l.at++
				return object{kind: kindText, text: b}, nil
			}
			b = append(b, c)
		case '\\':
			escaped, err := l.readEscape()
			if err != nil {
				return object{}, err
			}
			b = append(b, escaped)
		case '\r':
			return object{}, notPlain("end of line in a string") // it reads as "\n"
		default:
			b = append(b, c)
		}
	}
	return object{}, notPlain("unfinished string")
}

// readEscape reads what a backslash begins, and leaves l.at at its last character.
func (l *lexer) readEscape() (byte, error) {
	l.at++
	if l.at >= len(l.data) {
		return 0, notPlain("unfinished string")
	}
	if c, ok := escapes[l.data[l.at]]; ok {
		return c, nil
	}
	n, digits := 0, 0
	for digits < 3 && l.at+digits < len(l.data) && l.data[l.at+digits] >= '0' && l.data[l.at+digits] <= '7' {
		n = 8*n + int(l.data[l.at+digits]-'0')
		digits++
	}
	if digits == 0 || n > 0xFF {
		return 0, notPlain("unusual escape in a string")
	}
	l.at += digits - 1
	return byte(n), nil
}

func (l *lexer) readHexString() (object, error) {
	l.at++
	length := bytes.IndexByte(l.data[l.at:], '>')
	if length < 0 || length%2 != 0 {
		return object{}, notPlain("unfinished hexadecimal string")
	}
	b := make([]byte, length/2)
	for i := range b {
		high, low := hexDigit(l.data[l.at+2*i]), hexDigit(l.data[l.at+2*i+1])
		if high < 0 || low < 0 {
			return object{}, notPlain("unusual hexadecimal string")
		}
		b[i] = byte(high<<4 | low)
	}
	l.at += length + 1
	return object{kind: kindText, text: b}, nil
}

func hexDigit(c byte) int {
	switch {
	case c >= '0' && c <= '9':
		return int(c - '0')
	case c >= 'a' && c <= 'f':
		return int(c-'a') + 10
	case c >= 'A' && c <= 'F':
		return int(c-'A') + 10
	}
	return -1
}

// readElement reads an object inside of another one. It reports false, and skips the closing delimiter, at the end.
func (l *lexer) readElement(closing string, depth int) (object, bool, error) {
	o, err := l.readNested(depth + 1)
	switch {
	case err != nil:
		return object{}, false, err
	case o.kind == kindEnd && l.hasPrefix(closing):
		l.at += len(closing)
		return object{}, false, nil
	case o.kind == kindEnd, o.kind == kindKeyword:
		return object{}, false, notPlain("unfinished array or dictionary")
	}
	return o, true, nil
}

func (l *lexer) readArray(depth int) (object, error) {
	a := object{kind: kindArray}
	for {
		o, ok, err := l.readElement("]", depth)
		if !ok {
			return a, err
		}
		a.list = append(a.list, o)
	}
}

func (l *lexer) readDictionary(depth int) (object, error) {
	l.at += len("<<")
	d := object{kind: kindDictionary, dict: dict{}}
	for {
		key, ok, err := l.readElement(">>", depth)
		if !ok {
			return d, err
		}
		value, ok, err := l.readElement(">>", depth)
		if err != nil {
			return object{}, err
		}
		if _, twice := d.dict[string(key.text)]; !ok || twice || key.kind != kindName {
			return object{}, notPlain("unusual dictionary")
		}
		d.dict[string(key.text)] = value
	}
}
