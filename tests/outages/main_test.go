// Package outages makes the dependencies of tmd unavailable, one at a time, while roles run in their own processes on
// real servers: Redis, MongoDB, the upload folder, the parser. Without a dependency the API answers everything that
// needs it with 503 and Retry-After, and everything else as usual; when it is back, API and worker continue without a
// restart.
//
// The times of the answers are printed (go test -v), for docs/reliability.md; no test depends on them.
package outages_test

import (
	"flag"
	"fmt"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/golang-jwt/jwt/v5"
	"github.com/rogpeppe/go-internal/testscript"

	"github.com/trackmydegree/trackmydegree/internal/commands"
	"github.com/trackmydegree/trackmydegree/internal/program"
	"github.com/trackmydegree/trackmydegree/internal/testenv"
	"github.com/trackmydegree/trackmydegree/internal/testenv/testkit"
)

// The test binary is tmd as well, when it runs under that name.
func TestMain(m *testing.M) {
	testscript.Main(waiting{m}, map[string]func(){"tmd": func() {
		os.Exit(program.RunUntilSignal(commands.Run))
	}})
}

// waiting runs more tests at once than there are processors, because most of them wait.
type waiting struct{ *testing.M }

func (m waiting) Run() int {
	if err := flag.Set("test.parallel", "4"); err != nil {
		return 1
	}
	return m.M.Run()
}

const jwtSecret = testkit.JWTSecret

// newCommand returns the test program as tmd, with the settings of every role.
func newCommand(t *testing.T, env []string, args ...string) *exec.Cmd {
	t.Helper()
	return testkit.Command(t, append(slices.Clone(commonEnv), env...), args...)
}

var commonEnv = []string{"NODE_ENV=test", "JWT_SECRET=" + jwtSecret, "TMD_RATE_LIMIT=0", "TMD_RATE_LIMIT_UPLOADS=0"}

// startRole starts a role and waits until it is ready.
func startRole(t *testing.T, name string, port int, env ...string) *testkit.Role {
	t.Helper()
	return testkit.StartRole(t, name, port, append(slices.Clone(commonEnv), env...)...)
}

// client ends a request long after it is late: only a hang exceeds the limit.
var client = &http.Client{Timeout: 15 * time.Second, Transport: &http.Transport{MaxIdleConnsPerHost: 64}}

// world is one API and one worker on their own servers, all of which can be made unavailable.
type world struct {
	redis         *testenv.RedisServer
	mongo         *testenv.MongoServer
	toRedis, toDB *serverLink
	toParser      *serverLink
	uploads       string
	dbUser        string // "user:password@" and "?…" of the address of MongoDB
	dbQuery       string
	owner, secret string   // of the tokens
	env, apiEnv   []string // more settings, of both roles and of the API
	api, worker   *testkit.Role
	token         string
	job, saved    string // a job that is done, a saved timeline
}

// newWorld starts everything. redisURL returns the address of a database of Redis; nil: the world's own server.
func newWorld(t *testing.T, parser string, redisURL func(db int) string, change ...func(*world)) *world {
	t.Helper()
	w := &world{mongo: testenv.StartMongo(t), uploads: t.TempDir(), owner: "ann", secret: jwtSecret}
	for _, c := range change {
		c(w)
	}
	w.toDB = newServerLink(t, w.mongo.Addr())
	w.toParser = newServerLink(t, strings.TrimPrefix(parser, "http://"))
	if redisURL == nil {
		w.redis = testenv.StartRedis(t)
		w.toRedis = newServerLink(t, w.redis.Addr())
		redisURL = func(db int) string { return fmt.Sprintf("redis://%s/%d", w.toRedis.Listen, db) }
	}
	return w.startRoles(t, redisURL)
}

func (w *world) startRoles(t *testing.T, redisURL func(db int) string) *world {
	t.Helper()
	env := append([]string{
		"MONGODB_URI=mongodb://" + w.dbUser + w.toDB.Listen + "/test" + w.dbQuery, "TMD_UPLOAD_DIR=" + w.uploads,
		"REDIS_JOB_URL=" + redisURL(1), "REDIS_CACHE_URL=" + redisURL(0), "JWT_SECRET=" + w.secret,
	}, w.env...)
	if out, err := newCommand(t, env, "seed").CombinedOutput(); err != nil {
		t.Fatalf("tmd seed: %v\n%s", err, out)
	}
	port := testenv.FreePort(t)
	w.worker = startRole(t, "worker", port, append(slices.Clone(env), "TMD_WORKER_HEALTH_ADDR=127.0.0.1:"+strconv.Itoa(port),
		"PYTHON_UTILS_URL=http://"+w.toParser.Listen, "TMD_PARSER_TIMEOUT=3s", "TMD_SHUTDOWN_GRACE=5s")...)
	port = testenv.FreePort(t)
	w.api = startRole(t, "api", port, append(append(slices.Clone(env), "BACKEND_PORT="+strconv.Itoa(port), "TMD_LISTEN_HOST=127.0.0.1",
		"TMD_SHUTDOWN_GRACE=5s"), w.apiEnv...)...)
	var err error
	w.token, err = jwt.NewWithClaims(jwt.SigningMethodHS256, jwt.MapClaims{
		"sub": w.owner, "exp": time.Now().Add(time.Hour).Unix(),
	}).SignedString([]byte(w.secret))
	if err != nil {
		t.Fatal(err)
	}
	w.job = w.finishJob(t)
	w.saved = w.requireStatus(t, http.StatusCreated, w.saveRequest()).ID
	return w
}

// readDocument returns one of the synthetic documents.
func readDocument(t *testing.T) []byte {
	t.Helper()
	b, err := os.ReadFile(filepath.Join(testenv.RepoRoot(), "tests", "documents", "transcripts", "soen-regular.pdf"))
	if err != nil {
		t.Fatal(err)
	}
	return b
}
