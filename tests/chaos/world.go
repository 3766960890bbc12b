//go:build chaos

package chaos

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io/fs"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/redis/go-redis/v9"

	"github.com/trackmydegree/trackmydegree/internal/testenv"
)

const (
	jwtSecret = "a-secret-for-tests-only-0123456789abcdef"
	// startLimit bounds the start of a program on a machine with much other load.
	startLimit = time.Minute
)

// world is the system under test, with the servers and links that it depends on.
type world struct {
	dir, uploads string
	began        time.Time
	processes    map[string]*process
	order        []string // the names of the processes, in the order of their start
	links        map[string]*link
	ready        map[string]string // the URL of a process's readiness
	metrics      map[string]string // the address of its metrics
	redis        *redis.Client     // without a link
	redisPort    int
	freePort     func() int // a port for a server, for as long as the test runs
	disk         bool       // the uploads have a small file system of their own

	mu     sync.Mutex
	deaths []death // programs that ended although the test did not end them
	over   bool    // no program is restarted
}

// logEvent prints an event with its time.
func (w *world) logEvent(format string, args ...any) {
	fmt.Fprintf(os.Stdout, "%8.2fs  %s\n", time.Since(w.began).Seconds(), fmt.Sprintf(format, args...))
}

// shape is the size of a world.
type shape struct {
	workers, concurrency int
	children             int      // of the parser: one for each job that may run, as the documentation recommends
	env                  []string // of every role
}

// newWorld starts everything and waits until it is ready. It ends with the test; its folder remains if the test fails.
func newWorld(t *testing.T, s shape) *world {
	t.Helper()
	w := &world{
		began: time.Now(), processes: map[string]*process{}, links: map[string]*link{}, ready: map[string]string{},
		metrics: map[string]string{}, freePort: func() int { return testenv.FreePort(t) },
	}
	var err error
	if w.dir, err = os.MkdirTemp("", "tmd-chaos-"); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		w.close()
		if t.Failed() {
			w.logEvent("the logs of all processes are in %s", w.dir)
			return
		}
		_ = os.RemoveAll(w.dir)
	})
	for _, name := range []string{"uploads", "redis", "mongo", "logs"} {
		if err := os.Mkdir(filepath.Join(w.dir, name), 0o770); err != nil {
			t.Fatal(err)
		}
	}
	w.uploads = filepath.Join(w.dir, "uploads")
	if err := mountLimited(w.uploads); err != nil {
		w.logEvent("no file system of their own for the uploads, so no faults of the disk: %v", err)
	} else {
		w.disk = true
	}
	if err := w.startServers(t); err != nil {
		t.Fatal(err)
	}
	if err := w.startRoles(t, s); err != nil {
		t.Fatal(err)
	}
	return w
}

func (w *world) startServers(t *testing.T) error {
	server, err := exec.LookPath("redis-server")
	if err != nil {
		testenv.SkipMissing(t, "redis-server", "apt-get install redis-server, or make deps")
	}
	mongo := filepath.Join(testenv.RepoRoot(), ".bin", "ferretdb")
	if _, err := os.Stat(mongo); err != nil {
		testenv.SkipMissing(t, "the MongoDB test server", "run make deps")
	}
	w.redisPort = w.freePort()
	mongoPort := w.freePort()
	w.addProcess("redis", func() *exec.Cmd { return redisCommand(server, w.redisPort, filepath.Join(w.dir, "redis")) })
	w.addProcess("mongo", func() *exec.Cmd {
		return exec.Command(mongo, "-listen", loopbackAddr(mongoPort), "-dir", filepath.Join(w.dir, "mongo"))
	})
	for _, from := range slices.Concat(apis, workers) {
		if err := errors.Join(w.addLink(from+">redis", loopbackAddr(w.redisPort)), w.addLink(from+">mongo", loopbackAddr(mongoPort))); err != nil {
			return err
		}
	}
	w.redis = redis.NewClient(&redis.Options{Addr: loopbackAddr(w.redisPort), DB: 1, MaxRetries: -1, DialTimeout: time.Second, ReadTimeout: 2 * time.Second})
	for _, name := range []string{"redis", "mongo"} {
		if err := w.processes[name].start(); err != nil {
			return err
		}
	}
	return errors.Join(
		w.waitFor("redis answers", func() bool { return w.redis.Ping(context.Background()).Err() == nil }),
		w.waitFor("mongo answers", func() bool { return acceptsConnections(loopbackAddr(mongoPort)) }),
	)
}

