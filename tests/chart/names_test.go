package chart_test

import (
	"path/filepath"
	"strings"
	"testing"

	"go.yaml.in/yaml/v4"
)

const (
	// maxName is the longest name of an object whose name becomes a label or a host name.
	maxName = 63
	// maxCronJob leaves room for what the names of its Jobs append.
	maxCronJob = 52
)

// labelled is an object, and its pods, with labels.
type labelled struct {
	Kind     string
	Metadata labels
	Spec     struct {
		Template    struct{ Metadata labels }
		JobTemplate struct {
			Spec struct{ Template struct{ Metadata labels } }
		} `yaml:"jobTemplate"`
	}
}

type labels struct {
	Name   string
	Labels map[string]string
}

// Whatever the release's name, every name and label is one that Kubernetes takes, and no two objects share a name.
func TestLongNames(t *testing.T) {
	t.Parallel()
	const release = "registrar-transcripts-and-timelines-production-000001" // 53 characters, Helm's limit
	long := strings.Repeat("very-long-", 7) + "name"
	for name, given := range map[string]struct {
		release string
		args    []string
	}{
		"release":           {release, nil},
		"fullname":          {"tmd", []string{"--set", "fullnameOverride=" + long}},
		"name":              {"tmd", []string{"--set", "nameOverride=" + long}},
		"both":              {release, []string{"--set", "nameOverride=" + long}},
		"hyphen at the cut": {"tmd", []string{"--set", "fullnameOverride=" + strings.Repeat("a-", 35)}},
	} {
		for _, values := range valuesFiles(t) {
			t.Run(name+"/"+strings.TrimSuffix(filepath.Base(values), ".yaml"), func(t *testing.T) {
				t.Parallel()
				seen := map[string]bool{}
				for document := range strings.SplitSeq(renderRelease(t, given.release, values, given.args...), "\n---\n") {
					var o labelled
					if err := yaml.Unmarshal([]byte(document), &o); err != nil {
						t.Fatal(err)
					}
					checkNames(t, o, seen)
				}
				if len(seen) < 10 {
					t.Errorf("only %d objects were seen", len(seen))
				}
			})
		}
	}
}

func checkNames(t *testing.T, o labelled, seen map[string]bool) {
	t.Helper()
	if o.Kind == "" {
		return
	}
	id := o.Kind + "/" + o.Metadata.Name
	if seen[id] {
		t.Errorf("%s is there twice", id)
	}
	seen[id] = true
	limit := maxName
	if o.Kind == "CronJob" || o.Kind == "StatefulSet" {
		limit = maxCronJob
	}
	if n := o.Metadata.Name; n == "" || len(n) > limit || strings.HasSuffix(n, "-") || strings.Contains(n, "--") && !strings.Contains(n, "a--") {
		t.Errorf("%s: a name of %d characters, want at most %d and no hyphen at its end", id, len(n), limit)
	}
	for _, all := range []map[string]string{o.Metadata.Labels, o.Spec.Template.Metadata.Labels, o.Spec.JobTemplate.Spec.Template.Metadata.Labels} {
		for key, value := range all {
			if len(value) > maxName || strings.HasSuffix(value, "-") {
				t.Errorf("%s: the label %s has %d characters: %s", id, key, len(value), value)
			}
		}
	}
}

// A release and a namespace that YAML takes for numbers or booleans stay texts in every label, selector and name.
func TestNamesAreTexts(t *testing.T) {
	t.Parallel()
	for _, release := range []string{"2025", "1e5", "y", "null", "true"} {
		for _, values := range valuesFiles(t) {
			t.Run(release+"/"+strings.TrimSuffix(filepath.Base(values), ".yaml"), func(t *testing.T) {
				t.Parallel()
				text := renderRelease(t, release, values, "--namespace", "1234", "--set", "fullnameOverride=t123")
				for document := range strings.SplitSeq(text, "\n---\n") {
					var o map[string]any
					if err := yaml.Unmarshal([]byte(document), &o); err != nil {
						t.Fatal(err)
					}
					kind, _ := o["kind"].(string)
					checkTexts(t, kind, o)
				}
			})
		}
	}
}

// checkTexts reports names, labels and annotations that are no texts.
func checkTexts(t *testing.T, path string, node any) {
	t.Helper()
	switch n := node.(type) {
	case []any:
		for _, child := range n {
			checkTexts(t, path, child)
		}
	case map[string]any:
		for key, child := range n {
			at := path + "." + key
			switch key {
			case "labels", "matchLabels", "annotations":
				texts, _ := child.(map[string]any)
				for name, value := range texts {
					if _, isText := value.(string); !isText {
						t.Errorf("%s: %s is %v, a %T", at, name, value, value)
					}
				}
			case "matchNames", "resourceNames":
				names, _ := child.([]any)
				for _, name := range names {
					if _, isText := name.(string); !isText {
						t.Errorf("%s: %v is a %T", at, name, name)
					}
				}
			case "name", "namespace", "secretName", "claimName", "serviceName":
				if _, isText := child.(string); !isText {
					t.Errorf("%s is %v, a %T", at, child, child)
				}
			default:
				checkTexts(t, at, child)
			}
		}
	}
}

// Two releases of one namespace whose long names differ at the end share no object.
func TestLongNamesOfTwoReleasesDiffer(t *testing.T) {
	t.Parallel()
	const prefix = "registrar-transcripts-and-timelines-production-00000"
	first := namesOf(t, prefix+"1")
	for name := range namesOf(t, prefix+"2") {
		if first[name] {
			t.Errorf("both releases have %s", name)
		}
	}
}

// namesOf returns the objects of a release: kind and name.
func namesOf(t *testing.T, release string) map[string]bool {
	t.Helper()
	names := map[string]bool{}
	for document := range strings.SplitSeq(renderRelease(t, release, chart+"/values.yaml"), "\n---\n") {
		var o labelled
		if err := yaml.Unmarshal([]byte(document), &o); err != nil {
			t.Fatal(err)
		}
		if o.Kind != "" {
			names[o.Kind+"/"+o.Metadata.Name] = true
		}
	}
	if len(names) < 10 {
		t.Fatalf("only %d objects were seen", len(names))
	}
	return names
}
