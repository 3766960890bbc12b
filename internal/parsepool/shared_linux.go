package parsepool

import (
	"os"

	"golang.org/x/sys/unix"
)

// newSharedMemory returns a file of memory that can be sealed.
func newSharedMemory() (*os.File, error) {
	fd, err := unix.MemfdCreate("parser-code", unix.MFD_CLOEXEC|unix.MFD_ALLOW_SEALING)
	if err != nil {
		return nil, os.NewSyscallError("memfd_create", err)
	}
	return os.NewFile(uintptr(fd), "parser-code"), nil
}
