package parserchild

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
)

// seedCache links the compiled WebAssembly of an image into the cache directory, and keeps the files that are there.
// The image's own directory cannot be the cache: a pod's root is read-only, and on a processor other than the
// builder's the module is compiled again and has to be stored.
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
