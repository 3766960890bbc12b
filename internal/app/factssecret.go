package app

import (
	"crypto/rand"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
)

const (
	factsSecretFile   = "facts.key"
	sessionSecretFile = "session.key"
	factsSecretSize   = 32
)

// loadFactsSecret returns the secret of the encryption of facts that `tmd all` keeps in its data folder, readable by
// its user alone. The first call makes it; later runs need the same for the jobs that they restore.
func loadFactsSecret(dir string) ([]byte, error) { return loadSecret(dir, factsSecretFile) }

// loadSecret returns the secret in a file of the data folder, which the first call makes.
func loadSecret(dir, file string) ([]byte, error) {
	root, err := os.OpenRoot(dir)
	if err != nil {
		return nil, fmt.Errorf("secret: %w", err)
	}
	defer func() { _ = root.Close() }()
	secret, err := root.ReadFile(file)
	switch {
	case err == nil && len(secret) == factsSecretSize:
		return secret, nil
	case err != nil && !errors.Is(err, fs.ErrNotExist):
		return nil, fmt.Errorf("secret: %w", err)
	}
	secret = make([]byte, factsSecretSize)
	_, _ = rand.Read(secret) // never fails
	temporary := file + ".tmp"
	if err := root.WriteFile(temporary, secret, 0o600); err != nil {
		return nil, fmt.Errorf("secret: %w", err)
	}
	if err := root.Rename(temporary, file); err != nil {
		return nil, fmt.Errorf("secret in %s: %w", filepath.Clean(dir), err)
	}
	return secret, nil
}
