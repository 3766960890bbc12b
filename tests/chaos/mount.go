//go:build chaos

package chaos

import (
	"errors"
	"fmt"
	"os"
	"os/exec"
	"runtime"
	"syscall"
)

// room is the size of the file system of uploads: enough for a backlog of a minute, and filled within milliseconds.
const mountOptions = "size=96m"

// insideVar marks the process that has mounts of its own.
const ownMountsVar = "TMD_CHAOS_INSIDE"

// inside runs this program again with mounts of its own, so that a file system that is mounted for a test goes with the
// processes that use it, however they end. It says no when the system does not allow that.
func runWithOwnMounts() (code int, ran bool) {
	if os.Getenv(ownMountsVar) != "" {
		return 0, false
	}
	runtime.LockOSThread() // whose end the child would follow
	cmd := exec.Command("/proc/self/exe", os.Args[1:]...)
	cmd.Args[0] = os.Args[0]
	cmd.Env = append(os.Environ(), ownMountsVar+"=1")
	cmd.Stdin, cmd.Stdout, cmd.Stderr = os.Stdin, os.Stdout, os.Stderr
	cmd.SysProcAttr = &syscall.SysProcAttr{Cloneflags: syscall.CLONE_NEWNS, Pdeathsig: syscall.SIGKILL}
	if os.Geteuid() != 0 {
		cmd.SysProcAttr.Cloneflags |= syscall.CLONE_NEWUSER
		cmd.SysProcAttr.UidMappings = []syscall.SysProcIDMap{{ContainerID: 0, HostID: os.Geteuid(), Size: 1}}
		cmd.SysProcAttr.GidMappings = []syscall.SysProcIDMap{{ContainerID: 0, HostID: os.Getegid(), Size: 1}}
	}
	err := cmd.Run()
	var ended *exec.ExitError
	switch {
	case err == nil:
		return 0, true
	case errors.As(err, &ended):
		return max(ended.ExitCode(), 1), true
	}
	return 0, false
}

// mountSmall mounts a file system of limited size, if this process has mounts of its own.
func mountLimited(dir string) error {
	if os.Getenv(ownMountsVar) == "" {
		return errors.New("this system gives a process no mounts of its own")
	}
	if err := syscall.Mount("", "/", "", syscall.MS_REC|syscall.MS_PRIVATE, ""); err != nil {
		return fmt.Errorf("keep mounts to this process: %w", err)
	}
	if err := syscall.Mount("tmpfs", dir, "tmpfs", 0, mountOptions); err != nil {
		return fmt.Errorf("mount: %w", err)
	}
	return nil
}

// remount makes the file system read-only, or writable again. It is busy while somebody writes to it.
func remountUploads(dir string, readOnly bool) error {
	flags := uintptr(syscall.MS_REMOUNT)
	if readOnly {
		flags |= syscall.MS_RDONLY
	}
	return syscall.Mount("tmpfs", dir, "tmpfs", flags, mountOptions)
}

func unmountUploads(dir string) { _ = syscall.Unmount(dir, syscall.MNT_DETACH) }
