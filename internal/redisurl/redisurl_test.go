package redisurl_test

import (
	"context"
	"fmt"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/redis/go-redis/v9"
	"go.uber.org/goleak"

	"github.com/trackmydegree/trackmydegree/internal/redisurl"
	"github.com/trackmydegree/trackmydegree/internal/testenv"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

func TestValidate(t *testing.T) {
	t.Parallel()
	for url, wrong := range map[string]string{
		"redis://localhost:6379/1":                                                  "",
		"redis://user:secret@localhost/1":                                           "",
		"rediss://localhost:6380/1":                                                 "",
		"unix:///run/redis.sock?db=1":                                               "",
		"redis://localhost:6379/1?pool_size=5":                                      "",
		"redis://:secret@one:26379/1?master_name=main&addr=two:26379&password=deep": "",
		"":                                      "host",
		"http://localhost":                      "scheme",
		"localhost:6379":                        "host",
		"redis:///1":                            "host",
		"redis://localhost/one":                 "database",
		"redis://localhost/1?pool=5":            "pool",
		"redis://localhost/1?pool_size=many":    "pool_size",
		"redis://localhost/1?master_name=":      "master_name",
		"redis://localhost:x/1":                 "port",
		"redis://user:secret@local host/1":      "host",
		"redis://one/1?master_name=m&addr=two":  "addr",
		"redis://one/1?master_name=m&unknown=2": "unknown",
	} {
		err := redisurl.Validate(url)
		if wrong == "" {
			if err != nil {
				t.Errorf("Validate(%q): got %v, want nil", url, err)
			}
			continue
		}
		if err == nil || !strings.Contains(err.Error(), wrong) {
			t.Errorf("Validate(%q): got %v, want an error about %s", url, err, wrong)
		}
		if err != nil && strings.Contains(err.Error(), "secret") {
			t.Errorf("Validate(%q): got %v, want no password in it", url, err)
		}
		if _, err := redisurl.Open(url); err == nil {
			t.Errorf("Open(%q): got no error, want one", url)
		}
	}
}

func openClient(t *testing.T, url string, opts ...redisurl.Option) redis.UniversalClient {
	t.Helper()
	// Longer than in the product, except in tests of just that: a slow test machine must not count as a dead Redis.
	client, err := redisurl.Open(url, append([]redisurl.Option{redisurl.WithTimeout(20 * time.Second)}, opts...)...)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { client.Close() })
	return client
}

// wantWorking writes through the client and reads in database 1 of the server.
func wantWorking(t *testing.T, client redis.UniversalClient, server *testenv.RedisServer) {
	t.Helper()
	if err := client.Set(t.Context(), "key", t.Name(), time.Minute).Err(); err != nil {
		t.Fatal(err)
	}
	if got, err := openClient(t, server.URL(1)).Get(t.Context(), "key").Result(); err != nil || got != t.Name() {
		t.Errorf("key in database 1: got %q, %v, want %q", got, err, t.Name())
	}
}

func TestOneServer(t *testing.T) {
	t.Parallel()
	server := testenv.StartRedis(t)
	client := openClient(t, server.URL(1), redisurl.WithClientName("tmd-test"))
	wantWorking(t, client, server)
	if list := client.ClientList(t.Context()).Val(); !strings.Contains(list, "name=tmd-test") {
		t.Errorf("connections: got %s, want the name tmd-test", list)
	}
}

func TestTLS(t *testing.T) {
	t.Parallel()
	server := testenv.StartRedis(t)
	server.Kill()
	cert, key := testenv.WriteCertificate(t)
	port := strconv.Itoa(testenv.FreePort(t))
	server.Restart(t, "--tls-port", port, "--tls-cert-file", cert, "--tls-key-file", key, "--tls-auth-clients", "no")
	wantWorking(t, openClient(t, "rediss://127.0.0.1:"+port+"/1?skip_verify=true"), server)
	if err := openClient(t, "rediss://127.0.0.1:"+port+"/1").Ping(t.Context()).Err(); err == nil || !strings.Contains(err.Error(), "certificate") {
		t.Errorf("Ping with a self-signed certificate: got %v, want an error about it", err)
	}
}

