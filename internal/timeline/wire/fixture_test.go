package wire_test

import (
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/trackmydegree/trackmydegree/internal/catalogue"
	"github.com/trackmydegree/trackmydegree/internal/document"
	"github.com/trackmydegree/trackmydegree/internal/fault"
	"github.com/trackmydegree/trackmydegree/internal/testenv"
	"github.com/trackmydegree/trackmydegree/internal/timeline"
	"github.com/trackmydegree/trackmydegree/internal/timeline/wire"
)

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

func ptr[T any](v T) *T { return &v }

// fieldsOf returns the faulty fields of an invalid_form error.
func fieldsOf(tb testing.TB, err error) []string {
	tb.Helper()
	var f *fault.Error
	if !errors.As(err, &f) || f.Code != fault.InvalidForm {
		tb.Fatalf("%v is no invalid_form", err)
	}
	var out []string
	for _, field := range f.Fields {
		if !strings.HasSuffix(field.Message, ".") {
			tb.Errorf("%s: %q is no sentence", field.Path, field.Message)
		}
		out = append(out, field.Path)
	}
	return out
}

// edited returns the result that the tests of edits start with.
func edited(tb testing.TB) *timeline.Result {
	tb.Helper()
	doc := transcript(softwarePrinted, "Fall 2024: COMP 232 F", "Fall 2024: COMP 248 B", "Fall 2026: COMP 249", "Winter 2027: COMP 352", "Fall 2024: ACCO 220 A")
	doc.ExemptedCourses, doc.TransferredCourses = []string{"PHYS 204"}, []string{"HIST 203"}
	return must(builder().FromDocument(doc, now))(tb)
}

// The two extremes: a common degree, and the one with the most courses.
var benchmarks = []struct{ name, document string }{
	{"software", "transcripts/soen-regular"},
	{"computer-science-extended", "transcripts/cs-ecp"},
}

// builder builds from the catalogue of the binary.
var builder = sync.OnceValue(func() *timeline.Builder { return timeline.NewBuilder(embedded()) })
