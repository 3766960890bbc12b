package s3store

import (
	"context"
	"errors"
	"strings"

	"github.com/aws/aws-sdk-go-v2/service/s3"
	"github.com/aws/aws-sdk-go-v2/service/s3/types"

	"github.com/trackmydegree/trackmydegree/internal/fault"
	"github.com/trackmydegree/trackmydegree/internal/job"
)

// parts separates the name of a document from the id of its multipart upload.
const parts = "?uploadId="

// ListFiles returns one entry for each job, one for each kept document, and one for each unfinished multipart upload,
// in no order. Objects that are deleted during the listing may be left out. Objects with other names are left out,
// because they do not belong to the store.
func (s *Store) ListFiles(ctx context.Context) ([]job.StoredFiles, error) {
	var found job.FileList
	pages := s3.NewListObjectsV2Paginator(s.client, &s3.ListObjectsV2Input{Bucket: &s.cfg.Bucket, Prefix: &s.prefix})
	for pages.HasMorePages() {
		objects, err := s.nextPage(ctx, pages)
		if err != nil {
			return nil, err
		}
		for _, o := range objects {
			found.AddFile(strings.TrimPrefix(*o.Key, s.prefix), *o.Size, *o.LastModified)
		}
	}
	if err := s.listParts(ctx, &found); err != nil {
		return nil, err
	}
	return found.StoredFiles(), nil
}

func (s *Store) nextPage(ctx context.Context, pages *s3.ListObjectsV2Paginator) ([]types.Object, error) {
	ctx, cancel := withStallTimeout(ctx, s.listTimeout())
	defer cancel()
	out, err := pages.NextPage(ctx)
	if err != nil {
		return nil, wrapError(ctx, "list", err)
	}
	return out.Contents, nil
}

// listParts adds the unfinished multipart uploads. Their writer may be dead, and no other list shows them.
func (s *Store) listParts(ctx context.Context, found *job.FileList) error {
	uploads := s3.NewListMultipartUploadsPaginator(s.client, &s3.ListMultipartUploadsInput{Bucket: &s.cfg.Bucket, Prefix: &s.prefix})
	for uploads.HasMorePages() {
		out, err := func() (*s3.ListMultipartUploadsOutput, error) {
			ctx, cancel := withStallTimeout(ctx, s.listTimeout())
			defer cancel()
			out, err := uploads.NextPage(ctx)
			if err != nil {
				return nil, wrapError(ctx, "list uploads in parts", err)
			}
			return out, nil
		}()
		if err != nil {
			return err
		}
		for _, u := range out.Uploads {
			name := strings.TrimPrefix(*u.Key, s.prefix)
			if job.ParseFileName(name).Document {
				found.AddTemporary(name+parts+*u.UploadId, *u.Initiated)
			}
		}
	}
	return nil
}

// DeleteTemporary aborts a multipart upload that ListFiles returned, or removes an object of CheckAccess. The caller
// chooses entries old enough that no process writes them.
func (s *Store) DeleteTemporary(ctx context.Context, l job.StoredFiles) error {
	ctx, cancel := withStallTimeout(ctx, s.idleTimeout())
	defer cancel()
	name, upload, inParts := strings.Cut(l.Temporary, parts)
	key := s.prefix + name
	switch {
	case inParts && job.ParseFileName(name).Document:
		_, err := s.client.AbortMultipartUpload(ctx, &s3.AbortMultipartUploadInput{Bucket: &s.cfg.Bucket, Key: &key, UploadId: &upload})
		if err != nil && codeOf(err) != "NoSuchUpload" {
			return wrapError(ctx, "end an upload in parts", err)
		}
		return nil
	case job.ParseFileName(name).Temporary != "":
		return s.removeObject(ctx, key)
	}
	return fault.Wrap(fault.Internal, errors.New("bucket: discard: not temporary"))
}
