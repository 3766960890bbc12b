package mongostore

import (
	"errors"
	"io"
	"log"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/trackmydegree/trackmydegree/internal/testenv"
)

func TestCheckAccessNamesTheTransport(t *testing.T) {
	t.Parallel()
	tlsServer := httptest.NewUnstartedServer(nil)
	tlsServer.Config.ErrorLog = log.New(io.Discard, "", 0) // the driver's plain connections fail
	tlsServer.StartTLS()
	t.Cleanup(tlsServer.Close)
	plain := testenv.NewMongoDatabase(t)
	separator := "?"
	if strings.Contains(plain, "?") {
		separator = "&"
	}
	for name, tt := range map[string]struct{ uri, want string }{
		"TLS to a server without it": {plain + separator + "tls=true", "answers without TLS: remove tls=true"},
		"no TLS to a server with it": {
			"mongodb://" + strings.TrimPrefix(tlsServer.URL, "https://") + "/tmd", "expects TLS: add tls=true to the options of the address",
		},
		"nothing listens": {"mongodb://127.0.0.1:1/tmd", ""},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			store, err := Open(Config{URI: tt.uri})
			if err != nil {
				t.Fatal(err)
			}
			t.Cleanup(func() { _ = store.Close(t.Context()) })
			err = store.CheckAccess(t.Context())
			var unfit *UnfitError
			switch {
			case err == nil:
				t.Error("got nil, want an error")
			case tt.want == "" && errors.As(err, &unfit):
				t.Errorf("got %v, want an error that waiting may change", err)
			case tt.want != "" && (!errors.As(err, &unfit) || unfit.Problem != tt.want):
				t.Errorf("got %v, want %q", err, tt.want)
			}
		})
	}
}
