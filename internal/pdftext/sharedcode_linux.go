package pdftext

import (
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"os"

	"github.com/prometheus/procfs"
	"golang.org/x/sys/unix"
)

// maxCode is more than the size of the compiled module, in bytes.
const maxCode = 256 << 20

// seals make a file of memory constant.
const seals = unix.F_SEAL_SEAL | unix.F_SEAL_SHRINK | unix.F_SEAL_GROW | unix.F_SEAL_WRITE

// ShareCode makes the processes that call it with the same file of memory (memfd_create) share the compiled module: the
// library gives each process a copy of 21 MiB. The first process fills the file and seals it. Each process compares all
// bytes with its copy before it maps the file in place of it, so it depends on no other process. With an error the
// process keeps its copy. One process at a time calls it, before it reads a document.
func (e *Extractor) ShareCode(shared *os.File) error {
	e.mu.Lock()
	defer e.mu.Unlock()
	memory, err := os.Open("/proc/self/mem")
	if err != nil {
		return fmt.Errorf("share code: %w", err)
	}
	defer memory.Close()
	if e.cache == nil {
		return errors.New("share code: there is no cache to find it by")
	}
	own, err := e.cache.findCode(memory)
	if err != nil {
		return fmt.Errorf("share code: %w", err)
	}
	code := func() *io.SectionReader { return io.NewSectionReader(memory, int64(own.start), int64(own.size)) }
	if err := fillOnce(shared, code()); err != nil {
		return fmt.Errorf("share code: fill: %w", err)
	}
	if err := compareAll(code(), io.NewSectionReader(shared, 0, int64(own.size))); err != nil {
		return fmt.Errorf("share code: %w", err)
	}
	if err := own.replaceWith(shared); err != nil {
		return fmt.Errorf("share code: map: %w", err)
	}
	return nil
}

// codeRange is where the compiled module is in the memory of this process.
type codeRange struct{ start, size uintptr }

// findCode finds the compiled module in the memory of this process: where an executable mapping that is no file has the
// code of a cache entry. The kernel may have joined the mapping with other ones.
func (c *moduleCache) findCode(memory io.ReaderAt) (codeRange, error) {
	self, err := procfs.Self()
	if err != nil {
		return codeRange{}, err
	}
	maps, err := self.ProcMaps()
	if err != nil {
		return codeRange{}, err
	}
	entries, err := c.listEntries()
	if err != nil {
		return codeRange{}, err
	}
	for _, path := range entries {
		start, size, err := readCodeStart(path)
		if err != nil {
			continue // of another version of the library
		}
		for _, m := range maps {
			if !m.Perms.Execute || m.Perms.Write || m.Pathname != "" || m.EndAddr-m.StartAddr < size {
				continue
			}
			for at := m.StartAddr; at <= m.EndAddr-size; at += pageSize {
				page := make([]byte, len(start))
				if _, err := memory.ReadAt(page, int64(at)); err != nil {
					return codeRange{}, err
				}
				if bytes.Equal(page, start) {
					return codeRange{at, size}, nil
				}
			}
		}
	}
	return codeRange{}, errors.New("the compiled module is not where it is expected")
}

// readCodeStart returns the first page of the code in a cache entry, and the size of the code in whole pages. An entry
// of wazero v1.12.0 begins with "WAZEVO", the library's version behind a byte with its length, the number of functions
// (32 bits), their offsets (64 bits each), and the size of the code (64 bits), little-endian.
func readCodeStart(path string) (start []byte, size uintptr, err error) {
	f, err := os.Open(path)
	if err != nil {
		return nil, 0, err
	}
	defer f.Close()
	var prefix [7]byte
	if _, err := io.ReadFull(f, prefix[:]); err != nil || string(prefix[:6]) != "WAZEVO" {
		return nil, 0, errors.Join(errors.New("not an entry"), err)
	}
	var functions uint32
	var length uint64
	if _, err := f.Seek(int64(prefix[6]), io.SeekCurrent); err != nil {
		return nil, 0, err
	}
	if err := binary.Read(f, binary.LittleEndian, &functions); err != nil {
		return nil, 0, err
	}
	if _, err := f.Seek(8*int64(functions), io.SeekCurrent); err != nil {
		return nil, 0, err
	}
	if err := binary.Read(f, binary.LittleEndian, &length); err != nil {
		return nil, 0, err
	}
	if length < pageSize || length > maxCode {
		return nil, 0, fmt.Errorf("code of %d bytes", length)
	}
	start = make([]byte, pageSize)
	_, err = io.ReadFull(f, start)
	page := uint64(os.Getpagesize())
	return start, uintptr((length + page - 1) / page * page), err
}

// fillOnce fills and seals a file that is not sealed yet. A process that ended meanwhile left a part.
func fillOnce(shared *os.File, code *io.SectionReader) error {
	has, err := unix.FcntlInt(shared.Fd(), unix.F_GET_SEALS, 0)
	if err != nil {
		return err
	}
	if has&seals == seals {
		return nil
	}
	if _, err := io.Copy(io.NewOffsetWriter(shared, 0), code); err != nil {
		return err
	}
	if err := shared.Truncate(code.Size()); err != nil {
		return err
	}
	_, err = unix.FcntlInt(shared.Fd(), unix.F_ADD_SEALS, seals)
	return err
}

// compareAll returns an error unless both have the same bytes.
func compareAll(want, got *io.SectionReader) error {
	const step = 256 << 10
	a, b := make([]byte, step), make([]byte, step)
	for {
		n, err := io.ReadFull(want, a)
		if n > 0 {
			if _, gerr := io.ReadFull(got, b[:n]); gerr != nil {
				return gerr
			}
			if !bytes.Equal(a[:n], b[:n]) {
				return errors.New("the shared code differs from that of this process")
			}
		}
		switch {
		case errors.Is(err, io.EOF), errors.Is(err, io.ErrUnexpectedEOF):
			return nil
		case err != nil:
			return err
		}
	}
}

// replaceWith maps the file in place of the range. All that may be refused happens at another address first.
func (r codeRange) replaceWith(f *os.File) error {
	at, _, errno := unix.Syscall6(unix.SYS_MMAP, 0, r.size, unix.PROT_READ|unix.PROT_EXEC, unix.MAP_PRIVATE, f.Fd(), 0)
	if errno != 0 {
		return errno
	}
	_, _, errno = unix.Syscall6(unix.SYS_MREMAP, at, r.size, r.size, unix.MREMAP_MAYMOVE|unix.MREMAP_FIXED, r.start, 0)
	if errno != 0 {
		_, _, _ = unix.Syscall(unix.SYS_MUNMAP, at, r.size, 0)
		return errno
	}
	return nil
}
