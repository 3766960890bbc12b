// Package chart compares the Helm chart with the program: each variable that it sets is a setting of its role, each
// role gets the settings that it needs, and KEDA reads the keys of the queue. It also requires a unit test of the
// chart for each value.
package chart_test

import (
	"bytes"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"go.yaml.in/yaml/v4"

	"github.com/trackmydegree/trackmydegree/internal/config"
	"github.com/trackmydegree/trackmydegree/internal/testenv"
)

const chart = "../../charts/trackmydegree"

// object is the part of a manifest that the tests read.
type object struct {
	Kind     string
	Metadata struct{ Name string }
	// Of a Secret.
	StringData map[string]string `yaml:"stringData"`
	Spec       struct {
		podSpec  `yaml:",inline"`
		Template struct{ Spec podSpec }
		// Of a CronJob.
		JobTemplate struct {
			Spec struct{ Template struct{ Spec podSpec } }
		} `yaml:"jobTemplate"`
		// Of a ScaledObject.
		Triggers []struct {
			Name     string
			Metadata map[string]string
		}
		Advanced struct {
			ScalingModifiers struct{ Formula string } `yaml:"scalingModifiers"`
		}
	}
}

type podSpec struct {
	InitContainers []container `yaml:"initContainers"`
	Containers     []container
}

type container struct {
	Name    string
	Command []string
	Args    []string
	Env     []variable
}

// role returns the role that the container runs; empty for another program.
func (c container) role() string {
	if slices.Equal(c.Command, []string{"/tmd-controller"}) {
		return "controller"
	}
	if len(c.Args) > 0 && slices.ContainsFunc(config.Roles(), func(r config.Role) bool { return r.Name == c.Args[0] }) {
		return c.Args[0]
	}
	return ""
}

type variable struct {
	Name, Value string
	ValueFrom   struct {
		SecretKeyRef struct{ Name, Key string } `yaml:"secretKeyRef"`
	} `yaml:"valueFrom"`
}

// renderText returns the manifests of a values file.
func renderText(t *testing.T, values string, args ...string) string {
	t.Helper()
	return renderRelease(t, "tmd", values, args...)
}

// renderRelease returns the manifests of a release.
func renderRelease(t *testing.T, release, values string, args ...string) string {
	t.Helper()
	helm, err := exec.LookPath("../../.bin/helm")
	if err != nil {
		if helm, err = exec.LookPath("helm"); err != nil {
			testenv.SkipMissing(t, "helm", "run hack/deps.sh chart")
		}
	}
	command := exec.CommandContext(t.Context(), helm, append([]string{"template", release, chart, "--values", values}, args...)...)
	var faults bytes.Buffer
	command.Stderr = &faults
	text, err := command.Output()
	if err != nil {
		t.Fatalf("%v: %s", err, &faults)
	}
	return string(text)
}

// render returns the objects of a values file.
func render(t *testing.T, values string, args ...string) []object {
	t.Helper()
	var objects []object
	for document := range strings.SplitSeq(renderText(t, values, args...), "\n---\n") {
		var o object
		if err := yaml.Unmarshal([]byte(document), &o); err != nil {
			t.Fatalf("%v in\n%s", err, document)
		}
		objects = append(objects, o)
	}
	return objects
}

// containers returns those that run the program, by the names of their objects.
func containers(objects []object) map[string]container {
	found := map[string]container{}
	for _, o := range objects {
		for _, pod := range []podSpec{o.Spec.podSpec, o.Spec.Template.Spec, o.Spec.JobTemplate.Spec.Template.Spec} {
			for _, c := range slices.Concat(pod.InitContainers, pod.Containers) {
				if c.role() != "" {
					found[strings.ToLower(o.Kind)+"/"+o.Metadata.Name+"/"+c.Name] = c
				}
			}
		}
	}
	return found
}

