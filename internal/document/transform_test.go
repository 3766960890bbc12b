package document_test

import (
	"context"
	"math"
	"os"
	"path/filepath"
	"slices"
	"testing"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"github.com/trackmydegree/trackmydegree/internal/document"
	"github.com/trackmydegree/trackmydegree/internal/testenv"
)

// TestReadIsAboutShape moves, scales, shakes and shuffles the words of real pages; the facts stay the same.
func TestReadIsAboutShape(t *testing.T) {
	t.Parallel()
	e := newExtractor(t)
	files, err := filepath.Glob(filepath.Join(testenv.RepoRoot(), "tests/documents/[tl]*/*.pdf"))
	if err != nil || len(files) == 0 {
		t.Fatal("no documents", err)
	}
	var names []string
	documents := map[string][]document.Page{}
	for _, file := range files {
		pdf, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		pages, err := e.Pages(context.Background(), pdf)
		if err != nil {
			t.Fatal(err)
		}
		names = append(names, filepath.Base(file))
		documents[filepath.Base(file)] = pages
	}
	rapid.Check(t, func(t *rapid.T) {
		name := rapid.SampledFrom(names).Draw(t, "document")
		want, err := document.Read(documents[name])
		if err != nil {
			t.Fatal(err)
		}
		scale := rapid.Float64Range(0.5, 2).Draw(t, "scale")
		dx := rapid.Float64Range(-50, 500).Draw(t, "dx")
		dy := rapid.Float64Range(-50, 500).Draw(t, "dy")
		shake := rapid.Float64Range(0, 0.05).Draw(t, "shake") // in sizes
		random := rapid.Uint64().Draw(t, "random")
		next := func() float64 { // -1 to 1
			random = random*6364136223846793005 + 1442695040888963407
			return float64(random>>11)/(1<<52) - 1
		}
		var pages []document.Page
		for _, p := range documents[name] {
			moved := document.Page{Width: p.Width * scale, Height: p.Height * scale}
			for _, w := range p.Words {
				sx, sy := shake*w.Size*next(), shake*w.Size*next()
				x := func(v float64) float64 { return (v+sx)*scale + dx }
				y := func(v float64) float64 { return (v+sy)*scale + dy }
				m := document.Word{Text: w.Text, X0: x(w.X0), X1: x(w.X1), Top: y(w.Top), Bottom: y(w.Bottom), Baseline: y(w.Baseline), Size: w.Size * scale}
				for _, edge := range w.Edges {
					m.Edges = append(m.Edges, float32(x(float64(edge))))
				}
				moved.Words = append(moved.Words, m)
			}
			for i := len(moved.Words) - 1; i > 0; i-- {
				j := int(math.Abs(next()) * float64(i+1))
				moved.Words[i], moved.Words[min(j, i)] = moved.Words[min(j, i)], moved.Words[i]
			}
			pages = append(pages, moved)
		}
		got, err := document.Read(slices.Clone(pages))
		if err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(want.Plain(), got.Plain()); diff != "" {
			t.Fatalf("%s: want -, got +\n%s", name, diff)
		}
	})
}
