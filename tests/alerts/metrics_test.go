package alerts_test

import (
	"flag"
	"fmt"
	"io/fs"
	"maps"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

var update = flag.Bool("update", false, "write docs/metrics.md again")

// definition matches the name of a metric and its help, in each way in which the packages write them.
var definition = regexp.MustCompile(`(?s)(?:Name:\s*|NewDesc\(\s*|gauge\(\s*)"(tmd_[a-z0-9_]+)",\s*(?:Help:\s*)?"([^"]*)"`)

const metricsHeader = `# Metrics

Every metric of the programs, from their code (tests/alerts writes this table with -update). The libraries add those of the Go
runtime, of the process and, in the controller, of controller-runtime. [Alerts](alerts.md) use them.

| metric | what |
| --- | --- |
`

// readMetrics returns the help of each metric of the code.
func readMetrics(t *testing.T) map[string]string {
	t.Helper()
	found := map[string]string{}
	err := filepath.WalkDir("../../internal", func(path string, _ fs.DirEntry, err error) error {
		if err != nil || !strings.HasSuffix(path, ".go") || strings.HasSuffix(path, "_test.go") {
			return err
		}
		text, err := os.ReadFile(path)
		for _, m := range definition.FindAllStringSubmatch(string(text), -1) {
			found[m[1]] = m[2]
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return found
}

func TestMetricsPage(t *testing.T) {
	t.Parallel()
	const page = "../../docs/metrics.md"
	metrics := readMetrics(t)
	want := metricsHeader
	for _, name := range slices.Sorted(maps.Keys(metrics)) {
		want += fmt.Sprintf("| `%s` | %s |\n", name, metrics[name])
	}
	if *update {
		if err := os.WriteFile(page, []byte(want), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	got, err := os.ReadFile(page)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(want, string(got)); diff != "" {
		t.Errorf("docs/metrics.md differs from the code, run the test with -update (-want +got):\n%s", diff)
	}
}

// A misspelt metric is an alert that never fires.
func TestAlertsUseMetricsThatExist(t *testing.T) {
	t.Parallel()
	metrics := readMetrics(t)
	for name, r := range readRules(t) {
		for _, used := range regexp.MustCompile(`tmd_[a-z0-9_]+`).FindAllString(r.Expr, -1) {
			histogram := strings.TrimSuffix(strings.TrimSuffix(used, "_bucket"), "_count")
			if metrics[used] == "" && metrics[histogram] == "" {
				t.Errorf("%s uses %s, which no program has", name, used)
			}
		}
	}
}
