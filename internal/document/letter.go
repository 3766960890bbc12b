package document

import (
	"regexp"
	"slices"
	"strings"

	"github.com/trackmydegree/trackmydegree/internal/document/layout"
)

// The labels of a letter, reduced to their letters.
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
	// partName matches the name of a part of a value, which ends with a colon and may wrap anywhere; partLine matches
	// a possible first line of it.
	partName   = regexp.MustCompile(`(?i)^(potential )?(?:exemption|transfer credit)\(s\)|^to be taken\b`)
	partLine   = regexp.MustCompile(`(?i)^(?:potential(?: |$)|exemption\(s\)|transfer credit\(s\)|to be taken\b)`)
	codeAtHead = regexp.MustCompile(`^([A-Z]{2,4}) ?(\d{3,4}|\d[\dX-]{2,3})(?:[^\dX-]|$)`)
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
		FirstTerm:            firstTermIn(entries[letterSession].joinText()),
		LastTerm:             firstTermIn(entries[letterGraduation].joinText()),
		MinimumProgramLength: numberIn(entries[letterLength].joinText()),
	}
	info.Degree, info.OtherPlans = splitPlans(letterPlanLines(entries[letterPlans].lines, rightEdge(entries)))
	info.IsCoop = strings.Contains(strings.ToLower(info.Degree), coopDegree) || strings.HasPrefix(entries[letterCoop].joinText(), "Congratulations!") || strings.Contains(plain, "Co-op Program")
	info.IsExtendedCreditProgram = strings.Contains(plain, "Extended Credit Program")
	exemptions, potentialRows := courseRows(entries[letterExemptions])
	// Credits that depend on courses in progress are not transferred yet, and facts do not contain them.
	transfers, _ := courseRows(entries[letterTransfers])
	deficiencies, _ := courseRows(entries[letterDeficiencies])
	d := Document{
		Kind:                Letter,
		ProgramInfo:         info,
		Semesters:           []Semester{},
		ExemptedCourses:     codesOf(exemptions),
		PotentialExemptions: codesOf(potentialRows),
		TransferredCourses:  codesOf(transfers),
		DeficiencyCourses:   codesOf(deficiencies),
	}
	for _, c := range exemptions {
		d.Transfers = append(d.Transfers, c.transfer(gradeExempted))
	}
	for _, c := range transfers {
		d.Transfers = append(d.Transfers, c.transfer(gradeTransferred))
	}
	return d
}

// letterEntries assigns the lines to the values of their labels. plain is all text that is data, values and
// sentences, and not a note, line by line and value by value.
func letterEntries(all []layout.Line) (entries map[string]entry, plain string) {
	entries = map[string]entry{}
	var text strings.Builder
	all, columns := settleSections(all)
	label, note := "", false
	for i := 0; i < len(all); i++ {
		l := all[i]
		column, ok := columns[i].x, columns[i].known
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

// maxPartLines is the largest number of lines of the name of a part in narrow columns.
const maxPartLines = 6

// letterCourse is a line of a value that begins with a code.
type letterCourse struct {
	code, title string
	credits     float64
}

// letterCredits is what a line of transfer credits may end with.
var letterCredits = regexp.MustCompile(`(?i)^(.*?)\s*\(?(\d{1,2}(?:[.,]\d{1,2})) ?(?:cr\.?|credits?)?\)?$`)

func newLetterCourse(code, rest string) letterCourse {
	c := letterCourse{code: code, title: strings.TrimSpace(rest)}
	if m := letterCredits.FindStringSubmatch(c.title); m != nil {
		if v := numberIn(m[2]); v != nil {
			c.title, c.credits = strings.TrimSpace(m[1]), *v
		}
	}
	return c
}

func (c letterCourse) transfer(grade string) Transfer {
	return Transfer{Code: c.code, Title: c.title, Credits: c.credits, Grade: grade, Unassigned: !courseCode.MatchString(c.code)}
}

// codesOf returns the codes of courses, each once, in order.
func codesOf(courses []letterCourse) []string {
	codes := []string{}
	for _, c := range courses {
		if courseCode.MatchString(c.code) {
			codes = append(codes, c.code)
		}
	}
	return sortedSet(codes)
}

// courseRows returns the courses at the beginning of lines of a value: the granted ones and the potential ones.
func courseRows(e entry) (granted, potential []letterCourse) {
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
		m := codeAtHead.FindStringSubmatchIndex(text)
		if m == nil {
			continue
		}
		course := newLetterCourse(text[m[2]:m[3]]+" "+text[m[4]:m[5]], text[m[5]:])
		if pending {
			potential = append(potential, course)
		} else {
			granted = append(granted, course)
		}
	}
	return granted, potential
}

// rightEdge returns how far values extend: a line that ends well before it has not been wrapped.
func rightEdge(entries map[string]entry) float64 {
	edge := 0.0
	for _, e := range entries {
		for _, l := range e.lines {
			edge = max(edge, l.X1)
		}
	}
	return edge
}

// letterPlanLines returns the plans. A plan that wraps is one plan.
func letterPlanLines(lines []layout.Line, edge float64) []string {
	var plans []string
	for i, l := range lines {
		text := strings.TrimRight(l.Text, ", ")
		if i > 0 && goesOnIn(plans[len(plans)-1], lines[i-1], l, edge) {
			plans[len(plans)-1] += " " + text
			continue
		}
		plans = append(plans, text)
	}
	return plans
}

// splitPlans joins the plans of the degree with commas. Other plans are separate, and the extended credit program is
// neither: it has a flag.
func splitPlans(plans []string) (degree string, others []string) {
	var parts []string
	for _, p := range plans {
		switch {
		case isExtendedCredit(p):
		case otherPlan.MatchString(p):
			others = append(others, p)
		default:
			parts = append(parts, p)
		}
	}
	return strings.Join(parts, ", "), others
}

// newPlan matches the beginning of a plan.
var newPlan = regexp.MustCompile(`^(?:Bachelor|Master|Doctor|Extended Credit|Minor|Major|Honours|Certificate|Diploma|Mature Entry|Career ?Edge|Second Major)\b`)

// wholeDegree matches a degree that needs no further word: "Bachelor of Computer" does.
var wholeDegree = regexp.MustCompile(`^(?:Bachelor|Master|Doctor) of (?:(?:Computer|Applied|Fine|Business) \w+|[A-Z]\w*)$`)

// goesOnIn reports whether next continues plan, whose last line is last: because it must, or because its first word
// would not have fitted there and the plan is incomplete.
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
