package pdftext

import (
	"golang.org/x/sys/unix"

	"github.com/tetratelabs/wazero/experimental"
)

// reserved is the memory of an instance: it reserves address space for the maximum and makes it usable on demand.
// Memory of the Go heap would be copied at each growth, and a document at the limit would cost four times its size.
type reserved struct{ all []byte }

func reserveMemory(_, limit uint64) experimental.LinearMemory {
	all, err := unix.Mmap(-1, 0, int(limit), unix.PROT_NONE, unix.MAP_PRIVATE|unix.MAP_ANON)
	if err != nil {
		return &reserved{} // no address space left: the start of the instance panics
	}
	return &reserved{all}
}

// Reallocate makes the first size bytes usable. An instance that gets nil is out of memory.
func (m *reserved) Reallocate(size uint64) []byte {
	if size > uint64(len(m.all)) || unix.Mprotect(m.all[:size], unix.PROT_READ|unix.PROT_WRITE) != nil {
		return nil
	}
	return m.all[:size:size]
}

// Free releases the memory.
func (m *reserved) Free() {
	if m.all != nil {
		_ = unix.Munmap(m.all)
		m.all = nil
	}
}
