package alerts_test

import (
	"encoding/json"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/prometheus/prometheus/promql/parser"
)

// dashboard is what the tests read of a dashboard of the chart.
type dashboard struct {
	UID, Title string
	Panels     []struct {
		Title   string
		Targets []struct{ Expr string }
	}
}

func readDashboards(t *testing.T) map[string]dashboard {
	t.Helper()
	paths, err := filepath.Glob("../../charts/trackmydegree/dashboards/*.json")
	if err != nil {
		t.Fatal(err)
	}
	found := map[string]dashboard{}
	for _, path := range paths {
		text, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		var d dashboard
		if err := json.Unmarshal(text, &d); err != nil {
			t.Fatalf("%s: %v", path, err)
		}
		found[filepath.Base(path)] = d
	}
	return found
}

// libraryMetrics are those that Prometheus' client adds to each program.
var libraryMetrics = []string{"process_resident_memory_bytes"}

// Every expression of a dashboard parses, and each metric in it is one of the table: a panel without data looks like a
// system without work.
func TestDashboards(t *testing.T) {
	t.Parallel()
	metrics, boards := readMetrics(t), readDashboards(t)
	uids := map[string]bool{}
	shown := map[string]bool{}
	for file, d := range boards {
		if d.UID == "" || uids[d.UID] || len(d.Panels) == 0 {
			t.Errorf("%s: got the uid %q and %d panels, want a uid of its own and panels", file, d.UID, len(d.Panels))
		}
		uids[d.UID] = true
		for _, p := range d.Panels {
			if len(p.Targets) == 0 {
				t.Errorf("%s: %s has no expression", file, p.Title)
			}
			for _, target := range p.Targets {
				for _, name := range selectedMetrics(t, file+": "+p.Title, target.Expr) {
					base := strings.TrimSuffix(strings.TrimSuffix(strings.TrimSuffix(name, "_bucket"), "_count"), "_sum")
					if metrics[name] == "" && metrics[base] == "" && !slices.Contains(libraryMetrics, name) {
						t.Errorf("%s: %s uses %s, which no program has", file, p.Title, name)
					}
					shown[name], shown[base] = true, true
				}
			}
		}
	}
	for _, file := range []string{"api.json", "queue.json", "parser.json", "stores.json", "controller.json"} {
		if boards[file].UID == "" {
			t.Errorf("got no %s, want a dashboard of each subsystem", file)
		}
	}
	for name := range metrics {
		if !shown[name] {
			t.Errorf("%s is on no dashboard", name)
		}
	}
}

// selectedMetrics returns the metrics that an expression selects.
func selectedMetrics(t *testing.T, where, expr string) []string {
	t.Helper()
	e, err := parser.NewParser(parser.Options{}).ParseExpr(strings.ReplaceAll(expr, "$namespace", "degrees"))
	if err != nil {
		t.Errorf("%s: %v in %s", where, err, expr)
		return nil
	}
	var names []string
	parser.Inspect(e, func(node parser.Node, _ []parser.Node) error {
		if s, ok := node.(*parser.VectorSelector); ok {
			names = append(names, s.Name)
		}
		return nil
	})
	return names
}