func valuesFiles(t *testing.T) []string {
	t.Helper()
	files, err := filepath.Glob(chart + "/ci/*-values.yaml")
	if err != nil || len(files) == 0 {
		t.Fatal("no values files", err)
	}
	more, err := filepath.Glob("../../k8s/values/*.yaml")
	if err != nil {
		t.Fatal(err)
	}
	return append(files, more...)
}

func role(name string) config.Settings {
	roles := config.Roles()
	return roles[slices.IndexFunc(roles, func(r config.Role) bool { return r.Name == name })].New()
}

// settings returns the variables that a role reads.
func settings(t *testing.T, name string) []string {
	t.Helper()
	described, _ := config.Describe(role(name), nil) // missing settings do not matter here
	var names []string
	for _, s := range described {
		names = append(names, s.Name, s.Name+"_FILE")
	}
	return names
}

// platform are the variables that Go and the libraries read.
var platform = []string{"GOMAXPROCS", "GOMEMLIMIT", "SSL_CERT_DIR", "AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"}

// bucketKeys are the keys of uploads.s3.existingSecret.
var bucketKeys = []string{"access-key-id", "secret-access-key"}

// secrets replace the values of an existing Secret.
var secrets = map[string]string{
	"jwt-secret":      "0123456789abcdef0123456789abcdef",
	"redis-job-url":   "rediss://redis:6379/1",
	"redis-cache-url": "rediss://redis:6379/0",
	"mongodb-uri":     "mongodb://mongodb/trackmydegree",
	"sentry-dsn":      "https://key@sentry.example.org/1",
	"session-secret":  "0123456789abcdef0123456789abcdef",
}

func TestRolesGetWhatTheyRead(t *testing.T) {
	t.Parallel()
	for _, values := range valuesFiles(t) {
		t.Run(strings.TrimSuffix(filepath.Base(values), ".yaml"), func(t *testing.T) {
			t.Parallel()
			objects := render(t, values)
			held := secrets
			for _, o := range objects {
				if o.Kind == "Secret" {
					held = o.StringData
				}
			}
			cert, key := testenv.WriteCertificate(t)
			mounted := strings.NewReplacer("/etc/tmd/redis/tls.crt", cert, "/etc/tmd/redis/tls.key", key,
				"/etc/tmd/scaler/tls.crt", cert, "/etc/tmd/scaler/tls.key", key)
			found := containers(objects)
			if len(found) < 2 {
				t.Fatalf("only %d containers run the program", len(found))
			}
			for where, c := range found {
				known := settings(t, c.role())
				var environ []string
				for _, v := range c.Env {
					if !slices.Contains(known, v.Name) && !slices.Contains(platform, v.Name) {
						t.Errorf("%s: %s is no setting of the role %s", where, v.Name, c.role())
					}
					value := v.Value
					if key := v.ValueFrom.SecretKeyRef.Key; key != "" && !slices.Contains(bucketKeys, key) {
						if value = held[key]; value == "" {
							t.Errorf("%s: %s comes from %s, which the Secret lacks", where, v.Name, key)
						}
					}
					if v.Name != "TMD_TOKEN_FILE" { // the container before it creates the file
						environ = append(environ, v.Name+"="+mounted.Replace(value))
					}
				}
				if err := config.Load(role(c.role()), environ); err != nil {
					t.Errorf("%s: the role %s does not start: %v", where, c.role(), err)
				}
			}
		})
	}
}

func TestParserGetsNoSecret(t *testing.T) {
	t.Parallel()
	for _, values := range valuesFiles(t) {
		for where, c := range containers(render(t, values)) {
			for _, v := range c.Env {
				if c.role() == "parser" && v.ValueFrom.SecretKeyRef.Key != "" {
					t.Errorf("%s, %s: %s is a secret", values, where, v.Name)
				}
			}
		}
	}
}

