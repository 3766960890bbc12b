package pdftext

import (
	"context"
	"errors"
	"fmt"
	"hash/crc32"
	"io"
	"os"
	"path/filepath"
	"runtime"
	"strings"

	"github.com/tetratelabs/wazero"
	"golang.org/x/sys/unix"
)

// sumSuffix marks the file with the checksum of a cache entry, next to the entry.
const sumSuffix = ".sum"

// entryRoom is more than the size of an entry, in bytes. PDFium takes 21 MB.
const entryRoom = 24 << 20

// moduleCache is a folder with the compiled module. The folder saves time and nothing else: whatever is wrong with it,
// the module is compiled without it.
//
// An entry is native code that this process executes, and the library checks only a part of it. An entry is therefore
// used only with its checksum, and only if this user or root owns it.
type moduleCache struct {
	compiled wazero.CompilationCache
	dir      string
}

// openModuleCache opens a folder, makes it if necessary, and deletes the entries that cannot be used. The error says
// why the folder cannot be used at all.
func openModuleCache(dir string) (*moduleCache, error) {
	compiled, err := wazero.NewCompilationCacheWithDir(dir)
	if err != nil {
		return nil, err
	}
	c := &moduleCache{compiled: compiled, dir: dir}
	usable, err := c.deleteUnusableEntries()
	if err == nil && usable == 0 {
		err = checkRoom(dir)
	}
	if err != nil {
		return nil, errors.Join(err, c.close())
	}
	return c, nil
}

func (c *moduleCache) close() error { return c.compiled.Close(context.Background()) }

// listEntries returns the paths of the entries for this kind of machine.
func (c *moduleCache) listEntries() ([]string, error) {
	folders, err := filepath.Glob(filepath.Join(c.dir, "wazero-*-"+runtime.GOARCH+"-"+runtime.GOOS))
	if err != nil {
		return nil, err
	}
	var entries []string
	for _, folder := range folders {
		files, err := os.ReadDir(folder)
		if err != nil {
			return nil, err
		}
		for _, f := range files {
			if !strings.Contains(f.Name(), ".") { // neither a checksum nor a temporary file
				entries = append(entries, filepath.Join(folder, f.Name()))
			}
		}
	}
	return entries, nil
}

// deleteUnusableEntries returns the number of the others.
func (c *moduleCache) deleteUnusableEntries() (usable int, err error) {
	entries, err := c.listEntries()
	if err != nil {
		return 0, err
	}
	for _, path := range entries {
		problem := checkEntry(path)
		if problem == nil {
			usable++
			continue
		}
		err := errors.Join(deleteFile(path), deleteFile(path+sumSuffix))
		if err != nil {
			return 0, fmt.Errorf("%w; it cannot be deleted: %w", problem, err)
		}
	}
	return usable, nil
}

// checkRoom reserves the room of an entry in a folder for a moment: a failure after the compilation would cost a second
// compilation.
func checkRoom(dir string) error {
	f, err := os.CreateTemp(dir, "room.*.tmp")
	if err != nil {
		return err
	}
	if err = unix.Fallocate(int(f.Fd()), 0, 0, entryRoom); err != nil {
		err = &os.PathError{Op: "reserve room in", Path: dir, Err: err}
		if errors.Is(err, errors.ErrUnsupported) {
			err = nil
		}
	}
	return errors.Join(err, f.Close(), deleteFile(f.Name()))
}

// checkEntry returns why an entry may not be used.
func checkEntry(path string) error {
	var st unix.Stat_t
	if err := unix.Stat(path, &st); err != nil {
		return &os.PathError{Op: "stat", Path: path, Err: err}
	}
	if owner := int(st.Uid); owner != 0 && owner != os.Geteuid() {
		return fmt.Errorf("%s belongs to the user %d", path, owner)
	}
	want, err := os.ReadFile(path + sumSuffix)
	if err != nil {
		return err
	}
	got, err := sumFile(path)
	if err == nil && got != string(want) {
		err = fmt.Errorf("%s is damaged", path)
	}
	return err
}

// saveSums writes the checksums of new entries.
func (c *moduleCache) saveSums() error {
	entries, err := c.listEntries()
	if err != nil {
		return err
	}
	for _, path := range entries {
		if _, err := os.Lstat(path + sumSuffix); err == nil {
			continue
		}
		sum, err := sumFile(path)
		if errors.Is(err, os.ErrNotExist) { // another process deleted it just now
			continue
		}
		if err == nil {
			err = writeWhole(path+sumSuffix, sum)
		}
		if err != nil {
			return err
		}
	}
	return nil
}

// sumFile returns length and CRC-32C of a file. It detects damage; the owner of the file is what protects from others.
func sumFile(path string) (string, error) {
	f, err := os.Open(path)
	if err != nil {
		return "", err
	}
	defer f.Close()
	hash := crc32.New(crc32.MakeTable(crc32.Castagnoli))
	n, err := io.Copy(hash, f)
	return fmt.Sprintf("%d %08x\n", n, hash.Sum32()), err
}

// writeWhole writes a file that appears with its whole text.
func writeWhole(path, text string) error {
	f, err := os.CreateTemp(filepath.Dir(path), filepath.Base(path)+".*.tmp")
	if err != nil {
		return err
	}
	_, err = f.WriteString(text)
	err = errors.Join(err, f.Close())
	if err == nil {
		err = os.Rename(f.Name(), path)
	}
	if err != nil {
		return errors.Join(err, deleteFile(f.Name()))
	}
	return nil
}

// deleteFile deletes a file, if it exists.
func deleteFile(path string) error {
	if err := os.Remove(path); !errors.Is(err, os.ErrNotExist) {
		return err
	}
	return nil
}
