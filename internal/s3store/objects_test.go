package s3store_test

import (
	"bytes"
	"errors"
	"fmt"
	"io/fs"
	"slices"
	"strings"
	"testing"

	"github.com/trackmydegree/trackmydegree/internal/s3store"
	"github.com/trackmydegree/trackmydegree/internal/testenv"
)

func TestObjects(t *testing.T) {
	t.Parallel()
	server, ctx := testenv.StartS3(t, name), t.Context()
	cfg := config(server.URL())
	cfg.Prefix = "nightly"
	o, err := s3store.OpenObjects(ctx, cfg)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = o.Close() })
	if _, err := o.ReadObject(ctx, "x/y", 10); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("a missing object: %v", err)
	}
	var want []string
	for i := range 3 {
		object := fmt.Sprintf("x/%d", i)
		want = append(want, object)
		if err := o.WriteObject(ctx, object, []byte(object)); err != nil {
			t.Fatal(err)
		}
		if got, err := o.ReadObject(ctx, object, 3); err != nil || !bytes.Equal(got, []byte(object)) {
			t.Errorf("read %q, %v", got, err)
		}
		if _, err := o.ReadObject(ctx, object, 2); err == nil {
			t.Error("an object above the limit is read")
		}
	}
	names, err := o.ListObjects(ctx)
	if slices.Sort(names); err != nil || !slices.Equal(names, want) {
		t.Errorf("listed %v, %v, want %v", names, err, want)
	}
	for range 2 { // the second time it is missing
		if err := o.DeleteObject(ctx, "x/0"); err != nil {
			t.Error(err)
		}
	}
	if keys := server.ListKeys(t, name); !slices.Equal(keys, []string{"nightly/x/1", "nightly/x/2"}) {
		t.Errorf("the bucket has %v", keys)
	}
	cfg.Bucket = "missing-bucket"
	missing, err := s3store.OpenObjects(ctx, cfg)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = missing.Close() })
	if err := missing.WriteObject(ctx, "x/y", nil); err == nil || !strings.Contains(err.Error(), "make the bucket") {
		t.Errorf("a missing bucket: %v, want what to do", err)
	}
}
