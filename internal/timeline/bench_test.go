package timeline_test

import (
	"context"
	"testing"

	"github.com/trackmydegree/trackmydegree/internal/timeline"
	"github.com/trackmydegree/trackmydegree/internal/timelinetest"
)

// The two extremes: a common degree, and the one with the most courses.
var benchmarks = []struct{ name, document string }{
	{"software", "transcripts/soen-regular"},
	{"computer-science-extended", "transcripts/cs-ecp"},
}

func BenchmarkBuild(b *testing.B) {
	for _, c := range benchmarks {
		b.Run(c.name, func(b *testing.B) {
			doc, _ := timelinetest.ReadFacts(b, timelinetest.DocumentPath(c.document))
			r := timelinetest.Must(timelinetest.Builder().FromDocument(doc, now))(b)
			b.ReportAllocs()
			for b.Loop() {
				if _, err := timelinetest.Builder().FromDocument(doc, now); err != nil {
					b.Fatal(err)
				}
			}
			b.ReportMetric(float64(len(r.Courses)), "courses")
		})
	}
}

func BenchmarkApply(b *testing.B) {
	for _, c := range benchmarks {
		b.Run(c.name, func(b *testing.B) {
			r := timelinetest.BuildFromFacts(b, c.document)
			b.ReportAllocs()
			for b.Loop() {
				if _, err := timelinetest.Builder().ApplyPatch(r, timeline.Patch{IsCoop: ptr(true)}, now); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}

// BenchmarkMove is an edit as the API makes it: the change, the audit, the earliest graduation, and what changed.
func BenchmarkMove(b *testing.B) {
	for _, graduation := range []bool{false, true} {
		b.Run(map[bool]string{false: "audit", true: "graduation"}[graduation], func(b *testing.B) {
			r := apply(b, edited(b), changes(timeline.Change{Op: timeline.AddTerm, Term: "FALL 2027"}))
			p := changes(timeline.Change{Op: timeline.MoveCourse, Course: "COMP 352", To: "FALL 2027"})
			b.ReportAllocs()
			for b.Loop() {
				after, err := timelinetest.Builder().ApplyPatch(r, p, now)
				if err != nil {
					b.Fatal(err)
				}
				if graduation {
					if err := timelinetest.Builder().AddGraduation(context.Background(), after, now); err != nil {
						b.Fatal(err)
					}
				}
				timeline.CompareResults(r, after)
			}
		})
	}
}
