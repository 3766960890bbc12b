package audit_test

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/trackmydegree/trackmydegree/internal/audit"
	"github.com/trackmydegree/trackmydegree/internal/cataloguetest"
)

// calibration is one case that was worked out by hand: a record and the expected result.
type calibration struct {
	name, degree, flags string
	settings            audit.Settings
	record              audit.Record
	wants               []string
}

func readCalibrations(t *testing.T) []calibration {
	t.Helper()
	files, err := filepath.Glob("testdata/calibration*.txt")
	if err != nil {
		t.Fatal(err)
	}
	text := ""
	for _, name := range files {
		b, err := os.ReadFile(name)
		if err != nil {
			t.Fatal(err)
		}
		text += string(b) + "\n"
	}
	var out []calibration
	for block := range strings.SplitSeq(strings.TrimSpace(text), "\n\n") {
		c := calibration{settings: audit.Settings{Calendar: "2026-27"}}
		c.record.Current = parseTerm("Fall 2026")
		var attempts []string
		for line := range strings.Lines(strings.TrimSpace(block)) {
			line = strings.TrimSpace(line)
			word, rest, _ := strings.Cut(line, " ")
			left, right, _ := strings.Cut(rest, " = ")
			switch word {
			case "#":
				c.name = rest
			case "from": // the source of the rule
			case "degree":
				c.degree = rest
			case "flags":
				c.flags = rest
			case "required":
				_ = c.record.Required.UnmarshalJSON([]byte(rest))
			case "owes":
				c.record.Deficiencies = append(c.record.Deficiencies, rest)
			case "pin":
				c.record.Pins = map[string]string{left: findPoolID(right)}
			case "waive":
				code, rest, _ := strings.Cut(rest, " ")
				kind, name, _ := strings.Cut(rest, " ")
				w := audit.Waiver{Code: audit.RemarkCode(code), Course: name}
				if kind == "pool" {
					w = audit.Waiver{Code: audit.RemarkCode(code), Pool: name}
				}
				c.record.Waivers = append(c.record.Waivers, w)
			case "equivalent":
				c.settings.Equivalents = func(code string) []string { return map[string][]string{left: {right}, right: {left}}[code] }
			case "repeatable":
				c.settings.Repeatable = func(code string) bool { return code == rest }
			case "want":
				c.wants = append(c.wants, rest)
			default:
				attempts = append(attempts, line)
			}
		}
		c.record.IsCoop = strings.Contains(c.flags, "coop")
		c.record.Attempts = readAttempts(strings.Join(attempts, "\n"))
		out = append(out, c)
	}
	return out
}

// findPoolID completes the id of a pool.
func findPoolID(prefix string) string {
	for _, p := range cataloguetest.Embedded().Data().Pools {
		if strings.HasPrefix(p.ID, prefix) {
			return p.ID
		}
	}
	return prefix
}

// TestCalibration compares the audit with cases that were worked out from the calendar by hand.
func TestCalibration(t *testing.T) {
	t.Parallel()
	cases := readCalibrations(t)
	if len(cases) < 150 {
		t.Errorf("got %d cases, want all files read", len(cases))
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			book := loadBook()
			if c.settings.Equivalents != nil || c.settings.Repeatable != nil {
				book = audit.NewRulebook(cataloguetest.Embedded(), c.settings)
			}
			out := programIn(t, book, c.degree, c.flags).Audit(c.record)
			for _, want := range c.wants {
				if got := checkWant(out, want); got != "" {
					t.Errorf("want %s; got %s", want, got)
				}
			}
		})
	}
}

// checkWant returns the differences from the expected result, "" for none.
func checkWant(a *audit.Audit, want string) string {
	verb, rest, _ := strings.Cut(want, " ")
	left, right, _ := strings.Cut(rest, " = ")
	switch verb {
	case "remark", "none", "waived":
		return checkRemark(a, verb, strings.Fields(rest))
	case "counts", "uncounted":
		var got []string
		for _, c := range a.Courses {
			if c.Code != left {
				continue
			}
			if c.Uncounted != nil && verb == "uncounted" {
				got = append(got, fmt.Sprintf("%s %s", c.Uncounted.Because, c.Uncounted.Credits))
			}
			for _, n := range c.Counts {
				if verb == "counts" {
					got = append(got, fmt.Sprintf("%s %s %s", n.Pool, n.Credits, n.Because))
				}
			}
		}
		if len(got) == 1 && (got[0] == right || verb == "counts" && matchesShortened(got[0], right)) {
			return ""
		}
		return fmt.Sprintf("%q", got)
	}
	name, value, _ := strings.Cut(want, " = ")
	dot := strings.LastIndex(name, ".")
	return checkField(a, name[:dot], name[dot+1:], value)
}

// matchesShortened compares values in which the pool's id is abbreviated to its beginning.
func matchesShortened(got, want string) bool {
	w, g := strings.Fields(want), strings.Fields(got)
	n := len(w) - 2
	return strings.HasPrefix(got, strings.Join(w[:n], " ")) && strings.Join(g[len(g)-2:], " ") == strings.Join(w[n:], " ")
}

func checkRemark(a *audit.Audit, verb string, words []string) string {
	course, level := "", ""
	switch len(words) {
	case 2:
		level = words[1]
	case 3:
		course, level = words[1], words[2]
		if verb != "remark" {
			course, level = words[1]+" "+words[2], ""
		} else if course == "-" {
			course = ""
		}
	case 4:
		course, level = words[1]+" "+words[2], words[3]
	}
	var got []string
	for _, r := range a.Remarks {
		if string(r.Code) != words[0] || r.Course != course && (verb == "remark" || course != "") {
			continue
		}
		got = append(got, string(r.Level))
		if verb == "remark" && string(r.Level) == level || verb == "waived" && r.Waived {
			return ""
		}
	}
	if verb == "none" && len(got) == 0 {
		return ""
	}
	return fmt.Sprintf("%q", got)
}

func checkField(a *audit.Audit, pool, field, want string) string {
	if pool == "total" {
		got := map[string]audit.Credits{
			"required": a.Totals.Required, "completed": a.Totals.Completed, "inProgress": a.Totals.InProgress,
			"planned": a.Totals.Planned, "remaining": a.Totals.Remaining,
		}[field].String()
		if got != want {
			return got
		}
		return ""
	}
	for _, r := range a.Requirements {
		if !strings.Contains(r.ID, pool) && !strings.Contains(r.Name, pool) {
			continue
		}
		got := map[string]string{
			"required": r.Required.String(), "completed": r.Completed.String(), "inProgress": r.InProgress.String(),
			"planned": r.Planned.String(), "remaining": r.Remaining.String(), "status": string(r.Status),
		}[field]
		if got != want {
			return got
		}
		return ""
	}
	return "no such requirement"
}
