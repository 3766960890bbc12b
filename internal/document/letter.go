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
	partName = regexp.MustCompile(`(?i)^(potential )?(?:exemption|transfer credit)\(s\)|^to be taken\b`)
	partLine = regexp.MustCompile(`(?i)^(?:potential(?: |$)|exemption\(s\)|transfer credit\(s\)|to be taken\b)`)
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

func readLetter(all []layout.Line) readFacts {
	entries, plain, unread := letterEntries(all)
	info := &ProgramInfo{
		FirstTerm:            firstTermIn(entries[letterSession].joinText()),
		LastTerm:             firstTermIn(entries[letterGraduation].joinText()),
		MinimumProgramLength: numberIn(entries[letterLength].joinText()),
	}
	info.Degree, info.OtherPlans = splitPlans(letterPlanLines(entries[letterPlans].lines, rightEdge(entries)))
	info.IsCoop = strings.Contains(strings.ToLower(info.Degree), coopDegree) || strings.HasPrefix(entries[letterCoop].joinText(), "Congratulations!") || strings.Contains(plain, "Co-op Program") ||
		coopInPlan.MatchString(entries[letterPlans].joinText())
	info.IsExtendedCreditProgram = strings.Contains(plain, "Extended Credit Program")
	// Transfers that depend on courses in progress are potential ones, and facts do not contain them.
	exemptions, transfers, deficiencies := readRows(entries[letterExemptions]), readRows(entries[letterTransfers]), readRows(entries[letterDeficiencies])
	d := Document{
		Kind:                Letter,
		ProgramInfo:         info,
		Semesters:           []Semester{},
		ExemptedCourses:     codesOf(exemptions.granted),
		PotentialExemptions: codesOf(exemptions.potential),
		TransferredCourses:  codesOf(transfers.granted),
		DeficiencyCourses:   codesOf(deficiencies.granted),
	}
	for _, c := range exemptions.granted {
		d.Transfers = append(d.Transfers, c.toTransfer(gradeExempted))
	}
	for _, c := range transfers.granted {
		d.Transfers = append(d.Transfers, c.toTransfer(gradeTransferred))
	}
	d.Rows = slices.Concat(exemptions.places(), deficiencies.places(), transfers.places())
	return readFacts{document: d,
		unread: unreadLines(slices.Concat(exemptions.unread, deficiencies.unread, transfers.unread, unread))}
}

