package audit_test

import (
	"strings"
	"sync"
	"testing"

	"github.com/trackmydegree/trackmydegree/internal/audit"
	"github.com/trackmydegree/trackmydegree/internal/catalogue"
	"github.com/trackmydegree/trackmydegree/internal/cataloguetest"
	"github.com/trackmydegree/trackmydegree/internal/term"
)

// loadBook returns the embedded catalogue as a rulebook.
var loadBook = sync.OnceValue(func() *audit.Rulebook {
	return audit.NewRulebook(cataloguetest.Embedded(), audit.Settings{Calendar: "2026-27"})
})

// programOf returns a degree's program. Flags: "ecp", "coop".
func programOf(tb testing.TB, degree string, flags ...string) *audit.Program {
	tb.Helper()
	return programIn(tb, loadBook(), degree, flags...)
}

// programIn returns a degree's program by a rulebook.
func programIn(tb testing.TB, book *audit.Rulebook, degree string, flags ...string) *audit.Program {
	tb.Helper()
	cat := cataloguetest.Embedded()
	d, ok := cat.FindDegree(degree)
	if !ok {
		tb.Skipf("the catalogue has no %s", degree)
	}
	all := strings.Join(flags, " ")
	return book.NewProgram(d, audit.DegreePools(cat, d, strings.Contains(all, "ecp"), strings.Contains(all, "coop")))
}

func parseTerm(s string) term.Term {
	if s == "" {
		return term.Term{}
	}
	t, err := term.Parse(s)
	if err != nil {
		panic(err)
	}
	return t
}

// readAttempts reads lines such as "Fall 2026 planned: COMP 248, COMP 232 D": a term or "-", a status, and courses,
// each with a mark D for a grade below C-, or with credits "=3.5".
func readAttempts(text string) []audit.Attempt {
	var out []audit.Attempt
	for line := range strings.Lines(text) {
		line = strings.TrimSpace(line)
		if line == "" {
			continue
		}
		head, courses, _ := strings.Cut(line, ":")
		words := strings.Fields(head)
		status, via := audit.Status(words[len(words)-1]), ""
		switch status {
		case "transfer", "exemption":
			status, via = audit.Completed, string(status)
		}
		when := term.Term{}
		if len(words) > 2 {
			when = parseTerm(strings.Join(words[:len(words)-1], " "))
		}
		for _, c := range strings.Split(courses, ",") {
			c = strings.TrimSpace(c)
			a := audit.Attempt{Status: status, Term: when, Via: via, Credits: audit.NoCredits}
			if code, ok := strings.CutSuffix(c, " D"); ok {
				c, a.BelowCMinus = code, true
			}
			if code, credits, ok := strings.Cut(c, "="); ok {
				c = code
				_ = a.Credits.UnmarshalJSON([]byte(credits))
			}
			a.Code = c
			out = append(out, a)
		}
	}
	return out
}

func requirementOf(tb testing.TB, a *audit.Audit, name string) audit.Requirement {
	tb.Helper()
	for _, r := range a.Requirements {
		if strings.Contains(r.ID, name) || strings.Contains(r.Name, name) {
			return r
		}
	}
	tb.Fatalf("no requirement %q", name)
	return audit.Requirement{}
}

// programWith returns a degree with the given pools.
func programWith(tb testing.TB, pools ...catalogue.Pool) *audit.Program {
	tb.Helper()
	return newProgram(pools...)
}