func TestImageSetsWhatTheProgramReads(t *testing.T) {
	t.Parallel()
	text, err := os.ReadFile("../../Dockerfile")
	if err != nil {
		t.Fatal(err)
	}
	variables := regexp.MustCompile(`(?m)^ENV (\w+)=`).FindAllStringSubmatch(string(text), -1)
	if len(variables) == 0 {
		t.Fatal("the Dockerfile sets nothing")
	}
	for _, v := range variables {
		if !slices.Contains(settings(t, "parser"), v[1]) {
			t.Errorf("%s is no setting", v[1])
		}
	}
}

func TestSkaffoldNamesWhatIsThere(t *testing.T) {
	t.Parallel()
	text, err := os.ReadFile("../../skaffold.yaml")
	if err != nil {
		t.Fatal(err)
	}
	type pipeline struct {
		Deploy struct {
			Helm struct {
				Releases []struct {
					ChartPath         string            `yaml:"chartPath"`
					ValuesFiles       []string          `yaml:"valuesFiles"`
					SetValues         map[string]string `yaml:"setValues"`
					SetValueTemplates map[string]string `yaml:"setValueTemplates"`
				}
			}
		}
	}
	var skaffold struct {
		pipeline `yaml:",inline"`
		Profiles []pipeline
	}
	if err := yaml.Unmarshal(text, &skaffold); err != nil {
		t.Fatal(err)
	}
	values := map[string]bool{}
	leaves("", chartValues(t), values)
	releases := 0
	for _, p := range append(skaffold.Profiles, skaffold.pipeline) {
		for _, release := range p.Deploy.Helm.Releases {
			releases++
			for _, path := range append(release.ValuesFiles, release.ChartPath) {
				if _, err := os.Stat("../../" + path); err != nil {
					t.Error(err)
				}
			}
			for _, set := range []map[string]string{release.SetValues, release.SetValueTemplates} {
				for value := range set {
					if !values[value] {
						t.Errorf("%s is no value of the chart", value)
					}
				}
			}
		}
	}
	if releases != 2 {
		t.Errorf("%d releases: one for development and one for production", releases)
	}
}

// A value without a test could have no effect unnoticed.
func TestEveryValueHasAUnitTest(t *testing.T) {
	t.Parallel()
	suites, err := filepath.Glob(chart + "/tests/*_test.yaml")
	if err != nil || len(suites) == 0 {
		t.Fatal("no unit tests", err)
	}
	set := map[string]bool{}
	for _, suite := range suites {
		text, err := os.ReadFile(suite)
		if err != nil {
			t.Fatal(err)
		}
		var s struct {
			Set   map[string]any
			Tests []struct{ Set map[string]any }
		}
		if err := yaml.Unmarshal(text, &s); err != nil {
			t.Fatalf("%s: %v", suite, err)
		}
		leaves("", s.Set, set)
		for _, test := range s.Tests {
			leaves("", test.Set, set)
		}
	}
	tested := func(value string) bool {
		for s := range set {
			if s == value || strings.HasPrefix(s, value+".") || strings.HasPrefix(value, s+".") {
				return true
			}
		}
		return false
	}
	all := map[string]bool{}
	leaves("", chartValues(t), all)
	for value := range all {
		if !tested(value) {
			t.Errorf("%s is set by no unit test of charts/trackmydegree/tests", value)
		}
	}
}

func chartValues(t *testing.T) map[string]any {
	t.Helper()
	text, err := os.ReadFile(chart + "/values.yaml")
	if err != nil {
		t.Fatal(err)
	}
	var values map[string]any
	if err := yaml.Unmarshal(text, &values); err != nil {
		t.Fatal(err)
	}
	return values
}

// whole are objects of Kubernetes that the chart passes on unchanged.
var whole = []string{"resources", "behavior"}

// leaves adds the dotted path of each value that contains no others.
func leaves(path string, values map[string]any, into map[string]bool) {
	for key, value := range values {
		at := strings.TrimPrefix(path+"."+key, ".")
		if inner, ok := value.(map[string]any); ok && len(inner) > 0 && !slices.Contains(whole, key) {
			leaves(at, inner, into)
			continue
		}
		into[at] = true
	}
}
