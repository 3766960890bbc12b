package architecture_test

import (
	"bufio"
	"go/ast"
	"go/parser"
	"go/token"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"unicode"
)

const (
	maxOneWordPercent = 30
	maxCommentColumns = 120
)

// walkSources calls f with each Go file of the repository that is not generated.
func walkSources(t *testing.T, f func(path string)) {
	t.Helper()
	err := filepath.WalkDir(filepath.Join("..", ".."), func(path string, d os.DirEntry, err error) error {
		if err != nil {
			return err
		}
		if n := d.Name(); d.IsDir() && (n == ".git" || n == ".bin" || n == ".cache") {
			return filepath.SkipDir
		}
		if !d.IsDir() && strings.HasSuffix(path, ".go") && !strings.HasSuffix(path, ".pb.go") {
			f(path)
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
}

// isOneWord reports whether a name has no capital after its first letter.
func isOneWord(name string) bool {
	for _, r := range name[1:] {
		if unicode.IsUpper(r) {
			return false
		}
	}
	return true
}

// The name of a function says what it does to what. One word is enough for the methods of standard interfaces and for
// few others.
func TestFunctionNamesSayWhat(t *testing.T) {
	t.Parallel()
	functions, oneWord := 0, 0
	walkSources(t, func(path string) {
		if strings.HasSuffix(path, "_test.go") {
			return
		}
		file, err := parser.ParseFile(token.NewFileSet(), path, nil, parser.SkipObjectResolution)
		if err != nil {
			t.Errorf("%s: %v", path, err)
			return
		}
		for _, declaration := range file.Decls {
			function, ok := declaration.(*ast.FuncDecl)
			if !ok {
				continue
			}
			functions++
			if isOneWord(function.Name.Name) {
				oneWord++
			}
		}
	})
	percent := 100 * oneWord / functions
	t.Logf("%d of %d functions have a name of one word: %d %%", oneWord, functions, percent)
	if percent > maxOneWordPercent {
		t.Errorf("got %d %% names of one word, want at most %d %%", percent, maxOneWordPercent)
	}
}

func TestCommentsFitTheScreen(t *testing.T) {
	t.Parallel()
	tooLong := 0
	walkSources(t, func(path string) {
		if filepath.Base(path) == "example_test.go" {
			return // the output of an example cannot be wrapped
		}
		f, err := os.Open(path)
		if err != nil {
			t.Error(err)
			return
		}
		defer f.Close()
		lines := bufio.NewScanner(f)
		lines.Buffer(nil, 1<<20)
		for line := 1; lines.Scan(); line++ {
			text := strings.ReplaceAll(lines.Text(), "\t", "    ")
			columns := len([]rune(text))
			if !strings.HasPrefix(strings.TrimSpace(text), "//") {
				continue
			}
			if columns > maxCommentColumns {
				tooLong++
				t.Logf("%s:%d: a comment of %d columns", path, line, columns)
			}
		}
	})
	if tooLong > 0 {
		t.Errorf("got %d comment lines beyond %d columns, want none", tooLong, maxCommentColumns)
	}
}
