package catalogue_test

import (
	"archive/zip"
	"bytes"
	"encoding/json"
	"io/fs"
	"strings"
	"testing"
	"testing/fstest"

	"github.com/google/go-cmp/cmp"

	"github.com/trackmydegree/trackmydegree/internal/catalogue"
	"github.com/trackmydegree/trackmydegree/internal/cataloguetest"
)

// editionFiles are the files of an edition without entries, in a folder ("" for none).
func editionFiles(folder, calendar string) fstest.MapFS {
	files := fstest.MapFS{folder + "edition.json": {Data: []byte(`{"calendar":"` + calendar + `","equivalents":[]}`)}}
	for _, name := range []string{"degrees.json", "pools.json", "courses.json", "sequences.json"} {
		files[folder+name] = &fstest.MapFile{Data: []byte("[]")}
	}
	return files
}

func zipOf(t *testing.T, files fstest.MapFS) []byte {
	t.Helper()
	var b bytes.Buffer
	w := zip.NewWriter(&b)
	for name, f := range files {
		out, err := w.Create(name)
		if err != nil {
			t.Fatal(err)
		}
		if _, err := out.Write(f.Data); err != nil {
			t.Fatal(err)
		}
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

func TestReadEditions(t *testing.T) {
	t.Parallel()
	join := func(all ...fstest.MapFS) fstest.MapFS {
		out := fstest.MapFS{}
		for _, files := range all {
			for name, f := range files {
				out[name] = f
			}
		}
		return out
	}
	file := func(name string, data []byte) fstest.MapFS { return fstest.MapFS{name: {Data: data}} }
	for name, c := range map[string]struct {
		folder fs.FS
		want   []string // "path calendar"
		fault  string
	}{
		"one edition":      {editionFiles("", "2026-27"), []string{". 2026-27"}, ""},
		"a folder of each": {join(editionFiles("a/", "2025-26"), editionFiles("b/", "2026-27"), file("notes.txt", nil)), []string{"a 2025-26", "b 2026-27"}, ""},
		"zip files": {join(file("a.zip", zipOf(t, editionFiles("", "2025-26"))), file("b.zip", zipOf(t, editionFiles("2026/", "2026-27")))),
			[]string{"a.zip 2025-26", "b.zip 2026-27"}, ""},
		"a mounted ConfigMap": {join(editionFiles("", "2026-27"), editionFiles("..2026_11_28/", "2026-27")), []string{". 2026-27"}, ""},
		"the same year twice": {join(editionFiles("a/", "2026-27"), editionFiles("b/", "2026-27")), nil, `b: the edition "2026-27" is also in a`},
		"nothing":             {file("notes.txt", nil), nil, "holds no edition"},
		"no zip file":         {file("a.zip", []byte("PK")), nil, "a.zip: zip: not a valid zip file"},
		"a file is missing":   {file("degrees.json", []byte("[]")), nil, "courses.json"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			sources, err := catalogue.ReadEditions(c.folder)
			if c.fault != "" {
				if err == nil || !strings.Contains(err.Error(), c.fault) {
					t.Errorf("%v, want %q", err, c.fault)
				}
				return
			}
			if err != nil {
				t.Fatal(err)
			}
			var got []string
			for _, s := range sources {
				got = append(got, s.Path+" "+s.Data.Calendar)
			}
			if diff := cmp.Diff(c.want, got); diff != "" {
				t.Errorf("editions (-want +got):\n%s", diff)
			}
		})
	}
}

// A misspelled field would be taken for a missing one: each is named with its file and entry.
func TestReadFolderNamesUnknownFields(t *testing.T) {
	t.Parallel()
	folder := editionFiles("", "2026-27")
	folder["courses.json"].Data = []byte(`[{"code":"COMP 248","title":"t","credit":3},{"code":"COMP 249","titel":"t"}]`)
	folder["pools.json"].Data = []byte(`[{"id":"p","credits":3}]`)
	_, err := catalogue.ReadFolder(folder)
	for _, want := range []string{`courses.json: entry 1: COMP 248: json: unknown field "credit"`, `courses.json: entry 2: COMP 249: json: unknown field "titel"`,
		`pools.json: entry 1: p: json: unknown field "credits"`} {
		if err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%v, want %q", err, want)
		}
	}
}

// An edition fits into a ConfigMap, which holds 1 MiB, as a zip file, several times.
func TestAnEditionFitsIntoAConfigMap(t *testing.T) {
	t.Parallel()
	d := cataloguetest.Embedded().Data()
	files := fstest.MapFS{}
	for name, v := range map[string]any{"degrees.json": d.Degrees, "pools.json": d.Pools, "courses.json": d.Courses, "sequences.json": d.Sequences} {
		b, err := json.Marshal(v)
		if err != nil {
			t.Fatal(err)
		}
		files[name] = &fstest.MapFile{Data: b}
	}
	if n := len(zipOf(t, files)); n > 1<<20/4 {
		t.Errorf("an edition has %d bytes as a zip file, want less than a quarter of a ConfigMap", n)
	}
}
