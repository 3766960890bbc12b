package audit_test

import (
	"slices"
	"strings"
	"testing"

	"github.com/trackmydegree/trackmydegree/internal/audit"
	"github.com/trackmydegree/trackmydegree/internal/catalogue"
	"github.com/trackmydegree/trackmydegree/internal/cataloguetest"
	"github.com/trackmydegree/trackmydegree/internal/term"
)

// layOut plans a published sequence from its first term: a capstone in a fall and in the winter after it is one
// full-year course, and a name that is no code is a placeholder.
func layOut(s catalogue.Sequence) []audit.Attempt {
	at := term.Term{Year: 2027, Season: term.Fall}
	if strings.Contains(s.Name, "january") || strings.Contains(s.Name, "winter_entry") {
		at = term.Term{Year: 2028, Season: term.Winter}
	}
	var out []audit.Attempt
	for i, t := range s.Terms {
		for _, name := range t.Courses {
			name = strings.TrimSpace(name)
			switch {
			case i > 0 && slices.Contains(s.Terms[i-1].Courses, name) && strings.HasSuffix(name, " 490"):
			case !catalogue.IsCode(name):
				n := 1
				if strings.EqualFold(name, "Electives") {
					n = 3
				}
				for range n {
					out = append(out, audit.Placeholder(name, "", audit.NoCredits, at))
				}
			default:
				when := at
				if i+1 < len(s.Terms) && slices.Contains(s.Terms[i+1].Courses, name) && at.Season == term.Fall {
					when.Season = term.FallWinter
				}
				out = append(out, audit.Attempt{Code: name, Status: audit.Planned, Term: when, Credits: audit.NoCredits})
			}
		}
		at = at.NextTerm()
	}
	return out
}

// closestDegree returns the degree whose own pools list the most courses of a sequence.
func closestDegree(cat *catalogue.Catalogue, s catalogue.Sequence) catalogue.Degree {
	var best catalogue.Degree
	most := -1
	for _, d := range cat.StandaloneDegrees() {
		n := 0
		for _, id := range d.Pools {
			pool, _ := cat.FindPool(id)
			for _, t := range s.Terms {
				for _, code := range t.Courses {
					if len(pool.Courses) < 100 && slices.Contains(pool.Courses, code) {
						n++
					}
				}
			}
		}
		if n > most {
			best, most = d, n
		}
	}
	return best
}

// slips are errors of the published sheets, or of the rules, each checked by hand: the sheet places a course in the
// term of its prerequisite, or the degree does not require what the course requires.
var slips = map[string]string{
	"chemical_winter_entry ENGR 311":               "in the term of ENGR 233",
	"chemical_engineering_january ENGR 311":        "in the term of ENGR 233 on the older sheet",
	"chemical_winter_entry ENGR 371":               "in the term of ENGR 233 on the older sheet",
	"chemical_engineering_january ENGR 371":        "in the term of ENGR 233",
	"chemical_winter_entry ENGR 392":               "in the term of ENGR 202",
	"civil_engineering_january BCEE 342":           "in the term of ENGR 244",
	"industrial_engineering ENGR 371":              "in the term of ENGR 233",
	"cybersecurity_engineering INSE 401":           "INSE 321 is an elective",
	"cybersecurity_engineering INSE 445":           "INSE 321 is an elective",
	"cybersecurity_engineering_september INSE 401": "INSE 321 is an elective",
	"cybersecurity_engineering_september INSE 445": "INSE 321 is an elective",
	"cybersecurity_bsc INSE 445":                   "INSE 321 is an elective",
	"cybersecurity_bsc_september INSE 445":         "INSE 321 is an elective",
}

// Each published sequence follows every rule from its first term on; each exception is an error of the published
// sheet or of the catalogue, and is listed here with its reason.
func TestPublishedSequencesKeepTheRules(t *testing.T) {
	t.Parallel()
	cat := cataloguetest.Embedded()
	if len(cat.StandaloneDegrees()) < 17 {
		t.Skip("the catalogue has the sequences of an earlier edition")
	}
	for _, s := range cat.Sequences() {
		t.Run(s.Name, func(t *testing.T) {
			t.Parallel()
			attempts := layOut(s)
			coop := slices.ContainsFunc(attempts, func(a audit.Attempt) bool { return a.Code == "CWT 100" })
			d := closestDegree(cat, s)
			p := loadBook().NewProgram(d, audit.DegreePools(cat, d, false, coop))
			out := p.Audit(audit.Record{Attempts: attempts, IsCoop: coop, Current: parseTerm("Winter 2027")})
			for _, r := range out.Remarks {
				if _, known := slips[s.Name+" "+r.Course]; r.Level == audit.Error && !known {
					t.Errorf("%s: %s %s: %s", d.Name, r.Code, r.Term, r.Message)
				}
			}
		})
	}
}
