package plainpdf

import (
	"math"
)

const (
	// maxStates is the largest depth of saved graphics states.
	maxStates = 64
	// maxOperands is the largest number of operands of an operator.
	maxOperands = 64
	// maxRuns and maxCharacters bound the text of a page.
	maxRuns       = 50_000
	maxCharacters = 100_000
)

// textState is what text operators set (ISO 32000-1, 9.3). It is part of the graphics state.
type textState struct {
	font                      *font
	size                      float64
	charSpace, wordSpace, gap float64 // gap is the leading
}

type graphicsState struct {
	textState
	ctm matrix
}

// textRun is the text of one operator that shows text.
type textRun struct {
	font   *font
	size   float64
	matrix matrix // from the text's space to the page's, the origin of the first character included
	glyphs []glyph
	// replacement is the text that the run stands for (ActualText); "" when it is what its codes mean.
	replacement string
}

type glyph struct {
	code   int
	offset float64 // from the origin of the run, in the text's space
}

// mark is marked content (ISO 32000-1, 14.6).
type mark struct {
	replacement string // ActualText, "" for none
	used        bool
}

// interpreter runs the content of a page and collects its text.
type interpreter struct {
	file      *file
	fonts     map[string]*font // by the name in the resources
	resources dict
	state     graphicsState
	saved     []graphicsState
	inText    bool
	marks     []mark
	// matrix and line are the text matrix and that of the line; the position in a line is in matrix.
	matrix, line matrix
	operands     []object
	runs         []textRun
	characters   int
}

// runContent interprets the content.
func (p *interpreter) runContent(content []byte) error {
	l := &lexer{data: content}
	for {
		o, err := l.readObject()
		switch {
		case err != nil:
			return err
		case o.kind == kindEnd && l.at >= len(content):
			if p.inText || len(p.saved) > 0 || len(p.marks) > 0 {
				return notPlain("unfinished content")
			}
			return nil
		case o.kind == kindEnd:
			return notPlain("unexpected delimiter")
		case o.kind != kindKeyword:
			if len(p.operands) == maxOperands {
				return notPlain("too many operands")
			}
			p.operands = append(p.operands, o)
			continue
		}
		if err := p.executeOperator(string(o.text)); err != nil {
			return err
		}
		p.operands = p.operands[:0]
	}
}

// ignored are the operators that neither show text nor change how it is shown, with the number of their operands: -1
// for any.
var ignored = map[string]int{
	"w": 1, "J": 1, "j": 1, "M": 1, "d": 2, "ri": 1, "i": 1,
	"m": 2, "l": 2, "c": 6, "v": 4, "y": 4, "h": 0, "re": 4,
	"S": 0, "s": 0, "f": 0, "F": 0, "f*": 0, "B": 0, "B*": 0, "b": 0, "b*": 0, "n": 0, "W": 0, "W*": 0,
	"CS": 1, "cs": 1, "SC": -1, "SCN": -1, "sc": -1, "scn": -1, "G": 1, "g": 1, "RG": 3, "rg": 3, "K": 4, "k": 4,
	"sh": 1, "MP": 1,
}

func (p *interpreter) executeOperator(operator string) error {
	if n, ok := ignored[operator]; ok {
		if n >= 0 && len(p.operands) != n {
			return notPlain("unusual number of operands")
		}
		return nil
	}
	switch operator {
	case "q", "Q", "cm", "gs", "Do", "BT":
		if p.inText {
			return notPlain("graphics inside of text")
		}
		return p.executeGraphics(operator)
	case "Tf", "Tc", "Tw", "TL", "Tr", "Tz", "Ts":
		return p.setText(operator)
	case "BMC", "BDC", "EMC":
		return p.setMark(operator)
	}
	if !p.inText {
		return notPlain("text outside of a text object")
	}
	return p.executeText(operator)
}

