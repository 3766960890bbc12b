package parsepool

import (
	"errors"
	"fmt"
	"math"
	"os"
	"runtime"
	"strconv"
	"strings"
	"time"

	"golang.org/x/sys/unix"
)

// niceness lets the server answer while every child is busy.
const niceness = 5

// confineThread gives the calling thread what its children inherit through fork and exec: no capabilities, no way to
// gain privileges, a lower priority, and none of the descriptors that this process was itself born with. The caller is
// locked to the thread and ends with it.
func confineThread() error {
	if err := unix.Prctl(unix.PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0); err != nil {
		return fmt.Errorf("set no_new_privs: %w", err)
	}
	if err := dropCapabilities(); err != nil {
		return fmt.Errorf("drop capabilities: %w", err)
	}
	if err := yield(); err != nil {
		return fmt.Errorf("set priority: %w", err)
	}
	// Descriptors that Go opens close on exec by themselves; an old kernel leaves only strangers' ones open.
	if err := unix.CloseRange(3, math.MaxUint32, unix.CLOSE_RANGE_CLOEXEC); err != nil && !errors.Is(err, unix.ENOSYS) {
		return fmt.Errorf("mark descriptors: %w", err)
	}
	return nil
}

// yield lowers the thread's priority to niceness. A process that was started lower stays there: without capabilities, one
// cannot go back up.
func yield() error {
	now, err := unix.Getpriority(unix.PRIO_PROCESS, unix.Gettid())
	if err != nil {
		return err
	}
	if 20-now >= niceness { // the system call answers 20 - nice
		return nil
	}
	return unix.Setpriority(unix.PRIO_PROCESS, unix.Gettid(), niceness)
}

// dropCapabilities matters where this process is root's: with no_new_privs its children do not get them back on exec, and
// cannot raise their limits. What stays lets a root whose cache folder is another's, as in CI, start at all; once a child
// is confined it has no descriptor left to use it with.
func dropCapabilities() error {
	header := unix.CapUserHeader{Version: unix.LINUX_CAPABILITY_VERSION_3}
	var sets [2]unix.CapUserData
	if err := unix.Capget(&header, &sets[0]); err != nil {
		return err
	}
	sets[0].Permitted &= 1 << unix.CAP_DAC_OVERRIDE
	sets[0].Effective = sets[0].Permitted
	sets[0].Inheritable = 0
	sets[1] = unix.CapUserData{}
	return unix.Capset(&header, &sets[0])
}

// confine sets the limits of a child that is ready and has seen no document yet, and returns what it takes then. It
// holds two pipes and standard error and can open nothing beyond them; it can write no file; it leaves no core.
//
// Memory has two walls. The exact one is watch, which looks at what is resident. The kernel's holds between two looks: it
// limits addresses to those of the fresh child and twice the memory that is allowed. Measured with PDFium on amd64: a
// fresh child has 70 MiB resident and 1.6 GiB of addresses, reserved by the Go runtime and never touched, so that only
// the growth says something; it comes in arenas of 64 MiB, some of them half empty, hence the factor. RLIMIT_DATA would
// not hold: Go maps its heap over addresses that it has reserved, and the kernel lets a mapping replace another without
// counting (a bomb stood at 620 MiB under a limit of 512).
func confine(pid int, memory int64, cpu time.Duration) (usage, error) {
	fresh, err := usageOf(pid)
	if err != nil {
		return usage{}, err
	}
	for _, l := range []struct {
		name     string
		resource int
		value    uint64
	}{
		{"addresses", unix.RLIMIT_AS, uint64(fresh.addresses + 2*memory)},
		{"descriptors", unix.RLIMIT_NOFILE, 0},
		{"file size", unix.RLIMIT_FSIZE, 0},
		{"core size", unix.RLIMIT_CORE, 0},
		{"processor time", unix.RLIMIT_CPU, uint64(cpu.Seconds() + 1)},
	} {
		if err := unix.Prlimit(pid, l.resource, &unix.Rlimit{Cur: l.value, Max: l.value}, nil); err != nil {
			return usage{}, fmt.Errorf("limit %s: %w", l.name, err)
		}
	}
	return fresh, nil
}

// usage is what a child has taken so far.
type usage struct {
	resident  int64         // bytes
	addresses int64         // bytes
	cpu       time.Duration // of all its threads
}

// ticksPerSecond is USER_HZ, which Linux fixes at 100 on every platform that Go runs on.
const ticksPerSecond = 100

func usageOf(pid int) (usage, error) {
	b, err := os.ReadFile("/proc/" + strconv.Itoa(pid) + "/stat")
	if err != nil {
		return usage{}, fmt.Errorf("read usage: %w", err)
	}
	return parseStat(string(b))
}

// parseStat reads /proc/PID/stat. The name in parentheses may hold anything, so fields count from its end: proc(5).
func parseStat(stat string) (usage, error) {
	fields := strings.Fields(stat[strings.LastIndexByte(stat, ')')+1:])
	const state, utime, stime, vsize, rss = 3, 14, 15, 23, 24 // as proc(5) numbers them
	if len(fields) <= rss-state {
		return usage{}, fmt.Errorf("read usage: %d fields", len(fields))
	}
	var n [4]int64
	for i, field := range []int{utime, stime, vsize, rss} {
		v, err := strconv.ParseInt(fields[field-state], 10, 64)
		if err != nil {
			return usage{}, fmt.Errorf("read usage: %w", err)
		}
		n[i] = v
	}
	return usage{
		cpu:       time.Duration(n[0]+n[1]) * time.Second / ticksPerSecond,
		addresses: n[2],
		resident:  n[3] * int64(os.Getpagesize()),
	}, nil
}

// forker starts processes from one thread that lives as long as they do: the death signal of a child is tied to the
// thread that forked it, and what the thread gave up, its children have given up.
type forker struct {
	requests chan func()
	// confined is closed once the thread is ready, or failed with err.
	confined chan struct{}
	err      error
}

func newForker() *forker {
	return &forker{requests: make(chan func()), confined: make(chan struct{})}
}

// run serves until stop is closed. Its thread ends with it.
func (f *forker) run(stop <-chan struct{}) {
	runtime.LockOSThread()
	f.err = confineThread()
	close(f.confined)
	for {
		select {
		case start := <-f.requests:
			start()
		case <-stop:
			return
		}
	}
}

// do runs start on the forker's thread. It must not be called after run has ended.
func (f *forker) do(start func() error) error {
	<-f.confined
	if f.err != nil {
		return f.err
	}
	done := make(chan error, 1)
	f.requests <- func() { done <- start() }
	return <-done
}
