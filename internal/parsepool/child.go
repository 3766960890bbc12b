package parsepool

import (
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"strconv"
	"sync"
	"sync/atomic"
	"syscall"
	"time"
)

// reason is why a child ended. It is a label of the metric.
type reason string

const (
	deadline   reason = "deadline"    // a document took too long
	memory     reason = "memory"      // a document used too much memory
	crashed    reason = "crash"       // a document, or a bug, ended it
	killed     reason = "killed"      // killed from outside: by the kernel for lack of memory, or by another process
	rubbish    reason = "rubbish"     // its answer was malformed
	abandoned  reason = "abandoned"   // the caller no longer waits for its document
	used       reason = "used"        // it has read its number of documents
	grown      reason = "grown"       // it uses far more memory than a new one
	suspect    reason = "suspect"     // its document failed in a way that may have left traces
	startFault reason = "start_fault" // it never became ready
	stopped    reason = "stopped"     // the pool stops
)

var reasons = []reason{deadline, memory, crashed, killed, rubbish, abandoned, used, grown, suspect, startFault, stopped}

// child is one process. One caller at a time exchanges documents with it; any caller may kill it.
type child struct {
	cmd    *exec.Cmd
	in     *os.File // to the child
	out    *os.File // from the child
	stderr tail
	// ended is closed when the process has ended; its exit status and the reason are known then.
	ended     chan struct{}
	fresh     usage // when it was ready
	documents atomic.Int64

	mu   sync.Mutex
	why  reason // of the kill or the end; empty before it
	gone bool
}

// spawnChild starts a process, which is not ready yet. It must be called through the forker. shared is nil or the
// memory that the children share.
func spawnChild(args, env []string, shared *os.File) (*child, error) {
	childIn, in, err := os.Pipe()
	if err != nil {
		return nil, fmt.Errorf("pipe: %w", err)
	}
	out, childOut, err := os.Pipe()
	if err != nil {
		return nil, errors.Join(fmt.Errorf("pipe: %w", err), childIn.Close(), in.Close())
	}
	c := &child{in: in, out: out, ended: make(chan struct{})}
	c.cmd = exec.Command(executable, args...)
	c.cmd.Args[0] = os.Args[0] // what ps shows
	c.cmd.Dir = "/"
	c.cmd.Env = append(make([]string, 0, len(env)), env...) // not nil, which would pass on the environment of this process
	c.cmd.Stdin, c.cmd.Stdout, c.cmd.Stderr = childIn, childOut, &c.stderr
	if shared != nil {
		c.cmd.ExtraFiles = []*os.File{shared}
		c.cmd.Env = append(c.cmd.Env, sharedVariable+"="+strconv.Itoa(sharedDescriptor))
	}
	c.cmd.SysProcAttr = childAttributes()
	c.cmd.WaitDelay = time.Second // in case a process of the child keeps its standard error open
	err = c.cmd.Start()
	childIn.Close()
	childOut.Close()
	if err != nil {
		in.Close()
		out.Close()
		return nil, fmt.Errorf("start child: %w", err)
	}
	go c.awaitExit()
	return c, nil
}

func (c *child) awaitExit() {
	_ = c.cmd.Wait() // how it ended is in ProcessState
	c.mu.Lock()
	c.gone = true
	if c.why == "" || c.why == crashed {
		c.why = c.exitCause()
	}
	c.mu.Unlock()
	c.in.Close()
	c.out.Close()
	close(c.ended)
}

// killFor kills the process, and all processes that it may have started, at once. The first reason stays. An exchange
// in progress fails.
func (c *child) killFor(why reason) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.why == "" {
		c.why = why
	}
	if !c.gone {
		_ = syscall.Kill(-c.pid(), syscall.SIGKILL) // its session is a process group as well
	}
	// A process that left the group may still hold the other ends.
	c.in.Close()
	c.out.Close()
}

func (c *child) pid() int { return c.cmd.Process.Pid }

// isAlive reports whether the process runs and was not killed.
func (c *child) isAlive() bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	return !c.gone && c.why == ""
}

// endReason waits for the end of the child and returns why it ended.
func (c *child) endReason() reason {
	<-c.ended
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.why
}

// exitCause distinguishes exhausted limits and kills from outside from other crashes. The Go runtime aborts with a
// report at the child's memory limit, and the kernel ends the child at its limit of processor time. The process that
// the kernel kills at the memory limit of the container is not necessarily the one that used the memory.
func (c *child) exitCause() reason {
	status, ok := c.cmd.ProcessState.Sys().(syscall.WaitStatus)
	ended := func(s syscall.Signal) bool { return ok && status.Signaled() && status.Signal() == s }
	switch {
	case c.stderr.crashReport().kind == outOfMemory || ended(syscall.SIGXCPU):
		return memory
	case ended(syscall.SIGKILL):
		return killed
	}
	return crashed
}

// awaitReady waits for the child's first frame and returns its notice.
func (c *child) awaitReady() (notice string, err error) {
	b, err := readFrame(c.out, maxNotice)
	if err != nil {
		return "", fmt.Errorf("wait for a child: %w", err)
	}
	return string(b), nil
}

// errUndelivered means that the child ended before it received the whole document.
var errUndelivered = errors.New("the child did not take the document")

// exchangeDocument sends a document and returns the answer.
func (c *child) exchangeDocument(pdf []byte) ([]byte, error) {
	c.documents.Add(1)
	if err := writeFrame(c.in, pdf); err != nil {
		return nil, errors.Join(errUndelivered, err)
	}
	b, err := readFrame(c.out, maxAnswer)
	if errors.Is(err, io.EOF) {
		err = io.ErrUnexpectedEOF
	}
	return b, err
}
