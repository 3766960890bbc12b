// Package alerts tests the alerts of the chart with Prometheus' own engine: each one fires and resolves, and has a
// runbook. It also holds the table of metrics equal to the code.
package alerts_test

import (
	"log/slog"
	"os"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/prometheus/common/model"
	"github.com/prometheus/prometheus/model/labels"
	"github.com/prometheus/prometheus/promql/parser"
	"github.com/prometheus/prometheus/promql/promqltest"
	"github.com/prometheus/prometheus/rules"
	"go.yaml.in/yaml/v4"
)

// rule is an alert of the chart.
type rule struct {
	Alert, Expr string
	For         string
	Labels      map[string]string
	Annotations map[string]string
}

// readRules returns the alerts of the chart for the namespace degrees.
func readRules(t *testing.T) map[string]rule {
	t.Helper()
	text, err := os.ReadFile("../../charts/trackmydegree/files/alerts.yaml")
	if err != nil {
		t.Fatal(err)
	}
	var file struct {
		Groups []struct{ Rules []rule }
	}
	if err := yaml.Unmarshal([]byte(strings.ReplaceAll(string(text), "$scope", `namespace="degrees"`)), &file); err != nil {
		t.Fatal(err)
	}
	found := map[string]rule{}
	for _, g := range file.Groups {
		for _, r := range g.Rules {
			if found[r.Alert].Alert != "" {
				t.Errorf("two alerts are called %s", r.Alert)
			}
			found[r.Alert] = r
		}
	}
	return found
}

// step is the interval of samples and evaluations.
const step = time.Minute

// fires evaluates a rule each minute and returns the minutes at which it fires.
func (r rule) fires(t *testing.T, series []string, minutes int) []int {
	t.Helper()
	store := promqltest.LoadedStorage(t, "load 1m\n  "+strings.Join(series, "\n  ")+"\n")
	t.Cleanup(func() { _ = store.Close() })
	engine := promqltest.NewTestEngine(t, false, 0, 1_000_000)
	var hold model.Duration
	if r.For != "" {
		var err error
		if hold, err = model.ParseDuration(r.For); err != nil {
			t.Fatal(err)
		}
	}
	expr, err := parser.NewParser(parser.Options{}).ParseExpr(r.Expr)
	if err != nil {
		t.Fatalf("%s: %v", r.Expr, err)
	}
	alert := rules.NewAlertingRule(r.Alert, expr, time.Duration(hold), 0, labels.FromMap(r.Labels), labels.EmptyLabels(),
		labels.EmptyLabels(), "", true, slog.New(slog.DiscardHandler))
	var at []int
	for minute := range minutes {
		now := time.Unix(0, 0).Add(time.Duration(minute) * step).UTC()
		if _, err := alert.Eval(t.Context(), 0, now, rules.EngineQueryFunc(engine, store), nil, 0); err != nil {
			t.Fatal(err)
		}
		for _, active := range alert.ActiveAlerts() {
			if active.State == rules.StateFiring {
				at = append(at, minute)
				break
			}
		}
	}
	return at
}

// Each alert fires within the series and has resolved at its end. other is a namespace that must not matter.
func TestAlertsFireAndResolve(t *testing.T) {
	t.Parallel()
	found := readRules(t)
	tested := map[string]bool{}
	for _, tt := range cases {
		tested[tt.alert] = true
		t.Run(tt.alert+"/"+tt.name, func(t *testing.T) {
			t.Parallel()
			r, ok := found[tt.alert]
			if !ok {
				t.Fatal("the chart has no such alert")
			}
			at := r.fires(t, tt.series, tt.minutes)
			switch {
			case tt.first < 0 && len(at) > 0:
				t.Errorf("fires at %v, want never", at)
			case tt.first < 0:
			case len(at) == 0 || at[0] != tt.first:
				t.Errorf("fires at %v, want from minute %d", at, tt.first)
			case at[len(at)-1] == tt.minutes-1:
				t.Errorf("fires at %v, want it resolved at minute %d", at, tt.minutes-1)
			}
		})
	}
	for name, r := range found {
		if !tested[name] {
			t.Errorf("%s has no test", name)
		}
		if r.Annotations["summary"] == "" || r.Labels["severity"] == "" {
			t.Errorf("%s has no summary or no severity", name)
		}
	}
}

// An alert links to its section by its name in lower case.
func TestAlertsHaveRunbooks(t *testing.T) {
	t.Parallel()
	text, err := os.ReadFile("../../docs/alerts.md")
	if err != nil {
		t.Fatal(err)
	}
	sections := map[string]bool{}
	for _, m := range regexp.MustCompile(`(?m)^## (Tmd\w+)$`).FindAllStringSubmatch(string(text), -1) {
		sections[m[1]] = true
	}
	found := readRules(t)
	for name := range found {
		if !sections[name] {
			t.Errorf("docs/alerts.md has no section %s", name)
		}
	}
	for name := range sections {
		if found[name].Alert == "" {
			t.Errorf("docs/alerts.md describes %s, which the chart lacks", name)
		}
	}
}
