package page_test

import (
	"bytes"
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"testing"

	"github.com/evanw/esbuild/pkg/api"
)

//go:generate go test -run TestBundle -update .

var update = flag.Bool("update", false, "write the files that are served again")

const (
	sources = "static"
	bundled = "dist"
)

// bundle makes the files that are served of their sources, by name. All scripts of a page become one file, so do
// the styles that the first paint does not need, and a language has one table of texts: one file compresses better than
// many, and takes one round trip.
func bundle() (map[string][]byte, error) {
	texts, err := readTexts()
	if err != nil {
		return nil, err
	}
	result := api.Build(api.BuildOptions{
		EntryPoints: []string{sources + "/app.js", sources + "/docs.js", sources + "/shell.css", sources + "/style.css", sources + "/admin/admin.js", sources + "/admin/admin.css"}, Bundle: true, Outdir: bundled,
		Format: api.FormatESModule, Target: api.ES2022, Charset: api.CharsetUTF8, LegalComments: api.LegalCommentsNone,
		MinifyWhitespace: true, MinifyIdentifiers: true, MinifySyntax: true,
		// The tables are loaded by the page, each when its language is wanted.
		External: []string{"./text-en.js", "./text-fr.js"}, Plugins: []api.Plugin{texts.plugin()},
	})
	for _, m := range append(result.Errors, result.Warnings...) {
		return nil, fmt.Errorf("bundle: %s", m.Text)
	}
	out := map[string][]byte{}
	for _, f := range result.OutputFiles {
		out[filepath.Base(f.Path)] = f.Contents
	}
	for _, language := range []string{"en", "fr"} {
		if out["text-"+language+".js"], err = texts.packTable(language); err != nil {
			return nil, err
		}
	}
	for _, name := range []string{"index.html", "docs.html", "icon.svg", "admin/admin.html"} {
		text, err := os.ReadFile(filepath.Join(sources, name))
		if err != nil {
			return nil, err
		}
		out[filepath.Base(name)] = shortenMarkup(text)
	}
	return out, nil
}

var (
	markupComment = regexp.MustCompile(`(?s)<!--.*?-->`)
	markupIndent  = regexp.MustCompile(`\s*\n\s*`)
)

// shortenMarkup drops comments, and white space around the ends of lines, which no element of the pages shows.
func shortenMarkup(text []byte) []byte {
	return markupIndent.ReplaceAll(markupComment.ReplaceAll(text, nil), []byte("\n"))
}

// The files that are served are those of the present sources.
func TestBundle(t *testing.T) {
	t.Parallel()
	want, err := bundle()
	if err != nil {
		t.Fatal(err)
	}
	if *update {
		if err := os.RemoveAll(bundled); err != nil {
			t.Fatal(err)
		}
		if err := os.MkdirAll(bundled, 0o755); err != nil {
			t.Fatal(err)
		}
		for name, body := range want {
			if err := os.WriteFile(filepath.Join(bundled, name), body, 0o644); err != nil {
				t.Fatal(err)
			}
		}
	}
	entries, err := os.ReadDir(bundled)
	if err != nil {
		t.Fatal(err)
	}
	for _, e := range entries {
		if _, ok := want[e.Name()]; !ok {
			t.Errorf("%s has no source, run `make generate`", e.Name())
		}
	}
	for name, body := range want {
		got, err := os.ReadFile(filepath.Join(bundled, name))
		if err != nil || !bytes.Equal(got, body) {
			t.Errorf("%s is stale (%v), run `make generate`", name, err)
		}
	}
}
