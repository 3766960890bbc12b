package timeline

import (
	"slices"
	"strings"

	"github.com/trackmydegree/trackmydegree/internal/document"
	"github.com/trackmydegree/trackmydegree/internal/term"
)

// The messages of a sitting.
const (
	notPosted     = "grade not posted"
	notRecognised = "grade not recognised"
	discontinued  = "discontinued"
	audited       = "audited, no credit"
	notOfDegree   = "not part of the degree"
	notFound      = "not in the catalogue"
	placeholder   = "placeholder: choose a course"
	workTerm      = "co-op work term"
	notPassed     = "minimum grade D- not met"
	// countsInstead is followed by the code of the equivalent course that counts.
	countsInstead = "does not count together with its equivalent "
)

// isUnusedMessage reports whether a message only says that no pool uses the course. Each build decides that again.
func isUnusedMessage(message string) bool {
	return message == notOfDegree || strings.HasPrefix(message, countsInstead)
}

// The grades and notations that are not letters. A sitting has them in either column.
var (
	passing = []string{"PASS", "EX", "TRC"}
	failing = []string{"R", "FNS", "NC", "DNE"}
	pending = []string{"INC", "DEF", "MED", "PEND", "NR"}
)

// letters are the letter grades, best first; the last one is not a passing grade.
var letters = []string{"A+", "A", "A-", "B+", "B", "B-", "C+", "C", "C-", "D+", "D", "D-", "F"}

// verdict is the meaning of the marks of a sitting. Message is the message of the sitting. IsUnknown marks a grade
// that is not in the university's legend.
type verdict struct {
	Status        Status
	Message       string
	IsBelowCMinus bool
	IsUnknown     bool
}

// classifySitting returns the status that a sitting gives its course. The term decides first: a future sitting is
// planned, a past one without a grade is incomplete. A sitting that earned its credits is completed, whatever its
// grade.
func classifySitting(s document.Sitting, at term.Position) verdict {
	if at == term.Future {
		return verdict{Status: Planned}
	}
	v := classifyGrade(s)
	if s.CreditsEarned > 0 {
		return verdict{Status: Completed, IsBelowCMinus: v.IsBelowCMinus, IsUnknown: v.IsUnknown}
	}
	if v.Status == InProgress && at == term.Past {
		v.Status = Incomplete
		return v
	}
	if v.Message == notPosted {
		v.Message = "" // no grade is expected before the term is over
	}
	return v
}

// classifyGrade classifies the marks alone: completed, incomplete, or in progress when none of them is final.
func classifyGrade(s document.Sitting) verdict {
	mark, notation := toCapitals(s.Grade), toCapitals(s.Notation)
	either := func(marks []string) string {
		for _, m := range []string{mark, notation} {
			if slices.Contains(marks, m) {
				return m
			}
		}
		return ""
	}
	switch {
	case mark == "DISC" || notation == "DISC":
		return verdict{Status: Incomplete, Message: discontinued}
	case either(pending) != "":
		return verdict{Status: InProgress, Message: notPosted}
	case either(failing) != "":
		return verdict{Status: Incomplete, Message: "no credit: " + either(failing)}
	case mark == "AU" || notation == "AU":
		return verdict{Status: Incomplete, Message: audited}
	case either(passing) != "":
		return verdict{Status: Completed}
	case mark == "":
		return verdict{Status: InProgress, Message: notPosted}
	}
	got := slices.Index(letters, mark)
	switch {
	case got < 0:
		return verdict{Status: InProgress, Message: notRecognised, IsUnknown: true}
	case got < len(letters)-1:
		return verdict{Status: Completed, IsBelowCMinus: got > slices.Index(letters, "C-")}
	}
	return verdict{Status: Incomplete, Message: notPassed}
}

// countedCredits returns the credits of a sitting according to the document: earned when it is over, attempted
// before. It is nil where the document has none, and the catalogue's apply. An earned 0.00 with a passing letter
// counts as not printed; with EX and TRC it counts.
func countedCredits(s document.Sitting, v verdict) *float64 {
	earned, attempted := roundToQuarters(s.CreditsEarned), roundToQuarters(s.CreditsAttempted)
	mark := toCapitals(s.Grade)
	switch {
	case v.Status == Completed && earned > 0:
		return &earned
	case v.Status == Completed && (mark == "EX" || mark == "TRC") && attempted > 0:
		return &earned
	case v.Status != Incomplete && attempted > 0:
		return &attempted
	}
	return nil
}

func toCapitals(s string) string { return strings.ToUpper(strings.TrimSpace(s)) }

// statusRank orders statuses by progress.
func statusRank(s Status) int {
	return slices.Index([]Status{Incomplete, Planned, InProgress, Completed}, s)
}

// betterState returns the deciding state: the one with the most progress, and among equals the later, which is b.
func betterState(a, b State) State {
	if statusRank(a.Status) > statusRank(b.Status) {
		return a
	}
	return b
}
