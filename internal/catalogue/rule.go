package catalogue

import (
	"strconv"
	"strings"
)

// The levels of a rule.
const (
	Warning = "warning" // breaking it keeps a course or a requirement from counting
	Info    = "info"    // it says how a requirement is filled
)

// Level returns how much it matters that the rule is kept.
func (r Rule) Level() string {
	switch r.Type {
	case RuleMinCourses, RuleMinCreditsFrom:
		return Info
	}
	return Warning
}

// namedCourses is how many courses a rule's sentence names; longer lists are counted, and read in the parameters.
const namedCourses = 4

// Message returns the rule as a sentence for people.
func (r Rule) Message() string {
	switch r.Type {
	case RulePrerequisite:
		return "Take " + some(r.CourseList, r.MinCourses) + " first."
	case RuleCorequisite:
		return "Take " + some(r.CourseList, r.MinCourses) + " in the same term or earlier."
	case RuleEither:
		return "Take " + some(r.CourseList, r.MinCourses) + " first or in the same term."
	case RuleNotTaken:
		return "Not open to students who took " + list(r.CourseList, "or") + "."
	case RuleMinCourses:
		return "Take " + some(r.CourseList, r.MinCourses) + "."
	case RuleMaxCourses:
		limit := 0
		if r.MaxCourses != nil {
			limit = *r.MaxCourses
		}
		return "At most " + strconv.Itoa(limit) + " of " + list(r.CourseList, "and") + " counts."
	case RuleMinCreditsFrom:
		return "At least " + credits(r.MinCredits) + " from " + list(r.CourseList, "and") + "."
	case RuleMaxCreditsFrom:
		return "At most " + credits(r.MaxCredits) + " from " + list(r.CourseList, "and") + "."
	case RuleMinCredits:
		return "Complete " + credits(r.MinCredits) + " first."
	}
	return ""
}

// some says how many courses of a list.
func some(codes []string, n int) string {
	switch {
	case len(codes) == 1:
		return codes[0]
	case n >= len(codes):
		return list(codes, "and")
	case n <= 1:
		return list(codes, "or")
	}
	return strconv.Itoa(n) + " of " + list(codes, "and")
}

func list(codes []string, last string) string {
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

func credits(n float64) string {
	s := strconv.FormatFloat(n, 'f', -1, 64)
	if n == 1 {
		return s + " credit"
	}
	return s + " credits"
}
