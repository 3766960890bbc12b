package architecture_test

import (
	"bufio"
	"go/ast"
	"go/parser"
	"go/token"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
)

var (
	testName   = regexp.MustCompile(`^(?:\w+\.)?((?:Test|Fuzz|Benchmark|Example)[A-Z]\w*)`)
	makeTarget = regexp.MustCompile(`^(?:make|.* make) ([a-z][a-z0-9-]*)`)
	sourcePath = regexp.MustCompile(`^(?:cmd|internal|tests|hack|charts|docs|k8s|\.github|\.devcontainer)(?:/[\w.-]+)*/?$`)
	codeSpan   = regexp.MustCompile("`([^`]+)`")
	linkTarget = regexp.MustCompile(`\]\(([^)#:]+)(?:#[^)]*)?\)`)
)

// listTests returns the names of the functions that `go test` runs.
func listTests(t *testing.T) map[string]bool {
	t.Helper()
	names := map[string]bool{}
	walkSources(t, func(path string) {
		if !strings.HasSuffix(path, "_test.go") {
			return
		}
		file, err := parser.ParseFile(token.NewFileSet(), path, nil, parser.SkipObjectResolution)
		if err != nil {
			t.Errorf("%s: %v", path, err)
			return
		}
		for _, declaration := range file.Decls {
			if function, ok := declaration.(*ast.FuncDecl); ok && function.Recv == nil {
				names[function.Name.Name] = true
			}
		}
	})
	return names
}

// listTargets returns the targets of the Makefile.
func listTargets(t *testing.T) map[string]bool {
	t.Helper()
	f, err := os.Open(filepath.Join("..", "..", "Makefile"))
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	targets := map[string]bool{}
	for lines := bufio.NewScanner(f); lines.Scan(); {
		if name, _, ok := strings.Cut(lines.Text(), ":"); ok && !strings.ContainsAny(name, " \t#$=.") {
			targets[name] = true
		}
	}
	return targets
}

// Every test, make target, file and folder that a document names exists.
func TestDocumentsNameWhatExists(t *testing.T) {
	t.Parallel()
	root := filepath.Join("..", "..")
	tests, targets := listTests(t), listTargets(t)
	exists := func(path string) bool { _, err := os.Stat(path); return err == nil }
	for _, name := range listFiles(t, "*.md") {
		if name == "CHANGELOG.md" { // it names what was
			continue
		}
		content, err := os.ReadFile(filepath.Join(root, name))
		if err != nil {
			t.Error(err)
			continue
		}
		for n, line := range strings.Split(string(content), "\n") {
			for _, span := range codeSpan.FindAllStringSubmatch(line, -1) {
				code := span[1]
				if m := testName.FindStringSubmatch(code); m != nil && !tests[m[1]] {
					t.Errorf("%s:%d: there is no %s", name, n+1, m[1])
				}
				if m := makeTarget.FindStringSubmatch(code); m != nil && !targets[m[1]] {
					t.Errorf("%s:%d: there is no make target %s", name, n+1, m[1])
				}
				if sourcePath.MatchString(code) && !exists(filepath.Join(root, code)) {
					t.Errorf("%s:%d: there is no %s", name, n+1, code)
				}
			}
			for _, link := range linkTarget.FindAllStringSubmatch(line, -1) {
				if !exists(filepath.Join(root, filepath.Dir(name), link[1])) {
					t.Errorf("%s:%d: the link to %s is broken", name, n+1, link[1])
				}
			}
		}
	}
}