// readNumbers returns the operands as n numbers.
func (p *interpreter) readNumbers(n int) ([6]float64, error) {
	var values [6]float64
	if len(p.operands) != n {
		return values, notPlain("unusual number of operands")
	}
	for i, o := range p.operands {
		if o.kind != kindNumber || math.Abs(o.number) > maxInteger {
			return values, notPlain("unusual operand")
		}
		values[i] = o.number
	}
	return values, nil
}

func (p *interpreter) executeGraphics(operator string) error {
	switch operator {
	case "q":
		if len(p.saved) == maxStates {
			return notPlain("deep nesting")
		}
		p.saved = append(p.saved, p.state)
		return nil
	case "Q":
		if len(p.saved) == 0 {
			return notPlain("unusual nesting")
		}
		p.state, p.saved = p.saved[len(p.saved)-1], p.saved[:len(p.saved)-1]
		return nil
	case "cm":
		v, err := p.readNumbers(6)
		p.state.ctm = matrix{v[0], v[1], v[2], v[3], v[4], v[5]}.applyThen(p.state.ctm)
		return err
	case "BT":
		p.inText, p.matrix, p.line = true, identity, identity
		return nil
	}
	category := "XObject"
	if operator == "gs" {
		category = "ExtGState"
	}
	d, err := p.findResource(category)
	switch {
	case err != nil:
		return err
	case operator == "gs" && d["Font"].kind != kindNull:
		return notPlain("font in a graphics state")
	case operator == "Do" && !d["Subtype"].isName("Image"):
		return notPlain("form")
	case operator == "Do" && d["OC"].kind != kindNull:
		return notPlain("layer")
	}
	return nil
}

// findResource finds the resource that the only operand names.
func (p *interpreter) findResource(category string) (dict, error) {
	if len(p.operands) != 1 || p.operands[0].kind != kindName {
		return nil, notPlain("unusual operand")
	}
	d, err := p.file.findDict(p.resources[category])
	if err != nil {
		return nil, err
	}
	return p.file.findDict(d[string(p.operands[0].text)])
}

// setMark begins or ends marked content. Properties that the resources hold are those of layers.
func (p *interpreter) setMark(operator string) error {
	if operator == "EMC" {
		if len(p.marks) == 0 || len(p.operands) > 0 {
			return notPlain("unusual nesting")
		}
		p.marks = p.marks[:len(p.marks)-1]
		return nil
	}
	var m mark
	switch {
	case len(p.operands) == 0 || p.operands[0].kind != kindName || p.operands[0].isName("OC") || len(p.marks) == maxStates:
		return notPlain("unusual marks")
	case operator == "BMC" && len(p.operands) == 1:
	case operator == "BDC" && len(p.operands) == 2 && p.operands[1].kind == kindDictionary:
		if o := p.operands[1].dict["ActualText"]; o.kind != kindNull {
			if m.replacement = string(o.text); m.replacement == "" || !isLigature(m.replacement) {
				return notPlain("text that replaces what is shown")
			}
		}
	default:
		return notPlain("unusual marks")
	}
	p.marks = append(p.marks, m)
	return nil
}

// takeReplacement returns the text that the next run stands for. Only one run of one glyph may: a ligature.
func (p *interpreter) takeReplacement(glyphs int) (string, error) {
	replacement := ""
	for i := range p.marks {
		m := &p.marks[i]
		if m.replacement == "" {
			continue
		}
		if m.used || replacement != "" || glyphs > 1 {
			return "", notPlain("text that replaces what is shown")
		}
		m.used, replacement = true, m.replacement
	}
	return replacement, nil
}

