package redischeck_test

import (
	"bytes"
	"fmt"
	"log/slog"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/redis/go-redis/v9"
	"go.uber.org/goleak"

	"github.com/trackmydegree/trackmydegree/internal/redischeck"
	"github.com/trackmydegree/trackmydegree/internal/redisurl"
	"github.com/trackmydegree/trackmydegree/internal/testenv"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

func openURL(t *testing.T, url string) redis.UniversalClient {
	t.Helper()
	client, err := redisurl.Open(url, redisurl.WithTimeout(20*time.Second))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { client.Close() })
	return client
}

// startServer starts a server with further arguments.
func startServer(t *testing.T, args ...string) *testenv.RedisServer {
	t.Helper()
	server := testenv.StartRedis(t)
	server.Kill()
	server.Restart(t, args...)
	return server
}

// checkURL returns the outcome of the check and its log.
func checkURL(t *testing.T, url string) (log string, err error) {
	t.Helper()
	var lines bytes.Buffer
	err = redischeck.CheckJobs(t.Context(), openURL(t, url), slog.New(slog.NewTextHandler(&lines, nil)))
	return lines.String(), err
}

// wantUnfit fails the test unless err is an UnfitError with a part in it.
func wantUnfit(t *testing.T, err error, part string) {
	t.Helper()
	if !redischeck.IsUnfit(err) || !strings.Contains(err.Error(), part) {
		t.Errorf("got %v, want an UnfitError with %q", err, part)
	}
}

func TestCheckJobsOfAFitServer(t *testing.T) {
	t.Parallel()
	server := testenv.StartRedis(t)
	for _, protocol := range []string{"2", "3"} {
		if log, err := checkURL(t, server.URL(1)+"?protocol="+protocol); err != nil || log != "" {
			t.Errorf("protocol %s: got %v and the log %q, want neither", protocol, err, log)
		}
	}
	if keys := openURL(t, server.URL(1)).Keys(t.Context(), "*").Val(); len(keys) > 0 {
		t.Errorf("got the keys %v left behind, want none", keys)
	}
}

// Each rule is a user that looks right. An empty part means that the user is sufficient.
func TestCheckJobsOfAccessLists(t *testing.T) {
	t.Parallel()
	server := testenv.StartRedis(t)
	admin := openURL(t, server.URL(0))
	const prefixes = "~job:* ~asynq:* ~queue:*"
	for name, c := range map[string]struct{ rule, part string }{
		"all rights":                {"~* &* +@all", ""},
		"the prefixes":              {prefixes + " &job:* &asynq:* +@all -@admin -@dangerous +info", ""},
		"the prefixes without INFO": {prefixes + " &job:* &asynq:* +@all -@admin -@dangerous", ""},
		"no channels":               {"~* +@all", "the channel job:timeline:events"},
		"no channel of the queue":   {"~* &job:* +@all", "the channel asynq:cancel"},
		"no keys of the queue":      {"~job:* ~queue:* &* +@all", "a script on the keys asynq:*"},
		"no keys of jobs":           {"~asynq:* ~queue:* &* +@all", "a script on the keys job:*"},
		"no keys of the liveness":   {"~asynq:* ~job:* &* +@all", "a script on the keys queue:*"},
		"no scripts":                {"~* &* +@all -@scripting", "a script on the keys job:*"},
		"no writes":                 {"~* &* +@read +@scripting +@connection +@pubsub", "a script on the keys job:*"},
		"one command missing":       {"~* &* +@all -copy", "a script on the keys job:*"},
		"no publish":                {"~* &* +@all -publish", "the channel job:timeline:events"},
		"no ping":                   {"~* &* +@all -ping", "refuses its user ping"},
	} {
		t.Run(name, func(t *testing.T) {
			user := strings.ReplaceAll(name, " ", "-")
			args := append([]any{"ACL", "SETUSER", user, "on", ">pw"}, toArgs(c.rule)...)
			if err := admin.Do(t.Context(), args...).Err(); err != nil {
				t.Fatal(err)
			}
			_, err := checkURL(t, fmt.Sprintf("redis://%s:pw@%s/1", user, server.Addr()))
			if c.part == "" {
				if err != nil {
					t.Errorf("got %v, want nil", err)
				}
				return
			}
			wantUnfit(t, err, c.part)
			wantUnfit(t, err, "&asynq:*")
		})
	}
}

func toArgs(rule string) []any {
	var args []any
	for _, word := range strings.Fields(rule) {
		args = append(args, word)
	}
	return args
}

