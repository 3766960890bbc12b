package document

import (
	"regexp"
	"slices"
	"strconv"
	"strings"

	"github.com/trackmydegree/trackmydegree/internal/document/layout"
)

var (
	historyLine = regexp.MustCompile(`(?i)\bprogram history\b`)
	recordLine  = regexp.MustCompile(`(?i)^beginning of .*record`)
	degreeLine  = regexp.MustCompile(`(?i)^(?:(?:joint )?(?:bachelor|baccalaureate|master|doctor|doctorate|(?:graduate )?(?:diploma|certificate)|graduate)\b|` +
		`b\.?(?:eng|sc|comp\.?sc)\.?(?:[ ,]|$))`)
	dateLine = regexp.MustCompile(`^(?:\d{1,2}/\d{1,2}/\d{4}|\d{4}-\d{1,2}-\d{1,2})$`)
	// extendedCreditLine matches the program's name on a line of its own, not in a sentence.
	extendedCreditLine = regexp.MustCompile(`(?i)^extended credit(?: program)?(?: \(ecp\))?$`)
	number             = regexp.MustCompile(`\d+(?:[.,]\d+)?`)
)

// otherPlan matches a plan other than the degree: what else is studied, or the mode of admission.
var otherPlan = regexp.MustCompile(`(?i)^(?:` + otherPlanNames + `|minor|independent stud(?:y|ies))\b`)

const otherPlanNames = `mature entry|career ?edge|honours|second major|double major|certificate in|diploma in|` +
	`visiting student|special student|independent student|qualifying (?:year|program|student)`

// coopPlan matches a plan that only says that the student is in co-op.
var coopPlan = regexp.MustCompile(`(?i)^\(?(?:co-?op(?: program)?|institute for co-?operative education|co-?operative education)\)?$`)

// uncountedPlan matches a plan whose courses are not counted.
var uncountedPlan = regexp.MustCompile(`(?i)^(?:minor|second major|double major|certificate|diploma|(?:joint )?bachelor|master|doctor|graduate)\b`)

// coopInPlan finds such a plan in the line of another one.
var coopInPlan = regexp.MustCompile(`(?i)\b(?:co-?op program|institute for co-?operative)\b`)

// The labels of the program history; their values are behind them or on the next line.
const (
	labelAdmit     = "admit term"
	labelMinimum   = "min. credits required"
	labelEarned    = "program credits earned"
	labelGPA       = "cumulative gpa"
	labelWriting   = "writing skills requirement"
	labelDegree    = "degree" // has no label of its own
	coopMember     = "member institute"
	coopWithdrawn  = "withdrew institute"
	coopDegree     = "(co-op)"
	blockBeginning = "in program"
)

var programLabels = []string{labelAdmit, labelMinimum, labelEarned, labelGPA, labelWriting}

// readProgram reads the program history from the lines above the first term. Each change of program has its own
// block, in order of time; without a block there is no program. lost lists the labels without a readable value.
func readProgram(all []layout.Line) (info *ProgramInfo, gpa, earned *float64, lost []string) {
	first := slices.IndexFunc(all, func(l layout.Line) bool { return historyLine.MatchString(l.Text) })
	if first < 0 {
		return nil, nil, nil, nil
	}
	all = all[first+1:]
	if end := slices.IndexFunc(all, func(l layout.Line) bool { return recordLine.MatchString(l.Text) }); end >= 0 {
		all = all[:end]
	}
	info = &ProgramInfo{}
	var history programHistory
	for i := 0; i < len(all); i++ {
		text := strings.ToLower(all[i].Text)
		switch {
		case strings.Contains(text, coopMember), strings.Contains(text, coopDegree):
			info.IsCoop = true
		case strings.Contains(text, coopWithdrawn):
			info.IsCoop = false
		}
		info.IsExtendedCreditProgram = info.IsExtendedCreditProgram || isExtendedCredit(text)
		if strings.Contains(text, blockBeginning) {
			history.beginBlock()
		}
		if degreeLine.MatchString(all[i].Text) {
			if layout.HasOverlaps(all[i]) || i+1 < len(all) && layout.HasOverlaps(all[i+1]) {
				lost = append(lost, labelDegree)
			}
			info.Degree = readDegree(all[i:])
			history.setDegree(info.Degree)
			info.OtherPlans = nil
			continue
		}
		if otherPlan.MatchString(all[i].Text) {
			info.OtherPlans = append(info.OtherPlans, all[i].Text)
			continue
		}
		label, value := readLabel(all[i:])
		switch label {
		case labelAdmit:
			admit := firstTermIn(value)
			if info.FirstTerm == nil {
				info.FirstTerm = admit
			}
			history.addAdmitTerm(admit)
		case labelMinimum, labelEarned, labelGPA:
			number := numberIn(value)
			if number == nil {
				lost = append(lost, label)
			}
			switch label {
			case labelMinimum:
				info.MinimumProgramLength = number
			case labelEarned:
				earned = number
			default:
				gpa = number
			}
		case labelWriting:
			// Some programs lose the ligature in "Satisfied" (Ghostscript 10 writes another letter): five letters tell.
			info.EWTSatisfied = strings.HasPrefix(strings.ToLower(value), "satis")
		}
	}
	if t := history.presentAdmitTerm(); t != nil && *t != *info.FirstTerm {
		info.ProgramTerm = t
	}
	return info, gpa, earned, lost
}

