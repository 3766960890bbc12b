package storage

import (
	"errors"
	"fmt"
	"io/fs"
	"syscall"
	"testing"

	"github.com/trackmydegree/trackmydegree/internal/fault"
	"github.com/trackmydegree/trackmydegree/internal/s3store"
)

// A full disk does not stop the start of a role, because everything except uploads works. A wrong folder does.
func TestIsTransient(t *testing.T) {
	t.Parallel()
	for _, err := range []error{syscall.ENOSPC, syscall.EDQUOT, s3store.ErrUnavailable} {
		if !IsTransient(fault.Wrap(fault.StorageUnavailable, fmt.Errorf("write: %w", err))) {
			t.Errorf("%v stops the start", err)
		}
	}
	for _, err := range []error{nil, fs.ErrPermission, syscall.EROFS, syscall.ENOENT, errors.New("other bytes come back")} {
		if IsTransient(err) {
			t.Errorf("%v does not stop the start", err)
		}
	}
}
