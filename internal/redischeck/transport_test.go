package redischeck_test

import (
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/trackmydegree/trackmydegree/internal/testenv"
)

// What answers at the address is not what the address says.
func TestCheckJobsOfAnotherProtocol(t *testing.T) {
	t.Parallel()
	server := testenv.StartRedis(t)
	secure := httptest.NewTLSServer(http.NotFoundHandler())
	t.Cleanup(secure.Close)
	plain := httptest.NewServer(http.NotFoundHandler())
	t.Cleanup(plain.Close)
	hostOf := func(url string) string { _, host, _ := strings.Cut(url, "://"); return host }
	for name, tt := range map[string]struct{ url, want string }{
		"TLS to a server without":     {"rediss://" + server.Addr() + "/1", "write redis:// instead of rediss://"},
		"no TLS to a server with TLS": {"redis://" + hostOf(secure.URL) + "/1", "write rediss:// instead of redis://"},
		"a web server":                {"redis://" + hostOf(plain.URL) + "/1", "does not speak the protocol of Redis"},
		"an unknown authority":        {"rediss://" + hostOf(secure.URL) + "/1", "a certificate that is not trusted"},
		"a server as Sentinel":        {"redis://" + server.Addr() + "/1?master_name=main", "is no Sentinel"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			_, err := checkURL(t, tt.url)
			wantUnfit(t, err, tt.want)
		})
	}
}

// A user who may run a loaded script and load none works until Redis restarts.
func TestCheckJobsWithoutEval(t *testing.T) {
	t.Parallel()
	server := testenv.StartRedis(t)
	if _, err := checkURL(t, server.URL(1)); err != nil { // loads the script
		t.Fatal(err)
	}
	for _, missing := range []string{"-eval", "-evalsha"} {
		args := append([]any{"ACL", "SETUSER", "user" + missing, "on", ">pw"}, toArgs("~* &* +@all "+missing)...)
		if err := openURL(t, server.URL(0)).Do(t.Context(), args...).Err(); err != nil {
			t.Fatal(err)
		}
		_, err := checkURL(t, "redis://user"+missing+":pw@"+server.Addr()+"/1")
		wantUnfit(t, err, "a script on the keys job:*")
	}
}
