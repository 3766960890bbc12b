package chart_test

import (
	"crypto/sha256"
	"encoding/hex"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"

	"go.yaml.in/yaml/v4"
)

// published is a line of charts/versions.txt.
type published struct{ version, revision, values string }

// TestVersionRisesWithItsValues requires that one version of the chart never has two sets of values: an operator who
// pins a version gets what was tested, and --reset-then-reuse-values finds the keys of that version's README.
func TestVersionRisesWithItsValues(t *testing.T) {
	versions := readPublished(t)
	current := readChartVersion(t)
	last := versions[len(versions)-1]
	switch compareVersions(t, current, last.version) {
	case -1:
		t.Errorf("the chart has version %s, want %s or later: that is published", current, last.version)
	case 0:
		if got := hashValues(t); got != last.values {
			t.Errorf("the values differ from those of %s, which is published: raise version and appVersion in Chart.yaml", current)
		}
	}
}

// TestPublishedVersions checks the list of published versions: in order, each with a section in the changelog.
func TestPublishedVersions(t *testing.T) {
	changelog, err := os.ReadFile("../../CHANGELOG.md")
	if err != nil {
		t.Fatal(err)
	}
	versions := readPublished(t)
	if !slices.IsSortedFunc(versions, func(a, b published) int { return compareVersions(t, a.version, b.version) }) {
		t.Errorf("the versions are not in order: %v", versions)
	}
	for _, v := range versions {
		if !strings.Contains(string(changelog), "\n## ["+v.version+"] - ") {
			t.Errorf("CHANGELOG.md has no section of %s, which is published", v.version)
		}
		if len(v.revision) != 40 || len(v.values) != 64 {
			t.Errorf("%s: revision %q and hash %q, want 40 and 64 digits", v.version, v.revision, v.values)
		}
	}
}

func readPublished(t *testing.T) []published {
	t.Helper()
	text, err := os.ReadFile("../../charts/versions.txt")
	if err != nil {
		t.Fatal(err)
	}
	var versions []published
	for line := range strings.Lines(string(text)) {
		fields := strings.Fields(line)
		if strings.HasPrefix(line, "#") || len(fields) == 0 {
			continue
		}
		if len(fields) != 3 {
			t.Fatalf("versions.txt: %q, want version, revision and hash", line)
		}
		versions = append(versions, published{fields[0], fields[1], fields[2]})
	}
	if len(versions) == 0 {
		t.Fatal("versions.txt has no version")
	}
	return versions
}

func readChartVersion(t *testing.T) string {
	t.Helper()
	text, err := os.ReadFile(filepath.Join(chart, "Chart.yaml"))
	if err != nil {
		t.Fatal(err)
	}
	var file struct {
		Version    string
		AppVersion string `yaml:"appVersion"`
	}
	if err := yaml.Unmarshal(text, &file); err != nil {
		t.Fatal(err)
	}
	if file.Version != file.AppVersion {
		t.Errorf("version %s and appVersion %s, want one: chart and programs are released together", file.Version, file.AppVersion)
	}
	return file.Version
}

// hashValues returns the hash of the values and their schema, as `hack/release.sh record` prints it.
func hashValues(t *testing.T) string {
	t.Helper()
	hash := sha256.New()
	for _, name := range []string{"values.yaml", "values.schema.json"} {
		text, err := os.ReadFile(filepath.Join(chart, name))
		if err != nil {
			t.Fatal(err)
		}
		hash.Write(text)
	}
	return hex.EncodeToString(hash.Sum(nil))
}

// compareVersions compares versions of three numbers, without pre-releases.
func compareVersions(t *testing.T, a, b string) int {
	t.Helper()
	numbers := func(version string) (n []int) {
		for part := range strings.SplitSeq(version, ".") {
			number, err := strconv.Atoi(part)
			if err != nil {
				t.Fatalf("version %q: %v", version, err)
			}
			n = append(n, number)
		}
		return n
	}
	return slices.Compare(numbers(a), numbers(b))
}
