// Package testenv starts the real servers that tests need, on free ports and in their own folders, and stops them. A
// server that is not installed skips the test with the reason, and fails it when CI=true.
package testenv

import (
	"fmt"
	"io"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strconv"
	"syscall"
	"testing"
	"time"
)

// SkipMissing ends the test because a part is not installed: a skip on a developer's machine, a failure in CI.
func SkipMissing(tb testing.TB, what, remedy string) {
	tb.Helper()
	if os.Getenv("CI") == "true" {
		tb.Fatalf("%s is missing and CI=true: %s", what, remedy)
	}
	tb.Skipf("%s is missing: %s", what, remedy)
}

// Must returns v, and panics on an error: for a constructor whose dependencies are written in the test.
func Must[T any](v T, err error) T {
	if err != nil {
		panic(err)
	}
	return v
}

// RepoRoot is the folder of the repository.
func RepoRoot() string {
	_, file, _, _ := runtime.Caller(0)
	return filepath.Dir(filepath.Dir(filepath.Dir(file)))
}

// WasmCache is the folder of compiled WebAssembly that the tests of all packages share and that stays between runs.
// Compiling PDFium takes 3 s of a core, and most of a minute with the race detector: make test fills the folder first,
// without it.
func WasmCache() string { return filepath.Join(RepoRoot(), ".cache", "wasm") }

// Eventually polls cond until it holds, and fails the test after 30 s.
func Eventually(tb testing.TB, what string, cond func() bool) {
	tb.Helper()
	EventuallyWithin(tb, 30*time.Second, what, cond)
}

// EventuallyWithin is Eventually with another limit.
func EventuallyWithin(tb testing.TB, limit time.Duration, what string, cond func() bool) {
	tb.Helper()
	deadline := time.Now().Add(limit)
	for !cond() {
		if time.Now().After(deadline) {
			tb.Fatalf("not within %v: %s", limit, what)
		}
		time.Sleep(5 * time.Millisecond)
	}
}

// Process is a server that a test started.
type Process struct {
	cmd  *exec.Cmd
	log  string
	done chan struct{}
}

// StartProcess runs a command until the test ends. Its output goes to the test's log folder, shown when the test fails.
func StartProcess(tb testing.TB, cmd *exec.Cmd) *Process {
	tb.Helper()
	out, err := os.Create(filepath.Join(tb.TempDir(), filepath.Base(cmd.Path)+".log"))
	if err != nil {
		tb.Fatal(err)
	}
	cmd.Stdout, cmd.Stderr = out, out
	// The server dies with the test process, also when that is killed.
	cmd.SysProcAttr = &syscall.SysProcAttr{Pdeathsig: syscall.SIGKILL}
	p := &Process{cmd: cmd, log: out.Name(), done: make(chan struct{})}
	started := make(chan error, 1)
	go func() {
		// Pdeathsig is tied to the thread that forks: keep the thread while the server runs.
		runtime.LockOSThread()
		defer close(p.done)
		err := cmd.Start()
		started <- err
		if err == nil {
			_ = cmd.Wait()
		}
	}()
	if err := <-started; err != nil {
		tb.Fatalf("start %s: %v", cmd.Path, err)
	}
	tb.Cleanup(func() {
		p.Kill()
		if tb.Failed() {
			if b, err := os.ReadFile(out.Name()); err == nil && len(b) > 0 {
				tb.Logf("output of %s:\n%s", filepath.Base(cmd.Path), lastBytes(b, 4096))
			}
		}
		out.Close()
	})
	return p
}

// Pid is the server's process id.
func (p *Process) Pid() int { return p.cmd.Process.Pid }

// ReadOutput returns what the process has written to standard output and standard error so far.
func (p *Process) ReadOutput(tb testing.TB) string {
	tb.Helper()
	b, err := os.ReadFile(p.log)
	if err != nil {
		tb.Fatal(err)
	}
	return string(b)
}

// Done is closed when the process has ended.
func (p *Process) Done() <-chan struct{} { return p.done }

// Signal sends a signal.
func (p *Process) Signal(s os.Signal) { _ = p.cmd.Process.Signal(s) }

// Kill kills the process and waits for its end. It may be called again.
func (p *Process) Kill() {
	_ = p.cmd.Process.Kill()
	<-p.done
}

// ExitCode is the exit code of an ended process.
func (p *Process) ExitCode() int {
	<-p.done
	return p.cmd.ProcessState.ExitCode()
}

// RedisServer is a real redis-server for one test.
type RedisServer struct {
	*Process
	Port int
	dir  string
}

// StartRedis starts a redis-server with an append-only file in its own folder.
func StartRedis(tb testing.TB) *RedisServer {
	tb.Helper()
	s := &RedisServer{Port: FreePort(tb), dir: tb.TempDir()}
	s.Restart(tb)
	return s
}

// Restart starts the server again on its port and data after Kill.
func (s *RedisServer) Restart(tb testing.TB, extra ...string) {
	tb.Helper()
	bin, err := exec.LookPath("redis-server")
	if err != nil {
		SkipMissing(tb, "redis-server", "apt-get install redis-server, or make deps")
	}
	args := append([]string{"--port", strconv.Itoa(s.Port), "--bind", "127.0.0.1", "--dir", s.dir,
		"--appendonly", "yes", "--save", "", "--maxmemory-policy", "noeviction"}, extra...)
	s.Process = StartProcess(tb, exec.Command(bin, args...))
	Eventually(tb, "redis-server answers", func() bool {
		c, err := net.DialTimeout("tcp", s.Addr(), time.Second)
		if err != nil {
			return false
		}
		defer c.Close()
		if _, err := io.WriteString(c, "PING\r\n"); err != nil {
			return false
		}
		b := make([]byte, 7)
		_ = c.SetReadDeadline(time.Now().Add(time.Second))
		_, err = io.ReadFull(c, b)
		return err == nil && string(b) == "+PONG\r\n"
	})
}

// Addr is host:port.
func (s *RedisServer) Addr() string { return net.JoinHostPort("127.0.0.1", strconv.Itoa(s.Port)) }

// URL is the address of one of its databases.
func (s *RedisServer) URL(db int) string { return fmt.Sprintf("redis://%s/%d", s.Addr(), db) }

func lastBytes(b []byte, n int) []byte {
	if len(b) > n {
		return b[len(b)-n:]
	}
	return b
}
