package timeline

import (
	"slices"
	"strings"

	"github.com/trackmydegree/trackmydegree/internal/document"
	"github.com/trackmydegree/trackmydegree/internal/term"
)

// What is said about a sitting.
const (
	notPosted     = "grade not posted"
	notRecognised = "grade not recognised"
	discontinued  = "discontinued"
	audited       = "audited, no credit"
	notOfDegree   = "not part of the degree"
	notFound      = "not in the catalogue"
	placeholder   = "placeholder: choose a course"
	workTerm      = "co-op work term"
)

// The grades and notations that are no letters. A sitting carries them in either column.
var (
	passing = []string{"PASS", "EX", "TRC"}
	failing = []string{"R", "FNS", "NC", "DNE"}
	pending = []string{"INC", "DEF", "MED", "PEND", "NR"}
)

// letters are the letter grades, the best first.
var letters = []string{"A+", "A", "A-", "B+", "B", "B-", "C+", "C", "C-", "D+", "D", "D-", "F"}

// minimumGrade returns the lowest grade with which a course passes.
func minimumGrade(strict bool) string {
	if strict {
		return "C-"
	}
	return "D-"
}

// classifySitting returns how far a sitting brings its course, and what is to be said about it. The term decides first: what lies
// ahead is planned, what is over without a grade is incomplete.
func classifySitting(s document.Sitting, at term.Position, strict bool) (Status, string) {
	if at == term.Future {
		return Planned, ""
	}
	status, message := classifyGrade(s, strict)
	if status == InProgress && at == term.Past {
		return Incomplete, message
	}
	if message == notPosted {
		message = "" // nobody expects a grade before the term is over
	}
	return status, message
}

// classifyGrade returns what the marks of a sitting say: completed, incomplete, or in progress when none of them is final.
func classifyGrade(s document.Sitting, strict bool) (Status, string) {
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
		return Incomplete, discontinued
	case either(pending) != "":
		return InProgress, notPosted
	case either(failing) != "":
		return Incomplete, "no credit: " + either(failing)
	case mark == "AU" || notation == "AU":
		return Incomplete, audited
	case either(passing) != "":
		return Completed, ""
	case mark == "":
		return InProgress, notPosted
	}
	got := slices.Index(letters, mark)
	switch {
	case got < 0:
		return InProgress, notRecognised
	case got <= slices.Index(letters, minimumGrade(strict)):
		return Completed, ""
	}
	return Incomplete, "minimum grade " + minimumGrade(strict) + " not met"
}

func toCapitals(s string) string { return strings.ToUpper(strings.TrimSpace(s)) }

// statusRank orders statuses by how far they are.
func statusRank(s Status) int {
	return slices.Index([]Status{Incomplete, Planned, InProgress, Completed}, s)
}

// betterState returns the state that decides: the one that is further, and of equals the later, which is b.
func betterState(a, b State) State {
	if statusRank(a.Status) > statusRank(b.Status) {
		return a
	}
	return b
}
