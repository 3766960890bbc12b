// Package architecture enforces the project's import rules: domain ← use cases ← adapters ← wiring ← commands ← cmd.
package architecture_test

import (
	"bufio"
	"bytes"
	"encoding/json"
	"errors"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
)

const module = "github.com/trackmydegree/trackmydegree/"

// layers lists every package of internal, lowest layer first. A package may import everything below it, and packages
// of its own layer only where the layer allows it.
var layers = []struct {
	name     string
	packages []string
	// inner allows imports between packages of the layer.
	inner bool
}{
	{"domain", []string{"budget", "dependency", "fault", "warning", "term", "document", "catalogue", "audit", "timeline", "job", "guest"}, true},
	// The API of OpenTelemetry, through which every layer above names its steps. Package telemetry has the exporter.
	{"spans", []string{"tracing"}, false},
	{"use cases", []string{"resultcodec", "factcodec", "snapshot", "submit", "executor", "timelines", "advising", "repair", "admin", "catalogueimport", "account", "backup"}, true},
	// queuemodel is here because queue, liveness, queueadmin and scaling share its names and keys, and adapters do
	// not import each other.
	{"support", []string{"config", "telemetry", "lifecycle", "problem", "health", "httpserver", "redisurl", "redischeck", "queuemodel", "program", "testenv"}, true},
	{"adapters", []string{"pdftext", "plainpdf", "parsepool", "parserapi", "httpapi", "queue", "liveness", "queueadmin", "scaling", "jobstore", "cache", "filestore", "s3store", "mongostore", "boltstore", "apiclient", "controller"}, false},
	{"tests", []string{"storetest", "queuetest", "cataloguetest", "timelinetest"}, true},
	{"wiring", []string{"app"}, false},
	{"commands", []string{"commands", "controllercmd"}, false},
}

type pkg struct {
	ImportPath string
	Standard   bool
	Imports    []string
	Deps       []string
}

func list(t *testing.T, args ...string) []pkg {
	t.Helper()
	cmd := exec.Command("go", append([]string{"list", "-json=ImportPath,Standard,Imports,Deps"}, args...)...)
	cmd.Dir = filepath.Join("..", "..")
	cmd.Stderr = os.Stderr
	out, err := cmd.Output()
	if err != nil {
		t.Fatal(err)
	}
	var pkgs []pkg
	dec := json.NewDecoder(bytes.NewReader(out))
	for {
		var p pkg
		if err := dec.Decode(&p); errors.Is(err, io.EOF) {
			return pkgs
		} else if err != nil {
			t.Fatal(err)
		}
		pkgs = append(pkgs, p)
	}
}

// layerOf returns the index of the layer of an import path, and the package's name; -1 for a path outside of
// internal.
func layerOf(path string) (int, string) {
	rest, ok := strings.CutPrefix(path, module+"internal/")
	if !ok {
		return -1, ""
	}
	name, _, _ := strings.Cut(rest, "/")
	for i, l := range layers {
		if slices.Contains(l.packages, name) {
			return i, name
		}
	}
	return len(layers), name
}

func TestImportsPointOneWay(t *testing.T) {
	t.Parallel()
	for _, p := range list(t, "./internal/...") {
		layer, name := layerOf(p.ImportPath)
		if layer == len(layers) {
			t.Errorf("%s is in no layer: add it to the list, where it belongs", p.ImportPath)
			continue
		}
		for _, imp := range p.Imports {
			l, other := layerOf(imp)
			switch {
			case l < 0 || other == name:
			case l > layer:
				t.Errorf("%s (%s) imports %s (%s): imports point downwards", name, layers[layer].name, other, layers[l].name)
			case l == layer && !layers[layer].inner:
				t.Errorf("%s imports %s: %s never import each other", name, other, layers[layer].name)
			}
		}
	}
}

// The domain and the use cases use no drivers: their outside dependencies are interfaces.
func TestTheDomainIsPure(t *testing.T) {
	t.Parallel()
	standard := map[string]bool{}
	for _, p := range list(t, "std") {
		standard[p.ImportPath] = true
	}
	for _, p := range list(t, "./internal/...") {
		layer, name := layerOf(p.ImportPath)
		if layer != 0 {
			continue
		}
		for _, imp := range p.Imports {
			if l, _ := layerOf(imp); l < 0 && !standard[imp] {
				t.Errorf("%s imports %s: the domain has the standard library only", name, imp)
			}
			if imp == "net/http" || imp == "os" || imp == "database/sql" {
				t.Errorf("%s imports %s: the domain does no I/O", name, imp)
			}
		}
	}
}

