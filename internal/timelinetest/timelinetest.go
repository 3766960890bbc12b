// Package timelinetest holds what the tests of timelines and of their wire format share: a builder on the catalogue of
// the binary, the documents of tests/documents as facts, and transcripts written in a line.
package timelinetest

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

	"github.com/trackmydegree/trackmydegree/internal/cataloguetest"
	"github.com/trackmydegree/trackmydegree/internal/document"
	"github.com/trackmydegree/trackmydegree/internal/fault"
	"github.com/trackmydegree/trackmydegree/internal/testenv"
	"github.com/trackmydegree/trackmydegree/internal/timeline"
)

// Software is the degree that most tests use, and SoftwarePrinted is its name on a transcript.
const (
	Software        = "BEng in Software Engineering"
	SoftwarePrinted = "Bachelor of Engineering, Software Engineering"
)

// Now is the day of the specification's cases, during Fall 2026.
var Now = time.Date(2026, time.November, 23, 12, 0, 0, 0, time.UTC)

// Builder returns the builder on the catalogue of the binary.
var Builder = sync.OnceValue(func() *timeline.Builder { return timeline.NewBuilder(cataloguetest.Embedded()) })

// DocumentPath returns the path of the expected facts of a document, as in "transcripts/soen-coop".
func DocumentPath(name string) string {
	return filepath.Join(testenv.RepoRoot(), "tests", "documents", filepath.FromSlash(name)+".expected.json")
}

// ReadFacts returns the expected facts in a file; ok is false when the file expects a fault.
func ReadFacts(tb testing.TB, path string) (doc document.Document, ok bool) {
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

// BuildFromFacts returns the timeline of a document at Now.
func BuildFromFacts(tb testing.TB, name string) *timeline.Result {
	tb.Helper()
	doc, ok := ReadFacts(tb, DocumentPath(name))
	if !ok {
		tb.Fatalf("%s holds no facts", name)
	}
	return Must(Builder().FromDocument(doc, Now))(tb)
}

// NewTranscript returns a document of a degree and its sittings, each "TERM: CODE GRADE [NOTATION]", with "-" for no
// grade. It prints the catalogue's credits as attempted, 3 for a course that the catalogue lacks, and none as earned.
func NewTranscript(degree string, sittings ...string) document.Document {
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
		if c, ok := cataloguetest.Embedded().FindCourse(code); ok {
			credits = c.Credits
		}
		*courses = append(*courses, document.Sitting{
			Code: code, Title: "AS PRINTED", CreditsAttempted: credits, Grade: grade, Notation: words[3],
		})
	}
	return doc
}

// Must returns the value of a call, and fails the test with its error and the faulty fields.
func Must[T any](v T, err error) func(testing.TB) T {
	return func(tb testing.TB) T {
		tb.Helper()
		if err != nil {
			tb.Fatal(DescribeFault(err))
		}
		return v
	}
}

// DescribeFault returns an error with its faulty fields and the closest names.
func DescribeFault(err error) string {
	f := fault.From(err)
	return fmt.Sprintf("%v: %v %q", err, f.Fields, f.Closest)
}

// FaultyFields returns the paths of the faulty fields of an invalid_form error. Each has to have a sentence.
func FaultyFields(tb testing.TB, err error) []string {
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
