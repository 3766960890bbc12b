package parserchild

import (
	"os"
	"path/filepath"
	"testing"
)

func TestSeedCache(t *testing.T) {
	t.Parallel()
	seed, dir := t.TempDir(), filepath.Join(t.TempDir(), "cache")
	write(t, filepath.Join(seed, "wazero", "module"), "compiled")
	write(t, filepath.Join(seed, "wazero", "other"), "compiled")
	write(t, filepath.Join(dir, "wazero", "other"), "compiled here")
	for range 2 { // a restarted container finds its earlier cache
		if err := seedCache(dir, seed); err != nil {
			t.Fatal(err)
		}
	}
	for name, want := range map[string]string{"module": "compiled", "other": "compiled here"} {
		got, err := os.ReadFile(filepath.Join(dir, "wazero", name))
		if err != nil || string(got) != want {
			t.Errorf("%s: %q, %v", name, got, err)
		}
	}
	if err := seedCache(dir, ""); err != nil {
		t.Error(err)
	}
	if err := seedCache(dir, filepath.Join(seed, "nowhere")); err == nil {
		t.Error("a seed that is not there is no fault")
	}
}

func write(t *testing.T, path, text string) {
	t.Helper()
	if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
}
