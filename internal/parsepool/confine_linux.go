package parsepool

import (
	"errors"
	"fmt"
	"math"
	"syscall"
	"time"

	"github.com/prometheus/procfs"
	"golang.org/x/sys/unix"
)

// executable names the running program, also after its file was replaced.
const executable = "/proc/self/exe"

// niceness lets the server answer while every child is busy. A kernel that groups processes by session (sched(7),
// "The autogroup feature") shares the processor among sessions first, so there it has no effect outside of containers.
// To lower the group as well takes a third off the p99 of the API, and starves children while the machine has other
// work.
const niceness = 5

// childAttributes put a child into a session of its own, and kill it when the thread that forked it ends.
func childAttributes() *syscall.SysProcAttr {
	return &syscall.SysProcAttr{Setsid: true, Pdeathsig: syscall.SIGKILL}
}

// confineThread sets what children inherit from the calling thread: no capabilities, no way to gain privileges, a lower
// priority, and none of the descriptors that this process inherited itself. The caller is locked to the thread and ends
// with it.
func confineThread() error {
	if err := unix.Prctl(unix.PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0); err != nil {
		return fmt.Errorf("set no_new_privs: %w", err)
	}
	if err := dropCapabilities(); err != nil {
		return fmt.Errorf("drop capabilities: %w", err)
	}
	if err := lowerPriority(); err != nil {
		return fmt.Errorf("set priority: %w", err)
	}
	// Go opens its descriptors with close-on-exec; an old kernel leaves only inherited ones open.
	if err := unix.CloseRange(3, math.MaxUint32, unix.CLOSE_RANGE_CLOEXEC); err != nil && !errors.Is(err, unix.ENOSYS) {
		return fmt.Errorf("mark descriptors: %w", err)
	}
	return nil
}

// lowerPriority lowers the thread's priority to niceness. A process that was started lower stays there: raising a
// priority needs a capability.
func lowerPriority() error {
	now, err := unix.Getpriority(unix.PRIO_PROCESS, unix.Gettid())
	if err != nil {
		return err
	}
	if 20-now >= niceness { // the system call answers 20 - nice
		return nil
	}
	return unix.Setpriority(unix.PRIO_PROCESS, unix.Gettid(), niceness)
}

// dropCapabilities matters where this process runs as root: with no_new_privs its children do not regain capabilities
// on exec, and cannot raise their limits. CAP_DAC_OVERRIDE stays, so that a root whose cache folder belongs to another
// user, as in CI, can start; a confined child has no descriptor left to use it with.
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

// limitChild sets the limits of a child that is ready and has read no document yet, and returns its usage at that
// moment. The child holds two pipes and standard error and can open nothing else; it can write no file; it leaves no
// core dump.
//
// Two limits bound memory. watchMemory enforces the exact one on resident memory, at intervals. The kernel's holds
// between them: it limits the address space to that of the fresh child plus twice the memory that is allowed. Measured
// with PDFium on amd64: a fresh child has 70 MiB resident and 1.6 GiB of addresses, which the Go runtime reserves and
// never touches, so only the growth is meaningful; it comes in arenas of 64 MiB, some of them half empty, hence the
// factor. RLIMIT_DATA would not hold: Go maps its heap over reserved addresses, and the kernel does not count a mapping
// that replaces another (a bomb reached 620 MiB under a limit of 512).
func limitChild(pid int, memory int64, cpu time.Duration) (usage, error) {
	fresh, err := readUsage(pid)
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

// readUsage reads /proc/PID/stat.
func readUsage(pid int) (usage, error) {
	fs, err := procfs.NewDefaultFS()
	if err != nil {
		return usage{}, fmt.Errorf("read usage: %w", err)
	}
	return readUsageFrom(fs, pid)
}

func readUsageFrom(fs procfs.FS, pid int) (usage, error) {
	p, err := fs.Proc(pid)
	if err != nil {
		return usage{}, fmt.Errorf("read usage: %w", err)
	}
	stat, err := p.Stat()
	if err != nil {
		return usage{}, fmt.Errorf("read usage: %w", err)
	}
	return usage{
		cpu:       time.Duration(stat.CPUTime() * float64(time.Second)),
		addresses: int64(stat.VirtualMemory()),
		resident:  int64(stat.ResidentMemory()),
	}, nil
}