func TestCheckJobsOfUnfitServers(t *testing.T) {
	t.Parallel()
	master := testenv.StartRedis(t)
	for name, c := range map[string]struct {
		args []string
		url  func(*testenv.RedisServer) string
		part string
	}{
		"a replica":             {[]string{"--replicaof", "127.0.0.1 " + strconv.Itoa(master.Port)}, nil, "read-only replica"},
		"a cluster":             {[]string{"--cluster-enabled", "yes"}, nil, "cluster mode"},
		"a cluster, database 0": {[]string{"--cluster-enabled", "yes"}, func(s *testenv.RedisServer) string { return s.URL(0) }, "cluster mode"},
		"allkeys-lru":           {[]string{"--maxmemory-policy", "allkeys-lru"}, nil, "noeviction instead of allkeys-lru"},
		"volatile-ttl":          {[]string{"--maxmemory-policy", "volatile-ttl"}, nil, "noeviction instead of volatile-ttl"},
		"one database":          {[]string{"--databases", "1"}, nil, "no database of this number"},
		"a wrong password": {nil, func(s *testenv.RedisServer) string { return "redis://someone:secret@" + s.Addr() + "/1" },
			"refuses the user or the password"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			server := startServer(t, c.args...)
			url := server.URL(1)
			if c.url != nil {
				url = c.url(server)
			}
			_, err := checkURL(t, url)
			wantUnfit(t, err, c.part)
			if err != nil && strings.Contains(err.Error(), "secret") {
				t.Errorf("got %v, want no password in it", err)
			}
		})
	}
}

func TestCheckJobsWithoutThePassword(t *testing.T) {
	t.Parallel()
	server := testenv.StartRedis(t)
	if err := openURL(t, server.URL(0)).ConfigSet(t.Context(), "requirepass", "pw").Err(); err != nil {
		t.Fatal(err)
	}
	_, err := checkURL(t, server.URL(1))
	wantUnfit(t, err, "requires a password")
}

func TestCheckJobsWithoutTheCertificate(t *testing.T) {
	t.Parallel()
	cert, key := testenv.WriteCertificate(t)
	port := strconv.Itoa(testenv.FreePort(t))
	startServer(t, "--tls-port", port, "--tls-cert-file", cert, "--tls-key-file", key, "--tls-ca-cert-file", cert)
	url := "rediss://127.0.0.1:" + port + "/1"
	_, err := checkURL(t, url+"?skip_verify=true")
	wantUnfit(t, err, "set TMD_REDIS_TLS_CERT and TMD_REDIS_TLS_KEY")
	_, err = checkURL(t, url)
	wantUnfit(t, err, "SSL_CERT_DIR")
}

// What costs data and not service is a warning.
func TestCheckJobsWarnings(t *testing.T) {
	t.Parallel()
	t.Run("no append-only file", func(t *testing.T) {
		t.Parallel()
		log, err := checkURL(t, startServer(t, "--appendonly", "no").URL(1))
		if err != nil || !strings.Contains(log, "append-only") {
			t.Errorf("got %v and the log %q, want a warning about the append-only file", err, log)
		}
	})
	t.Run("neither INFO nor CONFIG", func(t *testing.T) {
		t.Parallel()
		server := testenv.StartRedis(t)
		args := append([]any{"ACL", "SETUSER", "tmd", "on", ">pw"}, toArgs("~* &* +@all -info -config")...)
		if err := openURL(t, server.URL(0)).Do(t.Context(), args...).Err(); err != nil {
			t.Fatal(err)
		}
		log, err := checkURL(t, "redis://tmd:pw@"+server.Addr()+"/1")
		if err != nil || !strings.Contains(log, "maxmemory-policy") {
			t.Errorf("got %v and the log %q, want a warning about the policy", err, log)
		}
	})
}

// The roles wait for a Redis that may recover without a change.
func TestCheckJobsOfAnOutage(t *testing.T) {
	t.Parallel()
	t.Run("no server", func(t *testing.T) {
		t.Parallel()
		_, err := checkURL(t, fmt.Sprintf("redis://127.0.0.1:%d/1", testenv.FreePort(t)))
		if err == nil || redischeck.IsUnfit(err) {
			t.Errorf("got %v, want an error that is no UnfitError", err)
		}
	})
	t.Run("no memory left", func(t *testing.T) {
		t.Parallel()
		_, err := checkURL(t, startServer(t, "--maxmemory", "1").URL(1))
		if err == nil || redischeck.IsUnfit(err) {
			t.Errorf("got %v, want an error that is no UnfitError", err)
		}
	})
}

func TestClaimInstallation(t *testing.T) {
	t.Parallel()
	server := testenv.StartRedis(t)
	client := openURL(t, server.URL(1))
	for range 2 {
		if err := redischeck.ClaimInstallation(t.Context(), client, "production"); err != nil {
			t.Errorf("the first installation: got %v, want nil", err)
		}
	}
	wantUnfit(t, redischeck.ClaimInstallation(t.Context(), client, "staging"), `set TMD_INSTALLATION to "production"`)
	if err := redischeck.ClaimInstallation(t.Context(), openURL(t, server.URL(2)), "staging"); err != nil {
		t.Errorf("another database: got %v, want nil", err)
	}
	if ttl := client.TTL(t.Context(), "queue:installation").Val(); ttl < 6*24*time.Hour {
		t.Errorf("time to live of the marker: got %v, want a week", ttl)
	}
}
