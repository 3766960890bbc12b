package catalogue

import (
	"strconv"
	"strings"
)

// RuleLevel is the severity of a rule.
type RuleLevel string

// The levels of a rule.
const (
	LevelWarning RuleLevel = "warning" // a course or a requirement does not count when the rule is broken
	LevelInfo    RuleLevel = "info"    // it describes how a requirement is filled
)

// Level returns the severity of the rule.
func (r Rule) Level() RuleLevel {
	switch r.Type {
	case RuleMinCourses, RuleMinCreditsFromSet:
		return LevelInfo
	}
	return LevelWarning
}

// namedCourses is the number of courses that a rule's sentence names; longer lists are counted, and are in the
// parameters.
const namedCourses = 4

// Message returns the rule as a sentence for people.
func (r Rule) Message() string {
	switch r.Type {
	case RulePrerequisite:
		return "Take " + describeChoice(r.CourseList, r.MinCourses) + " first."
	case RuleCorequisite:
		return "Take " + describeChoice(r.CourseList, r.MinCourses) + " in the same term or earlier."
	case RulePrerequisiteOrCorequisite:
		return "Take " + describeChoice(r.CourseList, r.MinCourses) + " first or in the same term."
	case RuleNotTaken:
		return "Not open to students who took " + joinCodes(r.CourseList, "or") + "."
	case RuleMinCourses:
		return "Take " + describeChoice(r.CourseList, r.MinCourses) + "."
	case RuleMaxCourses:
		limit := 0
		if r.MaxCourses != nil {
			limit = *r.MaxCourses
		}
		return "At most " + strconv.Itoa(limit) + " of " + joinCodes(r.CourseList, "and") + " counts."
	case RuleMinCreditsFromSet:
		return "At least " + formatCredits(r.MinCredits) + " from " + joinCodes(r.CourseList, "and") + "."
	case RuleMaxCreditsFromSet:
		return "At most " + formatCredits(r.MaxCredits) + " from " + joinCodes(r.CourseList, "and") + "."
	case RuleMinCredits:
		return "Complete " + formatCredits(r.MinCredits) + " first."
	}
	return ""
}

// describeChoice describes a number of courses of a list.
func describeChoice(codes []string, n int) string {
	switch {
	case len(codes) == 1:
		return codes[0]
	case n >= len(codes):
		return joinCodes(codes, "and")
	case n <= 1:
		return joinCodes(codes, "or")
	}
	return strconv.Itoa(n) + " of " + joinCodes(codes, "and")
}

func joinCodes(codes []string, last string) string {
	switch n := len(codes); {
	case n == 0:
		return "no course"
	case n == 1:
		return codes[0]
	case n > namedCourses && last == "or":
		return "one of " + strconv.Itoa(n) + " courses"
	case n > namedCourses:
		return strconv.Itoa(n) + " courses"
	default:
		return strings.Join(codes[:n-1], ", ") + " " + last + " " + codes[n-1]
	}
}

func formatCredits(n float64) string {
	s := strconv.FormatFloat(n, 'f', -1, 64)
	if n == 1 {
		return s + " credit"
	}
	return s + " credits"
}