// redisCommand is a Redis with an append-only file that publishes every write of a string.
func redisCommand(server string, port int, dir string) *exec.Cmd {
	return exec.Command(server, "--port", fmt.Sprint(port), "--bind", "127.0.0.1", "--dir", dir, "--appendonly", "yes", "--save", "",
		"--maxmemory-policy", "noeviction", "--notify-keyspace-events", "K$")
}

func (w *world) startRoles(t *testing.T, s shape) error {
	binary := filepath.Join(testenv.RepoRoot(), ".bin", "tmd")
	if _, err := os.Stat(binary); err != nil {
		testenv.SkipMissing(t, "tmd", "run make build")
	}
	env := func(more ...string) []string {
		return slices.Concat([]string{"PATH=" + os.Getenv("PATH"), "HOME=" + w.dir, "NODE_ENV=test", "TMD_LOG_FORMAT=json", "TMD_CACHE_DIR=" + testenv.WasmCache()}, more, s.env)
	}
	stores := func(name string) []string {
		return []string{
			"REDIS_JOB_URL=redis://" + w.links[name+">redis"].addr + "/1", "MONGODB_URI=mongodb://" + w.links[name+">mongo"].addr + "/chaos",
			"TMD_UPLOAD_DIR=" + w.uploads,
		}
	}
	seed := exec.Command(binary, "seed")
	seed.Env = env(stores(apis[0])[1])
	if out, err := seed.CombinedOutput(); err != nil {
		return fmt.Errorf("seed: %w\n%s", err, out)
	}

	parserPort := w.freePort()
	w.addRole("parser", parserPort, binary, env(fmt.Sprintf("TMD_PARSER_PORT=%d", parserPort),
		fmt.Sprintf("TMD_PARSER_CHILDREN=%d", s.children), "TMD_METRICS_ADDR="+w.metricsOf("parser")))
	for _, name := range workers[:s.workers] {
		if err := w.addLink(name+">parser", loopbackAddr(parserPort)); err != nil {
			return err
		}
		port := w.freePort()
		w.addRole(name, port, binary, env(append(stores(name), "PYTHON_UTILS_URL=http://"+w.links[name+">parser"].addr,
			"TMD_WORKER_HEALTH_ADDR="+loopbackAddr(port), fmt.Sprintf("WORKER_CONCURRENCY=%d", s.concurrency))...))
		w.metrics[name] = loopbackAddr(port)
	}
	for _, name := range apis {
		port := w.freePort()
		w.addRole(name, port, binary, env(append(stores(name), "REDIS_CACHE_URL=redis://"+w.links[name+">redis"].addr+"/0",
			"JWT_SECRET="+jwtSecret, "TMD_RATE_LIMIT=0", "TMD_RATE_LIMIT_UPLOADS=0", "TMD_LISTEN_HOST=127.0.0.1",
			fmt.Sprintf("BACKEND_PORT=%d", port), "TMD_METRICS_ADDR="+w.metricsOf(name))...))
		if err := w.addLink("client>"+name, loopbackAddr(port)); err != nil {
			return err
		}
	}
	for _, name := range w.order[2:] {
		if err := w.processes[name].start(); err != nil {
			return err
		}
	}
	return w.allReady()
}

func (w *world) metricsOf(name string) string {
	w.metrics[name] = loopbackAddr(w.freePort())
	return w.metrics[name]
}

// addRole adds a role of tmd that answers probes at the port.
func (w *world) addRole(name string, port int, binary string, env []string) {
	role, _, _ := strings.Cut(name, "-")
	w.ready[name] = "http://" + loopbackAddr(port) + "/readyz"
	w.addProcess(name, func() *exec.Cmd {
		cmd := exec.Command(binary, role)
		cmd.Env = env
		return cmd
	})
}

