package document

import (
	"regexp"
	"slices"
	"strings"

	"github.com/trackmydegree/trackmydegree/internal/document/layout"
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
	lines []layout.Line
}

func (e entry) joinText() string {
	texts := make([]string, len(e.lines))
	for i, l := range e.lines {
		texts[i] = l.Text
	}
	return strings.Join(texts, " ")
}

func readLetter(all []layout.Line) Document {
	entries, plain := letterEntries(all)
	info := &ProgramInfo{
		Degree:               letterDegree(entries[letterPlans].lines, rightEdge(entries)),
		FirstTerm:            firstTermIn(entries[letterSession].joinText()),
		LastTerm:             firstTermIn(entries[letterGraduation].joinText()),
		MinimumProgramLength: numberIn(entries[letterLength].joinText()),
	}
	info.IsCoop = strings.HasPrefix(entries[letterCoop].joinText(), "Congratulations!") || strings.Contains(plain, "Co-op Program")
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
func letterEntries(all []layout.Line) (entries map[string]entry, plain string) {
	entries = map[string]entry{}
	var text strings.Builder
	column, ok := valueColumn(all)
	label, note := "", false
	for i := 0; i < len(all); i++ {
		l := all[i]
		if sectionLine.MatchString(l.Text) {
			label, note = "", false
			continue
		}
		if noteLine.MatchString(l.Text) {
			note = true
			continue
		}
		name, value, taken := labelAt(all[i:], column, ok)
		if name != "" {
			label, note = name, len(value) > 0 && noteLine.MatchString(value[0].Text)
			if !note {
				entries[label] = entry{append(entries[label].lines, value...)}
			}
			i += taken - 1
			continue
		}
		rest := l
		if ok {
			left, right := splitLine(l, column)
			if len(left.Words) > 0 {
				if !note {
					text.WriteString(l.Text + "\n")
				}
				continue // a sentence, or the rest of a page, across the columns
			}
			rest = right
		}
		if noteLine.MatchString(rest.Text) {
			note = true
			continue
		}
		if partLine.MatchString(rest.Text) {
			note = false
		}
		if note {
			continue
		}
		text.WriteString(l.Text + "\n")
		if label != "" {
			entries[label] = entry{append(entries[label].lines, rest)}
		}
	}
	for _, label := range letterLabels {
		text.WriteString(entries[label].joinText() + "\n")
	}
	return entries, text.String()
}

// labelAt returns the label that the first line begins with, the lines of value beside it, and how many lines the label
// takes: in a narrow column it wraps.
func labelAt(lines []layout.Line, column float64, columns bool) (label string, value []layout.Line, taken int) {
	if !columns {
		name, words := labelWords(lines[0])
		if name == "" {
			return "", nil, 0
		}
		if len(words) > 0 {
			value = []layout.Line{layout.NewLine(lines[0].Page, words)}
		}
		return name, value, 1
	}
	letters := ""
	for n := range lines[:min(len(lines), 4)] {
		left, right := splitLine(lines[n], column)
		if len(left.Words) == 0 {
			return "", nil, 0
		}
		if len(right.Words) > 0 {
			value = append(value, right)
		}
		letters += onlyLetters(left.Text)
		if strings.HasSuffix(left.Text, ":") {
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
func isLabel(left, right layout.Line, column float64) bool {
	return len(right.Words) > 0 && right.X0-column < left.Size && len(left.Text) < 40 && right.X0-left.X1 > 0.5*left.Size
}

// valueColumn returns where the values begin, which is where most of the known labels have theirs. There is no such
// column when values just follow their labels.
func valueColumn(all []layout.Line) (x float64, ok bool) {
	var edges []float64
	size := 0.0
	for _, l := range all {
		if name, words := labelWords(l); name != "" && len(words) > 0 {
			edges = append(edges, words[0].X0)
			size = max(size, l.Size)
		}
	}
	if len(edges) == 0 {
		return 0, false
	}
	x = layout.MostCommon(edges, 0.5*size)
	n := 0
	for _, e := range edges {
		if e >= x && e-x <= 0.5*size {
			n++
		}
	}
	return x, 2*n >= len(edges)
}

// labelWords returns the known label that ends at the first colon of the line, and the words behind it.
func labelWords(l layout.Line) (string, []layout.Word) {
	letters := ""
	for i, w := range l.Words {
		before, after, colon := strings.Cut(w.Text, ":")
		letters += onlyLetters(before)
		if !colon {
			continue
		}
		if !slices.Contains(letterLabels, letters) {
			return "", nil
		}
		words := slices.Clone(l.Words[i+1:])
		if after != "" {
			runes := []rune(w.Text)
			words = append([]layout.Word{layout.SliceWord(w, runes, len(runes)-len([]rune(after)), len(runes))}, words...)
		}
		return letters, words
	}
	return "", nil
}

// splitLine parts a line at the column of values.
func splitLine(l layout.Line, column float64) (left, right layout.Line) {
	var words []layout.Word
	for _, w := range l.Words {
		if a, b, ok := layout.SplitWordAt(w, column); ok && strings.HasSuffix(a.Text, ":") {
			words = append(words, a, b)
		} else {
			words = append(words, w)
		}
	}
	n := 0
	for n < len(words) && words[n].X0 < column-layout.InColumn*l.Size {
		n++
	}
	if n > 0 {
		left = layout.NewLine(l.Page, words[:n:n])
	}
	if n < len(words) {
		right = layout.NewLine(l.Page, words[n:])
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
		text := e.lines[i].Text
		ahead := entry{e.lines[i:min(len(e.lines), i+maxPartLines)]}
		if part := partName.FindStringSubmatch(ahead.joinText()); part != nil {
			pending = part[1] != ""
			end := slices.IndexFunc(ahead.lines, func(l layout.Line) bool { return strings.Contains(l.Text, ":") })
			i += max(end, 0)
			_, text, _ = strings.Cut(e.lines[i].Text, ":")
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
	return sortedSet(granted), sortedSet(potential)
}

// rightEdge is how far values reach: a line that ends well before it has not been wrapped.
func rightEdge(entries map[string]entry) float64 {
	edge := 0.0
	for _, e := range entries {
		for _, l := range e.lines {
			edge = max(edge, l.X1)
		}
	}
	return edge
}

// letterDegree joins the plans with commas, without the extended credit program. A plan that wraps is one plan.
func letterDegree(lines []layout.Line, edge float64) string {
	var plans []string
	for i, l := range lines {
		text := strings.TrimRight(l.Text, ", ")
		if i > 0 && goesOnIn(plans[len(plans)-1], lines[i-1], l, edge) {
			plans[len(plans)-1] += " " + text
			continue
		}
		plans = append(plans, text)
	}
	return strings.Join(slices.DeleteFunc(plans, isExtendedCredit), ", ")
}

// newPlan is how a plan begins.
var newPlan = regexp.MustCompile(`^(?:Bachelor|Master|Doctor|Extended Credit|Minor|Major|Honours|Certificate|Diploma)\b`)

// wholeDegree is a degree that needs no further word: "Bachelor of Computer" does.
var wholeDegree = regexp.MustCompile(`^(?:Bachelor|Master|Doctor) of (?:(?:Computer|Applied|Fine|Business) \w+|[A-Z]\w*)$`)

// goesOnIn reports whether next goes on with plan, whose last line is last: because it must, or because its first word
// would not have fitted there and the plan is not whole.
func goesOnIn(plan string, last, next layout.Line, edge float64) bool {
	if endsOpen(plan) || beginsInside(next.Text) {
		return true
	}
	if newPlan.MatchString(next.Text) || last.X1+next.Words[0].X1-next.Words[0].X0+0.2*last.Size < edge {
		return false
	}
	switch plan {
	case "Bachelor of Computer", "Bachelor of Fine", "Bachelor of Applied", "Bachelor of Business":
		return true
	}
	return !wholeDegree.MatchString(plan)
}
