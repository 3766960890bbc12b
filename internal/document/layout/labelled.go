package layout

import (
	"regexp"
	"slices"
	"strings"
)

// labelledState is the state of reading cards whose cells have labels.
type labelledState struct {
	reader  *cardReader
	parts   []cardPart
	current *card
	last    string // the field of the last label
	pending bool   // its value is on the next line
	at      Line   // the last line of the card
	left    float64
	ahead   []Line // lines that may begin the title whose label is in the middle of it
}

// readLabelled reads cards whose cells have labels: left of their values, or above them.
func (r *cardReader) readLabelled(lines []Line) []cardPart {
	s := labelledState{reader: r}
	lines = joinLabels(lines)
	repeated := repeatedLines(lines, r.labels.starts)
	for _, l := range lines {
		parts := splitLabels(l)
		if len(parts) == 1 && parts[0].field == "" && repeated[l.Text] && s.current != nil && !s.pending {
			parts[0] = labelledText{field: fieldUnknown}
		}
		for _, p := range parts {
			if p.field == "" {
				s.addText(l, JoinWords(p.words))
				continue
			}
			s.openField(l, p)
		}
	}
	s.closeCard()
	return s.parts
}

// joinLabels joins labels that wrap left of their value: "CREDITS 3.00" above "EARNED".
func joinLabels(lines []Line) []Line {
	lines = slices.Clone(lines)
	for i := 0; i+1 < len(lines); i++ {
		first, second := splitCells(lines[i]), lines[i+1]
		if len(first) < 2 || first[0].X0 != lines[i].X0 || second.X0-first[0].X0 > 0.3*second.Size || second.X0 < first[0].X0-0.3*second.Size {
			continue
		}
		joined := foldLabel(strings.TrimSuffix(first[0].Text+" "+second.Text, ":"))
		if _, ok := fieldLabels[joined]; !ok || !isFillers(first[0]) {
			continue
		}
		words := setWords(lines[i], 0, joined)
		scale := (first[0].X1 - first[0].X0) / max(words[len(words)-1].X1-words[0].X0, 1)
		for k := range words {
			w := &words[k]
			w.X0, w.X1 = lines[i].X0+(w.X0-lines[i].X0)*scale, lines[i].X0+(w.X1-lines[i].X0)*scale
		}
		for _, c := range first[1:] {
			words = append(words, c.Words...)
		}
		lines[i] = NewLine(lines[i].Page, words)
		lines = slices.Delete(lines, i+1, i+2)
	}
	return lines
}

// isFillers reports whether a label only consists of words that others have before their names.
func isFillers(l Line) bool {
	return !slices.ContainsFunc(l.Words, func(w Word) bool { return !slices.Contains(headerFillers, strings.ToUpper(foldLabel(w.Text))) })
}

// repeatedLines returns the texts without a label that half of the cards have: labels of unknown fields.
func repeatedLines(lines []Line, cards int) map[string]bool {
	counts := map[string]int{}
	for _, l := range lines {
		if !valueCell.MatchString(l.Text) && len(splitLabels(l)) == 1 && splitLabels(l)[0].field == "" {
			counts[l.Text]++
		}
	}
	repeated := map[string]bool{}
	for text, n := range counts {
		if n >= 3 && 2*n >= cards {
			repeated[text] = true
		}
	}
	return repeated
}

func (s *labelledState) openField(l Line, p labelledText) {
	text := JoinWords(p.words)
	switch {
	case p.field == fieldTerm && s.reader.labels.isTermHeading():
		s.closeCard()
		s.reader.term, s.last, s.pending = text, fieldTerm, text == ""
		return
	case p.field == fieldUnknown && s.current == nil:
		s.passLine(l)
		return
	case p.field != fieldUnknown:
		_, filled := s.field(p.field)
		if s.current == nil || filled || p.field == s.reader.labels.first {
			s.beginCard()
		}
	}
	s.takeAhead(l, p.field)
	s.current.addLine(l)
	s.last, s.pending, s.at = p.field, text == "", l
	s.left = l.X0
	if p.field == fieldUnknown {
		return
	}
	s.current.fields[p.field] = ""
	if text != "" && !s.fill(text) {
		s.current.fields[p.field] = text
	}
}

func (s *labelledState) field(name string) (string, bool) {
	if s.current == nil {
		return "", false
	}
	v, ok := s.current.fields[name]
	return v, ok
}

func (s *labelledState) beginCard() {
	s.closeCard()
	s.current = &card{fields: map[string]string{}}
	if s.reader.term != "" {
		s.current.fields[fieldTerm] = s.reader.term
	}
}

