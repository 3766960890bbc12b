package s3store

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"net"
	"net/http"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/aws/retry"
	awshttp "github.com/aws/aws-sdk-go-v2/aws/transport/http"
	"github.com/aws/aws-sdk-go-v2/config"
	"github.com/aws/aws-sdk-go-v2/service/s3"
	"github.com/aws/smithy-go"
	"github.com/aws/smithy-go/logging"

	"github.com/trackmydegree/trackmydegree/internal/budget"
	"github.com/trackmydegree/trackmydegree/internal/fault"
)

const (
	dialTimeout = budget.S3Dial
	// connections is the number of idle connections: the number of concurrent uploads.
	connections = 64
	// A call is retried at once, because its caller waits no longer than the timeout.
	attempts     = 3
	longestPause = 100 * time.Millisecond
)

// listTimeout bounds one page of a list, which no request waits for.
func (s *Store) listTimeout() time.Duration { return 8 * s.idleTimeout() }

func (s *Store) connect(ctx context.Context) error {
	cfg, err := config.LoadDefaultConfig(ctx,
		config.WithRegion(s.cfg.Region),
		config.WithHTTPClient(awshttp.NewBuildableClient().
			WithDialerOptions(func(d *net.Dialer) { d.Timeout = dialTimeout }).
			WithTransportOptions(func(t *http.Transport) {
				t.TLSHandshakeTimeout = dialTimeout
				t.MaxIdleConns, t.MaxIdleConnsPerHost = connections, connections
			})),
		config.WithRetryer(func() aws.Retryer {
			return retry.NewStandard(func(o *retry.StandardOptions) { o.MaxAttempts, o.MaxBackoff = attempts, longestPause })
		}),
		// Documents are checked by their SHA-256.
		config.WithResponseChecksumValidation(aws.ResponseChecksumValidationWhenRequired),
		config.WithLogger(logging.Nop{}),
	)
	if err != nil {
		return err
	}
	s.credentials, s.checksums = cfg.Credentials, cfg.RequestChecksumCalculation
	// The SDK's client does not close its idle connections.
	if built, ok := cfg.HTTPClient.(*awshttp.BuildableClient); ok {
		transport := built.GetTransport()
		s.idle = transport.CloseIdleConnections
		cfg.HTTPClient = &http.Client{
			Transport: transport,
			// A redirect of S3 means that the region is wrong.
			CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
		}
	}
	s.client = s3.NewFromConfig(cfg, func(o *s3.Options) {
		o.UsePathStyle = s.cfg.PathStyle
		if s.cfg.Endpoint != "" {
			o.BaseEndpoint = &s.cfg.Endpoint
		}
	})
	s.transfers = s.newTransfers()
	return nil
}

// codeOf returns the error code of S3, "" for another error.
func codeOf(err error) string {
	var api smithy.APIError
	if errors.As(err, &api) {
		return api.ErrorCode()
	}
	return ""
}

// isMissing reports whether an error says that an object does not exist. A missing bucket is another error.
func isMissing(err error) bool {
	switch codeOf(err) {
	case "NoSuchKey", "NotFound", "ObjectNotInActiveTierError":
		return true
	}
	return false
}

// wrapError turns an error of S3 into a fault. After the caller has ended ctx it is the error of ctx.
func wrapError(ctx context.Context, op string, err error) error {
	switch {
	case errors.Is(context.Cause(ctx), errStalled):
		err = errStalled // the error of the ended call does not matter
	case ctx.Err() != nil:
		return fmt.Errorf("bucket: %s: %w", op, ctx.Err())
	case isMissing(err):
		err = fmt.Errorf("%w: %w", fs.ErrNotExist, err)
	}
	return fault.Wrap(fault.StorageUnavailable, fmt.Errorf("bucket: %s: %w", op, err))
}
