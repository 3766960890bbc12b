package timeline

import (
	"maps"
	"slices"

	"github.com/trackmydegree/trackmydegree/internal/audit"
	"github.com/trackmydegree/trackmydegree/internal/catalogue"
	"github.com/trackmydegree/trackmydegree/internal/term"
	"github.com/trackmydegree/trackmydegree/internal/timeline/fieldfault"
)

// replacePins replaces every pin. Those that were there before stay, whatever the degree lists meanwhile; a new one
// names a requirement that lists its course.
func (x *changer) replacePins(pins map[string]string) {
	before := x.s.Pins
	x.s.Pins = make(map[string]string, len(pins))
	x.path = "pins"
	for _, key := range slices.Sorted(maps.Keys(pins)) {
		code, pool := catalogue.NormalizeCode(key), pins[key]
		if before[code] != pool {
			x.checkPin(key, code, pool)
		}
		x.s.Pins[code] = pool
	}
}

// replaceWaivers replaces every waiver. Those that were there before stay, whether their remark is still made or not.
func (x *changer) replaceWaivers(waivers []audit.Waiver) {
	before := x.s.Waivers
	x.s.Waivers = make([]audit.Waiver, 0, len(waivers))
	for i, w := range waivers {
		w = toCanonicalWaiver(w)
		x.s.Waivers = append(x.s.Waivers, w)
		if !slices.ContainsFunc(before, hasTarget(w)) {
			x.waived = append(x.waived, claimedWaiver{fieldfault.JoinPath("waivers", i), w})
		}
	}
}

// WaiverSentence explains what a waiver names.
const WaiverSentence = "Name the course, the pool or the term of the remark: one of them."

// toCanonicalWaiver returns a waiver with its course and its term as remarks write them.
func toCanonicalWaiver(w audit.Waiver) audit.Waiver {
	w.Course = canonicalCode(w.Course)
	if t, err := term.Parse(w.Term); err == nil {
		w.Term = t.UpperLabel()
	}
	return w
}

// hasTarget returns the test for waivers of the same remark.
func hasTarget(w audit.Waiver) func(audit.Waiver) bool {
	return func(have audit.Waiver) bool {
		return have.Code == w.Code && have.Course == w.Course && have.Pool == w.Pool && have.Term == w.Term
	}
}

// isMade reports whether a list of remarks holds the one that a waiver lifts.
func isMade(remarks []audit.Remark, w audit.Waiver) bool {
	return slices.ContainsFunc(remarks, w.IsFor)
}

// checkWaivers notes a fault of each new waiver without a remark. The remark is made before the edit, after it, or, as
// a waiver may leave no remark at all, after it without the new waivers.
func (x *changer) checkWaivers(before, after *Result) error {
	var unwaived *Result
	for _, claimed := range x.waived {
		if isMade(before.Remarks, claimed.waiver) || isMade(after.Remarks, claimed.waiver) {
			continue
		}
		if unwaived == nil {
			s := *x.s
			s.Waivers = slices.DeleteFunc(slices.Clone(s.Waivers), func(w audit.Waiver) bool {
				return slices.ContainsFunc(x.waived, func(c claimedWaiver) bool { return hasTarget(w)(c.waiver) })
			})
			var err error
			if unwaived, err = x.b.FromSaved(s, x.now); err != nil {
				return err
			}
		}
		if !isMade(unwaived.Remarks, claimed.waiver) {
			x.found.AddFault(claimed.path, "There is no such remark to waive.")
		}
	}
	return nil
}
