package parsepool

import (
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"sync"
	"sync/atomic"
	"syscall"
	"time"
)

// self names the running program also after its file was replaced.
const self = "/proc/self/exe"

// reason is why a child ended; it is a label of the metric.
type reason string

const (
	deadline   reason = "deadline"    // a document took too long
	memory     reason = "memory"      // a document took too much
	crashed    reason = "crash"       // a document, or a bug, ended it
	killed     reason = "killed"      // the kernel, for want of memory somewhere, or somebody killed it
	rubbish    reason = "rubbish"     // it answered what is no answer
	abandoned  reason = "abandoned"   // nobody waits for its document any more
	used       reason = "used"        // it has read its number of documents
	grown      reason = "grown"       // it keeps more memory than a fresh one by far
	suspect    reason = "suspect"     // its document went wrong in a way that may have left traces
	startFault reason = "start_fault" // it never became ready
	stopped    reason = "stopped"     // the pool stops
)

var reasons = []reason{deadline, memory, crashed, killed, rubbish, abandoned, used, grown, suspect, startFault, stopped}

// child is one process. One caller at a time exchanges documents with it; anyone may kill it.
type child struct {
	cmd    *exec.Cmd
	in     *os.File // to the child
	out    *os.File // from the child
	stderr tail
	// ended is closed when the process is gone; its exit and the reason are known then.
	ended     chan struct{}
	fresh     usage // when it was ready
	documents atomic.Int64

	mu   sync.Mutex
	why  reason // of the kill or the end; empty as long as there was none
	gone bool
}

// spawn starts a process that is not ready yet. It must be called through the forker.
func spawn(args, env []string) (*child, error) {
	childIn, in, err := os.Pipe()
	if err != nil {
		return nil, fmt.Errorf("pipe: %w", err)
	}
	out, childOut, err := os.Pipe()
	if err != nil {
		return nil, errors.Join(fmt.Errorf("pipe: %w", err), childIn.Close(), in.Close())
	}
	c := &child{in: in, out: out, ended: make(chan struct{})}
	c.cmd = exec.Command(self, args...)
	c.cmd.Args[0] = os.Args[0] // what ps shows
	c.cmd.Dir = "/"
	c.cmd.Env = append(make([]string, 0, len(env)), env...) // nil would mean: everything that this process has
	c.cmd.Stdin, c.cmd.Stdout, c.cmd.Stderr = childIn, childOut, &c.stderr
	c.cmd.SysProcAttr = &syscall.SysProcAttr{Setsid: true, Pdeathsig: syscall.SIGKILL}
	c.cmd.WaitDelay = time.Second // for a standard error that something of the child's keeps open
	err = c.cmd.Start()
	childIn.Close()
	childOut.Close()
	if err != nil {
		in.Close()
		out.Close()
		return nil, fmt.Errorf("start child: %w", err)
	}
	go c.wait()
	return c, nil
}

func (c *child) wait() {
	_ = c.cmd.Wait() // how it ended is in ProcessState
	c.mu.Lock()
	c.gone = true
	if c.why == "" || c.why == crashed {
		c.why = c.cause()
	}
	c.mu.Unlock()
	c.in.Close()
	c.out.Close()
	close(c.ended)
}

// kill ends the process, and all that it may have started, at once. The first reason stays. It unblocks an exchange.
func (c *child) kill(why reason) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.why == "" {
		c.why = why
	}
	if !c.gone {
		_ = syscall.Kill(-c.pid(), syscall.SIGKILL) // a session of its own is a group of its own
	}
	// Something that left the group may still hold the other ends.
	c.in.Close()
	c.out.Close()
}

func (c *child) pid() int { return c.cmd.Process.Pid }

// alive reports whether the process runs and nobody has killed it.
func (c *child) alive() bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	return !c.gone && c.why == ""
}

// reason is why the child has ended.
func (c *child) reason() reason {
	<-c.ended
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.why
}

// cause tells ends for want of memory and kills from outside from other crashes. The Go runtime gives up with a report when
// the child's limit is reached, and the kernel ends it for processor time. Whom the kernel kills for the limit of the
// container need not be the one who took the memory.
func (c *child) cause() reason {
	status, ok := c.cmd.ProcessState.Sys().(syscall.WaitStatus)
	ended := func(s syscall.Signal) bool { return ok && status.Signaled() && status.Signal() == s }
	switch {
	case c.stderr.report().kind == outOfMemory || ended(syscall.SIGXCPU):
		return memory
	case ended(syscall.SIGKILL):
		return killed
	}
	return crashed
}

// ready waits for the child's first frame.
func (c *child) ready() error {
	b, err := readFrame(c.out, 0)
	if err == nil && len(b) != 0 {
		err = errors.New("a first frame that is not empty")
	}
	if err != nil {
		return fmt.Errorf("wait for a child: %w", err)
	}
	return nil
}

// errUndelivered says that the child was gone before it had the whole document.
var errUndelivered = errors.New("the child did not take the document")

// exchange hands a document over and returns the answer.
func (c *child) exchange(pdf []byte) ([]byte, error) {
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
