package document_test

import (
	"context"
	"encoding/json"
	"flag"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/trackmydegree/trackmydegree/internal/document"
	"github.com/trackmydegree/trackmydegree/internal/fault"
	"github.com/trackmydegree/trackmydegree/internal/pdftext"
	"github.com/trackmydegree/trackmydegree/internal/testenv"
)

var update = flag.Bool("update", false, "write the expected facts of tests/documents/variants again")

func TestReadDocuments(t *testing.T) {
	e := newExtractor(t)
	files, err := filepath.Glob(filepath.Join(testenv.RepoRoot(), "tests/documents/*/*.expected.json"))
	if err != nil || len(files) < 30 {
		t.Fatalf("%d documents, %v", len(files), err)
	}
	for _, file := range files {
		name := strings.TrimSuffix(file, ".expected.json")
		t.Run(filepath.Base(filepath.Dir(name))+"/"+filepath.Base(name), func(t *testing.T) {
			want := decode(t, file)
			pdf, err := os.ReadFile(name + ".pdf")
			if err != nil {
				t.Fatal(err)
			}
			got, err := read(e, pdf)
			if *update && filepath.Base(filepath.Dir(name)) == "variants" && err == nil {
				writeExpected(t, file, got)
				return
			}
			if err != nil {
				if !expectsError(want, fault.CodeOf(err)) {
					t.Fatalf("got %v, want %v", err, want)
				}
				return
			}
			if diff := cmp.Diff(want, bare(t, got.Plain())); diff != "" {
				t.Error("want -, got +\n" + diff)
			}
		})
	}
}

func writeExpected(t *testing.T, file string, d document.Document) {
	t.Helper()
	b, err := json.MarshalIndent(d.Plain(), "", " ")
	if err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(file, append(b, '\n'), 0o644); err != nil {
		t.Fatal(err)
	}
}

func newExtractor(tb testing.TB) *pdftext.Extractor {
	tb.Helper()
	e, err := pdftext.New(pdftext.Config{CacheDir: testenv.WasmCache()})
	if err != nil {
		tb.Fatal(err)
	}
	tb.Cleanup(func() { e.Close() })
	return e
}

func read(e *pdftext.Extractor, pdf []byte) (document.Document, error) {
	pages, err := e.Pages(context.Background(), pdf)
	if err != nil {
		return document.Document{}, err
	}
	return document.Read(pages)
}

func expectsError(want any, code fault.Code) bool {
	m, _ := want.(map[string]any)
	switch e := m["error"].(type) {
	case string:
		return e == string(code)
	case []any:
		for _, one := range e {
			if one == string(code) {
				return true
			}
		}
	}
	return false
}

// decode reads expected facts; absent, null and empty values are left out, because they mean the same.
func decode(t *testing.T, file string) any {
	t.Helper()
	b, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	var v any
	if err := json.Unmarshal(b, &v); err != nil {
		t.Fatal(err)
	}
	return prune(v)
}

// bare returns a document in the form of decode.
func bare(t *testing.T, d document.Document) any {
	t.Helper()
	b, err := json.Marshal(d)
	if err != nil {
		t.Fatal(err)
	}
	var v any
	if err := json.Unmarshal(b, &v); err != nil {
		t.Fatal(err)
	}
	return prune(v)
}

func prune(v any) any {
	switch v := v.(type) {
	case map[string]any:
		for k, e := range v {
			if e = prune(e); e == nil {
				delete(v, k)
			} else {
				v[k] = e
			}
		}
		if len(v) == 0 {
			return nil
		}
	case []any:
		if len(v) == 0 {
			return nil
		}
		for i := range v {
			v[i] = prune(v[i])
		}
	case string:
		if v == "" {
			return nil
		}
	}
	return v
}

func sampleFile(tb testing.TB, name string) []byte {
	tb.Helper()
	b, err := os.ReadFile(filepath.Join(testenv.RepoRoot(), "tests/documents", name))
	if err != nil {
		tb.Fatal(err)
	}
	return b
}
