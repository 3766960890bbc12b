package httpserver_test

import (
	"errors"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"strings"
	"testing"
	"time"

	"github.com/trackmydegree/trackmydegree/internal/httpserver"
)

func TestLimitBodyBytes(t *testing.T) {
	t.Parallel()
	errRefused := errors.New("refused")
	tests := []struct {
		name          string
		size          int
		limit, extend int64
		toFault       func(error) error
		read          int
		err           error
	}{
		{"below the limit", 9, 10, 0, nil, 9, nil},
		{"at the limit", 10, 10, 0, nil, 10, nil},
		{"beyond the limit", 11, 10, 0, nil, 10, httpserver.ErrBodyTooLarge},
		{"an extended limit", 11, 5, 6, nil, 11, nil},
		{"translated", 11, 10, 0, func(error) error { return errRefused }, 10, errRefused},
		{"empty", 0, 0, 0, nil, 0, nil},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			r := httptest.NewRequest(http.MethodPost, "/", strings.NewReader(strings.Repeat("x", tt.size)))
			body := httpserver.LimitBody(httptest.NewRecorder(), r, httpserver.BodyLimits{Bytes: tt.limit, Total: time.Minute, ToFault: tt.toFault})
			body.ExtendLimit(tt.extend)
			got, err := io.ReadAll(body)
			if len(got) != tt.read || !errors.Is(err, tt.err) {
				t.Errorf("got %d bytes and %v, want %d and %v", len(got), err, tt.read, tt.err)
			}
			if _, again := body.Read(make([]byte, 1)); tt.err != nil && !errors.Is(again, tt.err) {
				t.Errorf("the next read: got %v, want %v", again, tt.err)
			}
		})
	}
}

// recorder records the deadlines that are set.
type recorder struct {
	http.ResponseWriter
	deadlines []time.Time
}

func (r *recorder) SetReadDeadline(t time.Time) error {
	r.deadlines = append(r.deadlines, t)
	return nil
}

func (r *recorder) last() time.Time { return r.deadlines[len(r.deadlines)-1] }

func TestLimitBodyDeadlines(t *testing.T) {
	t.Parallel()
	within := func(d time.Duration, at time.Time) bool {
		left := time.Until(at)
		return left > d-time.Minute && left <= d
	}
	for name, tt := range map[string]struct {
		limits httpserver.BodyLimits
		want   time.Duration
	}{
		"the pause is shorter": {httpserver.BodyLimits{Bytes: 4, Total: 9 * time.Hour, Stall: time.Hour}, time.Hour},
		"the whole is shorter": {httpserver.BodyLimits{Bytes: 4, Total: time.Hour, Stall: 9 * time.Hour}, time.Hour},
		"only the whole":       {httpserver.BodyLimits{Bytes: 4, Total: time.Hour}, time.Hour},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := &recorder{ResponseWriter: httptest.NewRecorder()}
			body := httpserver.LimitBody(w, httptest.NewRequest(http.MethodPost, "/", strings.NewReader("body")), tt.limits)
			if len(w.deadlines) != 1 || !within(tt.want, w.last()) {
				t.Errorf("got the deadlines %v, want one in %v", w.deadlines, tt.want)
			}
			body.ClearDeadline()
			if w.last().IsZero() {
				t.Error("the deadline of an unread body is gone")
			}
			if _, err := io.ReadAll(body); err != nil {
				t.Fatal(err)
			}
			body.ClearDeadline()
			if !w.last().IsZero() {
				t.Errorf("the last deadline is %v, want none", w.last())
			}
		})
	}
}

// A body that stalls ends with the deadline's own error.
func TestLimitBodyTooSlow(t *testing.T) {
	t.Parallel()
	got := make(chan error, 1)
	s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		_, err := io.ReadAll(httpserver.LimitBody(w, r, httpserver.BodyLimits{Bytes: 4, Total: time.Millisecond}))
		got <- err
	}))
	defer s.Close()
	r, w := io.Pipe()
	defer w.Close()
	go func() {
		res, err := s.Client().Post(s.URL, "text/plain", r)
		if err == nil {
			res.Body.Close()
		}
	}()
	if err := <-got; !errors.Is(err, os.ErrDeadlineExceeded) {
		t.Errorf("got %v, want %v", err, os.ErrDeadlineExceeded)
	}
}
