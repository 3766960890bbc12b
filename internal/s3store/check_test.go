package s3store_test

import (
	"errors"
	"fmt"
	"io"
	stdlog "log"
	"net/http"
	"net/http/httptest"
	"strconv"
	"strings"
	"testing"

	"github.com/trackmydegree/trackmydegree/internal/s3store"
	"github.com/trackmydegree/trackmydegree/internal/testenv"
)

func TestCheck(t *testing.T) {
	t.Parallel()
	server := testenv.StartS3(t, name)
	s := open(t, config(server.URL()))
	if err := s.CheckAccess(t.Context()); err != nil {
		t.Error(err)
	}
	if err := s.Ping(t.Context()); err != nil {
		t.Error(err)
	}
	if left := server.ListKeys(t, name); len(left) != 0 {
		t.Errorf("left behind: %v", left)
	}
	server.Kill()
	server.Restart(t, "--readonly")
	if err := s.CheckAccess(t.Context()); err == nil || !strings.Contains(err.Error(), "allow s3:PutObject") {
		t.Errorf("a bucket that cannot be written: %v", err)
	}
}

// Each error of S3 leads to a setting that an operator can change.
func TestAdvice(t *testing.T) {
	t.Parallel()
	for code, tt := range map[string]struct {
		status int
		want   string
		away   bool
	}{
		"AccessDenied":          {403, "allow s3:PutObject", false},
		"InvalidAccessKeyId":    {403, "set AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY", false},
		"SignatureDoesNotMatch": {403, "set AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY", false},
		"NoSuchBucket":          {404, "name another in TMD_S3_BUCKET", false},
		"PermanentRedirect":     {301, "correct TMD_S3_REGION, which is us-east-1", false},
		"RequestTimeTooSkewed":  {403, "the clock of this machine is wrong", false},
		"NotImplemented":        {501, "AWS_REQUEST_CHECKSUM_CALCULATION=when_required", false},
		"SlowDown":              {503, "can be reached from here", true},
		"InternalError":         {500, "can be reached from here", true},
		"InvalidBucketState":    {409, "look at the bucket", false},
	} {
		t.Run(code, func(t *testing.T) {
			t.Parallel()
			answers := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
				w.WriteHeader(tt.status)
				fmt.Fprintf(w, "<Error><Code>%s</Code><Message>no</Message></Error>", code)
			}))
			t.Cleanup(answers.Close)
			err := open(t, config(answers.URL)).CheckAccess(t.Context())
			if err == nil || !strings.Contains(err.Error(), tt.want) || errors.Is(err, s3store.ErrUnavailable) != tt.away {
				t.Errorf("%v, want %q", err, tt.want)
			}
		})
	}
}

// A gateway in front of S3 answers for itself while the server behind it starts.
func TestAnswerOfAGateway(t *testing.T) {
	t.Parallel()
	for status, isOutage := range map[int]bool{408: true, 429: true, 500: true, 502: true, 503: true, 504: true, 521: true, 501: false, 403: false, 404: false} {
		t.Run(strconv.Itoa(status), func(t *testing.T) {
			t.Parallel()
			gateway := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
				w.Header().Set("Content-Type", "text/html")
				w.WriteHeader(status)
				fmt.Fprintf(w, "<html><body><h1>%d</h1></body></html>", status)
			}))
			t.Cleanup(gateway.Close)
			err := open(t, config(gateway.URL)).CheckAccess(t.Context())
			if err == nil || errors.Is(err, s3store.ErrUnavailable) != isOutage {
				t.Errorf("%v; want an outage %t", err, isOutage)
			}
		})
	}
}

func TestACertificateThatIsNotTrusted(t *testing.T) {
	t.Parallel()
	answers := httptest.NewUnstartedServer(http.NotFoundHandler())
	answers.Config.ErrorLog = stdlog.New(io.Discard, "", 0)
	answers.StartTLS()
	t.Cleanup(answers.Close)
	err := open(t, config(answers.URL)).CheckAccess(t.Context())
	if err == nil || !strings.Contains(err.Error(), "SSL_CERT_DIR") || errors.Is(err, s3store.ErrUnavailable) {
		t.Errorf("%v", err)
	}
}

func TestWrongAndMissingCredentials(t *testing.T) {
	server := testenv.StartS3(t, name)
	t.Setenv("AWS_SECRET_ACCESS_KEY", "wrong")
	if err := open(t, config(server.URL())).CheckAccess(t.Context()); err == nil || !strings.Contains(err.Error(), "set AWS_ACCESS_KEY_ID") {
		t.Errorf("wrong ones: %v", err)
	}
	t.Setenv("AWS_ACCESS_KEY_ID", "")
	t.Setenv("AWS_SECRET_ACCESS_KEY", "")
	if err := open(t, config(server.URL())).CheckAccess(t.Context()); err == nil || !strings.Contains(err.Error(), "find credentials") || errors.Is(err, s3store.ErrUnavailable) {
		t.Errorf("none: %v", err)
	}
}
