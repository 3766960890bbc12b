package timeline_test

import (
	"flag"
	"slices"
	"testing"

	"github.com/trackmydegree/trackmydegree/internal/audit"
	"github.com/trackmydegree/trackmydegree/internal/timeline"
	"github.com/trackmydegree/trackmydegree/internal/timeline/wire"
	"github.com/trackmydegree/trackmydegree/internal/timelinetest"
)

var update = flag.Bool("update", false, "write the golden files again")

const software = timelinetest.Software

// now is the day of the specification's cases: during Fall 2026.
var now = timelinetest.Now

func encode(tb testing.TB, r *timeline.Result) []byte {
	tb.Helper()
	return timelinetest.Must(wire.EncodeResult(r))(tb)
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
