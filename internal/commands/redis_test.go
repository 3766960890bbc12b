package commands_test

import (
	"bytes"
	"context"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/trackmydegree/trackmydegree/internal/commands"
	"github.com/trackmydegree/trackmydegree/internal/program"
	"github.com/trackmydegree/trackmydegree/internal/redisurl"
	"github.com/trackmydegree/trackmydegree/internal/testenv"
)

// roleRun is a role in this process.
type roleRun struct {
	done   chan struct{}
	result result
}

// beginRole runs a role until it ends, the test does, or a minute has passed.
func beginRole(t *testing.T, role string, env ...string) *roleRun {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	r := &roleRun{done: make(chan struct{})}
	common := []string{"BACKEND_PORT=0", "TMD_METRICS_ADDR=off", "TMD_WORKER_HEALTH_ADDR=127.0.0.1:0", "JWT_SECRET=" + jwtSecret,
		"NODE_ENV=test", "TMD_UPLOAD_DIR=" + t.TempDir(), "TMD_SHUTDOWN_GRACE=5s"}
	go func() {
		defer close(r.done)
		var out, errs bytes.Buffer
		code := commands.Run(ctx, program.Process{Args: []string{role}, Environ: append(common, env...), Stdout: &out, Stderr: &errs})
		r.result = result{code, out.String(), errs.String()}
	}()
	t.Cleanup(func() { cancel(); <-r.done })
	return r
}

// wantRefusal waits for the end of the role, and requires a sentence.
func (r *roleRun) wantRefusal(t *testing.T, sentence string) {
	t.Helper()
	<-r.done
	if r.result.code != 1 || !strings.Contains(r.result.err, sentence) {
		t.Errorf("got %+v, want the exit code 1 and %q", r.result, sentence)
	}
}

// noMongo is a database that does not answer: an unfit Redis is refused without it.
const noMongo = "MONGODB_URI=mongodb://127.0.0.1:1/trackmydegree"

func TestAnUnfitRedisStopsTheStart(t *testing.T) {
	t.Parallel()
	server := testenv.StartRedis(t)
	server.Kill()
	server.Restart(t, "--maxmemory-policy", "allkeys-lru")
	port := strconv.Itoa(server.Port)
	for _, role := range []string{"api", "worker", "all"} {
		t.Run(role, func(t *testing.T) {
			run := beginRole(t, role, noMongo, "REDIS_JOB_URL="+server.URL(1), "REDIS_CACHE_URL="+server.URL(0), "TMD_DATA_DIR="+t.TempDir())
			run.wantRefusal(t, "REDIS_JOB_URL: Redis evicts keys")
		})
	}
	t.Run("the setting that was given is named", func(t *testing.T) {
		beginRole(t, "api", noMongo, "REDIS_HOST=127.0.0.1", "REDIS_PORT="+port).wantRefusal(t, "REDIS_HOST: Redis evicts keys")
	})
}

// The API needs a cache that it may use, and none that is up.
func TestTheRedisOfTheCacheAtTheStart(t *testing.T) {
	t.Parallel()
	server := testenv.StartRedis(t)
	t.Run("unfit", func(t *testing.T) {
		beginRole(t, "api", noMongo, "REDIS_JOB_URL="+server.URL(1), "REDIS_CACHE_URL=redis://nobody:pw@"+server.Addr()+"/0").
			wantRefusal(t, "REDIS_CACHE_URL: Redis refuses the user or the password")
	})
	t.Run("unavailable", func(t *testing.T) {
		port := testenv.FreePort(t)
		startRole(t, "api", port, "MONGODB_URI="+testenv.NewMongoDatabase(t), "REDIS_JOB_URL="+server.URL(1),
			"REDIS_CACHE_URL=redis://127.0.0.1:1/0", "JWT_SECRET="+jwtSecret, "NODE_ENV=test", "TMD_UPLOAD_DIR="+t.TempDir(),
			"BACKEND_PORT="+strconv.Itoa(port))
	})
}

// A Redis that is down at the start is waited for. When it answers and is unfit, the role ends.
func TestARedisThatComesLate(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct{ policy, sentence string }{
		"fit": {"noeviction", ""}, "unfit": {"allkeys-lru", "REDIS_JOB_URL: Redis evicts keys"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			server := testenv.StartRedis(t)
			server.Kill()
			run := beginRole(t, "worker", "MONGODB_URI="+testenv.NewMongoDatabase(t), "REDIS_JOB_URL="+server.URL(1))
			server.Restart(t, "--maxmemory-policy", c.policy)
			if c.sentence != "" {
				run.wantRefusal(t, c.sentence)
				return
			}
			client, err := redisurl.Open(server.URL(1))
			if err != nil {
				t.Fatal(err)
			}
			defer client.Close()
			testenv.Eventually(t, "the installation is marked in Redis", func() bool {
				return client.Get(t.Context(), "queue:installation").Val() != ""
			})
		})
	}
}

func TestTwoInstallationsOnOneRedis(t *testing.T) {
	t.Parallel()
	server := testenv.StartRedis(t)
	production, staging := "MONGODB_URI="+testenv.NewMongoDatabase(t), "MONGODB_URI="+testenv.NewMongoDatabase(t)
	jobs, cache := "REDIS_JOB_URL="+server.URL(1), "REDIS_CACHE_URL="+server.URL(0)
	port := testenv.FreePort(t)
	common := []string{"JWT_SECRET=" + jwtSecret, "NODE_ENV=test", "TMD_UPLOAD_DIR=" + t.TempDir(), "BACKEND_PORT=" + strconv.Itoa(port)}
	if got := noServer().runCommand(t, []string{production}, "seed"); got.code != 0 {
		t.Fatalf("%+v", got)
	}
	startRole(t, "api", port, append(common, production, jobs, cache)...)
	const sentence = "holds the jobs of another installation"
	t.Run("another database", func(t *testing.T) {
		beginRole(t, "api", staging, jobs, cache).wantRefusal(t, sentence)
		beginRole(t, "worker", staging, jobs).wantRefusal(t, sentence)
	})
	t.Run("another name", func(t *testing.T) {
		beginRole(t, "worker", production, jobs, "TMD_INSTALLATION=staging").wantRefusal(t, sentence)
	})
	t.Run("the same installation", func(t *testing.T) {
		second := testenv.FreePort(t)
		startRole(t, "api", second, append(common, production, jobs, cache, "BACKEND_PORT="+strconv.Itoa(second))...)
	})
}
