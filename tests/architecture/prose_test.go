package architecture_test

import (
	"bytes"
	"go/ast"
	"go/parser"
	"go/token"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
)

// maxIdioms is how many idioms the tree holds today. It only ever becomes smaller; at 0 it goes.
const maxIdioms = 0

// idioms are phrases for which the field has a term. A phrase that except matches as well is no idiom.
var idioms = []struct {
	phrase, except, term string
}{
	{`\b(is|are|was|were|be|been|being|stays?|goes|went) away\b`, ``, "unavailable"},
	{`\blean(s|ed)? on\b`, ``, "depends on"},
	{`\btold\b|\btells\b|\b(to|can|cannot|must|they|we|which) tell\b`, ``, "configured, notified, reports or distinguishes"},
	{`\blies?\b`, ``, "is, or is stored"},
	{`\bno more( ?[.,;:()]|$)`, ``, "no longer"},
	{`\bany ?more\b`, `\bany more than\b`, "any longer"},
	{`\bstands? in\b`, ``, "is in, or replaces"},
	{`\bcomes? due\b`, ``, "expires, or is scheduled"},
	{`\bby itself\b`, ``, "automatically"},
	{`\bgives? (it |them )?back\b`, ``, "returns"},
	{`\btakes? (\w+ ){0,6}away\b`, ``, "removes"},
	{`\b(brings?|brought) (it |them )?back\b`, ``, "restores"},
	{`\b(go|goes|went|going) on\b`, ``, "continues"},
	{`\bbeside\b`, ``, "next to, in addition to, or other than"},
	{`\b(no|some|any|every)body\b`, `Somebody\\n`, "no caller, another process, or all users"},
	{`\bwhat is left\b`, ``, "the rest"},
	{`\bwhoever\b`, ``, "a caller who, or any client that"},
	{`\bin vain\b`, ``, "without effect"},
	{`\bas a rule\b`, ``, "usually"},
	{`\bfor good\b`, ``, "permanently"},
	{`\banew\b`, ``, "again"},
	{`\bfrom (then|when) on\b`, ``, "afterwards, or since"},
	{`\bsees? to it\b`, ``, "ensures"},
	{`\blook(s|ed)? after (a|an|the|what|one|all|open|jobs|tasks|it|them)\b`, ``, "repairs, or maintains"},
	{`\bgets? going\b|\bgoing again\b`, ``, "starts"},
	{`\bhears? (of|why|nothing)\b`, ``, "receives, or learns"},
	{`\bknows? (no|nothing)\b`, ``, "does not depend on"},
	{`\bmisfortunes?\b|\bmishaps?\b|\bmost awkward\b`, ``, "failure"},
	{`\b[a-z]+ else[.,;:]`, `\b(something|nothing|anything|everything|little|few|everywhere|nowhere|anywhere|elsewhere|(any|no|some|every)(body|one)|where|what|who|or|all) else`, "otherwise, before the clause"},
}

// sentence is a comment, a string or a line of a document that a person reads.
type sentence struct {
	path, text string
	line       int
}

// listFiles returns the files that git knows, or would know after the next commit, with one of the patterns.
func listFiles(t *testing.T, patterns ...string) []string {
	t.Helper()
	cmd := exec.Command("git", append([]string{"ls-files", "-z", "--cached", "--others", "--exclude-standard", "--"}, patterns...)...)
	cmd.Dir = filepath.Join("..", "..")
	out, err := cmd.Output()
	if err != nil {
		t.Skip("no git repository:", err)
	}
	return strings.FieldsFunc(string(out), func(r rune) bool { return r == 0 })
}

// goSentences returns the comments of a Go file, and its strings of more than one word.
func goSentences(t *testing.T, path string) (found []sentence) {
	t.Helper()
	files := token.NewFileSet()
	file, err := parser.ParseFile(files, path, nil, parser.ParseComments|parser.SkipObjectResolution)
	if err != nil {
		t.Fatal(err)
	}
	for _, group := range file.Comments {
		// An idiom may be wrapped: the group is one text.
		found = append(found, sentence{path, strings.Join(strings.Fields(group.Text()), " "), files.Position(group.Pos()).Line})
	}
	ast.Inspect(file, func(n ast.Node) bool {
		if lit, ok := n.(*ast.BasicLit); ok && lit.Kind == token.STRING && strings.Contains(lit.Value, " ") {
			found = append(found, sentence{path, lit.Value, files.Position(lit.Pos()).Line})
		}
		return true
	})
	return found
}

// textSentences returns the lines of a Markdown file outside of its code, or the comments of a file of another kind.
func textSentences(t *testing.T, path string) (found []sentence) {
	t.Helper()
	content, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	markdown, fenced := filepath.Ext(path) == ".md", false
	for n, raw := range bytes.Split(content, []byte("\n")) {
		line := string(raw)
		switch {
		case markdown && strings.HasPrefix(strings.TrimSpace(line), "```"):
			fenced = !fenced
		case markdown && !fenced:
			found = append(found, sentence{path, inlineCode.ReplaceAllString(line, ""), n + 1})
		case !markdown:
			if _, comment, ok := strings.Cut(line, "#"); ok {
				found = append(found, sentence{path, comment, n + 1})
			}
		}
	}
	return found
}

// inlineCode is what Markdown quotes, and the target of a link.
var inlineCode = regexp.MustCompile("`[^`]*`|\\]\\([^)]*\\)")

// Comments, error sentences, descriptions of values and documents use the term of the field where there is one.
func TestProseHasNoIdioms(t *testing.T) {
	t.Parallel()
	phrases, exceptions := make([]*regexp.Regexp, len(idioms)), make([]*regexp.Regexp, len(idioms))
	for i, idiom := range idioms {
		phrases[i] = regexp.MustCompile("(?i)" + idiom.phrase)
		if idiom.except != "" {
			exceptions[i] = regexp.MustCompile("(?i)" + idiom.except)
		}
	}
	var sentences []sentence
	walkSources(t, func(path string) {
		if filepath.Base(path) != "prose_test.go" && !strings.HasSuffix(path, ".pb.go") {
			sentences = append(sentences, goSentences(t, path)...)
		}
	})
	for _, path := range listFiles(t, "*.md", "*.sh", "*.yaml", "*.yml", "Makefile", "*.mk", "Dockerfile") {
		sentences = append(sentences, textSentences(t, filepath.Join("..", "..", path))...)
	}
	got := 0
	for _, s := range sentences {
		for i, phrase := range phrases {
			for _, at := range phrase.FindAllStringIndex(s.text, -1) {
				if e := exceptions[i]; e != nil && e.MatchString(s.text[at[0]:min(len(s.text), at[1]+5)]) {
					continue
				}
				got++
				around := s.text[max(0, at[0]-40):min(len(s.text), at[1]+40)]
				t.Logf("%s:%d: …%s…: write %s", s.path, s.line, around, idioms[i].term)
			}
		}
	}
	if got > maxIdioms {
		t.Errorf("got %d idioms, want at most %d: see the log", got, maxIdioms)
	}
}
