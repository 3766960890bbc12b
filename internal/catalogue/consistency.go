package catalogue

import (
	"fmt"
	"slices"
)

// Finding is a problem in one entry of a catalogue.
type Finding struct {
	File    string `json:"file"`
	Entry   string `json:"entry"`
	Message string `json:"message"`
	// Known marks a finding that the sources explain: a sequence of an older calendar lacks courses of a newer one.
	Known bool `json:"known,omitempty"`
}

// String formats the finding as one line.
func (f Finding) String() string { return f.File + ": " + f.Entry + ": " + f.Message }

// toError returns the finding as an error that says what kind of entry it is about.
func (f Finding) toError() error {
	kind := map[string]string{coursesFile: "course", poolsFile: "pool", degreesFile: "degree", sequencesFile: "sequence", editionFile: "entry"}[f.File]
	return fmt.Errorf("catalogue: %s: %s %q: %s", f.File, kind, f.Entry, f.Message)
}

// checkConsistency returns the inconsistencies of data that New accepts: credits, kinds of degrees, unknown courses,
// and sequences against their degrees. A program works with such data; a new edition should have none.
func checkConsistency(d Data) []Finding {
	k := &consistency{
		calendar: d.Calendar,
		courses:  make(map[string]Course, len(d.Courses)),
		pools:    make(map[string]Pool, len(d.Pools)),
		degrees:  make(map[string]Degree, len(d.Degrees)),
	}
	for _, c := range d.Courses {
		k.courses[c.Code] = c
	}
	for _, p := range d.Pools {
		k.pools[p.ID] = p
	}
	for _, g := range d.Degrees {
		k.degrees[g.ID] = g
	}
	if d.Calendar == "" {
		k.addFinding(editionFile, "calendar", "the academic year is missing")
	}
	for _, p := range d.Pools {
		if total := k.poolTotal(p, ""); total < p.CreditsRequired {
			k.addFinding(poolsFile, p.ID, "its courses make %v credits of the %v that it requires", total, p.CreditsRequired)
		}
	}
	for _, g := range d.Degrees {
		k.checkDegree(g)
	}
	for _, s := range d.Sequences {
		k.checkSequence(s)
	}
	return k.findings
}

// consistency gathers findings over one catalogue.
type consistency struct {
	calendar string
	courses  map[string]Course
	pools    map[string]Pool
	degrees  map[string]Degree
	findings []Finding
}

func (k *consistency) addFinding(file, entry, format string, args ...any) {
	k.findings = append(k.findings, Finding{File: file, Entry: entry, Message: fmt.Sprintf(format, args...)})
}

// poolTotal returns the most credits of a pool's courses without one of them. Of the courses of a maximum rule it
// counts the largest.
func (k *consistency) poolTotal(p Pool, without string) float64 {
	total := 0.0
	counted := map[string]bool{without: true}
	for _, r := range p.Rules {
		if r.Type != RuleMaxCourses || r.MaxCourses == nil {
			continue
		}
		var credits []float64
		for _, code := range r.CourseList {
			if !counted[code] && slices.Contains(p.Courses, code) {
				credits = append(credits, k.courses[code].Credits)
			}
			counted[code] = true
		}
		slices.Sort(credits)
		for _, n := range credits[max(0, len(credits)-*r.MaxCourses):] {
			total += n
		}
	}
	for _, code := range p.Courses {
		if !counted[code] {
			total += k.courses[code].Credits
		}
	}
	return total
}

func (k *consistency) checkDegree(g Degree) {
	if g.DegreeType == Standalone && g.Kind == "" {
		k.addFinding(degreesFile, g.ID, "the kind (BEng, BCompSc or BSc) is missing")
	}
	sum := 0.0
	for _, id := range g.Pools {
		sum += k.pools[id].CreditsRequired
	}
	if sum != g.TotalCredits {
		k.addFinding(degreesFile, g.ID, "its pools require %v credits and the degree %v", sum, g.TotalCredits)
	}
}

// requiredCourses returns the courses without which a degree's pools cannot be filled, in the order of the pools.
func (k *consistency) requiredCourses(g Degree) []string {
	var out []string
	for _, id := range g.Pools {
		p := k.pools[id]
		// A pool that can be filled without any one of its courses requires none: most elective pools.
		largest := 0.0
		for _, code := range p.Courses {
			largest = max(largest, k.courses[code].Credits)
		}
		if k.poolTotal(p, "")-largest >= p.CreditsRequired {
			continue
		}
		for _, code := range p.Courses {
			if k.poolTotal(p, code) < p.CreditsRequired {
				out = append(out, code)
			}
		}
	}
	return out
}

// checkSequence compares a sequence with its degree: each course of the degree once. A course of two terms, such as a
// capstone project, may be in both.
func (k *consistency) checkSequence(s Sequence) {
	g, ok := k.degrees[s.DegreeID]
	if !ok {
		k.addFinding(sequencesFile, s.Name, "the degree is missing")
		return
	}
	count := map[string]int{}
	for _, t := range s.Terms {
		for _, code := range t.Courses {
			if !IsCode(code) {
				continue // a placeholder
			}
			if _, ok := k.courses[code]; !ok && count[code] == 0 {
				k.addFinding(sequencesFile, s.Name, "%s is not in the catalogue", code)
			}
			count[code]++
			if n := count[code]; n > 2 || n == 2 && !k.spansTerms(code) {
				k.addFinding(sequencesFile, s.Name, "%s is in %d terms", code, n)
			}
		}
	}
	for _, code := range k.requiredCourses(g) {
		if count[code] == 0 {
			k.addFinding(sequencesFile, s.Name, "%s is missing, which %s requires", code, g.ID)
			k.findings[len(k.findings)-1].Known = s.Calendar != "" && s.Calendar < k.calendar
		}
	}
}

// spansTerms reports whether a course may run over two terms: it is offered so, or its terms are not known.
func (k *consistency) spansTerms(code string) bool {
	offered := k.courses[code].OfferedIn
	return len(offered) == 0 || slices.Contains(offered, "Fall/Winter")
}