// closeCard ends the card. What names no course is no card.
func (s *labelledState) closeCard() {
	c := s.current
	s.current = nil
	if c != nil {
		if n := c.fields[fieldNumber]; n != "" {
			c.fields[Course] += " " + n
		}
		if courseCell.MatchString(c.fields[Course]) || wordCode.MatchString(c.fields[Course]) && transferPattern.MatchString(c.fields[Grade]) {
			s.parts = append(s.parts, cardPart{card: c})
		} else {
			s.parts = append(s.parts, c.unreadParts()...)
		}
	}
	for _, l := range s.ahead {
		s.passLine(l)
	}
	s.ahead, s.last, s.pending = nil, "", false
}

func (s *labelledState) passLine(l Line) { s.parts = append(s.parts, cardPart{line: l}) }

// takeAhead adds the lines above a label of a title to the title if they are next to it.
func (s *labelledState) takeAhead(l Line, field string) {
	lines := s.ahead
	s.ahead = nil
	for i, a := range lines {
		near := field == Description && (a.Page != l.Page || l.Baseline-a.Baseline <= lineReach*l.Size*float64(len(lines)-i))
		if !near {
			s.passLine(a)
			continue
		}
		s.current.addLine(a)
		s.current.heading = joinText(s.current.heading, a.Text)
	}
}

// addText adds a line, or its beginning, that has no label.
func (s *labelledState) addText(l Line, text string) {
	if s.last == fieldTerm && s.pending && s.current == nil {
		s.reader.term, s.pending = text, false
		return
	}
	if s.reader.labels.fields[Course] == 0 && s.last != Course && (courseCell.MatchString(text) || titledCell.MatchString(text)) {
		s.beginCard()
		s.current.addLine(l)
		s.last, s.at = Course, l
		s.fill(text)
		return
	}
	if s.current == nil {
		s.passLine(l)
		return
	}
	next := s.at.Page != l.Page && isCapitals(text) == isCapitals(s.current.fields[Description]) ||
		s.at.Page == l.Page && l.Baseline-s.at.Baseline <= lineReach*l.Size
	switch {
	case s.pending && s.fill(text):
		s.pending = false
	case s.pending && s.last == fieldUnknown:
		s.pending = false
	case s.last == Description && next, s.last == Course && next && s.reader.labels.fields[Description] == 0:
		s.current.fields[Description] = joinText(s.current.fields[Description], text)
	case s.last == Course && s.continueCode(text):
	case s.last == fieldUnknown && next && l.X0 > s.left+l.Size:
	case l.X0 > s.left+2*l.Size:
		s.ahead = append(s.ahead, l)
		return
	default:
		s.passLine(l)
		return
	}
	s.at = l
	s.current.addLine(l)
}

// continueCode adds the number or the section of a code that is printed below its letters.
func (s *labelledState) continueCode(text string) bool {
	code := s.current.fields[Course]
	if !courseCell.MatchString(joinText(code, text)) {
		return false
	}
	s.current.fields[Course] = joinText(code, text)
	return true
}

// fieldValues match the values of the fields whose form is known.
var fieldValues = map[string]*regexp.Regexp{
	Attempted: creditsPattern, Earned: creditsPattern, columnGPA: numberCell, columnAverage: numberCell, columnSize: numberCell,
	Grade: regexp.MustCompile(`^\S{1,8}(?: ?[-+–—])?$`), Notation: regexp.MustCompile(`^\S{1,12}$`), fieldSection: sectionCell,
	fieldNumber: digitCell,
}

var creditsUnit = regexp.MustCompile(`(?i)^(\d{1,2}(?:[.,]\d{1,3})?) ?(?:cr\.?|credits?|units?)$`)

// fill sets the value of the last field, and reports whether text can be its value.
func (s *labelledState) fill(text string) bool {
	f := s.current.fields
	switch pattern := fieldValues[s.last]; {
	case s.last == fieldUnknown:
		return true
	case s.last == Course:
		if m := titledCell.FindStringSubmatch(text); m != nil {
			f[Course], f[Description] = strings.TrimSpace(m[1]+" "+m[2]+" "+m[3]), m[4]
			return true
		}
		if !courseCell.MatchString(text) && !letterCell.MatchString(text) && !wordCode.MatchString(text) {
			return false
		}
	case s.last == Attempted || s.last == Earned:
		if m := creditsUnit.FindStringSubmatch(text); m != nil {
			text = m[1]
		}
		if !pattern.MatchString(text) {
			return false
		}
	case pattern != nil && !pattern.MatchString(text):
		return false
	}
	if s.last == Description {
		text = joinText(s.current.heading, text)
	}
	f[s.last] = text
	return true
}

// isCapitals reports whether text has no small letters.
func isCapitals(text string) bool { return strings.ToUpper(text) == text }

func joinText(a, b string) string {
	if a == "" {
		return b
	}
	return a + " " + b
}
