package config_test

import (
	"errors"
	"fmt"
	"log/slog"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/trackmydegree/trackmydegree/internal/config"
)

const secret = "0123456789abcdef0123456789abcdef"

// complete is the minimal environment of every role.
var complete = []string{
	"REDIS_HOST=redis", "MONGODB_URI=mongodb://u:hunter2@a:27017,b:27017/trackmydegree?authSource=admin", "JWT_SECRET=" + secret, "TMD_NAMESPACE=degrees",
}

func faultsOf(t *testing.T, into config.Settings, environ ...string) []string {
	t.Helper()
	err := config.Load(into, environ)
	if err == nil {
		return nil
	}
	var faults config.Faults
	if !errors.As(err, &faults) {
		t.Fatalf("the error is no Faults: %v", err)
	}
	var all []string
	for _, f := range faults {
		all = append(all, f.String())
	}
	return all
}

func TestEachRoleDemandsOnlyWhatItNeeds(t *testing.T) {
	t.Parallel()
	jwt := "JWT_SECRET is missing: set it to 32 bytes or more (`openssl rand -base64 48`), or set TMD_JWKS_URL to your identity provider's keys."
	jobs := "REDIS_JOB_URL is missing: set it to redis://host:6379/1, or set REDIS_HOST."
	cached := "REDIS_CACHE_URL is missing: set it to redis://host:6379/0, or set REDIS_HOST."
	mongo := "MONGODB_URI is missing: set it to mongodb://host:27017/trackmydegree."
	want := map[string][]string{
		"api":        {jwt, jobs, cached, mongo},
		"worker":     {jobs, mongo},
		"controller": {jobs, "TMD_NAMESPACE is missing: set it to the namespace of the worker pods."},
		"seed":       {mongo},
		"queue":      {jobs},
		"doctor":     {jobs, mongo},
		"token":      {"JWT_SECRET is missing: set it to the secret of the API that the token is for."},
	}
	for _, role := range config.Roles() {
		t.Run(role.Name, func(t *testing.T) {
			t.Parallel()
			if diff := cmp.Diff(want[role.Name], faultsOf(t, role.New())); diff != "" {
				t.Error(diff)
			}
			if faults := faultsOf(t, role.New(), complete...); role.Name != "all" && faults != nil {
				t.Errorf("complete settings are refused: %v", faults)
			}
		})
	}
}

