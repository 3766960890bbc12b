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

// mountOptions set the size of the uploads' file system: it holds a backlog of one minute, and is filled in
// milliseconds.
const mountOptions = "size=96m"

// ownMountsVar marks the process that has mounts of its own.
const ownMountsVar = "TMD_CHAOS_INSIDE"

// runWithOwnMounts runs this program again in its own mount namespace, so that the file system of a test disappears
// with the processes that use it. ran is false if the system does not allow that.
func runWithOwnMounts() (code int, ran bool) {
	if os.Getenv(ownMountsVar) != "" {
		return 0, false
	}
	runtime.LockOSThread() // the child dies with the thread
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

// mountLimited mounts a file system of limited size, if this process has mounts of its own.
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

// remountUploads makes the file system read-only, or writable again. It fails while a file is open for writing.
func remountUploads(dir string, readOnly bool) error {
	flags := uintptr(syscall.MS_REMOUNT)
	if readOnly {
		flags |= syscall.MS_RDONLY
	}
	return syscall.Mount("tmpfs", dir, "tmpfs", flags, mountOptions)
}

func unmountUploads(dir string) { _ = syscall.Unmount(dir, syscall.MNT_DETACH) }
