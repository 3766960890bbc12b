package filestore

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path"
	"strings"
)

const (
	// Backups hold personal data: only their user reads them.
	objectMode       fs.FileMode = 0o600
	objectFolderMode fs.FileMode = 0o700
	// draftPrefix begins the names of objects that are being written.
	draftPrefix = ".draft-"
)

// Objects is a folder of objects whose names have one slash: the folders and files of backups.
type Objects struct{ root *os.Root }

// OpenObjects returns the objects of a folder, which it creates with its parents.
func OpenObjects(dir string) (*Objects, error) {
	if err := os.MkdirAll(dir, objectFolderMode); err != nil {
		return nil, fmt.Errorf("make the folder of backups: %w", err)
	}
	root, err := os.OpenRoot(dir)
	if err != nil {
		return nil, fmt.Errorf("open the folder of backups: %w", err)
	}
	return &Objects{root}, nil
}

// Close closes the folder.
func (o *Objects) Close() error { return o.root.Close() }

// WriteObject stores an object whole or not at all, in place of one of the same name, durably when it returns.
func (o *Objects) WriteObject(ctx context.Context, name string, content []byte) error {
	if err := ctx.Err(); err != nil {
		return err
	}
	folder := path.Dir(name)
	if err := o.root.Mkdir(folder, objectFolderMode); err == nil {
		err = o.syncFolder(".")
		if err != nil {
			return fmt.Errorf("write %s: %w", name, err)
		}
	} else if !errors.Is(err, fs.ErrExist) {
		return fmt.Errorf("write %s: %w", name, err)
	}
	draft := path.Join(folder, draftPrefix+rand.Text())
	err := o.writeDraft(draft, content)
	if err == nil {
		err = o.root.Rename(draft, name)
	}
	if err != nil {
		return fmt.Errorf("write %s: %w", name, errors.Join(err, ignoreMissing(o.root.Remove(draft))))
	}
	return o.syncFolder(folder)
}

func (o *Objects) writeDraft(name string, content []byte) error {
	f, err := o.root.OpenFile(name, os.O_WRONLY|os.O_CREATE|os.O_EXCL, objectMode)
	if err != nil {
		return err
	}
	_, err = f.Write(content)
	if err == nil {
		err = f.Sync()
	}
	return errors.Join(err, f.Close())
}

func (o *Objects) syncFolder(name string) error {
	f, err := o.root.Open(name)
	if err != nil {
		return err
	}
	return errors.Join(f.Sync(), f.Close())
}

// ReadObject returns an object of at most limit bytes; fs.ErrNotExist is in the error for a missing one.
func (o *Objects) ReadObject(_ context.Context, name string, limit int64) ([]byte, error) {
	f, err := o.root.Open(name)
	if err != nil {
		return nil, fmt.Errorf("read %s: %w", name, err)
	}
	defer f.Close()
	content, err := io.ReadAll(io.LimitReader(f, limit+1))
	switch {
	case err != nil:
		return nil, fmt.Errorf("read %s: %w", name, err)
	case int64(len(content)) > limit:
		return nil, fmt.Errorf("read %s: it is larger than %d bytes", name, limit)
	}
	return content, nil
}

// ListObjects returns the names of the objects, in no order. Drafts that an interrupted write left are among them, so
// that they are deleted with their folder.
func (o *Objects) ListObjects(context.Context) ([]string, error) {
	var names []string
	folders, err := fs.ReadDir(o.root.FS(), ".")
	if err != nil {
		return nil, fmt.Errorf("list the backups: %w", err)
	}
	for _, folder := range folders {
		if !folder.IsDir() {
			continue
		}
		files, err := fs.ReadDir(o.root.FS(), folder.Name())
		if errors.Is(err, fs.ErrPermission) && !strings.HasPrefix(folder.Name(), "tmd-") {
			continue // lost+found of a volume
		}
		if err != nil {
			return nil, fmt.Errorf("list the backups: %w", err)
		}
		for _, file := range files {
			names = append(names, folder.Name()+"/"+file.Name())
		}
	}
	return names, nil
}

// DeleteObject removes an object, and its folder with the last one; a missing object is no error.
func (o *Objects) DeleteObject(_ context.Context, name string) error {
	if err := ignoreMissing(o.root.Remove(name)); err != nil {
		return fmt.Errorf("delete %s: %w", name, err)
	}
	_ = o.root.Remove(path.Dir(name)) // refused while it is not empty
	return nil
}

func ignoreMissing(err error) error {
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	return err
}