func TestFaults(t *testing.T) {
	t.Parallel()
	noHost := []string{"REDIS_HOST is no name of a host: give it without scheme, port and user, or set REDIS_JOB_URL and REDIS_CACHE_URL."}
	tests := []struct {
		name    string
		role    config.Settings
		environ []string
		want    []string
	}{
		{"every fault is reported at once", &config.Worker{}, []string{
			"WORKER_CONCURRENCY=many", "TMD_JOB_TIMEOUT=90", "TMD_LOG_LEVEL=loud", "TMD_UPLOAD_DIRS=/x", "NODE_ENV=prod", "TMD_WORKER_HEALTH_ADDR=8081",
			"MONGODB_URI=http://x", "REDIS_JOB_URL=localhost:6379"},
			[]string{
				"TMD_UPLOAD_DIRS is not a setting: did you mean TMD_UPLOAD_DIR?",
				`NODE_ENV is "prod": give one of development, staging, production, test.`,
				`TMD_LOG_LEVEL is "loud": give debug, info, warn or error.`,
				`TMD_WORKER_HEALTH_ADDR is "8081": give host:port or :port, or off.`,
				`WORKER_CONCURRENCY is "many": give a whole number.`,
				`TMD_JOB_TIMEOUT is "90": give a duration such as 10s or 5m.`,
				"REDIS_JOB_URL is no Redis address: write redis://user:password@host:6379/1, the password percent-encoded.",
				"MONGODB_URI is no MongoDB address: start it with mongodb:// or mongodb+srv://.",
			}},
		{"an address of Redis that is none is not repeated", &config.Worker{}, []string{"MONGODB_URI=mongodb://m", "REDIS_JOB_URL=redis://worker:hun/ter2@redis:6379/1"},
			[]string{"REDIS_JOB_URL is no Redis address: write redis://user:password@host:6379/1, the password percent-encoded."}},
		{"an empty variable is not set", &config.Token{}, []string{"JWT_SECRET="},
			[]string{"JWT_SECRET is missing: set it to the secret of the API that the token is for."}},
		{"a short secret", &config.Token{}, []string{"JWT_SECRET=hunter2"},
			[]string{"JWT_SECRET is shorter than 32 bytes: make one with `openssl rand -base64 48`."}},
		{"two ways to know callers", &config.API{}, append([]string{"TMD_JWKS_URL=https://id.example.org/keys"}, complete...),
			[]string{"TMD_JWKS_URL is set together with JWT_SECRET: keep one of the two."}},
		{"no authentication on the API", &config.API{}, append([]string{"AUTH_MODE=none"}, complete...),
			[]string{"AUTH_MODE is none, which is for `tmd all` on loopback: set it to jwt."}},
		{"no authentication beyond loopback", &config.All{}, []string{"TMD_LISTEN_HOST=0.0.0.0"},
			[]string{"TMD_LISTEN_HOST is 0.0.0.0 while AUTH_MODE is none: listen on 127.0.0.1, or set AUTH_MODE=jwt and JWT_SECRET."}},
		{"a service link of Kubernetes in a port's place", &config.Parser{}, []string{"TMD_PARSER_PORT=tcp://10.0.0.7:15001", "TMD_PARSER_SERVICE_HOST=10.0.0.7", "TMD_API_PORT_8000_TCP_ADDR=10.0.0.8"},
			[]string{`TMD_PARSER_PORT is "tcp://10.0.0.7:15001": this is a Kubernetes service link of the same name; set enableServiceLinks: false on the pod, or set the variable yourself.`}},
		{"out of range", &config.Parser{}, []string{"TMD_PARSER_CHILDREN=0", "TMD_PARSER_MEMORY=1MiB", "TMD_PARSER_DEADLINE=1ms", "TMD_SHUTDOWN_DELAY=30s", "SENTRY_DSN=https://example.org"},
			[]string{
				"SENTRY_DSN is not a DSN: copy it from the project's client keys, https://key@host/project.",
				"TMD_SHUTDOWN_DELAY is 30s: give less than TMD_SHUTDOWN_GRACE, which is 25s.",
				"TMD_PARSER_CHILDREN is 0: give a number from 1 to 64.",
				"TMD_PARSER_DEADLINE is 1ms: give a duration from 100ms to 10m0s.",
				"TMD_PARSER_MEMORY is 1.0 MiB: a child needs 128MiB or more.",
			}},
		{"a parser call longer than its job", &config.Worker{}, append([]string{"TMD_JOB_TIMEOUT=5s"}, complete...),
			[]string{"TMD_PARSER_TIMEOUT is 20s: give 1s or more, and no more than TMD_JOB_TIMEOUT, which is 5s."}},
		{"an origin with a password", &config.API{}, append([]string{"TMD_CORS_ORIGINS=https://u:hunter2@x.example.org"}, complete...),
			[]string{"TMD_CORS_ORIGINS holds an address with a user or a password: give scheme and host alone, such as https://app.example.org."}},
		{"keys behind a password", &config.API{}, append([]string{"TMD_JWKS_URL=https://u:hunter2@id.example.org/keys"}, complete[:2]...),
			[]string{"TMD_JWKS_URL is malformed: leave user and password out of the address."}},
		{"a parser behind a password", &config.Worker{}, append([]string{"PYTHON_UTILS_URL=ftp://u:hunter2@p"}, complete...),
			[]string{"PYTHON_UTILS_URL is malformed: give an address that starts with http:// or https://."}},
		{"a view that expires between two looks", &config.Controller{}, append([]string{"TMD_FLEET_EXPIRY=1s", "TMD_KUBE_QPS=0", "TMD_GUARD_MAX=0s", "TMD_GUARD_AFTER=-1s"}, complete...),
			[]string{
				"TMD_KUBE_QPS is 0: give a number from 1 to 1000.",
				"TMD_FLEET_EXPIRY is 1s: give twice TMD_FLEET_INTERVAL or more, which is 1s, and an hour at most.",
				"TMD_GUARD_AFTER is -1s: give a duration from 0s to 1h0m0s.",
				"TMD_GUARD_MAX is 0s: give a duration from 1s to 24h0m0s.",
			}},
		{"image updates without a selector", &config.Controller{}, append([]string{"TMD_IMAGES=true", "TMD_IMAGES_SCHEDULE=at night", "TMD_IMAGES_DEADLINE=1h"}, complete...),
			[]string{
				`TMD_IMAGES_SCHEDULE is "at night": give a cron expression of five fields, such as 0 4 * * *.`,
				"TMD_IMAGES_DEADLINE is 1h0m0s: give a duration from 1m0s to 30m0s.",
				"TMD_RELEASE_SELECTOR is missing: set it to the labels of the release's Deployments, such as app.kubernetes.io/instance=tmd.",
			}},
		{"a certificate without its key", &config.Controller{}, append([]string{"TMD_SCALER_TLS_CERT=/tls.crt"}, complete...),
			[]string{"TMD_SCALER_TLS_KEY is missing: TMD_SCALER_TLS_CERT needs its key."}},
		{"a key without its certificate", &config.Controller{}, append([]string{"TMD_SCALER_TLS_KEY=/tls.key"}, complete...),
			[]string{"TMD_SCALER_TLS_CERT is missing: TMD_SCALER_TLS_KEY is the key of a certificate."}},
		{"a certificate for Redis without its key", &config.Controller{}, append([]string{"TMD_REDIS_TLS_CERT=/tls.crt"}, complete...),
			[]string{"TMD_REDIS_TLS_KEY is missing: TMD_REDIS_TLS_CERT needs its key."}},
		{"a key for Redis without its certificate", &config.Controller{}, append([]string{"TMD_REDIS_TLS_KEY=/tls.key"}, complete...),
			[]string{"TMD_REDIS_TLS_CERT is missing: TMD_REDIS_TLS_KEY is the key of a certificate."}},
		{"a certificate for Redis that is not there", &config.Controller{}, append([]string{"TMD_REDIS_TLS_CERT=/no/tls.crt", "TMD_REDIS_TLS_KEY=/no/tls.key"}, complete...),
			[]string{"TMD_REDIS_TLS_CERT cannot be used together with TMD_REDIS_TLS_KEY: open /no/tls.crt: no such file or directory."}},
		{"an external metric of no Service", &config.Controller{}, append([]string{"TMD_EXTERNAL_METRICS_ADDR=:6443", "TMD_EXTERNAL_METRICS_TLS_CERT=/tls.crt"}, complete...),
			[]string{
				"TMD_EXTERNAL_METRICS_HOST is missing: set it to SERVICE.NAMESPACE.svc of the APIService's Service.",
				"TMD_EXTERNAL_METRICS_TLS_KEY is missing: TMD_EXTERNAL_METRICS_TLS_CERT needs it.",
				"TMD_EXTERNAL_METRICS_TLS_CA is missing: TMD_EXTERNAL_METRICS_TLS_CERT needs it.",
			}},
		{"certificates of KEDA alone", &config.Controller{}, append([]string{"TMD_SCALER_TLS_CLIENT_CA=/ca.crt"}, complete...),
			[]string{"TMD_SCALER_TLS_CERT is missing: who asks for certificates needs one, too."}},
		{"canaries that overtake each other", &config.Controller{}, append([]string{"TMD_CANARY=true", "TMD_CANARY_INTERVAL=2m"}, complete...),
			[]string{
				"TMD_CANARY_INTERVAL is 2m0s: give more than TMD_CANARY_HOLD and TMD_CANARY_LIMIT together, which is 3m30s, and 24h at most.",
				"TMD_CANARY_DEPLOYMENT is missing: set it to the Deployment of the workers.",
			}},
		{"a canary without a ConfigMap", &config.Controller{}, append([]string{"TMD_CANARY_HOLD=1s", "TMD_CANARY_LIMIT=2h"}, complete...),
			[]string{
				"TMD_CANARY_HOLD is 1s: give a duration from 5s to 10m0s.",
				"TMD_CANARY_LIMIT is 2h0m0s: give a duration from 10s to 1h0m0s.",
			}},
		{"origins with a path", &config.API{}, append([]string{"TMD_CORS_ORIGINS=https://ok.example.org,https://x.example.org/app,*"}, complete...),
			[]string{`TMD_CORS_ORIGINS holds "https://x.example.org/app": give scheme and host alone, such as https://app.example.org.`}},
		{"a bucket without anything of it", &config.API{}, append([]string{"TMD_UPLOAD_STORAGE=s3", "TMD_S3_ENDPOINT=minio:9000", "TMD_S3_PATH_STYLE=often"}, complete...),
			[]string{
				"TMD_S3_ENDPOINT is malformed: give an address that starts with http:// or https://.",
				`TMD_S3_PATH_STYLE is "often": give true or false.`,
				"TMD_S3_BUCKET is missing: set it to the name of the bucket, or set TMD_UPLOAD_STORAGE=volume.",
				"TMD_S3_REGION is missing: set it to the bucket's region; for a server other than AWS us-east-1 mostly is right.",
			}},
		{"a bucket by its address", &config.Worker{}, append([]string{"TMD_UPLOAD_STORAGE=s3", "TMD_S3_BUCKET=s3://uploads", "TMD_S3_REGION=Canada (Central)", "TMD_S3_PREFIX=/../x", "TMD_S3_TIMEOUT=10ms"}, complete...),
			[]string{
				`TMD_S3_BUCKET is "s3://uploads": give the name alone, 3 to 63 lower-case letters, digits, dots and hyphens.`,
				`TMD_S3_REGION is "Canada (Central)": give a region such as ca-central-1.`,
				"TMD_S3_TIMEOUT is 10ms: give a duration from 100ms to 1m0s.",
				`TMD_S3_PREFIX is "/../x": give folders of letters, digits, dots, hyphens and underscores, such as trackmydegree/.`,
			}},
		{"a bucket that is not used", &config.Worker{}, append([]string{"TMD_S3_BUCKET=uploads"}, complete...),
			[]string{"TMD_S3_BUCKET is set while TMD_UPLOAD_STORAGE is volume: set TMD_UPLOAD_STORAGE=s3, or leave the bucket out."}},
		{"a storage that there is not", &config.Worker{}, append([]string{"TMD_UPLOAD_STORAGE=gcs", "TMD_S3_BUCKET=uploads"}, complete...),
			[]string{`TMD_UPLOAD_STORAGE is "gcs": give one of volume, s3.`}},
		{"a folder in addition to a bucket", &config.API{}, append([]string{"TMD_UPLOAD_STORAGE=s3", "TMD_S3_BUCKET=uploads", "TMD_S3_REGION=ca-central-1", "TMD_UPLOAD_DIR=/x", "TMD_S3_PREFIX=tmd/prod/"}, complete...), nil},
		{"a secret from a file that is not there", &config.Token{}, []string{"JWT_SECRET_FILE=/nowhere/secret"},
			[]string{
				"JWT_SECRET_FILE cannot be read: open /nowhere/secret: no such file or directory.",
				"JWT_SECRET has no value: JWT_SECRET_FILE cannot be read.",
			}},
		{"a short secret in a file", &config.Token{}, []string{"JWT_SECRET_FILE=testdata/short-secret"},
			[]string{"JWT_SECRET_FILE is shorter than 32 bytes: make one with `openssl rand -base64 48`."}},
		{"a host with a scheme", &config.Worker{}, []string{"REDIS_HOST=redis://u:hunter2@redis", "MONGODB_URI=mongodb://m"}, noHost},
		{"a host with a port", &config.Worker{}, []string{"REDIS_HOST=redis:6379", "MONGODB_URI=mongodb://m"}, noHost},
		{"an IPv6 host", &config.Worker{}, []string{"REDIS_HOST=fd00::7", "MONGODB_URI=mongodb://m"}, nil},
		{"a parameter of Redis that does not exist", &config.Worker{}, []string{"REDIS_JOB_URL=redis://r/1?pool_sise=4", "MONGODB_URI=mongodb://m"},
			[]string{"REDIS_JOB_URL has a parameter that does not exist: check the part after the question mark; those of go-redis exist, such as pool_size."}},
		{"a schedule without a date", &config.Controller{}, append([]string{"TMD_IMAGES_SCHEDULE=0 4 30 2 *"}, complete...),
			[]string{`TMD_IMAGES_SCHEDULE is "0 4 30 2 *", which is no day of any year: give a day that its month has.`}},
		{"a schedule of leap days", &config.Controller{}, append([]string{"TMD_IMAGES_SCHEDULE=0 4 29 2 *"}, complete...), nil},
		{"two schemes", &config.Worker{}, append([]string{"PYTHON_UTILS_URL=http://http://parser:15001"}, complete...),
			[]string{"PYTHON_UTILS_URL is malformed: give one scheme, a host and, if any, a port up to 65535."}},
		{"a port that there is not", &config.Worker{}, append([]string{"PYTHON_UTILS_URL=http://parser:150010"}, complete...),
			[]string{"PYTHON_UTILS_URL is malformed: give one scheme, a host and, if any, a port up to 65535."}},
		{"a claim with an empty name", &config.API{}, append([]string{"TMD_JWT_ROLES_CLAIM=realm_access..roles", "TMD_IDLE_TIMEOUT=1s"}, complete...),
			[]string{
				"TMD_IDLE_TIMEOUT is 1s: give a duration from 10s to 2h0m0s.",
				`TMD_JWT_ROLES_CLAIM is "realm_access..roles": give the name of a claim, or names with one dot between two of them.`,
			}},
		{"a certificate of the scaler that is not there", &config.Controller{}, append([]string{"TMD_SCALER_TLS_CERT=/no/tls.crt", "TMD_SCALER_TLS_KEY=/no/tls.key"}, complete...),
			[]string{"TMD_SCALER_TLS_CERT cannot be used together with TMD_SCALER_TLS_KEY: open /no/tls.crt: no such file or directory."}},
		{"a secret twice", &config.Token{}, []string{"JWT_SECRET=" + secret, "JWT_SECRET_FILE=/x"},
			[]string{"JWT_SECRET_FILE is set together with JWT_SECRET: keep one of the two."}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			if diff := cmp.Diff(tt.want, faultsOf(t, tt.role, tt.environ...)); diff != "" {
				t.Error(diff)
			}
		})
	}
}

