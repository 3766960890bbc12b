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
	// connections are kept open for what comes next: as many as uploads come at a time.
	connections = 64
	// A call is tried again at once: whoever waits for it waits no longer than patience.
	attempts     = 3
	longestPause = 100 * time.Millisecond
)

// listTimeout is for a page of a list, which nobody waits for.
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
	// The client of the SDK gives none of its connections up.
	if built, ok := cfg.HTTPClient.(*awshttp.BuildableClient); ok {
		transport := built.GetTransport()
		s.idle = transport.CloseIdleConnections
		cfg.HTTPClient = &http.Client{
			Transport: transport,
			// A redirect is S3's way to say that the region is wrong.
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

// codeOf is what S3 calls an error, "" for one that is not S3's.
func codeOf(err error) string {
	var api smithy.APIError
	if errors.As(err, &api) {
		return api.ErrorCode()
	}
	return ""
}

// isMissing reports whether an error says that an object is not there. A bucket that is not there is another matter.
func isMissing(err error) bool {
	switch codeOf(err) {
	case "NoSuchKey", "NotFound", "ObjectNotInActiveTierError":
		return true
	}
	return false
}

// wrapError is an error of S3 as the project's. What the caller's end of ctx did is told as that.
func wrapError(ctx context.Context, op string, err error) error {
	switch {
	case errors.Is(context.Cause(ctx), errStalled):
		err = errStalled // whatever the call that was ended has to say
	case ctx.Err() != nil:
		return fmt.Errorf("bucket: %s: %w", op, ctx.Err())
	case isMissing(err):
		err = fmt.Errorf("%w: %w", fs.ErrNotExist, err)
	}
	return fault.Wrap(fault.StorageUnavailable, fmt.Errorf("bucket: %s: %w", op, err))
}
