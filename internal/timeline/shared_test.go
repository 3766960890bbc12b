package timeline_test

import (
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/trackmydegree/trackmydegree/internal/audit"
	"github.com/trackmydegree/trackmydegree/internal/catalogue"
	"github.com/trackmydegree/trackmydegree/internal/document"
	"github.com/trackmydegree/trackmydegree/internal/fault"
	"github.com/trackmydegree/trackmydegree/internal/testenv"
	"github.com/trackmydegree/trackmydegree/internal/timeline"
	"github.com/trackmydegree/trackmydegree/internal/timeline/wire"
)

var update = flag.Bool("update", false, "write the golden files again")

const software = "BEng in Software Engineering"

// now is the day of the specification's cases: during Fall 2026.
var now = time.Date(2026, time.November, 23, 12, 0, 0, 0, time.UTC)

// embedded is the catalogue of the binary, indexed once for all tests.
var embedded = sync.OnceValue(func() *catalogue.Catalogue {
	d, err := catalogue.LoadEmbedded()
	if err != nil {
		panic(err)
	}
	c, err := catalogue.New(d)
	if err != nil {
		panic(err)
	}
	return c
})

// facts returns the expected facts of a document of tests/documents; ok is false for one that cannot be read.
func facts(tb testing.TB, path string) (doc document.Document, ok bool) {
	tb.Helper()
	b, err := os.ReadFile(path)
	if err != nil {
		tb.Fatal(err)
	}
	var failed struct{ Error any }
	if err := errors.Join(json.Unmarshal(b, &doc), json.Unmarshal(b, &failed)); err != nil {
		tb.Fatalf("%s: %v", path, err)
	}
	return doc, failed.Error == nil
}

// builder builds from the catalogue of the binary.
var builder = sync.OnceValue(func() *timeline.Builder { return timeline.NewBuilder(embedded()) })

func documentPath(name string) string {
	return filepath.Join(testenv.RepoRoot(), "tests", "documents", name+".expected.json")
}

func fromFacts(tb testing.TB, name string) *timeline.Result {
	tb.Helper()
	doc, ok := facts(tb, documentPath(name))
	if !ok {
		tb.Fatalf("%s holds no facts", name)
	}
	return must(builder().FromDocument(doc, now))(tb)
}

// transcript is a document of a degree and its sittings, each "term: CODE grade [notation]". It prints the
// catalogue's credits as attempted, 3 for a course that the catalogue lacks, and none as earned.
func transcript(degree string, sittings ...string) document.Document {
	doc := document.Document{Kind: document.Transcript, ProgramInfo: &document.ProgramInfo{Degree: degree}}
	at := map[string]int{}
	for _, s := range sittings {
		t, row, _ := strings.Cut(s, ": ")
		words := append(strings.Fields(row), "", "")
		if _, ok := at[t]; !ok {
			at[t] = len(doc.Semesters)
			doc.Semesters = append(doc.Semesters, document.Semester{Term: t})
		}
		courses := &doc.Semesters[at[t]].Courses
		grade := words[2]
		if grade == "-" {
			grade = ""
		}
		code := words[0] + " " + words[1]
		credits := 3.0
		if c, ok := embedded().FindCourse(code); ok {
			credits = c.Credits
		}
		*courses = append(*courses, document.Sitting{
			Code: code, Title: "AS PRINTED", CreditsAttempted: credits, Grade: grade, Notation: words[3],
		})
	}
	return doc
}

const softwarePrinted = "Bachelor of Engineering, Software Engineering"

// must returns the value of a call, and fails the test with its error.
func must[T any](v T, err error) func(testing.TB) T {
	return func(tb testing.TB) T {
		tb.Helper()
		if err != nil {
			tb.Fatal(describe(err))
		}
		return v
	}
}

func describe(err error) string {
	f := fault.From(err)
	return fmt.Sprintf("%v: %v %q", err, f.Fields, f.Closest)
}

func encode(tb testing.TB, r *timeline.Result) []byte {
	tb.Helper()
	return must(wire.EncodeResult(r))(tb)
}

func pool(tb testing.TB, r *timeline.Result, id string) timeline.Pool {
	tb.Helper()
	for _, p := range r.Pools {
		if p.ID == id {
			return p
		}
	}
	tb.Fatalf("no pool %q", id)
	return timeline.Pool{}
}

func poolIDs(r *timeline.Result) []string {
	var ids []string
	for _, p := range r.Pools {
		ids = append(ids, p.ID)
	}
	return ids
}

func terms(r *timeline.Result) []string {
	var out []string
	for _, s := range r.Semesters {
		out = append(out, s.Term)
	}
	return out
}

// line formats a state as in the tests: "completed FALL 2024 via transfer (message)".
func line(s timeline.State) string {
	out := string(s.Status)
	if s.Semester != nil {
		out += " " + *s.Semester
	}
	if s.Via != "" {
		out += " via " + s.Via
	}
	if s.Message != "" {
		out += " (" + s.Message + ")"
	}
	return out
}

// state writes the state of a course, "absent" for none.
func state(r *timeline.Result, code string) string {
	c, ok := r.Courses[code]
	if !ok {
		return "absent"
	}
	return line(c.State)
}

// remarks returns the messages at each sitting of a course, as "TERM: message".
func remarks(r *timeline.Result, code string) []string {
	var out []string
	for _, s := range r.Semesters {
		for _, c := range s.Courses {
			if c.Code == code {
				out = append(out, s.Term+": "+c.Message)
			}
		}
	}
	return out
}

// hasRemark reports whether the audit has a remark about a course.
func hasRemark(r *timeline.Result, code audit.RemarkCode, course string) bool {
	return slices.ContainsFunc(r.Remarks, func(x audit.Remark) bool { return x.Code == code && x.Course == course })
}

func ptr[T any](v T) *T { return &v }
