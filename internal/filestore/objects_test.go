package filestore_test

import (
	"bytes"
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"testing"

	"github.com/trackmydegree/trackmydegree/internal/filestore"
)

func TestObjects(t *testing.T) {
	t.Parallel()
	dir, ctx := t.TempDir(), t.Context()
	if err := os.WriteFile(filepath.Join(dir, "README"), nil, 0o600); err != nil {
		t.Fatal(err)
	}
	o, err := filestore.OpenObjects(filepath.Join(dir, "a", "b"))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = o.Close() })
	if _, err := o.ReadObject(ctx, "x/y", 10); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("a missing object: %v", err)
	}
	if err := o.DeleteObject(ctx, "x/y"); err != nil {
		t.Errorf("delete a missing object: %v", err)
	}
	for _, content := range [][]byte{[]byte("first"), []byte("second"), {}} {
		if err := o.WriteObject(ctx, "x/y", content); err != nil {
			t.Fatal(err)
		}
		if got, err := o.ReadObject(ctx, "x/y", 6); err != nil || !bytes.Equal(got, content) {
			t.Errorf("read %q, %v, want %q", got, err, content)
		}
	}
	if err := o.WriteObject(ctx, "x/z", []byte("too long")); err != nil {
		t.Fatal(err)
	}
	if _, err := o.ReadObject(ctx, "x/z", 7); err == nil {
		t.Error("an object above the limit is read")
	}
	names, err := o.ListObjects(ctx)
	if slices.Sort(names); err != nil || !slices.Equal(names, []string{"x/y", "x/z"}) {
		t.Errorf("listed %v, %v", names, err)
	}
	for _, name := range []string{"x/y", "x/z"} {
		if err := o.DeleteObject(ctx, name); err != nil {
			t.Error(err)
		}
	}
	if _, err := os.Stat(filepath.Join(dir, "a", "b", "x")); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("the empty folder is left: %v", err)
	}
	if err := o.WriteObject(ctx, "../../outside", []byte("x")); err == nil {
		t.Error("a name leads out of the folder")
	}
}
