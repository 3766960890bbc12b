// Package backups opens the targets of `tmd backup` and `tmd restore`: a folder, or a folder of a bucket.
package backups

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"log/slog"
	"os"
	"strings"
	"time"

	"github.com/trackmydegree/trackmydegree/internal/backup"
	"github.com/trackmydegree/trackmydegree/internal/config"
	"github.com/trackmydegree/trackmydegree/internal/filestore"
	"github.com/trackmydegree/trackmydegree/internal/program"
	"github.com/trackmydegree/trackmydegree/internal/s3store"
)

// stallTimeout is how long S3 may make no progress. TMD_S3_TIMEOUT is for uploads, whose clients wait.
const stallTimeout = 20 * time.Second

// target is a target with what closes it.
type target interface {
	backup.Target
	Close() error
}

// OpenArchive opens the backups of a target: the path of a folder, or s3://bucket/folder. A folder is created with
// mayCreate alone.
func OpenArchive(ctx context.Context, where string, c config.S3Server, mayCreate bool, log *slog.Logger) (archive *backup.Archive, closeTarget func(), err error) {
	t, err := openTarget(ctx, where, c, mayCreate, log)
	if err != nil {
		return nil, nil, err
	}
	archive, err = backup.New(backup.Deps{Target: t, Clock: time.Now, Logger: log, Program: program.BuildVersion()})
	if err != nil {
		return nil, nil, errors.Join(err, t.Close())
	}
	return archive, func() { _ = t.Close() }, nil
}

func openTarget(ctx context.Context, where string, c config.S3Server, mayCreate bool, log *slog.Logger) (target, error) {
	if !strings.Contains(where, "://") {
		if _, err := os.Stat(where); errors.Is(err, fs.ErrNotExist) && !mayCreate {
			return nil, program.UsageError(fmt.Errorf("the folder %s does not exist", where))
		}
		return filestore.OpenObjects(where)
	}
	bucket, folder, err := config.ParseBucketURL(where)
	if err != nil {
		return nil, program.UsageError(err)
	}
	if c.S3Region == "" {
		return nil, program.UsageError(errors.New("TMD_S3_REGION is missing: set it to the bucket's region; for a server other than AWS us-east-1 mostly is right"))
	}
	return s3store.OpenObjects(ctx, s3store.Config{
		Bucket: bucket, Prefix: folder, Region: c.S3Region, Endpoint: string(c.S3Endpoint), PathStyle: c.S3PathStyle,
		Timeout: max(stallTimeout, c.S3Timeout), Logger: log,
	})
}
