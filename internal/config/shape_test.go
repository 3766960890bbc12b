package config_test

import (
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/trackmydegree/trackmydegree/internal/config"
)

// Each environment looks right and never works. The fault is the only one, names the variable and repeats no secret.
func TestSettingsThatNeverWork(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		name, role, setting, want string
	}{
		{"a line break after an address", "worker", "REDIS_JOB_URL=redis://:hunter2@redis:6379/1\n", "a space or a line break"},
		{"a line break after a secret", "api", "JWT_SECRET=hunter2hunter2hunter2hunter2hunter2\n", "a space or a line break"},
		{"a space before a number", "worker", "WORKER_CONCURRENCY= 4", "a space or a line break"},
		{"quotation marks of an env file", "worker", `MONGODB_URI="mongodb://u:hunter2@m/x"`, "quotation marks"},
		{"a user without a password", "worker", "REDIS_JOB_URL=redis://hunter2@redis:6379/1", "a user and no password"},
		{"a negative database", "worker", "REDIS_JOB_URL=redis://redis:6379/-1", "no Redis address"},
		{"a port that does not exist", "worker", "REDIS_JOB_URL=redis://redis:63790/1?db=1&pool_size=-3", "pool_size, which is negative"},
		{"the port 0 in an address", "worker", "REDIS_JOB_URL=redis://redis:0/1", "no Redis address"},
		{"a port above all", "worker", "REDIS_JOB_URL=redis://redis:66379/1", "no Redis address"},
		{"a pool that is no number", "worker", "REDIS_JOB_URL=redis://:hunter2@redis/1?pool_size=many", "pool_size, which is no number"},
		{"the port 0 of a host", "worker", "REDIS_PORT=0", "the port of the server"},
		{"an origin with a query", "api", "TMD_CORS_ORIGINS=https://a.example.org?x=1", "scheme and host alone"},
		{"an origin with a fragment", "api", "TMD_CORS_ORIGINS=https://a.example.org#x", "scheme and host alone"},
		{"an origin with a wildcard", "api", "TMD_CORS_ORIGINS=https://*.example.org", "no browser sends"},
		{"an origin in capitals", "api", "TMD_CORS_ORIGINS=https://App.example.org", "no browser sends"},
		{"an origin with the default port", "api", "TMD_CORS_ORIGINS=https://a.example.org:443", "no browser sends"},
		{"a proxy network of mapped addresses", "api", "TMD_TRUSTED_PROXIES=::ffff:10.0.0.0/104", "matches no address"},
		{"two audiences", "api", "TMD_JWT_AUDIENCE=tmd,account", "give one audience"},
		{"a DSN without a project", "api", "SENTRY_DSN=https://hunter2@sentry.example.org/", "is not a DSN"},
		{"a collector with the path", "api", "OTEL_EXPORTER_OTLP_ENDPOINT=http://collector:4318/v1/traces", "end it before /v1/traces"},
		{"a ratio that is no number", "api", "TMD_TRACE_RATIO=NaN", "from 0 to 1"},
		{"a ratio in percent", "api", "TMD_TRACE_RATIO=10%", "give a number"},
		{"a parser with the path", "worker", "PYTHON_UTILS_URL=http://parser:15001/v1/parse", "end it before /v1/parse"},
		{"a worker without its port", "worker", "TMD_WORKER_HEALTH_ADDR=off", "probes and metrics need it"},
		{"memory without end", "parser", "TMD_PARSER_MEMORY=99999TiB", "1TiB at most"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			name, _, _ := strings.Cut(tt.setting, "=")
			into := map[string]config.Settings{"api": &config.API{}, "worker": &config.Worker{}, "parser": &config.Parser{}}[tt.role]
			got := faultsOf(t, into, append(append([]string{}, complete...), tt.setting)...)
			if len(got) != 1 || !strings.HasPrefix(got[0], name+" ") || !strings.Contains(got[0], tt.want) || strings.Contains(got[0], "hunter2") {
				t.Errorf("got %q, want one fault of %s with %q and without the secret", got, name, tt.want)
			}
		})
	}
}

func TestChecksOfOtherPackages(t *testing.T) {
	t.Parallel()
	check := config.Check{Name: "MONGODB_URI", Validate: func(value string) error {
		return errors.New("is refused, of " + value[:7] + ": write another")
	}}
	environ := []string{"REDIS_HOST=redis", "MONGODB_URI=mongodb://m/x", "TMD_LOG_LEVEL=loud"}
	want := `TMD_LOG_LEVEL is "loud": give debug, info, warn or error.` + "\n  " + "MONGODB_URI is refused, of mongodb: write another."
	if err := config.Load(&config.Worker{}, environ, check); err == nil || !strings.Contains(err.Error(), want) {
		t.Errorf("got %v, want both faults", err)
	}
	if err := config.Load(&config.Parser{}, nil, check); err != nil {
		t.Errorf("a role without the setting: got %v, want nil", err)
	}
}

// An error of a server names the variable that an operator set.
func TestSettingOfAnAddress(t *testing.T) {
	t.Parallel()
	file := filepath.Join(t.TempDir(), "url")
	if err := os.WriteFile(file, []byte("redis://redis:6379/1\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	for want, environ := range map[string]string{
		"REDIS_JOB_URL": "REDIS_JOB_URL=redis://redis:6379/1", "REDIS_HOST": "REDIS_HOST=redis", "REDIS_JOB_URL_FILE": "REDIS_JOB_URL_FILE=" + file,
	} {
		var c config.Worker
		if err := config.Load(&c, []string{environ, "MONGODB_URI=mongodb://m/x"}); err != nil {
			t.Fatal(err)
		}
		if got := c.JobURL.Setting(); got != want {
			t.Errorf("got %s, want %s", got, want)
		}
	}
}