func (w *world) addProcess(name string, command func() *exec.Cmd) {
	log, err := os.OpenFile(filepath.Join(w.dir, "logs", name+".log"), os.O_CREATE|os.O_APPEND|os.O_WRONLY, 0o600)
	if err != nil {
		panic(err) // in a folder that newWorld has created
	}
	w.processes[name] = &process{name: name, command: command, log: log, onDeath: w.restartAfterDeath}
	w.order = append(w.order, name)
}

// death is the end of a program that the test did not end.
type death struct {
	name string
	at   time.Time
	how  string
}

func (d death) String() string { return d.name + ": " + d.how }

// restartAfterDeath records that a program ended unexpectedly, and restarts it, as Kubernetes would.
func (w *world) restartAfterDeath(p *process, state *os.ProcessState) {
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.over {
		return
	}
	w.deaths = append(w.deaths, death{p.name, time.Now(), state.String()})
	w.logEvent("%s ended unexpectedly: %v", p.name, state)
	time.AfterFunc(time.Second, func() { w.startProcess(p.name) })
}

// startProcess starts a program, unless it runs.
func (w *world) startProcess(name string) {
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.over {
		return
	}
	if err := w.processes[name].start(); err != nil {
		w.deaths = append(w.deaths, death{name, time.Now(), err.Error()})
	}
}

func (w *world) addLink(name, upstream string) error {
	l, err := newLink(name, loopbackAddr(w.freePort()), upstream)
	w.links[name] = l
	return err
}

// setParserDistance delays the links to the parser, so that a job takes twice as long and faults meet running jobs. A
// delay of a second would be too long for the worker's check of the parser.
func (w *world) setParserDistance(by time.Duration) {
	for _, name := range workers {
		if l := w.links[name+">parser"]; l != nil {
			l.mu.Lock()
			l.distance = by
			l.mu.Unlock()
		}
	}
}

// allReady waits until every role is ready.
func (w *world) allReady() error {
	for name, url := range w.ready {
		if err := w.waitFor(name+" is ready", func() bool { return respondsOK(url) }); err != nil {
			return err
		}
	}
	return nil
}

func (w *world) waitFor(what string, cond func() bool) error {
	for deadline := time.Now().Add(startLimit); !cond(); <-time.After(5 * time.Millisecond) {
		if time.Now().After(deadline) {
			return fmt.Errorf("not within %v: %s", startLimit, what)
		}
	}
	return nil
}

// close ends all processes.
func (w *world) close() {
	w.mu.Lock()
	w.over = true
	w.mu.Unlock()
	for _, name := range slices.Backward(w.order) {
		w.processes[name].close()
	}
	for _, l := range w.links {
		l.refuse()
	}
	_ = w.redis.Close()
	unmountUploads(w.uploads)
}

// fillDisk fills the file system of the uploads; freeDisk frees it.
func (w *world) fillDisk() error {
	f, err := os.Create(filepath.Join(w.uploads, filler))
	if err != nil {
		return err
	}
	defer f.Close()
	for size := 1 << 20; size > 0; size /= 2 {
		for b := bytes.Repeat([]byte{1}, size); err == nil; {
			_, err = f.Write(b)
		}
		err = nil
	}
	return nil
}

func (w *world) freeDisk() {
	if err := os.Remove(filepath.Join(w.uploads, filler)); err != nil && !errors.Is(err, fs.ErrNotExist) {
		w.logEvent("the disk stays full: %v", err)
	}
}

// filler is the file that fills the disk.
const filler = "filler"

func loopbackAddr(port int) string { return net.JoinHostPort("127.0.0.1", fmt.Sprint(port)) }

func acceptsConnections(addr string) bool {
	c, err := net.DialTimeout("tcp", addr, time.Second)
	if err != nil {
		return false
	}
	c.Close()
	return true
}

var probes = &http.Client{Timeout: 5 * time.Second, Transport: &http.Transport{DisableKeepAlives: true}}

func respondsOK(url string) bool {
	res, err := probes.Get(url)
	if err != nil {
		return false
	}
	res.Body.Close()
	return res.StatusCode == http.StatusOK
}