// readLabel returns the label with which the first line begins, and its value: the rest of the line, or the next one.
func readLabel(lines []layout.Line) (label, value string) {
	text := lines[0].Text
	for _, label := range programLabels {
		if !hasFoldPrefix(text, label) {
			continue
		}
		value := strings.TrimSpace(strings.TrimLeft(text[len(label):], " :"))
		if value == "" && len(lines) > 1 && !isProgramLabel(lines[1].Text) {
			value = lines[1].Text
		}
		return label, value
	}
	return "", ""
}

func isProgramLabel(text string) bool {
	return slices.ContainsFunc(programLabels, func(l string) bool { return hasFoldPrefix(text, l) })
}

func hasFoldPrefix(text, prefix string) bool {
	return len(text) >= len(prefix) && strings.EqualFold(text[:len(prefix)], prefix)
}

// readDegree joins the degree on the first line with the major, which follows a comma or is on the next line.
func readDegree(lines []layout.Line) string {
	text := lines[0].Text
	rest := lines[1:]
	if kind, major, found := strings.Cut(text, ","); found && strings.TrimSpace(major) != "" {
		return strings.TrimSpace(kind) + ", " + joinWrapped(strings.TrimSpace(major), rest)
	}
	text = strings.TrimRight(text, ", ")
	for len(rest) > 0 && (otherPlan.MatchString(rest[0].Text) || isExtendedCredit(rest[0].Text)) {
		rest = rest[1:] // a plan between the degree and its major
	}
	if len(rest) == 0 || !isMajor(rest[0].Text) {
		return text
	}
	return text + ", " + joinWrapped(rest[0].Text, rest[1:])
}

// joinWrapped adds the lines that clearly continue text.
func joinWrapped(text string, rest []layout.Line) string {
	for len(rest) > 0 && isMajor(rest[0].Text) && (endsOpen(text) || beginsInside(rest[0].Text)) {
		text += " " + rest[0].Text
		rest = rest[1:]
	}
	return text
}

// isMajor reports whether a line below a degree can be its major, or continue it.
func isMajor(text string) bool {
	lower := strings.ToLower(text)
	switch {
	case degreeLine.MatchString(text), otherPlan.MatchString(text), dateLine.MatchString(text), isProgramLabel(text), isExtendedCredit(text),
		strings.Contains(lower, blockBeginning), strings.HasSuffix(text, ":"), parseTerm(text) != "",
		strings.Contains(lower, coopMember), strings.Contains(lower, coopWithdrawn),
		strings.HasPrefix(lower, "member "), strings.HasPrefix(lower, "matriculated"):
		return false
	}
	return true
}

// endsOpen reports whether a line cannot end with text.
func endsOpen(text string) bool {
	lower := strings.ToLower(text)
	for _, end := range []string{":", ",", "/", "&", "-", " and", " of", " in", " the", " for"} {
		if strings.HasSuffix(lower, end) {
			return true
		}
	}
	return strings.Count(text, "(") > strings.Count(text, ")")
}

// beginsInside reports whether a line cannot begin with text.
func beginsInside(text string) bool {
	for _, begin := range []string{"(", "and ", "of ", "in ", "& "} {
		if strings.HasPrefix(text, begin) {
			return true
		}
	}
	return false
}

func isExtendedCredit(text string) bool {
	return strings.Contains(strings.ToLower(text), "extended credit")
}

// numberIn returns the first number in text, nil when there is none.
func numberIn(text string) *float64 {
	v, err := strconv.ParseFloat(strings.Replace(number.FindString(text), ",", ".", 1), 64)
	if err != nil {
		return nil
	}
	return &v
}
