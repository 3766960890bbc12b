package timeline_test

import (
	"testing"

	"github.com/trackmydegree/trackmydegree/internal/timeline"
)

// The two extremes: a common degree, and the one with the most courses.
var benchmarks = []struct{ name, document string }{
	{"software", "transcripts/soen-regular"},
	{"computer-science-extended", "transcripts/cs-ecp"},
}

func BenchmarkBuild(b *testing.B) {
	for _, c := range benchmarks {
		b.Run(c.name, func(b *testing.B) {
			doc, _ := facts(b, documentPath(c.document))
			r := must(builder().FromDocument(doc, now))(b)
			b.ReportAllocs()
			for b.Loop() {
				if _, err := builder().FromDocument(doc, now); err != nil {
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
			r := fromFacts(b, c.document)
			b.ReportAllocs()
			for b.Loop() {
				if _, err := builder().ApplyPatch(r, timeline.Patch{IsCoop: ptr(true)}, now); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}
