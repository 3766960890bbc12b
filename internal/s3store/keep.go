package s3store

import (
	"context"
	"encoding/hex"
	"errors"
	"fmt"
	"io/fs"
	"net/url"
	"strconv"
	"strings"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/s3"
	"github.com/aws/aws-sdk-go-v2/service/s3/types"

	"github.com/trackmydegree/trackmydegree/internal/fault"
	"github.com/trackmydegree/trackmydegree/internal/job"
)

// keptSuffix ends the name of the document of a job that failed for good and that operators want to keep. Its own
// metadata say what its ticket's said: how long it is, and its SHA-256.
const keptSuffix = ".failed.pdf"

// KeepDocument puts the document of a job that failed aside, where no job is made of it, and removes the ticket. A
// job without a document is no error, nor is one whose document is kept already.
func (s *Store) KeepDocument(ctx context.Context, id job.ID) error {
	pdf, ticket, err := s.objectKeys(id)
	if err != nil {
		return err
	}
	saved, err := s.loadMetadata(ctx, ticket)
	switch {
	case isMissing(err), errors.Is(err, errDamaged):
		// There is nothing to keep, or nothing to check it by.
	case err != nil:
		return err
	default:
		if err := s.copyObject(ctx, pdf, s.keptKey(id), saved, documentMetadata(saved)); err != nil && !errors.Is(err, fs.ErrNotExist) {
			return err
		}
	}
	return s.Delete(ctx, id)
}

// loadMetadata is what the metadata of an object tell of a document; an error that missing knows when it is not there.
func (s *Store) loadMetadata(ctx context.Context, key string) (job.Saved, error) {
	ctx, cancel := withStallTimeout(ctx, s.idleTimeout())
	defer cancel()
	a, err := s.client.HeadObject(ctx, &s3.HeadObjectInput{Bucket: &s.cfg.Bucket, Key: &key})
	switch {
	case isMissing(err):
		return job.Saved{}, err
	case err != nil:
		return job.Saved{}, wrapError(ctx, "look at what was saved", err)
	}
	saved, err := parseMetadata(a.Metadata)
	if err != nil {
		return job.Saved{}, fault.Wrap(fault.StorageUnavailable, errors.Join(errDamaged, err))
	}
	return saved, nil
}

func (s *Store) keptKey(id job.ID) string { return s.prefix + string(id) + keptSuffix }

// HasKeptDocument reports whether the document of a job is kept.
func (s *Store) HasKeptDocument(ctx context.Context, id job.ID) (bool, error) {
	if !valid(id) {
		return false, nil
	}
	ctx, cancel := withStallTimeout(ctx, s.idleTimeout())
	defer cancel()
	key := s.keptKey(id)
	_, err := s.client.HeadObject(ctx, &s3.HeadObjectInput{Bucket: &s.cfg.Bucket, Key: &key})
	switch {
	case isMissing(err):
		return false, nil
	case err != nil:
		return false, wrapError(ctx, "look for a kept document", err)
	}
	return true, nil
}

// RestoreDocument makes a document that is kept the job's again, with a new ticket: durable when it returns.
// job_not_found when none is kept.
func (s *Store) RestoreDocument(ctx context.Context, t job.Ticket) error {
	pdf, ticket, err := s.objectKeys(t.ID)
	if err != nil {
		return err
	}
	encoded, err := t.Encode()
	if err != nil {
		return fault.Wrap(fault.Internal, err)
	}
	saved, err := s.loadMetadata(ctx, s.keptKey(t.ID))
	if isMissing(err) {
		return fault.Wrap(fault.JobNotFound, errors.New("bucket: restore: no document is kept"))
	}
	if err != nil {
		return err
	}
	// As when it was saved: a document has its ticket at any moment.
	if err = s.putTicket(ctx, ticket, encoded, documentMetadata(saved)); err == nil {
		err = s.copyObject(ctx, s.keptKey(t.ID), pdf, saved, nil)
	}
	if err != nil {
		s.undoSave(ctx, t.ID) // only the answer may have been lost
		return err
	}
	ctx, cancel := withStallTimeout(ctx, s.idleTimeout())
	defer cancel()
	return s.removeObject(ctx, s.keptKey(t.ID))
}

func (s *Store) putTicket(ctx context.Context, key string, encoded []byte, metadata map[string]string) error {
	ctx, cancel := withStallTimeout(ctx, s.idleTimeout())
	defer cancel()
	return s.putObject(ctx, key, encoded, metadata)
}

// documentMetadata is what a ticket tells of its document.
func documentMetadata(saved job.Saved) map[string]string {
	return map[string]string{sizeKey: strconv.FormatInt(saved.Size, 10), sha256Key: hex.EncodeToString(saved.SHA256[:])}
}

// copyObject copies a document within the bucket; fs.ErrNotExist is in its error when it is not there.
func (s *Store) copyObject(ctx context.Context, from, to string, saved job.Saved, metadata map[string]string) error {
	ctx, cancel := withStallTimeout(ctx, s.idleTimeout()+transferTime(saved.Size))
	defer cancel()
	_, err := s.client.CopyObject(ctx, &s3.CopyObjectInput{
		Bucket: &s.cfg.Bucket, Key: &to, CopySource: aws.String(escapePath(s.cfg.Bucket + "/" + from)),
		ContentType: aws.String("application/pdf"), Metadata: metadata, MetadataDirective: types.MetadataDirectiveReplace,
	})
	switch {
	case codeOf(err) == "NoSuchKey":
		return fault.Wrap(fault.StorageUnavailable, fmt.Errorf("bucket: copy: %w", fs.ErrNotExist))
	case err != nil:
		return wrapError(ctx, "copy", err)
	}
	return nil
}

// escapePath is a path as it stands in a header of S3, which takes a plus sign for a space.
func escapePath(path string) string {
	return strings.ReplaceAll((&url.URL{Path: path}).EscapedPath(), "+", "%2B")
}

// DeleteAll removes all that is there of a job, a document that is kept included.
func (s *Store) DeleteAll(ctx context.Context, id job.ID) error {
	ctx, cancel := withStallTimeout(ctx, s.idleTimeout())
	defer cancel()
	if err := s.deleteUpload(ctx, id); err != nil {
		return err
	}
	return s.removeObject(ctx, s.keptKey(id))
}
