//go:build chaos

package chaos

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"time"
)

// process is a program that is killed and restarted; all its runs write to one log.
type process struct {
	name    string
	command func() *exec.Cmd
	log     *os.File
	// onDeath is called when the program ended although the test did not end it.
	onDeath func(p *process, state *os.ProcessState)

	mu   sync.Mutex
	life *life // nil before the first start
}

// life is one run of the program.
type life struct {
	cmd      *exec.Cmd
	expected bool          // the test has ended it
	closed   bool          // the program must not start again
	ended    chan struct{} // closed when the program has ended
}

// start runs the program, unless it runs.
func (p *process) start() error {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.life != nil {
		select {
		case <-p.life.ended:
			if p.life.closed {
				return nil
			}
		default:
			return nil
		}
	}
	l := &life{cmd: p.command(), ended: make(chan struct{})}
	l.cmd.Stdout, l.cmd.Stderr = p.log, p.log
	// It dies with this process, even if that is killed.
	l.cmd.SysProcAttr = &syscall.SysProcAttr{Pdeathsig: syscall.SIGKILL}
	fmt.Fprintf(p.log, "--- %s started at %s\n", p.name, time.Now().UTC().Format(time.RFC3339Nano))
	started := make(chan error, 1)
	go func() {
		// Pdeathsig is tied to the thread that forks, so the thread must live as long as the program.
		runtime.LockOSThread()
		defer close(l.ended)
		err := l.cmd.Start()
		started <- err
		if err != nil {
			return
		}
		_ = l.cmd.Wait()
		p.mu.Lock()
		meant := l.expected
		fmt.Fprintf(p.log, "--- %s ended at %s: %v\n", p.name, time.Now().UTC().Format(time.RFC3339Nano), l.cmd.ProcessState)
		p.mu.Unlock()
		if !meant {
			p.onDeath(p, l.cmd.ProcessState)
		}
	}()
	if err := <-started; err != nil {
		return fmt.Errorf("start %s: %w", p.name, err)
	}
	p.life = l
	return nil
}

// endWith sends a signal that ends the program, and returns a channel that closes when it has ended.
func (p *process) endWith(s syscall.Signal) <-chan struct{} {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.life == nil {
		gone := make(chan struct{})
		close(gone)
		return gone
	}
	p.life.expected = true
	_ = p.life.cmd.Process.Signal(s)
	return p.life.ended
}

// kill ends the program at once, and waits for it.
func (p *process) kill() { <-p.endWith(syscall.SIGKILL) }

// close ends the program permanently.
func (p *process) close() {
	p.mu.Lock()
	if p.life != nil {
		p.life.closed = true
	}
	p.mu.Unlock()
	p.kill()
	p.log.Close()
}

// sendSignal sends a signal that does not end the program.
func (p *process) sendSignal(s syscall.Signal) {
	p.mu.Lock()
	defer p.mu.Unlock()
	_ = p.life.cmd.Process.Signal(s)
}

// pid is 0 if the program does not run.
func (p *process) pid() int {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.life == nil {
		return 0
	}
	select {
	case <-p.life.ended:
		return 0
	default:
		return p.life.cmd.Process.Pid
	}
}

// listChildren returns the ids of the child processes of a process.
func listChildren(pid int) []int {
	var pids []int
	files, _ := filepath.Glob(fmt.Sprintf("/proc/%d/task/*/children", pid))
	for _, f := range files {
		b, _ := os.ReadFile(f)
		for _, s := range strings.Fields(string(b)) {
			if n, err := strconv.Atoi(s); err == nil {
				pids = append(pids, n)
			}
		}
	}
	return pids
}