// letterEntries assigns the lines to the values of their labels. plain is all text that is data, values and
// sentences, and not a note, line by line and value by value.
func letterEntries(all []layout.Line) (entries map[string]entry, plain string, unread []layout.Line) {
	entries = map[string]entry{}
	var text strings.Builder
	all, columns := settleSections(all)
	label, note := "", false
	headed, courses := false, false // below a heading instead of a label, and in the section of courses
	for i := 0; i < len(all); i++ {
		l := all[i]
		column, ok := columns[i].x, columns[i].known
		if sectionLine.MatchString(l.Text) {
			if label == "" || !continuedText.MatchString(l.Text) {
				label = ""
			}
			note, headed, courses = false, false, strings.HasPrefix(l.Text, "EXEMPTIONS")
			continue
		}
		if name := headingLabel(l.Text); name != "" {
			label, note, headed, courses = name, false, true, true
			continue
		}
		if noteLine.MatchString(l.Text) {
			note = true
			continue
		}
		name, value, taken := labelAt(all[i:], column, ok)
		if name != "" {
			label, note, headed = name, len(value) > 0 && noteLine.MatchString(value[0].Text), false
			if !note {
				entries[label] = entry{append(entries[label].lines, value...)}
				unread = append(unread, rowsOutside(label, courses, value...)...)
			}
			i += taken - 1
			continue
		}
		rest := l
		if ok {
			left, right := splitLine(l, column)
			if headed && !note && (len(left.Words) == 0 || codeAtHead.MatchString(l.Text)) {
				right = l
			} else if len(left.Words) > 0 {
				if !note {
					text.WriteString(l.Text + "\n")
				}
				if courses && !note && codeAtHead.MatchString(l.Text) {
					unread = append(unread, l)
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
		unread = append(unread, rowsOutside(label, courses, rest)...)
	}
	for _, label := range letterLabels {
		text.WriteString(entries[label].joinText() + "\n")
	}
	return entries, text.String(), unread
}

// courseLabels are the labels whose values are rows of courses.
var courseLabels = []string{letterExemptions, letterDeficiencies, letterTransfers}

// rowsOutside returns the lines of the section of courses that begin like a row although their label has no rows.
func rowsOutside(label string, courses bool, lines ...layout.Line) []layout.Line {
	if !courses || slices.Contains(courseLabels, label) {
		return nil
	}
	return slices.DeleteFunc(slices.Clone(lines), func(l layout.Line) bool { return !codeAtHead.MatchString(l.Text) })
}

// continuedText matches the mark of a label or a heading that an earlier page has too.
var continuedText = regexp.MustCompile(`(?i)\b(?:continued|cont'?d|cont\.)`)

// headingLabel returns the label that a line in capitals names without a colon: TRANSFER CREDITS (CONTINUED).
func headingLabel(text string) string {
	if strings.ToUpper(text) != text || strings.Contains(text, ":") {
		return ""
	}
	name := labelName(text)
	if !slices.Contains(courseLabels, name) {
		return ""
	}
	return name
}

// labelName reduces a label to its letters, without the mark that it continues.
func labelName(text string) string {
	if at := continuedText.FindStringIndex(text); at != nil {
		text = text[:at[0]]
	}
	return onlyLetters(text)
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

// joinedPlan matches where another plan begins in the line of a plan.
var joinedPlan = regexp.MustCompile(`(?i)(?: ?[,;/+(]| [-–]| and| with(?: an?)?) ?((?:minor (?:in|program)|bachelor of|extended credit|` + otherPlanNames +
	`|co-?op program|institute for co-?operative)\b.*)$`)

// splitPlans joins the plans of the first degree with commas. Other plans are separate, such as a second program, and
// the extended credit program is neither: it has a flag.
func splitPlans(plans []string) (degree string, others []string) {
	var parts, split []string
	for _, p := range plans {
		for {
			m := joinedPlan.FindStringSubmatchIndex(p)
			if m == nil {
				break
			}
			first := joinedPlan.FindStringIndex(p)[0]
			split = append(split, strings.TrimRight(p[:first], ", "))
			if p = p[m[2]:m[3]]; strings.Count(p, ")") > strings.Count(p, "(") {
				p = strings.TrimSuffix(p, ")")
			}
		}
		split = append(split, p)
	}
	second := false // the lines belong to another program
	for _, p := range split {
		begins := degreeLine.MatchString(p)
		second = second && !otherPlan.MatchString(p) || begins && len(parts) > 0
		switch {
		case isExtendedCredit(p), coopPlan.MatchString(p):
		case otherPlan.MatchString(p), second && begins:
			others = append(others, p)
		case second:
			others[len(others)-1] += ", " + p
		default:
			parts = append(parts, p)
		}
	}
	return strings.Join(parts, ", "), others
}

// newPlan matches the beginning of a plan.
var newPlan = regexp.MustCompile(`^(?:Bachelor|Master|Doctor|Extended Credit|Minor|Major|Honours|Certificate|Diploma|Mature Entry|Career ?Edge|Second Major|Double Major|` +
	`Visiting Student|Special Student|Qualifying|Co-?op Program|Institute for Co-?operative)\b`)

// wholePlan matches a plan that needs no further word.
var wholePlan = regexp.MustCompile(`(?i)^(?:mature entry program(?: \(mep\))?|career ?edge|honours program|extended credit program(?: \(ecp\))?|` +
	`qualifying \w+|co-?op program|institute for co-?operative education|\w+ student)$`)

// wholeDegree matches a degree that needs no further word: "Bachelor of Computer" does.
var wholeDegree = regexp.MustCompile(`^(?:Bachelor|Master|Doctor) of (?:(?:Computer|Applied|Fine|Business) \w+|[A-Z]\w*)$`)

// goesOnIn reports whether next continues plan, whose last line is last: because it must, or because its first word
// would not have fitted there and the plan is incomplete.
func goesOnIn(plan string, last, next layout.Line, edge float64) bool {
	if endsOpen(plan) || beginsInside(next.Text) {
		return true
	}
	if newPlan.MatchString(next.Text) || wholePlan.MatchString(plan) || last.X1+next.Words[0].X1-next.Words[0].X0+0.2*last.Size < edge {
		return false
	}
	switch plan {
	case "Bachelor of Computer", "Bachelor of Fine", "Bachelor of Applied", "Bachelor of Business":
		return true
	}
	return !wholeDegree.MatchString(plan)
}
