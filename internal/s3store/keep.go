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

// KeepDocument keeps the document of a failed job for operators, under a name from which no job is restored, and
// removes the ticket. A job without a document, or with a kept one, is no error. The metadata of the kept document
// repeat those of the ticket: the length and the SHA-256.
func (s *Store) KeepDocument(ctx context.Context, id job.ID) error {
	keys, err := s.objectKeys(id)
	if err != nil {
		return err
	}
	saved, err := s.loadMetadata(ctx, keys.Ticket)
	switch {
	case isMissing(err), errors.Is(err, errDamaged):
		// There is no document to keep, or no digest to check it by.
	case err != nil:
		return err
	default:
		if err := s.copyObject(ctx, keys.Document, keys.Kept, saved, documentMetadata(saved)); err != nil && !errors.Is(err, fs.ErrNotExist) {
			return err
		}
	}
	return s.Delete(ctx, id)
}

// loadMetadata reads the metadata of an object that describe a document; isMissing reports true for the error of a
// missing object.
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

// HasKeptDocument reports whether the document of a job is kept.
func (s *Store) HasKeptDocument(ctx context.Context, id job.ID) (bool, error) {
	keys, err := s.objectKeys(id)
	if err != nil {
		return false, nil //nolint:nilerr // what is not an id has no document
	}
	ctx, cancel := withStallTimeout(ctx, s.idleTimeout())
	defer cancel()
	_, err = s.client.HeadObject(ctx, &s3.HeadObjectInput{Bucket: &s.cfg.Bucket, Key: &keys.Kept})
	switch {
	case isMissing(err):
		return false, nil
	case err != nil:
		return false, wrapError(ctx, "look for a kept document", err)
	}
	return true, nil
}

// RestoreDocument makes a kept document the job's document again, with a new ticket, durable when it returns;
// job_not_found when none is kept.
func (s *Store) RestoreDocument(ctx context.Context, t job.Ticket) error {
	keys, err := s.objectKeys(t.ID)
	if err != nil {
		return err
	}
	encoded, err := t.Encode()
	if err != nil {
		return fault.Wrap(fault.Internal, err)
	}
	saved, err := s.loadMetadata(ctx, keys.Kept)
	if isMissing(err) {
		return fault.Wrap(fault.JobNotFound, errors.New("bucket: restore: no document is kept"))
	}
	if err != nil {
		return err
	}
	// In the order of Save: a document has its ticket at any moment.
	if err = s.putTicket(ctx, keys.Ticket, encoded, documentMetadata(saved)); err == nil {
		err = s.copyObject(ctx, keys.Kept, keys.Document, saved, nil)
	}
	if err != nil {
		s.undoSave(ctx, t.ID) // only the answer may have been lost
		return err
	}
	ctx, cancel := withStallTimeout(ctx, s.idleTimeout())
	defer cancel()
	return s.removeObject(ctx, keys.Kept)
}

func (s *Store) putTicket(ctx context.Context, key string, encoded []byte, metadata map[string]string) error {
	ctx, cancel := withStallTimeout(ctx, s.idleTimeout())
	defer cancel()
	return s.putObject(ctx, key, encoded, metadata)
}

// documentMetadata returns the metadata of a ticket that describe its document.
func documentMetadata(saved job.Saved) map[string]string {
	return map[string]string{sizeKey: strconv.FormatInt(saved.Size, 10), sha256Key: hex.EncodeToString(saved.SHA256[:])}
}

// copyObject copies a document within the bucket; its error contains fs.ErrNotExist when the document does not exist.
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

// escapePath escapes a path for a header of S3, in which a plus sign means a space.
func escapePath(path string) string {
	return strings.ReplaceAll((&url.URL{Path: path}).EscapedPath(), "+", "%2B")
}

// DeleteAll removes all objects of a job, a kept document included.
func (s *Store) DeleteAll(ctx context.Context, id job.ID) error {
	keys, err := s.objectKeys(id)
	if err != nil {
		return err
	}
	ctx, cancel := withStallTimeout(ctx, s.idleTimeout())
	defer cancel()
	if err := s.deleteUpload(ctx, id); err != nil {
		return err
	}
	return s.removeObject(ctx, keys.Kept)
}

// ReplaceTicket stores another ticket for a job that has one, and leaves the document, which the metadata of the ticket
// describes; job_not_found without a ticket.
func (s *Store) ReplaceTicket(ctx context.Context, t job.Ticket) error {
	keys, err := s.objectKeys(t.ID)
	if err != nil {
		return err
	}
	encoded, err := t.Encode()
	if err != nil {
		return fault.Wrap(fault.Internal, err)
	}
	reading, cancel := withStallTimeout(ctx, s.idleTimeout())
	defer cancel()
	head, err := s.client.HeadObject(reading, &s3.HeadObjectInput{Bucket: &s.cfg.Bucket, Key: &keys.Ticket})
	if isMissing(err) {
		return fault.New(fault.JobNotFound)
	}
	if err != nil {
		return wrapError(reading, "look for a ticket", err)
	}
	return s.putTicket(ctx, keys.Ticket, encoded, head.Metadata)
}
