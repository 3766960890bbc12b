package outages_test

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/trackmydegree/trackmydegree/internal/testenv"
)

// sentinels watch a Redis with a replica, and make the replica the master when it goes.
type sentinels struct {
	master, replica *testenv.RedisServer
	ports           []int
}

const sentinelConfig = `port %d
bind 127.0.0.1
dir %s
sentinel monitor main 127.0.0.1 %d 2
sentinel down-after-milliseconds main 2000
sentinel failover-timeout main 10000
`

func startSentinels(t *testing.T) *sentinels {
	t.Helper()
	s := &sentinels{master: testenv.StartRedis(t), replica: testenv.StartRedis(t)}
	// Or the first copy waits for other replicas for 5 s.
	wantOK(t, tell(t, s.master.Addr(), "CONFIG", "SET", "repl-diskless-sync-delay", "0"))
	wantOK(t, tell(t, s.replica.Addr(), "REPLICAOF", "127.0.0.1", s.master.Port))
	testenv.Eventually(t, "the replica follows", func() bool {
		return strings.Contains(tell(t, s.replica.Addr(), "INFO", "replication"), "master_link_status:up")
	})
	bin, err := exec.LookPath("redis-server")
	if err != nil {
		testenv.SkipMissing(t, "redis-server", "apt-get install redis-server, or make deps")
	}
	for range 3 {
		port, dir := testenv.FreePort(t), t.TempDir()
		config := filepath.Join(dir, "sentinel.conf")
		if err := os.WriteFile(config, fmt.Appendf(nil, sentinelConfig, port, dir, s.master.Port), 0o600); err != nil {
			t.Fatal(err)
		}
		testenv.StartProcess(t, exec.Command(bin, config, "--sentinel"))
		s.ports = append(s.ports, port)
	}
	for _, port := range s.ports {
		testenv.Eventually(t, "the sentinels know each other and the replica", func() bool {
			got := tell(t, "127.0.0.1:"+strconv.Itoa(port), "INFO", "sentinel")
			return strings.Contains(got, "status=ok") && strings.Contains(got, "slaves=1,sentinels=3")
		})
	}
	return s
}

// url is the address of a database of the present master.
func (s *sentinels) url(db int) string {
	return fmt.Sprintf("redis://127.0.0.1:%d/%d?master_name=main&addr=127.0.0.1:%d&addr=127.0.0.1:%d", s.ports[0], db, s.ports[1], s.ports[2])
}

// TestFailover stops the master of a Redis with three sentinels. Accepted jobs survive, and API and worker find the
// new master.
func TestFailover(t *testing.T) {
	t.Parallel()
	for _, way := range []struct {
		name string
		goes func(*testenv.RedisServer)
		back func(*testing.T, *sentinels)
	}{
		{"killed", func(r *testenv.RedisServer) { r.Kill() }, func(t *testing.T, s *sentinels) { s.master.Restart(t) }},
		// A master that hangs keeps its connections open: only the sentinels report that it is no longer the master.
		{
			"paused", func(r *testenv.RedisServer) { r.Signal(syscall.SIGSTOP) },
			func(_ *testing.T, s *sentinels) { s.master.Signal(syscall.SIGCONT) },
		},
	} {
		t.Run(way.name, func(t *testing.T) {
			t.Parallel()
			s := startSentinels(t)
			w := newWorld(t, reads(t), s.url)
			testenv.Eventually(t, "the replica has the job", func() bool {
				return strings.Contains(tell(t, s.replica.Addr(), "INFO", "keyspace"), "db1:")
			})

			began := time.Now()
			way.goes(s.master)
			failed := 0
			testenv.Eventually(t, "forms are taken again", func() bool {
				a := w.sendRequest(t, w.formRequest())
				if a.status == 503 && a.retry == "" {
					t.Error("503 without Retry-After")
				}
				if a.status != 202 {
					failed++
				}
				// Before the sentinels have noticed, a master that was merely paused takes nothing either.
				return a.status == 202
			})
			t.Logf("| the master is %s | %d requests failed, forms are taken again after %v |", way.name, failed, time.Since(began).Round(time.Millisecond))
			w.waitForState(t, w.job, "done")
			w.requireRecovery(t, "the failover")

			// The old master comes back as a replica. A client that still uses it receives an error, and retries.
			way.back(t, s)
			testenv.Eventually(t, "the old master follows the new one", func() bool {
				return strings.Contains(tell(t, s.master.Addr(), "INFO", "replication"), "role:slave")
			})
			w.requireRecovery(t, "the old master's return")
			w.api.RequireAlive(t)
			w.worker.RequireAlive(t)
		})
	}
}
