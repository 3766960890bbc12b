package doctor

import (
	"log/slog"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/trackmydegree/trackmydegree/internal/config"
	"github.com/trackmydegree/trackmydegree/internal/testenv"
)

// findings runs the checks with settings, by name.
func findings(t *testing.T, environ ...string) map[string]Finding {
	t.Helper()
	var c config.Doctor
	if err := config.Load(&c, environ); err != nil {
		t.Fatal(err)
	}
	all := map[string]Finding{}
	for _, f := range CheckInstallation(t.Context(), c) {
		all[f.Check] = f
	}
	return all
}

func TestDoctorOfAWholeInstallation(t *testing.T) {
	t.Parallel()
	server := testenv.StartRedis(t)
	keys := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		_, _ = w.Write([]byte(`{"keys":[{"kty":"RSA"}]}`))
	}))
	t.Cleanup(keys.Close)
	all := findings(t, "REDIS_JOB_URL="+server.URL(1), "REDIS_CACHE_URL="+server.URL(0), "MONGODB_URI="+testenv.NewMongoDatabase(t),
		"TMD_UPLOAD_DIR="+t.TempDir(), "TMD_JWKS_URL="+keys.URL)
	for name, want := range map[string]State{
		"redis of the jobs": OK, "redis of the cache": OK, "uploads": OK, "identity provider": OK,
		"database": Warning, // not seeded
	} {
		if all[name].State != want {
			t.Errorf("%s: got %+v, want %s", name, all[name], want)
		}
	}
	if !strings.Contains(all["database"].Detail, "run tmd seed") || !strings.Contains(all["database"].Detail, "version ") || !strings.Contains(all["redis of the jobs"].Detail, "redis_version") {
		t.Errorf("got %+v, want a remedy and a version", all)
	}
}

func TestDoctorOfABrokenInstallation(t *testing.T) {
	t.Parallel()
	server := testenv.StartRedis(t)
	server.Kill()
	server.Restart(t, "--maxmemory-policy", "allkeys-lru")
	nothing := httptest.NewServer(http.NotFoundHandler())
	t.Cleanup(nothing.Close)
	all := findings(t, "REDIS_JOB_URL="+server.URL(1), "REDIS_CACHE_URL=redis://nobody:secret@"+server.Addr()+"/0",
		"MONGODB_URI=mongodb://127.0.0.1:1/x?serverSelectionTimeoutMS=200", "TMD_UPLOAD_DIR=/proc/nowhere", "TMD_JWKS_URL="+nothing.URL, "PYTHON_UTILS_URL="+nothing.URL)
	for name, want := range map[string]string{
		"redis of the jobs": "noeviction", "redis of the cache": "REDIS_CACHE_URL", "database": "MONGODB_URI", "uploads": "TMD_UPLOAD_DIR",
		"identity provider": "404", "parser": "PYTHON_UTILS_URL",
	} {
		if f := all[name]; f.State != Failed || !strings.Contains(f.Detail, want) || strings.Contains(f.Detail, "secret") {
			t.Errorf("%s: got %+v, want a failure with %q and without passwords", name, f, want)
		}
	}
}

func TestWarnOfSkew(t *testing.T) {
	t.Parallel()
	now := time.Now()
	for theirs, want := range map[time.Duration]bool{0: false, 4 * time.Second: false, -4 * time.Second: false, time.Minute: true, -time.Minute: true} {
		warnings := &warningHandler{}
		warnOfSkew(slog.New(warnings), "MongoDB", now, now.Add(theirs))
		if got := strings.Contains(warnings.text(), "MongoDB differ by 1m0s"); got != want {
			t.Errorf("a clock %v ahead: got %q, want a warning %t", theirs, warnings.text(), want)
		}
	}
}
