// Package s3store stores uploaded documents in an S3 bucket until their jobs have ended. The objects of a job are
//
//	<prefix><id>.pdf    its document, if it has one
//	<prefix><id>.json   its ticket, from which the job can be made again (see job.Ticket)
//
// and, with TMD_KEEP_FAILED_UPLOADS, <prefix><id>.failed.pdf, the document of a failed job.
//
// S3 shows an object completely or not at all. The ticket is written after the document has been read to its end and
// before it is visible, so a document has its ticket at any moment. The ticket's metadata contain the length of the
// document and its SHA-256: a multipart upload must set its own metadata before its bytes are known. Each reader
// checks both.
//
// A call fails when S3 makes no progress for a while, however long the client takes to send: see Config.Timeout.
package s3store

import (
	"bytes"
	"cmp"
	"context"
	"fmt"
	"io"
	"log/slog"
	"strings"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/feature/s3/transfermanager"
	"github.com/aws/aws-sdk-go-v2/service/s3"
	"golang.org/x/sync/semaphore"

	"github.com/trackmydegree/trackmydegree/internal/budget"
	"github.com/trackmydegree/trackmydegree/internal/fault"
	"github.com/trackmydegree/trackmydegree/internal/job"
)

const (
	// partSize is the largest document that is sent as one PUT; larger ones are sent in parts of this size. S3
	// accepts parts below 5 MiB only as the last one. With a little more, the largest document has two parts.
	partSize = 6 << 20
	// memory bounds the memory of all uploads together. An upload that does not fit is refused: S3 requires the
	// length before the bytes, so each document, or a part of it, is held in memory. Garbage included, this stays
	// below the 256 MiB that the chart gives the API.
	memory = 40 << 20
)

// The metadata of a ticket that describe its document.
const (
	sizeKey   = "document-size"
	sha256Key = "document-sha256"
)

// Config describes the bucket.
type Config struct {
	Bucket string
	Region string
	// Endpoint is the address of a server other than AWS.
	Endpoint string
	// Prefix is the folder of the bucket, with or without the slash at its end.
	Prefix    string
	PathStyle bool
	// Timeout is how long S3 may make no progress; 1.2 s when it is 0.
	Timeout time.Duration
	Logger  *slog.Logger
}

// Store is a bucket of documents.
type Store struct {
	cfg         Config
	prefix      string
	client      *s3.Client
	transfers   *transfermanager.Client
	credentials aws.CredentialsProvider
	checksums   aws.RequestChecksumCalculation
	memory      *semaphore.Weighted
	idle        func() // closes idle connections
}

// New returns the store of a bucket. It makes no call; CheckAccess tests whether the bucket can be used.
func New(ctx context.Context, cfg Config) (*Store, error) {
	s := &Store{cfg: cfg, memory: semaphore.NewWeighted(memory), idle: func() {}}
	if folder := strings.TrimRight(cfg.Prefix, "/"); folder != "" {
		s.prefix = folder + "/"
	}
	if err := s.connect(ctx); err != nil {
		return nil, fmt.Errorf("open the bucket of uploads: %w", err)
	}
	return s, nil
}

// idleTimeout is how long S3 may make no progress.
func (s *Store) idleTimeout() time.Duration { return cmp.Or(s.cfg.Timeout, defaultIdleTimeout) }

// undoTimeout bounds the undoing of a failed upload.
func (s *Store) undoTimeout() time.Duration { return s.idleTimeout() / budget.S3UndoShare }

// Close closes the idle connections.
func (s *Store) Close() error {
	s.idle()
	return nil
}

// objectKeys returns the keys of a job's objects; job_not_found for what is not an id.
func (s *Store) objectKeys(id job.ID) (job.FileNames, error) {
	names, err := job.FileNamesOf(id)
	if err != nil {
		return job.FileNames{}, fault.Wrap(fault.JobNotFound, fmt.Errorf("bucket: %w", err))
	}
	return job.FileNames{Document: s.prefix + names.Document, Ticket: s.prefix + names.Ticket, Kept: s.prefix + names.Kept}, nil
}

