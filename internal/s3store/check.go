package s3store

import (
	"bytes"
	"context"
	"crypto/rand"
	"crypto/x509"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"

	"github.com/aws/aws-sdk-go-v2/aws"
	awshttp "github.com/aws/aws-sdk-go-v2/aws/transport/http"
	"github.com/aws/aws-sdk-go-v2/service/s3"

	"github.com/trackmydegree/trackmydegree/internal/fault"
	"github.com/trackmydegree/trackmydegree/internal/job"
)

// ErrUnavailable is in the error of CheckAccess when the server cannot be reached or does not answer: the settings
// may be right, and the server may return at any moment.
var ErrUnavailable = errors.New("S3 is unavailable")

// CheckAccess performs once the steps of uploads, their jobs and repair: it writes an object, reads, lists, and
// deletes it. The error names the failed step and the setting to change.
func (s *Store) CheckAccess(ctx context.Context) error {
	key := s.prefix + "check." + rand.Text()[:8] + job.TemporarySuffix
	want := []byte("%PDF-check " + rand.Text())
	written := false
	defer func() {
		if written {
			ctx, cancel := withStallTimeout(context.WithoutCancel(ctx), s.undoTimeout())
			defer cancel()
			_ = s.removeObject(ctx, key)
		}
	}()
	steps := []struct {
		name, action string
		do           func(context.Context) error
	}{
		{"find credentials for", "", func(ctx context.Context) error {
			_, err := s.credentials.Retrieve(ctx)
			if err != nil {
				err = &noCredentials{err}
			}
			return err
		}},
		{"write an object into", "s3:PutObject", func(ctx context.Context) error {
			written = true // also when only the answer is lost
			_, err := s.client.PutObject(ctx, &s3.PutObjectInput{
				Bucket: &s.cfg.Bucket, Key: &key, Body: bytes.NewReader(want), ContentType: aws.String("application/pdf"),
			})
			return err
		}},
		{"read an object of", "s3:GetObject", func(ctx context.Context) error {
			out, err := s.client.GetObject(ctx, &s3.GetObjectInput{Bucket: &s.cfg.Bucket, Key: &key})
			if err != nil {
				return err
			}
			defer out.Body.Close()
			got, err := io.ReadAll(out.Body)
			if err == nil && !bytes.Equal(got, want) {
				err = errors.New("other bytes come back than were written")
			}
			return err
		}},
		{"list", "s3:ListBucket", func(ctx context.Context) error {
			one := int32(1)
			_, err := s.client.ListObjectsV2(ctx, &s3.ListObjectsV2Input{Bucket: &s.cfg.Bucket, Prefix: &s.prefix, MaxKeys: &one})
			return err
		}},
		{"list uploads in parts of", "s3:ListBucketMultipartUploads", func(ctx context.Context) error {
			one := int32(1)
			_, err := s.client.ListMultipartUploads(ctx, &s3.ListMultipartUploadsInput{Bucket: &s.cfg.Bucket, Prefix: &s.prefix, MaxUploads: &one})
			return err
		}},
		{"delete an object of", "s3:DeleteObject", func(ctx context.Context) error {
			_, err := s.client.DeleteObject(ctx, &s3.DeleteObjectInput{Bucket: &s.cfg.Bucket, Key: &key})
			written = err != nil
			return err
		}},
	}
	for _, step := range steps {
		if err := s.runStep(ctx, step.do); err != nil {
			return fault.Wrap(fault.StorageUnavailable, fmt.Errorf("bucket: check: cannot %s the bucket %s: %w: %s",
				step.name, s.cfg.Bucket, err, s.adviseOn(err, step.action)))
		}
	}
	return nil
}

func (s *Store) runStep(ctx context.Context, do func(context.Context) error) error {
	ctx, cancel := withStallTimeout(ctx, s.idleTimeout())
	defer cancel()
	err := do(ctx)
	var network net.Error
	switch {
	case err == nil:
		return nil
	case errors.Is(context.Cause(ctx), errStalled):
		return fmt.Errorf("%w: %w", ErrUnavailable, errStalled)
	case ctx.Err() != nil:
		return ctx.Err()
	case errors.As(err, new(*noCredentials)), errors.As(err, new(x509.UnknownAuthorityError)), errors.As(err, new(x509.HostnameError)):
		return err
	case errors.As(err, &network), isOverloaded(err):
		return fmt.Errorf("%w: %w", ErrUnavailable, err)
	}
	return err
}

// isOverloaded reports whether the answer says that a later call may succeed. A gateway in front of the server answers
// without a code of S3.
func isOverloaded(err error) bool {
	var answer *awshttp.ResponseError
	if !errors.As(err, &answer) {
		return false
	}
	switch status := answer.HTTPStatusCode(); status {
	case http.StatusRequestTimeout, http.StatusTooManyRequests:
		return true
	case http.StatusNotImplemented:
		return false
	default:
		return status >= http.StatusInternalServerError
	}
}

// noCredentials is an error of the provider of credentials.
type noCredentials struct{ err error }

func (e *noCredentials) Error() string { return e.err.Error() }
func (e *noCredentials) Unwrap() error { return e.err }

// adviseOn returns the setting to change for an error of a step that needs the permission for an action.
func (s *Store) adviseOn(err error, action string) string {
	where := s.cfg.Endpoint
	if where == "" {
		where = "S3 of " + s.cfg.Region
	}
	switch codeOf(err) {
	case "NoSuchBucket", "NotFound":
		return "make the bucket at " + where + ", or name another in TMD_S3_BUCKET"
	case "AccessDenied", "Forbidden", "AllAccessDisabled", "AccountProblem":
		return "allow " + action + " on it to the credentials that are used; docs/operations.md has the whole policy"
	case "InvalidAccessKeyId", "SignatureDoesNotMatch", "InvalidToken", "ExpiredToken", "InvalidClientTokenId":
		return "these credentials are not those of " + where + ": set AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY to such as are"
	case "PermanentRedirect", "AuthorizationHeaderMalformed", "MovedPermanently", "IncorrectEndpoint":
		return "the bucket is in another region: correct TMD_S3_REGION, which is " + s.cfg.Region
	case "RequestTimeTooSkewed":
		return "the clock of this machine is wrong"
	case "XAmzContentSHA256Mismatch", "NotImplemented", "InvalidArgument":
		return "the server at " + where + " is older than the checksums that are sent: set AWS_REQUEST_CHECKSUM_CALCULATION=when_required"
	}
	switch {
	case errors.As(err, new(*noCredentials)):
		return "set AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY, or give the pod or the machine an identity of AWS"
	case errors.As(err, new(x509.UnknownAuthorityError)), errors.As(err, new(x509.HostnameError)):
		return "the certificate of " + where + " is not trusted: name its authority in SSL_CERT_FILE or SSL_CERT_DIR"
	case errors.Is(err, ErrUnavailable):
		return "look whether " + where + " can be reached from here: the address, name servers, policies of the network"
	}
	return "look at the bucket behind TMD_S3_BUCKET"
}

// Ping checks that the bucket answers, without writing to it.
func (s *Store) Ping(ctx context.Context) error {
	ctx, cancel := withStallTimeout(ctx, s.idleTimeout())
	defer cancel()
	if _, err := s.client.HeadBucket(ctx, &s3.HeadBucketInput{Bucket: &s.cfg.Bucket}); err != nil {
		return wrapError(ctx, "ping", err)
	}
	return nil
}
