package page_test

import (
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/evanw/esbuild/pkg/api"

	"github.com/trackmydegree/trackmydegree/internal/fault"
)

// textTables are the tables of a language.
var textTables = []string{"text-%s.js", "text-plan-%s.js"}

// texts is what the bundle makes of the tables of texts and of their keys. A key that the sources have as a
// whole becomes a number, which is also its place in the tables. A key that the page composes keeps its name.
type texts struct {
	numbers map[string]int // by key
	used    map[string]bool
}

var (
	textKey    = regexp.MustCompile(`"([a-z]+(?:\.\w+)+)"`)
	textPrefix = regexp.MustCompile("`([a-z]+\\.(?:\\w+\\.)*\\w*)\\$\\{")
	textLine   = regexp.MustCompile(`^  "([\w.-]+)": (.+),$`)
	pluralLine = regexp.MustCompile(`^\{ one: ("(?:[^"\\]|\\.)*"), other: ("(?:[^"\\]|\\.)*") \}$`)
	textFile   = regexp.MustCompile(`^text-[a-z-]+\.js$`)
)

// readTexts finds the keys of the English tables in the sources.
func readTexts() (*texts, error) {
	sourceFiles, err := filepath.Glob(sources + "/*.js")
	if err != nil {
		return nil, err
	}
	found := &texts{numbers: map[string]int{}, used: map[string]bool{}}
	var prefixes []string
	for _, path := range sourceFiles {
		if textFile.MatchString(filepath.Base(path)) {
			continue
		}
		source, err := os.ReadFile(path)
		if err != nil {
			return nil, err
		}
		for _, m := range textKey.FindAllSubmatch(source, -1) {
			found.used[string(m[1])] = true
		}
		for _, m := range textPrefix.FindAllSubmatch(source, -1) {
			prefixes = append(prefixes, string(m[1]))
		}
	}
	for _, pattern := range textTables {
		table, err := readTable(filepath.Join(sources, fmt.Sprintf(pattern, "en")))
		if err != nil {
			return nil, err
		}
		for _, entry := range table {
			isNamed := slices.ContainsFunc(prefixes, func(prefix string) bool { return strings.HasPrefix(entry.key, prefix) })
			if isNamed {
				found.used[entry.key] = true
			} else if found.used[entry.key] {
				found.numbers[entry.key] = len(found.numbers)
			}
		}
	}
	return found, nil
}

// textEntry is a text with its forms of the plural between bars.
type textEntry struct{ key, text string }

// readTable reads a table of texts, of which each entry is a line.
func readTable(path string) ([]textEntry, error) {
	source, err := os.ReadFile(path)
	if err != nil {
		return nil, err
	}
	var table []textEntry
	for line := range strings.Lines(string(source)) {
		m := textLine.FindStringSubmatch(strings.TrimSuffix(line, "\n"))
		if m == nil {
			if strings.HasPrefix(line, `  "`) {
				return nil, fmt.Errorf("%s: not a text: %s", path, line)
			}
			continue
		}
		forms := []string{m[2]}
		if plural := pluralLine.FindStringSubmatch(m[2]); plural != nil {
			forms = plural[1:]
		}
		for i, form := range forms {
			if err := json.Unmarshal([]byte(form), &forms[i]); err != nil || strings.ContainsAny(forms[i], "|\n") {
				return nil, fmt.Errorf("%s: not a text: %s", path, line)
			}
		}
		table = append(table, textEntry{m[1], strings.Join(forms, "|")})
	}
	return table, nil
}

// plugin replaces the keys of the sources.
func (x *texts) plugin() api.Plugin {
	return api.Plugin{Name: "texts", Setup: func(build api.PluginBuild) {
		build.OnLoad(api.OnLoadOptions{Filter: `\.js$`}, func(args api.OnLoadArgs) (api.OnLoadResult, error) {
			source, err := os.ReadFile(args.Path)
			if err != nil {
				return api.OnLoadResult{}, err
			}
			text := textKey.ReplaceAllStringFunc(string(source), func(literal string) string {
				if n, ok := x.numbers[strings.Trim(literal, `"`)]; ok {
					return strconv.Itoa(n)
				}
				return literal
			})
			return api.OnLoadResult{Contents: &text, Loader: api.LoaderJS}, nil
		})
	}}
}

// packTable writes the tables of a language as one text, which unpackTexts of text.js reads: the number of the texts
// with numbers, these texts in their order, then those with names by groups.
func (x *texts) packTable(language string) ([]byte, error) {
	numbered := make([]string, len(x.numbers))
	var named []string
	group := ""
	for _, pattern := range textTables {
		table, err := readTable(filepath.Join(sources, fmt.Sprintf(pattern, language)))
		if err != nil {
			return nil, err
		}
		for _, entry := range table {
			if n, ok := x.numbers[entry.key]; ok {
				numbered[n] = entry.text
				continue
			}
			at := strings.LastIndex(entry.key, ".") + 1
			if entry.key[:at] != group {
				group = entry.key[:at]
				named = append(named, group)
			}
			named = append(named, entry.key[at:]+" "+entry.text)
		}
	}
	lines := slices.Concat([]string{strconv.Itoa(len(numbered))}, numbered, named)
	return []byte("export default `" + templateEscapes.Replace(strings.Join(lines, "\n")) + "`"), nil
}