// A server that asks for certificates accepts a client that has one.
func TestClientCertificate(t *testing.T) {
	t.Parallel()
	server := testenv.StartRedis(t)
	server.Kill()
	cert, key := testenv.WriteCertificate(t)
	port := strconv.Itoa(testenv.FreePort(t))
	server.Restart(t, "--tls-port", port, "--tls-cert-file", cert, "--tls-key-file", key, "--tls-ca-cert-file", cert)
	url := "rediss://127.0.0.1:" + port + "/1?skip_verify=true"
	t.Run("a certificate", func(t *testing.T) {
		wantWorking(t, openClient(t, url, redisurl.WithClientCertificate(cert, key)), server)
	})
	t.Run("no certificate", func(t *testing.T) {
		err := openClient(t, url).Ping(t.Context()).Err()
		if err == nil || !strings.Contains(err.Error(), "certificate required") {
			t.Errorf("Ping: got %v, want an error about the certificate", err)
		}
	})
	t.Run("no such file", func(t *testing.T) {
		err := openClient(t, url, redisurl.WithClientCertificate(cert+".old", key)).Ping(t.Context()).Err()
		if err == nil || !strings.Contains(err.Error(), "client certificate") {
			t.Errorf("Ping: got %v, want an error about the file", err)
		}
	})
}

// A real Sentinel names the server. One of two addresses is enough.
func TestSentinel(t *testing.T) {
	t.Parallel()
	server := testenv.StartRedis(t)
	port := testenv.FreePort(t)
	config := filepath.Join(t.TempDir(), "sentinel.conf")
	text := fmt.Sprintf("port %d\nbind 127.0.0.1\nsentinel monitor main 127.0.0.1 %d 1\n", port, server.Port)
	if err := os.WriteFile(config, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	bin, err := exec.LookPath("redis-server")
	if err != nil {
		t.Fatal(err)
	}
	testenv.StartProcess(t, exec.Command(bin, config, "--sentinel"))
	url := fmt.Sprintf("redis://127.0.0.1:%d/1?master_name=main&addr=127.0.0.1:%d", testenv.FreePort(t), port)
	client := openClient(t, url)
	testenv.Eventually(t, "the Sentinel answers", func() bool { return client.Ping(t.Context()).Err() == nil })
	wantWorking(t, client, server)
}

// A call without a deadline ends, whatever the server does.
func TestCallsEnd(t *testing.T) {
	t.Parallel()
	silent, err := net.Listen("tcp", "127.0.0.1:0") // accepts connections and never answers
	if err != nil {
		t.Fatal(err)
	}
	defer silent.Close()
	dead := fmt.Sprintf("127.0.0.1:%d", testenv.FreePort(t))
	for name, url := range map[string]string{
		"silent":            "redis://" + silent.Addr().String() + "/1",
		"dead":              "redis://" + dead + "/1",
		"silent Sentinel":   "redis://" + silent.Addr().String() + "/1?master_name=main",
		"dead Sentinel":     "redis://" + dead + "/1?master_name=main",
		"silent, no limits": "redis://" + silent.Addr().String() + "/1?read_timeout=1h&dial_timeout=1h&max_retries=100",
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			client := openClient(t, url, redisurl.WithTimeout(300*time.Millisecond))
			if err := client.Get(context.Background(), "key").Err(); err == nil {
				t.Error("Get: got no error, want one")
			}
			if _, err := client.Pipelined(context.Background(), func(p redis.Pipeliner) error {
				p.Get(context.Background(), "key")
				return nil
			}); err == nil {
				t.Error("Pipelined: got no error, want one")
			}
		})
	}
}
