package parserapi_test

import (
	"bytes"
	"context"
	"slices"
	"testing"
	"time"

	"github.com/trackmydegree/trackmydegree/internal/document"
	"github.com/trackmydegree/trackmydegree/internal/parserapi"
	"github.com/trackmydegree/trackmydegree/internal/testenv"
)

// BenchmarkParse measures the cost of each layer around the reading, for a student record: the medians of reading in
// this process, in a child, and over HTTP in a child. The three alternate, so that other load affects all of them.
func BenchmarkParse(b *testing.B) {
	pdf := sample(b, "transcripts/soen-coop.pdf")
	read, err := reader(testenv.WasmCache())
	if err != nil {
		b.Fatal(err)
	}
	pool := runPool(b)
	c := newClient(b, parserapi.ClientDeps{BaseURL: serve(b, newHandler(parserapi.Deps{Parser: pool}))})
	layers := []struct {
		name  string
		parse func(context.Context) (document.Document, error)
		times []time.Duration
	}{
		{name: "bare-ms", parse: func(ctx context.Context) (document.Document, error) {
			r, err := read(ctx, pdf)
			return r.Document, err
		}},
		{name: "child-ms", parse: func(ctx context.Context) (document.Document, error) { return pool.Parse(ctx, pdf) }},
		{name: "http-ms", parse: func(ctx context.Context) (document.Document, error) { return c.Parse(ctx, bytes.NewReader(pdf)) }},
	}
	for b.Loop() {
		for i := range layers {
			began := time.Now()
			if _, err := layers[i].parse(b.Context()); err != nil {
				b.Fatal(err)
			}
			layers[i].times = append(layers[i].times, time.Since(began))
		}
	}
	for _, l := range layers {
		slices.Sort(l.times)
		b.ReportMetric(float64(l.times[len(l.times)/2].Microseconds())/1000, l.name)
	}
}