// templateEscapes writes a text as a template literal, in which the end of a line is one character.
var templateEscapes = strings.NewReplacer("\\", "\\\\", "`", "\\`", "$", "\\$")

// Every key of the sources has a text, and every text a use.
func TestTextsAreUsed(t *testing.T) {
	t.Parallel()
	found, err := readTexts()
	if err != nil {
		t.Fatal(err)
	}
	known := map[string]bool{}
	groups := map[string]bool{}
	for _, pattern := range textTables {
		table, err := readTable(filepath.Join(sources, fmt.Sprintf(pattern, "en")))
		if err != nil {
			t.Fatal(err)
		}
		for _, entry := range table {
			known[entry.key] = true
			groups[strings.Split(entry.key, ".")[0]] = true
			if !found.used[entry.key] {
				t.Errorf("no source uses %s", entry.key)
			}
		}
	}
	for key := range found.used {
		if groups[strings.Split(key, ".")[0]] && !known[key] && !strings.HasSuffix(key, ".css") {
			t.Errorf("%s has no text", key)
		}
	}
}

var textParameter = regexp.MustCompile(`\{\w+\}`)

// parametersOf lists the parameters of a text, each once, in the order of their names.
func parametersOf(text string) []string {
	found := textParameter.FindAllString(text, -1)
	slices.Sort(found)
	return slices.Compact(found)
}

// sameTexts are the keys of texts that are the same in both languages.
var sameTexts = []string{"page.title", "page.trace", "read.page", "read.pageColumn", "plan.tab.plan", "menu.ok"}

// Every text of one language is there in the other, with the same parameters and forms.
func TestTextsMatch(t *testing.T) {
	t.Parallel()
	tables := map[string]map[string]string{}
	for _, language := range []string{"en", "fr"} {
		table := map[string]string{}
		for _, pattern := range textTables {
			entries, err := readTable(filepath.Join(sources, fmt.Sprintf(pattern, language)))
			if err != nil {
				t.Fatal(err)
			}
			for _, entry := range entries {
				if _, ok := table[entry.key]; ok {
					t.Errorf("%s has %s twice", language, entry.key)
				}
				if strings.TrimSpace(entry.text) == "" {
					t.Errorf("%s has nothing for %s", language, entry.key)
				}
				table[entry.key] = entry.text
			}
		}
		tables[language] = table
	}
	for key, text := range tables["en"] {
		other, ok := tables["fr"][key]
		switch {
		case !ok:
			t.Errorf("%s has no French", key)
		case strings.Count(text, "|") != strings.Count(other, "|"):
			t.Errorf("%s has forms of the plural in one language only", key)
		case text == other && !slices.Contains(sameTexts, key):
			t.Errorf("%s is the same in French", key)
		case !slices.Equal(parametersOf(text), parametersOf(other)):
			t.Errorf("%s: got the parameters %v in French, want %v", key, parametersOf(other), parametersOf(text))
		}
	}
	for key := range tables["fr"] {
		// What the server says in English has texts in the other languages alone.
		if _, ok := tables["en"][key]; !ok && !isServerText(key) {
			t.Errorf("%s has no English", key)
		}
	}
}

// isServerText reports whether a key is that of a text which the English page takes from the server.
func isServerText(key string) bool {
	return slices.Contains([]string{"warning", "pool", "field"}, strings.Split(key, ".")[0])
}

// Every requirement of the catalogue has a name in French: its kind and its subjects are in the table.
func TestTextsOfPools(t *testing.T) {
	t.Parallel()
	source, err := os.ReadFile(sources + "/text.js")
	if err != nil {
		t.Fatal(err)
	}
	written := regexp.MustCompile(`/(\^\(ECP.*\$)/\.exec`).FindSubmatch(source)
	if written == nil {
		t.Fatal("text.js has no pattern of the names of requirements")
	}
	pattern := regexp.MustCompile(string(written[1]))
	table, err := readTable(filepath.Join(sources, "text-plan-fr.js"))
	if err != nil {
		t.Fatal(err)
	}
	raw, err := os.ReadFile(filepath.Join("..", "..", "catalogue", "data", "pools.json"))
	if err != nil {
		t.Fatal(err)
	}
	var pools []struct{ Name string }
	if err := json.Unmarshal(raw, &pools); err != nil {
		t.Fatal(err)
	}
	for _, pool := range pools {
		m := pattern.FindStringSubmatch(pool.Name)
		for _, part := range m[3:] {
			key := "pool." + regexp.MustCompile(`\W+`).ReplaceAllString(part, "_")
			if part != "" && part != "BCompSc" && !slices.ContainsFunc(table, func(entry textEntry) bool { return entry.key == key }) {
				t.Errorf("%s: no French for %q", pool.Name, part)
			}
		}
	}
}

// Every fault of the API has a sentence on the page.
func TestTextsOfFaults(t *testing.T) {
	t.Parallel()
	table, err := readTable(filepath.Join(sources, "text-en.js"))
	if err != nil {
		t.Fatal(err)
	}
	for _, code := range fault.AllCodes() {
		if !slices.ContainsFunc(table, func(entry textEntry) bool { return entry.key == "problem."+string(code) }) {
			t.Errorf("no text for %s", code)
		}
	}
}
