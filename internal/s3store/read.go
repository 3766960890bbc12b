package s3store

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"hash"
	"io"
	"io/fs"
	"log/slog"
	"strconv"

	"github.com/aws/aws-sdk-go-v2/service/s3"

	"github.com/trackmydegree/trackmydegree/internal/fault"
	"github.com/trackmydegree/trackmydegree/internal/job"
)

// errDamaged says that the saved document is lost: like a missing one, it will not come back.
var errDamaged = fmt.Errorf("bucket: the document is damaged: %w", fs.ErrNotExist)

// Open returns the document of a job; storage_unavailable when it cannot be read or does not exist. Its reader
// returns the same error, instead of io.EOF, when the bytes differ from the saved ones.
func (s *Store) Open(ctx context.Context, id job.ID) (io.ReadCloser, error) {
	keys, err := s.objectKeys(id)
	if err != nil {
		return nil, err
	}
	reading, watch := withStallWatch(ctx, s.idleTimeout())
	o := &object{id: id, ctx: reading, watch: watch, digest: sha256.New(), log: s.cfg.Logger}
	if err := s.openObject(o, keys.Document, keys.Ticket); err != nil {
		watch.stopWatch()
		return nil, err
	}
	watch.pauseTimer()
	return o, nil
}

func (s *Store) openObject(o *object, pdf, ticket string) error {
	a, err := s.client.HeadObject(o.ctx, &s3.HeadObjectInput{Bucket: &s.cfg.Bucket, Key: &ticket})
	if err != nil {
		return wrapError(o.ctx, "open: ticket", err)
	}
	if o.want, err = parseMetadata(a.Metadata); err != nil {
		return fault.Wrap(fault.StorageUnavailable, fmt.Errorf("%w: metadata of the ticket: %w", errDamaged, err))
	}
	out, err := s.client.GetObject(o.ctx, &s3.GetObjectInput{Bucket: &s.cfg.Bucket, Key: &pdf})
	if err != nil {
		return wrapError(o.ctx, "open", err)
	}
	o.body = out.Body
	return nil
}

// parseMetadata reads the metadata of a ticket that describe its document.
func parseMetadata(metadata map[string]string) (job.Saved, error) {
	size, err := strconv.ParseInt(metadata[sizeKey], 10, 64)
	if err != nil {
		return job.Saved{}, err
	}
	sum, err := hex.DecodeString(metadata[sha256Key])
	if err != nil {
		return job.Saved{}, err
	}
	saved := job.Saved{Size: size}
	if copy(saved.SHA256[:], sum) != len(sum) || len(sum) != len(saved.SHA256) {
		return job.Saved{}, errors.New("not a SHA-256")
	}
	return saved, nil
}

// object is an open document.
type object struct {
	id     job.ID
	body   io.ReadCloser
	ctx    context.Context
	watch  *stallWatch
	want   job.Saved
	size   int64
	digest hash.Hash
	log    *slog.Logger
}

func (o *object) Read(p []byte) (int, error) {
	o.watch.resumeTimer(int64(len(p)))
	n, err := o.body.Read(p)
	o.watch.pauseTimer()
	o.size += int64(n)
	_, _ = o.digest.Write(p[:n]) // never fails
	switch {
	case errors.Is(err, io.EOF), err == nil && o.size > o.want.Size:
		if o.size != o.want.Size || !bytes.Equal(o.digest.Sum(nil), o.want.SHA256[:]) {
			o.log.Error("a document in the bucket is damaged", "job_id", o.id, "size", o.size, "saved_size", o.want.Size)
			return n, fault.Wrap(fault.StorageUnavailable, errDamaged)
		}
		return n, io.EOF
	case err != nil:
		return n, wrapError(o.ctx, "read", err)
	}
	return n, nil
}

func (o *object) Close() error {
	o.watch.stopWatch()
	return o.body.Close()
}

// LoadTicket returns the ticket of a job; job_not_found when there is none, job.ErrTicket when it is invalid, and
// storage_unavailable when it cannot be read.
func (s *Store) LoadTicket(ctx context.Context, id job.ID) (job.Ticket, error) {
	keys, err := s.objectKeys(id)
	if err != nil {
		return job.Ticket{}, err
	}
	ctx, cancel := withStallTimeout(ctx, s.idleTimeout())
	defer cancel()
	out, err := s.client.GetObject(ctx, &s3.GetObjectInput{Bucket: &s.cfg.Bucket, Key: &keys.Ticket})
	if isMissing(err) {
		return job.Ticket{}, fault.New(fault.JobNotFound)
	}
	if err != nil {
		return job.Ticket{}, wrapError(ctx, "open a ticket", err)
	}
	defer out.Body.Close()
	b, err := io.ReadAll(io.LimitReader(out.Body, job.MaxTicket+1))
	if err != nil {
		return job.Ticket{}, wrapError(ctx, "read a ticket", err)
	}
	return job.DecodeTicket(id, b)
}
