package middleware_test

import (
	"net/http"
	"testing"

	"github.com/trackmydegree/trackmydegree/internal/fault"
	"github.com/trackmydegree/trackmydegree/internal/httpapi/middleware"
)

func TestRejectEncodedBody(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		encoding string
		code     fault.Code
	}{{"", ""}, {"identity", ""}, {"gzip", fault.UnsupportedKind}} {
		t.Run("encoding "+tt.encoding, func(t *testing.T) {
			t.Parallel()
			res := send(middleware.RejectEncodedBody(ok), http.MethodPost, header("Content-Encoding", tt.encoding))
			wantCode(t, res, tt.code)
			if got := res.Header.Get("Accept-Encoding"); (got == "identity") != (tt.code != "") {
				t.Errorf("Accept-Encoding: got %q", got)
			}
		})
	}
}
