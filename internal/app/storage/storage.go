// Package storage opens the storage of uploaded documents: a folder, or an S3 bucket.
package storage

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"syscall"

	"github.com/trackmydegree/trackmydegree/internal/account"
	"github.com/trackmydegree/trackmydegree/internal/admin"
	"github.com/trackmydegree/trackmydegree/internal/config"
	"github.com/trackmydegree/trackmydegree/internal/executor"
	"github.com/trackmydegree/trackmydegree/internal/filestore"
	"github.com/trackmydegree/trackmydegree/internal/repair"
	"github.com/trackmydegree/trackmydegree/internal/s3store"
	"github.com/trackmydegree/trackmydegree/internal/submit"
)

// Storage stores documents and their tickets.
type Storage interface {
	submit.Uploads
	executor.Uploads
	repair.Uploads
	admin.Uploads
	account.Uploads
	// CheckAccess performs each operation once that the roles need. Ping costs less, for repeated health checks.
	CheckAccess(ctx context.Context) error
	Ping(ctx context.Context) error
	Close() error
}

// folder is a storage whose check is cheap enough for health checks.
type folder struct{ *filestore.Store }

// Ping performs the whole check.
func (f folder) Ping(ctx context.Context) error { return f.CheckAccess(ctx) }

// Open returns the storage that the settings name. It neither writes nor connects: CheckAccess does.
func Open(ctx context.Context, c config.Uploads, log *slog.Logger) (Storage, error) {
	if c.Storage != config.StorageS3 {
		store, err := filestore.New(filestore.Config{Dir: c.UploadDir})
		if err != nil {
			return nil, fmt.Errorf("TMD_UPLOAD_DIR: %w", err)
		}
		return folder{store}, nil
	}
	store, err := s3store.New(ctx, s3store.Config{
		Bucket: c.S3Bucket, Region: c.S3Region, Endpoint: string(c.S3Endpoint), Prefix: c.S3Prefix, PathStyle: c.S3PathStyle,
		Timeout: c.S3Timeout, Logger: log,
	})
	if err != nil {
		return nil, err
	}
	return store, nil
}

// IsTransient reports whether a failed CheckAccess may recover without intervention: the server is unavailable, or
// the disk is full. A role starts nevertheless, because statuses and results do not depend on the storage.
func IsTransient(err error) bool {
	return errors.Is(err, s3store.ErrUnavailable) || errors.Is(err, syscall.ENOSPC) || errors.Is(err, syscall.EDQUOT)
}