func TestABucketOfAnotherServerIsNamedInThePath(t *testing.T) {
	t.Parallel()
	bucket := append([]string{"TMD_UPLOAD_STORAGE=s3", "TMD_S3_BUCKET=uploads", "TMD_S3_REGION=us-east-1"}, complete...)
	for _, tt := range []struct {
		environ string
		want    bool
	}{{"", false}, {"TMD_S3_ENDPOINT=http://minio:9000", true}, {"TMD_S3_PATH_STYLE=true", true}} {
		var c config.API
		if err := config.Load(&c, append([]string{tt.environ}, bucket...)); err != nil {
			t.Fatal(err)
		}
		if c.S3PathStyle != tt.want {
			t.Errorf("with %q: %v", tt.environ, c.S3PathStyle)
		}
	}
}

func TestValues(t *testing.T) {
	t.Parallel()
	file := filepath.Join(t.TempDir(), "uri")
	if err := os.WriteFile(file, []byte("mongodb://db/other\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	var c config.Worker
	if err := config.Load(&c, []string{"REDIS_HOST=::1", "REDIS_PORT=7000", "MONGODB_URI_FILE=" + file, "TMD_LOG_LEVEL=debug", "PYTHON_UTILS_URL=http://parser:15001/"}); err != nil {
		t.Fatal(err)
	}
	if got := c.JobURL.Reveal(); got != "redis://[::1]:7000/1" {
		t.Errorf("job URL %s", got)
	}
	if got := c.MongoURI.Reveal(); got != "mongodb://db/other" {
		t.Errorf("MongoDB %s", got)
	}
	if c.LogLevel != slog.LevelDebug || c.ParserURL != "http://parser:15001" || c.Concurrency != 2 || c.JobTimeout != time.Minute {
		t.Errorf("%+v", c)
	}
}

func TestAllKeepsItsStateWithTheUser(t *testing.T) {
	t.Parallel()
	for home, want := range map[string]string{
		"HOME=/home/alice":    "/home/alice/.local/share/trackmydegree",
		"XDG_DATA_HOME=/data": "/data/trackmydegree",
		"HOME=":               "data",
	} {
		var c config.All
		if err := config.Load(&c, []string{home}); err != nil {
			t.Fatal(err)
		}
		if c.DataDir != want {
			t.Errorf("%s: %s, want %s", home, c.DataDir, want)
		}
	}
}

// Printing settings in any way reveals no secret.
func TestSecretsStayHidden(t *testing.T) {
	t.Parallel()
	environ := []string{
		"REDIS_JOB_URL=redis://worker:hun%2Fter2@redis:6379/1?client_name=hunter2", "REDIS_CACHE_URL=redis://:hunter2@redis:6379/0",
		"MONGODB_URI=mongodb://u:hunt@er2?hunter2@a:1,b:2/trackmydegree", "JWT_SECRET=hunter2-hunter2-hunter2-hunter2-hunter2",
		"SENTRY_DSN=https://hunter2@sentry.example.org/1",
	}
	var c config.API
	settings, err := config.Describe(&c, environ)
	if err != nil {
		t.Fatal(err)
	}
	var log strings.Builder
	slog.New(slog.NewJSONHandler(&log, nil)).Info("start", "config", c, "secret", c.JWTSecret, "url", c.JobURL)
	for how, text := range map[string]string{
		"describe": fmt.Sprint(settings), "%v": fmt.Sprintf("%v", c), "%+v": fmt.Sprintf("%+v", &c), "%#v": fmt.Sprintf("%#v", c), "slog": log.String(),
	} {
		for _, part := range []string{"hunter2", "ter2", "er2"} {
			if strings.Contains(text, part) {
				t.Errorf("%s shows a secret: %s", how, text)
			}
		}
	}
}

func TestDescribeTellsWhereValuesComeFrom(t *testing.T) {
	t.Parallel()
	file := filepath.Join(t.TempDir(), "secret")
	if err := os.WriteFile(file, []byte(secret), 0o600); err != nil {
		t.Fatal(err)
	}
	settings, err := config.Describe(&config.API{}, []string{"REDIS_HOST=redis", "MONGODB_URI=mongodb://u:p@db/x", "JWT_SECRET_FILE=" + file, "TMD_CORS_ORIGINS=https://a.example.org,https://b.example.org"})
	if err != nil {
		t.Fatal(err)
	}
	got := map[string]config.Setting{}
	for _, s := range settings {
		got[s.Name] = s
	}
	for _, want := range []config.Setting{
		{"BACKEND_PORT", "8000", "default"},
		{"REDIS_CACHE_URL", "redis://redis:6379/0", "made from REDIS_HOST and REDIS_PORT"},
		{"MONGODB_URI", "mongodb://[hidden]@db/x", "environment"},
		{"JWT_SECRET", "[hidden]", file},
		{"TMD_CORS_ORIGINS", "https://a.example.org,https://b.example.org", "environment"},
		{"SENTRY_DSN", "", "default"},
	} {
		if diff := cmp.Diff(want, got[want.Name]); diff != "" {
			t.Error(diff)
		}
	}
}
