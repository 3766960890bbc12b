package document

import (
	"regexp"
	"slices"
	"strings"
)

// The labels of a letter, in letters only.
const (
	letterPlans        = "programplans"
	letterSession      = "session"
	letterLength       = "minimumprogramlength"
	letterGraduation   = "expectedgraduationterm"
	letterCoop         = "cooprecommendation"
	letterExemptions   = "exemptions"
	letterDeficiencies = "deficiencies"
	letterTransfers    = "transfercredits"
)

// letterLabels are all labels that begin an entry.
var letterLabels = []string{letterPlans, "academicload", letterSession, letterLength, letterGraduation, "admissionstatus",
	"conditions", "confirmationdate", letterCoop, letterExemptions, letterDeficiencies, letterTransfers}

var (
	noteLine = regexp.MustCompile(`^NOTES?\b`)
	// sectionLine is a heading in capitals.
	sectionLine = regexp.MustCompile(`^(?:PROGRAM INFORMATION|EXEMPTIONS ?/.*|ADDITIONAL INFORMATION)$`)
	// partName begins the name of a part of a value, which ends with a colon and may wrap anywhere; partLine is what its
	// first line can look like.
	partName   = regexp.MustCompile(`(?i)^(potential )?(?:exemption|transfer credit)\(s\)|^to be taken\b`)
	partLine   = regexp.MustCompile(`(?i)^(?:potential(?: |$)|exemption\(s\)|transfer credit\(s\)|to be taken\b)`)
	codeAtHead = regexp.MustCompile(`^([A-Z]{2,4}) ?(\d{3,4})(?:\D|$)`)
)

// entry is a label's value, line by line.
type entry struct {
	lines []line
}

func (e entry) text() string {
	texts := make([]string, len(e.lines))
	for i, l := range e.lines {
		texts[i] = l.text
	}
	return strings.Join(texts, " ")
}

func readLetter(all []line) Document {
	entries, plain := letterEntries(all)
	info := &ProgramInfo{
		Degree:               letterDegree(entries[letterPlans].lines, rightEdge(entries)),
		FirstTerm:            firstTermIn(entries[letterSession].text()),
		LastTerm:             firstTermIn(entries[letterGraduation].text()),
		MinimumProgramLength: numberIn(entries[letterLength].text()),
	}
	info.IsCoop = strings.HasPrefix(entries[letterCoop].text(), "Congratulations!") || strings.Contains(plain, "Co-op Program")
	info.IsExtendedCreditProgram = strings.Contains(plain, "Extended Credit Program")
	exempted, potential := codesOf(entries[letterExemptions])
	// Credits that depend on courses in progress are not transferred yet, and facts have no place for them.
	transferred, _ := codesOf(entries[letterTransfers])
	deficient, _ := codesOf(entries[letterDeficiencies])
	return Document{
		Kind:                Letter,
		ProgramInfo:         info,
		Semesters:           []Semester{},
		ExemptedCourses:     exempted,
		PotentialExemptions: potential,
		TransferredCourses:  transferred,
		DeficiencyCourses:   deficient,
	}
}

// letterEntries sorts the lines into the values of their labels. plain is all that is data, values and sentences, and
// not a note, line by line and value by value.
func letterEntries(all []line) (entries map[string]entry, plain string) {
	entries = map[string]entry{}
	var text strings.Builder
	column, ok := valueColumn(all)
	label, note := "", false
	for i := 0; i < len(all); i++ {
		l := all[i]
		if sectionLine.MatchString(l.text) {
			label, note = "", false
			continue
		}
		if noteLine.MatchString(l.text) {
			note = true
			continue
		}
		name, value, taken := labelAt(all[i:], column, ok)
		if name != "" {
			label, note = name, len(value) > 0 && noteLine.MatchString(value[0].text)
			if !note {
				entries[label] = entry{append(entries[label].lines, value...)}
			}
			i += taken - 1
			continue
		}
		rest := l
		if ok {
			left, right := splitLine(l, column)
			if len(left.words) > 0 {
				if !note {
					text.WriteString(l.text + "\n")
				}
				continue // a sentence, or the rest of a page, across the columns
			}
			rest = right
		}
		if noteLine.MatchString(rest.text) {
			note = true
			continue
		}
		if partLine.MatchString(rest.text) {
			note = false
		}
		if note {
			continue
		}
		text.WriteString(l.text + "\n")
		if label != "" {
			entries[label] = entry{append(entries[label].lines, rest)}
		}
	}
	for _, label := range letterLabels {
		text.WriteString(entries[label].text() + "\n")
	}
	return entries, text.String()
}

// labelAt returns the label that the first line begins with, the lines of value beside it, and how many lines the label
// takes: in a narrow column it wraps.
func labelAt(lines []line, column float64, columns bool) (label string, value []line, taken int) {
	if !columns {
		name, words := labelWords(lines[0])
		if name == "" {
			return "", nil, 0
		}
		if len(words) > 0 {
			value = []line{newLine(lines[0].page, words)}
		}
		return name, value, 1
	}
	letters := ""
	for n := range lines[:min(len(lines), 4)] {
		left, right := splitLine(lines[n], column)
		if len(left.words) == 0 {
			return "", nil, 0
		}
		if len(right.words) > 0 {
			value = append(value, right)
		}
		letters += onlyLetters(left.text)
		if strings.HasSuffix(left.text, ":") {
			if slices.Contains(letterLabels, letters) {
				return letters, value, n + 1
			}
			if n == 0 && isLabel(left, right, column) {
				return letters, value, 1
			}
			return "", nil, 0
		}
		if !slices.ContainsFunc(letterLabels, func(l string) bool { return strings.HasPrefix(l, letters) }) {
			return "", nil, 0
		}
	}
	return "", nil, 0
}

