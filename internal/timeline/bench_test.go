package timeline_test

import (
	"bytes"
	"compress/gzip"
	"testing"

	"github.com/trackmydegree/trackmydegree/internal/timeline"
)

// The two ends of what there is: a common degree, and the one with the most courses.
var benchmarks = []struct{ name, document string }{
	{"software", "transcripts/soen-regular"},
	{"computer-science-extended", "transcripts/cs-ecp"},
}

func BenchmarkBuild(b *testing.B) {
	for _, c := range benchmarks {
		b.Run(c.name, func(b *testing.B) {
			doc, _ := facts(b, documentPath(c.document))
			cat := embedded()
			r := must(timeline.FromDocument(cat, doc, now))(b)
			b.ReportAllocs()
			for b.Loop() {
				if _, err := timeline.FromDocument(cat, doc, now); err != nil {
					b.Fatal(err)
				}
			}
			b.ReportMetric(float64(len(r.Courses)), "courses")
		})
	}
}

func BenchmarkEncode(b *testing.B) {
	for _, c := range benchmarks {
		b.Run(c.name, func(b *testing.B) {
			r := fromFacts(b, c.document)
			plain := encode(b, r)
			var packed bytes.Buffer
			w := gzip.NewWriter(&packed)
			if _, err := w.Write(plain); err != nil {
				b.Fatal(err)
			}
			if err := w.Close(); err != nil {
				b.Fatal(err)
			}
			b.ReportAllocs()
			for b.Loop() {
				if _, err := timeline.Encode(r); err != nil {
					b.Fatal(err)
				}
			}
			b.ReportMetric(float64(len(plain)), "json-bytes")
			b.ReportMetric(float64(packed.Len()), "gzip-bytes")
		})
	}
}

func BenchmarkDecode(b *testing.B) {
	for _, c := range benchmarks {
		b.Run(c.name, func(b *testing.B) {
			plain := encode(b, fromFacts(b, c.document))
			b.ReportAllocs()
			for b.Loop() {
				if _, err := timeline.Decode(plain); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}

func BenchmarkApply(b *testing.B) {
	for _, c := range benchmarks {
		b.Run(c.name, func(b *testing.B) {
			r := fromFacts(b, c.document)
			b.ReportAllocs()
			for b.Loop() {
				if _, err := timeline.Apply(embedded(), r, timeline.Patch{IsCoop: ptr(true)}, now); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}
