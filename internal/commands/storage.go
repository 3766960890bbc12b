package commands

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"syscall"

	"github.com/trackmydegree/trackmydegree/internal/admin"
	"github.com/trackmydegree/trackmydegree/internal/config"
	"github.com/trackmydegree/trackmydegree/internal/executor"
	"github.com/trackmydegree/trackmydegree/internal/filestore"
	"github.com/trackmydegree/trackmydegree/internal/repair"
	"github.com/trackmydegree/trackmydegree/internal/s3store"
	"github.com/trackmydegree/trackmydegree/internal/submit"
)

// storage keeps documents and tickets: a folder, or a bucket.
type storage interface {
	submit.Uploads
	executor.Uploads
	repair.Uploads
	admin.Uploads
	// Check does all that will be asked of it once; Ping costs less, and is asked again and again.
	Check(ctx context.Context) error
	Ping(ctx context.Context) error
	Close() error
}

// folder is a storage whose check costs little.
type folder struct{ *filestore.Store }

func (f folder) Ping(ctx context.Context) error { return f.Check(ctx) }

// openStorage opens where documents are kept. It writes nothing, and reaches nobody.
func openStorage(ctx context.Context, c config.Uploads, log *slog.Logger) (storage, error) {
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

// openUploads opens where documents are kept, and checks it: what is wrong should stop the start and not fail every upload.
func (r *role) openUploads(ctx context.Context, c config.Uploads) (storage, error) {
	store, err := openStorage(ctx, c, r.Log)
	if err != nil {
		return nil, err
	}
	r.onClose("uploads", func(context.Context) error { return store.Close() })
	if err = store.Check(ctx); mayPass(err) {
		// As with Redis and MongoDB: the role comes up, and works when it has passed.
		r.Log.Error("uploads cannot be stored", "error", err)
		err = nil
	}
	return store, err
}

// mayPass reports whether what is wrong with a storage may pass by itself: its server is away, or it is full. What is no
// upload (a status, a result) goes on meanwhile.
func mayPass(err error) bool {
	return errors.Is(err, s3store.ErrAway) || errors.Is(err, syscall.ENOSPC) || errors.Is(err, syscall.EDQUOT)
}
