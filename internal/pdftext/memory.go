package pdftext

import (
	"bytes"

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

// pageSize is the unit in which a memory is compared: the smallest page of the systems that the programs run on.
const pageSize = 4 << 10

// cloneImage copies the pages of a memory up to the last one that is not all zeros.
func cloneImage(mem []byte) []byte {
	used := len(bytes.TrimRight(mem, "\x00"))
	return bytes.Clone(mem[:min((used+pageSize-1)/pageSize*pageSize, len(mem))])
}

// restoreImage makes a memory equal to the image, with zeros behind it. It writes only pages that differ: a transcript
// changes 500 of 4,600 pages. A page that no document has changed is never resident, and to compare it costs a fifth of
// what it costs to write it.
func restoreImage(mem, image []byte) {
	var zeros [pageSize]byte
	for at := 0; at < len(mem); at += pageSize {
		initial := zeros[:]
		if at < len(image) {
			initial = image[at:min(at+pageSize, len(image))]
		}
		if page := mem[at:min(at+pageSize, len(mem))]; !bytes.Equal(page, initial) {
			copy(page, initial)
		}
	}
}