// isLabel reports whether an unknown text before a colon is a label: its value stands in the column of values.
func isLabel(left, right line, column float64) bool {
	return len(right.words) > 0 && right.x0-column < left.size && len(left.text) < 40 && right.x0-left.x1 > 0.5*left.size
}

// valueColumn returns where the values begin, which is where most of the known labels have theirs. There is no such
// column when values just follow their labels.
func valueColumn(all []line) (x float64, ok bool) {
	var edges []float64
	size := 0.0
	for _, l := range all {
		if name, words := labelWords(l); name != "" && len(words) > 0 {
			edges = append(edges, words[0].X0)
			size = max(size, l.size)
		}
	}
	if len(edges) == 0 {
		return 0, false
	}
	x = mostCommon(edges, 0.5*size)
	n := 0
	for _, e := range edges {
		if e >= x && e-x <= 0.5*size {
			n++
		}
	}
	return x, 2*n >= len(edges)
}

// labelWords returns the known label that ends at the first colon of the line, and the words behind it.
func labelWords(l line) (string, []Word) {
	letters := ""
	for i, w := range l.words {
		before, after, colon := strings.Cut(w.Text, ":")
		letters += onlyLetters(before)
		if !colon {
			continue
		}
		if !slices.Contains(letterLabels, letters) {
			return "", nil
		}
		words := slices.Clone(l.words[i+1:])
		if after != "" {
			runes := []rune(w.Text)
			words = append([]Word{slice(w, runes, len(runes)-len([]rune(after)), len(runes))}, words...)
		}
		return letters, words
	}
	return "", nil
}

// splitLine parts a line at the column of values.
func splitLine(l line, column float64) (left, right line) {
	var words []Word
	for _, w := range l.words {
		if a, b, ok := partAt(w, column); ok && strings.HasSuffix(a.Text, ":") {
			words = append(words, a, b)
		} else {
			words = append(words, w)
		}
	}
	n := 0
	for n < len(words) && words[n].X0 < column-inColumn*l.size {
		n++
	}
	if n > 0 {
		left = newLine(l.page, words[:n:n])
	}
	if n < len(words) {
		right = newLine(l.page, words[n:])
	}
	return left, right
}

func onlyLetters(text string) string {
	return strings.Map(func(r rune) rune {
		if r >= 'a' && r <= 'z' {
			return r
		}
		if r >= 'A' && r <= 'Z' {
			return r + 'a' - 'A'
		}
		return -1
	}, text)
}

// maxPartLines is how many lines the name of a part takes where columns are narrow.
const maxPartLines = 6

// codesOf returns the codes that lines of a value begin with, those that are granted and those that are not yet.
func codesOf(e entry) (granted, potential []string) {
	granted = []string{}
	pending := false
	for i := 0; i < len(e.lines); i++ {
		text := e.lines[i].text
		ahead := entry{e.lines[i:min(len(e.lines), i+maxPartLines)]}
		if part := partName.FindStringSubmatch(ahead.text()); part != nil {
			pending = part[1] != ""
			end := slices.IndexFunc(ahead.lines, func(l line) bool { return strings.Contains(l.text, ":") })
			i += max(end, 0)
			_, text, _ = strings.Cut(e.lines[i].text, ":")
			text = strings.TrimSpace(text)
		}
		if m := codeAtHead.FindStringSubmatch(text); m != nil {
			if code := m[1] + " " + m[2]; pending {
				potential = append(potential, code)
			} else {
				granted = append(granted, code)
			}
		}
	}
	return set(granted), set(potential)
}

// rightEdge is how far values reach: a line that ends well before it has not been wrapped.
func rightEdge(entries map[string]entry) float64 {
	edge := 0.0
	for _, e := range entries {
		for _, l := range e.lines {
			edge = max(edge, l.x1)
		}
	}
	return edge
}

// letterDegree joins the plans with commas, without the extended credit program. A plan that wraps is one plan.
func letterDegree(lines []line, edge float64) string {
	var plans []string
	for i, l := range lines {
		text := strings.TrimRight(l.text, ", ")
		if i > 0 && goesOnIn(plans[len(plans)-1], lines[i-1], l, edge) {
			plans[len(plans)-1] += " " + text
			continue
		}
		plans = append(plans, text)
	}
	return strings.Join(slices.DeleteFunc(plans, extendedCredit), ", ")
}

// newPlan is how a plan begins.
var newPlan = regexp.MustCompile(`^(?:Bachelor|Master|Doctor|Extended Credit|Minor|Major|Honours|Certificate|Diploma)\b`)

// wholeDegree is a degree that needs no further word: "Bachelor of Computer" does.
var wholeDegree = regexp.MustCompile(`^(?:Bachelor|Master|Doctor) of (?:(?:Computer|Applied|Fine|Business) \w+|[A-Z]\w*)$`)

// goesOnIn reports whether next goes on with plan, whose last line is last: because it must, or because its first word
// would not have fitted there and the plan is not whole.
func goesOnIn(plan string, last, next line, edge float64) bool {
	if goesOn(plan) || continues(next.text) {
		return true
	}
	if newPlan.MatchString(next.text) || last.x1+next.words[0].X1-next.words[0].X0+0.2*last.size < edge {
		return false
	}
	switch plan {
	case "Bachelor of Computer", "Bachelor of Fine", "Bachelor of Applied", "Bachelor of Business":
		return true
	}
	return !wholeDegree.MatchString(plan)
}