// Save stores a job's ticket and at most limit bytes of r, its document; r is nil for a job without one. When it
// returns, both are durable and complete, or neither is stored. It returns too_large for more than limit bytes,
// not_a_pdf without a PDF header in the first 1024 bytes, and storage_unavailable when S3 fails; an error of r is
// returned unchanged.
func (s *Store) Save(ctx context.Context, t job.Ticket, r io.Reader, limit int64) (job.Saved, error) {
	keys, err := s.objectKeys(t.ID)
	if err != nil {
		return job.Saved{}, err
	}
	encoded, err := t.Encode()
	if err != nil {
		return job.Saved{}, fault.Wrap(fault.Internal, err)
	}
	if r == nil {
		putting, cancel := withStallTimeout(ctx, s.idleTimeout())
		defer cancel()
		if err := s.putObject(putting, keys.Ticket, encoded, nil); err != nil {
			s.undoSave(ctx, t.ID) // only the answer may have been lost
			return job.Saved{}, err
		}
		return job.Saved{}, nil
	}

	// It checks the first bytes before it sends any.
	src, err := newSource(ctx, r, limit, s.memory)
	if err != nil {
		return job.Saved{}, err
	}
	defer src.releaseMemory()
	upload, watch := withStallWatch(ctx, s.idleTimeout())
	defer watch.stopWatch()
	src.watch = watch
	src.whole = func(saved job.Saved) error {
		return s.putObject(upload, keys.Ticket, encoded, documentMetadata(saved))
	}
	_, err = s.transfers.UploadObject(upload, &transfermanager.UploadObjectInput{
		Bucket: &s.cfg.Bucket, Key: &keys.Document, Body: src, ContentType: aws.String("application/pdf"),
	})
	if src.err != nil {
		err = src.err
	} else if err != nil {
		err = wrapError(upload, "save", err)
	}
	if err != nil {
		if src.ended {
			s.undoSave(ctx, t.ID)
		}
		return job.Saved{}, err
	}
	return src.saved, nil
}

// newTransfers returns the client that sends documents, in parts when they are larger than partSize.
func (s *Store) newTransfers() *transfermanager.Client {
	return transfermanager.New(s.client, func(o *transfermanager.Options) {
		o.MultipartUploadThreshold, o.PartSizeBytes = partSize, partSize
		o.Concurrency = 1 // a part is sent while the next one arrives: more would only be more memory
		o.RequestChecksumCalculation = s.checksums
		o.FailTimeout = s.undoTimeout() // aborting the parts of a failed upload does not depend on the caller's context
	})
}

// putObject writes a small object.
func (s *Store) putObject(ctx context.Context, key string, b []byte, metadata map[string]string) error {
	_, err := s.client.PutObject(ctx, &s3.PutObjectInput{
		Bucket: &s.cfg.Bucket, Key: &key, Body: bytes.NewReader(b), ContentType: aws.String("application/json"), Metadata: metadata,
	})
	if err != nil {
		return wrapError(ctx, "save a ticket", err)
	}
	return nil
}

// undoSave removes the objects of a failed upload. Repair removes what an outage of S3 leaves.
func (s *Store) undoSave(ctx context.Context, id job.ID) {
	ctx, cancel := withStallTimeout(context.WithoutCancel(ctx), s.undoTimeout())
	defer cancel()
	_ = s.deleteUpload(ctx, id)
}

// Delete removes the document of a job and then its ticket; a missing object is no error.
func (s *Store) Delete(ctx context.Context, id job.ID) error {
	ctx, cancel := withStallTimeout(ctx, s.idleTimeout())
	defer cancel()
	return s.deleteUpload(ctx, id)
}

func (s *Store) deleteUpload(ctx context.Context, id job.ID) error {
	keys, err := s.objectKeys(id)
	if err != nil {
		return err
	}
	// This order leaves, after a failure, a ticket without a document, from which no job is restored.
	if err := s.removeObject(ctx, keys.Document); err != nil {
		return err
	}
	return s.removeObject(ctx, keys.Ticket)
}

func (s *Store) removeObject(ctx context.Context, key string) error {
	// S3 reports success for an object that does not exist.
	_, err := s.client.DeleteObject(ctx, &s3.DeleteObjectInput{Bucket: &s.cfg.Bucket, Key: &key})
	if err != nil {
		return wrapError(ctx, "delete", err)
	}
	return nil
}
