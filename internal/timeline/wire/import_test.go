package wire_test

import (
	"encoding/json"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/trackmydegree/trackmydegree/internal/fault"
	"github.com/trackmydegree/trackmydegree/internal/timeline"
	"github.com/trackmydegree/trackmydegree/internal/timeline/wire"
	"github.com/trackmydegree/trackmydegree/internal/timelinetest"
)

// A timeline that was exported is decoded as it was.
func TestDecodeExported(t *testing.T) {
	t.Parallel()
	for _, document := range []string{"transcripts/soen-coop", "transcripts/cs-ecp", "letters/transfers"} {
		t.Run(document, func(t *testing.T) {
			t.Parallel()
			want := timelinetest.BuildFromFacts(t, document).ToSaved()
			b, err := json.Marshal(want)
			if err != nil {
				t.Fatal(err)
			}
			var exported map[string]any
			if err := json.Unmarshal(b, &exported); err != nil {
				t.Fatal(err)
			}
			for _, name := range []string{"_id", "version", "createdAt", "updatedAt"} {
				delete(exported, name)
			}
			if b, err = json.Marshal(exported); err != nil {
				t.Fatal(err)
			}
			got, err := wire.DecodeCreateRequest(strings.NewReader(string(b)))
			if err != nil || got.Imported == nil {
				t.Fatalf("got %v, %v, want a timeline", got, err)
			}
			want.Name, want.ID = "", ""
			if diff := cmp.Diff(want, *got.Imported); diff != "" {
				t.Errorf("(-want +got):\n%s", diff)
			}
		})
	}
}

func TestDecodeCreateRequest(t *testing.T) {
	t.Parallel()
	got, err := wire.DecodeCreateRequest(strings.NewReader(`{"jobId":"x","timelineName":"mine"}`))
	if err != nil || got.Imported != nil || *got.JobID != "x" || *got.Name != "mine" {
		t.Errorf("a job: got %v, %v", got, err)
	}
	long := strings.Repeat("x", 301)
	for body, path := range map[string]string{
		`{"degreeId":"d","jobId":"x"}`:                                                   "jobId",
		`{"isCoop":true}`:                                                                "degreeId",
		`{"degreeId":"d","_id":"5"}`:                                                     "_id",
		`{"degreeId":"d","creditsRequired":-1}`:                                          "creditsRequired",
		`{"degreeId":"d","semesters":[{"term":"AUTUMN 1"}]}`:                             "semesters/0/term",
		`{"degreeId":"d","courseStatusMap":{"COMP 1.$":{"status":"planned"}}}`:           "courseStatusMap/COMP 1.$",
		`{"degreeId":"d","courseStatusMap":{"COMP 248":{"status":"x"}}}`:                 "courseStatusMap/COMP 248/status",
		`{"degreeId":"d","extraCourses":[{"code":"x","title":"","credits":1}]}`:          "extraCourses/0/code",
		`{"degreeId":"d","extraCourses":[{"code":"COMP 9","title":"a\nb","credits":1}]}`: "extraCourses/0/title",
		`{"degreeId":"d","extraCourses":[{"code":"COMP 999","title":"","credits":1e9}]}`: "extraCourses/0/credits",
		`{"degreeId":"d","transfers":[{"via":"theft"}]}`:                                 "transfers/0/via",
		`{"degreeId":"d","warnings":[{"code":"x","message":""}]}`:                        "warnings/0/code",
		`{"degreeId":"d","warnings":[{"code":"gpa_differs","message":"` + long + `"}]}`:  "warnings/0/message",
		`{"degreeId":"d","waivers":[{"code":"excluded"}]}`:                               "waivers/0",
		`{"degreeId":"d","pins":{"?":"p"}}`:                                              "pins/?",
		`{"degreeId":"d","exemptions":["<b>"]}`:                                          "exemptions/0",
	} {
		_, err := wire.DecodeCreateRequest(strings.NewReader(body))
		f := fault.From(err)
		if err == nil || f.Code != fault.InvalidForm || !hasPath(f.Fields, path) {
			t.Errorf("%s: got %v %v, want a fault of %s", body, err, f, path)
		}
	}
}

func hasPath(fields []fault.Field, path string) bool {
	for _, f := range fields {
		if f.Path == path {
			return true
		}
	}
	return false
}

// Any body of an import.
func FuzzDecodeCreateRequest(f *testing.F) {
	for _, s := range []string{`{}`, `{"jobId":"x"}`, `{"degreeId":"d","semesters":[{"term":"FALL 2026","courses":[{"code":"COMP 248","credits":3}]}]}`,
		`{"degreeId":"\ud800","warnings":[{"page":1e300}],"transfers":[{}],"extraCourses":[{"credits":-0.1}]}`} {
		f.Add([]byte(s))
	}
	f.Fuzz(func(t *testing.T, b []byte) {
		got, err := wire.DecodeCreateRequest(strings.NewReader(string(b)))
		if c := fault.CodeOf(err); err != nil && c != fault.BadRequest && c != fault.InvalidForm {
			t.Errorf("%v", err)
		}
		if err == nil && got.Imported != nil && got.Imported.DegreeID == "" {
			t.Errorf("a timeline without a degree: %v", timeline.Saved{})
		}
	})
}