// The form of a stored document is the store's concern: mongostore has types of its own.
func TestTheDomainHasNoStorageTags(t *testing.T) {
	t.Parallel()
	tag := regexp.MustCompile("`[^`]*\\bbson:\"")
	for _, name := range layers[0].packages {
		err := filepath.WalkDir(filepath.Join("..", "..", "internal", name), func(path string, _ os.DirEntry, err error) error {
			if err != nil || !strings.HasSuffix(path, ".go") {
				return err
			}
			b, err := os.ReadFile(path)
			if err != nil {
				return err
			}
			if found := tag.Find(b); found != nil {
				t.Errorf("%s has a struct tag bson: move it to a type of mongostore", path)
			}
			return nil
		})
		if err != nil {
			t.Fatal(err)
		}
	}
}

func TestWhatStaysOutOfWhat(t *testing.T) {
	t.Parallel()
	rules := []struct {
		pkg       string
		forbidden []string
		why       string
	}{
		{"./cmd/tmd", []string{"k8s.io/", "sigs.k8s.io/"}, "Kubernetes libraries live in tmd-controller alone"},
		{"./cmd/tmd-controller", []string{"go.mongodb.org/", "github.com/tetratelabs/"}, "the controller uses neither the catalogue nor documents"},
		{"./cmd/tmd-controller", []string{"testing"}, "test code stays out of the product"},
		{"./cmd/tmd", []string{"testing"}, "test code stays out of the product"},
		{"./internal/httpapi", []string{"go.mongodb.org/", "github.com/redis/", "github.com/hibiken/asynq", "go.etcd.io/"}, "the API's routes do not depend on drivers"},
		{"./internal/mongostore", []string{"github.com/go-chi/"}, "stores do not depend on HTTP"},
		{"./internal/pdftext", []string{"github.com/redis/", "go.mongodb.org/", "net/http"}, "what reads hostile bytes can open nothing"},
		{"./internal/parsepool", []string{"github.com/redis/", "go.mongodb.org/"}, "the parser holds no secrets"},
	}
	for _, r := range rules {
		for _, p := range list(t, r.pkg) {
			for _, dep := range p.Deps {
				for _, f := range r.forbidden {
					if dep == f || strings.HasSuffix(f, "/") && strings.HasPrefix(dep, f) {
						t.Errorf("%s depends on %s: %s", r.pkg, dep, r.why)
					}
				}
			}
		}
	}
}

// generated is the line that marks a generated file.
var generated = regexp.MustCompile(`^// Code generated .* DO NOT EDIT\.$`)

// A file of more than 400 lines, tests included, is split, or gives a reason. Generated files are exempt.
func TestFilesStayReadable(t *testing.T) {
	t.Parallel()
	const limit = 400
	err := filepath.WalkDir(filepath.Join("..", ".."), func(path string, d os.DirEntry, err error) error {
		if err != nil {
			return err
		}
		if d.IsDir() {
			if n := d.Name(); n == ".git" || n == ".bin" || n == ".cache" || n == "node_modules" {
				return filepath.SkipDir
			}
			return nil
		}
		if !strings.HasSuffix(path, ".go") {
			return nil
		}
		f, err := os.Open(path)
		if err != nil {
			return err
		}
		defer f.Close()
		lines, excused := 0, false
		for s := bufio.NewScanner(f); s.Scan(); lines++ {
			excused = excused || strings.HasPrefix(s.Text(), "// Length:") || generated.MatchString(s.Text())
		}
		if lines > limit && !excused {
			t.Errorf("%s has %d lines: split it, or give the reason in a line that begins with // Length:", path, lines)
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
}

// The table of docs/architecture.md is what a newcomer reads first.
func TestTheDocumentedLayersAreTheRealOnes(t *testing.T) {
	t.Parallel()
	doc, err := os.ReadFile(filepath.Join("..", "..", "docs", "architecture.md"))
	if err != nil {
		t.Fatal(err)
	}
	for _, l := range layers {
		row := regexp.MustCompile(`(?m)^\| ` + l.name + " \\| `([^`]*)` \\|").FindSubmatch(doc)
		if row == nil {
			t.Errorf("docs/architecture.md has no row for the layer %s", l.name)
			continue
		}
		got, want := strings.Fields(string(row[1])), slices.Sorted(slices.Values(l.packages))
		if slices.Sort(got); !slices.Equal(got, want) {
			t.Errorf("packages of the layer %s in docs/architecture.md: got %v, want %v", l.name, got, want)
		}
	}
}
