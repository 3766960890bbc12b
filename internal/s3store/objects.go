package s3store

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"strings"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/s3"
)

// Objects is a folder of a bucket with objects of any name, which are read and written as a whole: those of backups.
type Objects struct{ store *Store }

// OpenObjects returns the objects of the folder cfg.Prefix. It makes no call.
func OpenObjects(ctx context.Context, cfg Config) (*Objects, error) {
	store, err := New(ctx, cfg)
	if err != nil {
		return nil, err
	}
	return &Objects{store}, nil
}

// Close closes the idle connections.
func (o *Objects) Close() error { return o.store.Close() }

// WriteObject stores an object whole or not at all, in place of one of the same name.
func (o *Objects) WriteObject(ctx context.Context, name string, content []byte) error {
	ctx, cancel := withStallTimeout(ctx, o.store.listTimeout()+transferTime(int64(len(content))))
	defer cancel()
	key := o.store.prefix + name
	_, err := o.store.client.PutObject(ctx, &s3.PutObjectInput{
		Bucket: &o.store.cfg.Bucket, Key: &key, Body: bytes.NewReader(content), ContentType: aws.String("application/octet-stream"),
	})
	if err != nil {
		return o.explainError(wrapError(ctx, "write "+name, err), "s3:PutObject")
	}
	return nil
}

// ReadObject returns an object of at most limit bytes; fs.ErrNotExist is in the error for a missing one.
func (o *Objects) ReadObject(ctx context.Context, name string, limit int64) ([]byte, error) {
	ctx, cancel := withStallTimeout(ctx, o.store.listTimeout()+transferTime(limit))
	defer cancel()
	key := o.store.prefix + name
	out, err := o.store.client.GetObject(ctx, &s3.GetObjectInput{Bucket: &o.store.cfg.Bucket, Key: &key})
	if err != nil {
		return nil, o.explainError(wrapError(ctx, "read "+name, err), "s3:GetObject")
	}
	defer out.Body.Close()
	content, err := io.ReadAll(io.LimitReader(out.Body, limit+1))
	switch {
	case err != nil:
		return nil, wrapError(ctx, "read "+name, err)
	case int64(len(content)) > limit:
		return nil, fmt.Errorf("bucket: read %s: it is larger than %d bytes", name, limit)
	}
	return content, nil
}

// ListObjects returns the names of the objects, in no order.
func (o *Objects) ListObjects(ctx context.Context) ([]string, error) {
	var names []string
	pages := s3.NewListObjectsV2Paginator(o.store.client, &s3.ListObjectsV2Input{Bucket: &o.store.cfg.Bucket, Prefix: &o.store.prefix})
	for pages.HasMorePages() {
		objects, err := o.store.nextPage(ctx, pages)
		if err != nil {
			return nil, o.explainError(err, "s3:ListBucket")
		}
		for _, object := range objects {
			names = append(names, strings.TrimPrefix(*object.Key, o.store.prefix))
		}
	}
	return names, nil
}

// DeleteObject removes an object; a missing one is no error.
func (o *Objects) DeleteObject(ctx context.Context, name string) error {
	ctx, cancel := withStallTimeout(ctx, o.store.listTimeout())
	defer cancel()
	return o.explainError(o.store.removeObject(ctx, o.store.prefix+name), "s3:DeleteObject")
}

// explainError adds to an error what to change; it keeps nil.
func (o *Objects) explainError(err error, action string) error {
	if err == nil || isMissing(err) {
		return err
	}
	advice := strings.ReplaceAll(o.store.adviseOn(err, action), "TMD_S3_BUCKET", "s3://")
	return fmt.Errorf("%w: %s", err, advice)
}
