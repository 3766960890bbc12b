package chart_test

import (
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"go.yaml.in/yaml/v4"
)

// ownersKeys are objects in which an empty key has a meaning of its own, and worker.replicas, which leaves the number
// alone.
var ownersKeys = []string{"podSecurity", "resources", "behavior", "labels", "replicas"}

// emptyAt replaces the values at a depth by empty keys, and returns how many there are.
func emptyAt(values map[string]any, depth int) (map[string]any, int) {
	emptied, n := map[string]any{}, 0
	for key, value := range values {
		inner, isMap := value.(map[string]any)
		switch {
		case slices.Contains(ownersKeys, key):
		case depth == 0:
			emptied[key] = nil
			n++
		case isMap:
			below, more := emptyAt(inner, depth-1)
			if more > 0 {
				emptied[key] = below
				n += more
			}
		}
	}
	return emptied, n
}

// An empty key means that the value was not given: every path of the values, one depth after the other.
func TestEmptyKeysAreNotGiven(t *testing.T) {
	t.Parallel()
	// Random passwords would differ.
	stable := filepath.Join(t.TempDir(), "seed.yaml")
	if err := os.WriteFile(stable, []byte(`secret: {seed: "0123456789012345678901234567890123456789"}`), 0o600); err != nil {
		t.Fatal(err)
	}
	want := renderText(t, chart+"/values.yaml", "--values", stable)
	all := chartValues(t)
	for depth := range 5 {
		emptied, n := emptyAt(all, depth)
		if n == 0 {
			break
		}
		text, err := yaml.Marshal(emptied)
		if err != nil {
			t.Fatal(err)
		}
		file := filepath.Join(t.TempDir(), "values.yaml")
		if err := os.WriteFile(file, text, 0o600); err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(want, renderText(t, file, "--values", stable)); diff != "" {
			t.Errorf("%d empty keys at depth %d change the chart (-want +got):\n%s", n, depth, diff)
		}
	}
}

// Argo CD and Flux's previews render without a cluster to read the present passwords from.
func TestRenderingTwiceGivesTheSamePasswords(t *testing.T) {
	t.Parallel()
	passwords := func(args ...string) map[string]string {
		for _, o := range render(t, chart+"/values.yaml", args...) {
			if o.Kind == "Secret" {
				return o.StringData
			}
		}
		t.Fatal("no Secret")
		return nil
	}
	const seed = "secret.seed=0123456789012345678901234567890123456789"
	first, other := passwords("--set", seed), passwords("--set", seed, "--namespace", "staging")
	if diff := cmp.Diff(first, passwords("--set", seed)); diff != "" {
		t.Errorf("(-first +second):\n%s", diff)
	}
	for key, value := range first {
		if strings.HasSuffix(key, "-password") && other[key] == value {
			t.Errorf("%s is the same in another namespace", key)
		}
	}
}
