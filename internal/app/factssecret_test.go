package app

import (
	"bytes"
	"os"
	"path/filepath"
	"testing"
)

func TestFactsSecret(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	first, err := loadFactsSecret(dir)
	if err != nil || len(first) != factsSecretSize {
		t.Fatalf("got %d bytes, %v, want %d", len(first), err, factsSecretSize)
	}
	if again, err := loadFactsSecret(dir); err != nil || !bytes.Equal(again, first) {
		t.Errorf("the second run has another secret, %v", err)
	}
	info, err := os.Stat(filepath.Join(dir, factsSecretFile))
	if err != nil || info.Mode().Perm() != 0o600 {
		t.Errorf("got the mode %v, %v, want 600", info.Mode(), err)
	}
	// A file that a crash cut short is made again.
	if err := os.WriteFile(filepath.Join(dir, factsSecretFile), []byte("x"), 0o600); err != nil {
		t.Fatal(err)
	}
	if again, err := loadFactsSecret(dir); err != nil || len(again) != factsSecretSize {
		t.Errorf("got %d bytes, %v, want a new secret", len(again), err)
	}
	if _, err := loadFactsSecret(filepath.Join(dir, "missing")); err == nil {
		t.Error("got a secret in a folder that is not there")
	}
}
