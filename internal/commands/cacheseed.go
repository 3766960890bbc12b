package commands

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
)

// seedCache links what an image brings of compiled WebAssembly into the cache, which the image itself cannot be: a pod's
// root is read-only, and on a processor other than the builder's the module is compiled anew and must be kept somewhere.
// What is in the cache already stays as it is.
func seedCache(dir, seed string) error {
	if seed == "" {
		return nil
	}
	return filepath.WalkDir(seed, func(path string, entry fs.DirEntry, err error) error {
		if err != nil {
			return fmt.Errorf("TMD_CACHE_SEED: %w", err)
		}
		name, err := filepath.Rel(seed, path)
		if err != nil {
			return err
		}
		target := filepath.Join(dir, name)
		if entry.IsDir() {
			return os.MkdirAll(target, 0o700)
		}
		if err := os.Symlink(path, target); err != nil && !errors.Is(err, fs.ErrExist) {
			return err
		}
		return nil
	})
}