func (p *interpreter) setText(operator string) error {
	if operator == "Tf" {
		if len(p.operands) != 2 || p.operands[0].kind != kindName || p.operands[1].kind != kindNumber || p.operands[1].number <= 0 {
			return notPlain("unusual font")
		}
		fn, err := p.findFont(string(p.operands[0].text))
		p.state.font, p.state.size = fn, p.operands[1].number
		return err
	}
	v, err := p.readNumbers(1)
	if err != nil {
		return err
	}
	switch operator {
	case "Tw":
		p.state.wordSpace = v[0]
	case "Tc":
		p.state.charSpace = v[0]
	case "TL":
		p.state.gap = v[0]
	case "Tr", "Ts":
		if v[0] != 0 {
			return notPlain("text that is not filled, or raised")
		}
	case "Tz":
		if v[0] != 100 {
			return notPlain("text that is stretched")
		}
	}
	return nil
}

func (p *interpreter) findFont(key string) (*font, error) {
	if fn := p.fonts[key]; fn != nil {
		return fn, nil
	}
	fonts, err := p.file.findDict(p.resources["Font"])
	if err != nil {
		return nil, err
	}
	fn, err := p.file.fontOf(fonts[key])
	if err != nil {
		return nil, err
	}
	p.fonts[key] = fn
	return fn, nil
}

func (p *interpreter) executeText(operator string) error {
	switch operator {
	case "ET":
		p.inText = false
		return nil
	case "Td", "TD":
		v, err := p.readNumbers(2)
		if operator == "TD" {
			p.state.gap = -v[1]
		}
		p.moveLine(v[0], v[1])
		return err
	case "Tm":
		v, err := p.readNumbers(6)
		p.line = matrix{v[0], v[1], v[2], v[3], v[4], v[5]}
		p.matrix = p.line
		return err
	case "T*":
		p.moveLine(0, -p.state.gap)
		return nil
	case "Tj":
		return p.showText(p.operands)
	case "'":
		p.moveLine(0, -p.state.gap)
		return p.showText(p.operands)
	case "TJ":
		if len(p.operands) != 1 || p.operands[0].kind != kindArray {
			return notPlain("unusual operand")
		}
		return p.showText(p.operands[0].list)
	}
	return notPlain("another operator")
}

func (p *interpreter) moveLine(x, y float64) {
	p.line = matrix{a: 1, d: 1, e: x, f: y}.applyThen(p.line)
	p.matrix = p.line
}

// showText adds a run for strings, and numbers that move what follows to the left, in thousandths of the size.
func (p *interpreter) showText(pieces []object) error {
	s := p.state
	if s.font == nil {
		return notPlain("text without a font")
	}
	at, start := 0.0, 0.0
	var glyphs []glyph
	for _, piece := range pieces {
		if piece.kind == kindNumber {
			at -= piece.number * s.size / 1000
			continue
		}
		if piece.kind != kindText || len(piece.text)%s.font.codeBytes != 0 {
			return notPlain("unusual operand")
		}
		for rest := piece.text; len(rest) > 0; rest = rest[s.font.codeBytes:] {
			code := codeOf(object{kind: kindText, text: rest[:s.font.codeBytes]})
			width, ok := s.font.widthOf(code)
			if !ok || s.font.texts[code] == "" {
				return notPlain("character without a meaning")
			}
			if len(glyphs) == 0 {
				start = at
			}
			glyphs = append(glyphs, glyph{code, at - start})
			at += float64(width)*s.size/1000 + s.charSpace
			if s.font.codeBytes == 1 && code == ' ' {
				at += s.wordSpace
			}
		}
	}
	p.characters += len(glyphs)
	if len(p.runs) == maxRuns || p.characters > maxCharacters {
		return notPlain("too much text")
	}
	if len(glyphs) > 0 {
		m := matrix{a: 1, d: 1, e: start}.applyThen(p.matrix).applyThen(s.ctm)
		if !m.isUpright() {
			return notPlain("text that is not upright")
		}
		replacement, err := p.takeReplacement(len(glyphs))
		if err != nil {
			return err
		}
		p.runs = append(p.runs, textRun{s.font, s.size, m, glyphs, replacement})
	}
	p.matrix = matrix{a: 1, d: 1, e: at}.applyThen(p.matrix)
	return nil
}
