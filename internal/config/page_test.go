package config

import (
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/caarlos0/env/v11"
	"github.com/google/go-cmp/cmp"
)

//go:generate go test -run TestConfigurationPage -update .

var update = flag.Bool("update", false, "write docs/configuration.md again")

func TestConfigurationPage(t *testing.T) {
	t.Parallel()
	path := filepath.Join("..", "..", "docs", "configuration.md")
	want := page()
	if *update {
		if err := os.WriteFile(path, []byte(want), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	got, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(want, string(got)); diff != "" {
		t.Errorf("docs/configuration.md is stale, run `make generate`:\n%s", diff)
	}
}

// The name of a field identifies a fault, and every setting has a sentence.
func TestFieldsAreUniqueAndExplained(t *testing.T) {
	t.Parallel()
	for _, role := range Roles() {
		// A field that another field of the same name hides is read and never shown.
		params, err := env.GetFieldParams(role.New())
		if err != nil {
			t.Fatal(err)
		}
		if shown := len(fieldsOf(role.New())); shown != len(params) {
			t.Errorf("%s: %d of %d variables are visible", role.Name, shown, len(params))
		}
		var goNames []string
		for _, f := range fieldsOf(role.New()) {
			if slices.Contains(goNames, f.goName) {
				t.Errorf("%s: two fields %s", role.Name, f.goName)
			}
			goNames = append(goNames, f.goName)
			if !strings.HasSuffix(f.help, ".") {
				t.Errorf("%s: %s has no sentence", role.Name, f.name)
			}
		}
	}
}

const head = `# Configuration

<!-- Generated from internal/config by ` + "`make generate`" + `. Change the structs there. -->

Every setting is an environment variable. The start is strict: what is missing, malformed or unknown (any other ` + "`TMD_…`" + `
name) stops it, and all faults are reported at once. A role demands only what it needs. ` + "`tmd config ROLE`" + ` prints the values in
force, secrets hidden, and where each came from.

An empty variable counts as not set. A secret (🔑) may be given as a file: ` + "`NAME_FILE`" + ` holds the path. Durations are written
` + "`500ms`, `10s`, `5m`" + `; sizes ` + "`512MiB`" + `.
`

// page returns docs/configuration.md: a table for each role, and the sentence of a setting at its first occurrence.
func page() string {
	var b strings.Builder
	b.WriteString(head)
	for _, role := range Roles() {
		fmt.Fprintf(&b, "\n## %s\n\n| variable | default | what it is |\n| --- | --- | --- |\n", role.Command())
		s := role.New()
		defaults := s.defaultValues(map[string]string{})
		for _, f := range fieldsOf(s) {
			fallback := f.fallback
			if d, ok := defaults[f.name]; ok && !strings.Contains(f.fallback, " ") {
				fallback = d
			}
			if fallback != "" && !strings.Contains(fallback, " ") {
				fallback = "`" + fallback + "`"
			}
			name := "`" + f.name + "`"
			if f.secret {
				name += " 🔑"
			}
			fmt.Fprintf(&b, "| %s | %s | %s |\n", name, fallback, strings.ReplaceAll(f.help, "|", `\|`))
		}
	}
	return b.String()
}
