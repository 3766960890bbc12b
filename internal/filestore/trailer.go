package filestore

import (
	"bytes"
	"crypto/sha256"
	"encoding/binary"
	"errors"
	"fmt"
	"hash/crc32"
	"io"
	"io/fs"
	"os"

	"github.com/trackmydegree/trackmydegree/internal/fault"
	"github.com/trackmydegree/trackmydegree/internal/job"
)

// A trailer follows a document in its file:
//
//	the ticket       JSON, see job.Ticket
//	the footer       see footer, footerSize bytes, integers big-endian
//
// The trailer is written last, and describes the whole file, so a file that was cut anywhere has none. It stands
// behind the document and not in front of it because readers of PDFs ignore bytes after the end of a document: a
// worker of a release without this form reads the file as the document.

// maxTrailer bounds a trailer, in bytes. Readers of PDFs look for the end of a document in the last 1,024 bytes and
// more; a longer ticket gets a file of its own.
const maxTrailer = 1 << 10

// footerMagic ends a file that has a trailer, and names the version of its form.
const footerMagic = "TMDTKT01"

// footer describes the file that it ends.
type footer struct {
	DocumentSize int64
	SHA256       [sha256.Size]byte // of the document
	TicketSize   uint32
	Checksum     uint32 // CRC-32C of the ticket and of the footer up to here
	Magic        [len(footerMagic)]byte
}

const footerSize = 8 + sha256.Size + 4 + 4 + len(footerMagic)

var castagnoli = crc32.MakeTable(crc32.Castagnoli)

// errTorn says that a file does not end with a trailer.
var errTorn = errors.New("uploads: no trailer")

// fitsTrailer reports whether a file may hold the document and the ticket: with its trailer it stays within the limit
// of a document, so that a worker without this form accepts it.
func fitsTrailer(ticketSize int, documentSize, limit int64) bool {
	size := ticketSize + footerSize
	return size <= maxTrailer && documentSize+int64(size) <= limit
}

// appendTrailer appends the trailer of a document to b.
func appendTrailer(b, ticket []byte, saved job.Saved) []byte {
	start := len(b)
	b = append(b, ticket...)
	b = binary.BigEndian.AppendUint64(b, uint64(saved.Size))
	b = append(b, saved.SHA256[:]...)
	b = binary.BigEndian.AppendUint32(b, uint32(len(ticket)))
	b = binary.BigEndian.AppendUint32(b, crc32.Checksum(b[start:], castagnoli))
	return append(b, footerMagic...)
}

// trailer is what the end of a file says.
type trailer struct {
	saved  job.Saved
	ticket job.Ticket
}

// parseTrailer reads the trailer of a job's file of this size from its last bytes. It returns errTorn for a file
// without one, and for one whose ticket belongs to another job: the end of an uploaded document may look like a
// trailer, but its sender does not know the id that the job will get.
func parseTrailer(id job.ID, last []byte, size int64) (trailer, error) {
	var f footer
	if len(last) < footerSize || !bytes.HasSuffix(last, []byte(footerMagic)) {
		return trailer{}, errTorn
	}
	at := len(last) - footerSize
	if _, err := binary.Decode(last[at:], binary.BigEndian, &f); err != nil {
		return trailer{}, errTorn
	}
	if int64(f.TicketSize) > int64(at) || f.DocumentSize < 0 || f.DocumentSize != size-int64(footerSize)-int64(f.TicketSize) {
		return trailer{}, errTorn
	}
	start, end := at-int(f.TicketSize), len(last)-len(footerMagic)-4
	if crc32.Checksum(last[start:end], castagnoli) != f.Checksum {
		return trailer{}, errTorn
	}
	ticket, err := job.DecodeTicket(id, last[start:at])
	if err != nil {
		return trailer{}, fmt.Errorf("%w: %w", errTorn, err)
	}
	return trailer{job.Saved{Size: f.DocumentSize, SHA256: f.SHA256}, ticket}, nil
}

// readTrailer reads the trailer of a job's open file, and returns the size of the file; errTorn without a trailer.
func readTrailer(id job.ID, f *os.File) (t trailer, size int64, err error) {
	info, err := f.Stat()
	if err != nil {
		return trailer{}, 0, wrapError("look at a document", err)
	}
	if !info.Mode().IsRegular() {
		return trailer{}, 0, wrapError("look at a document", errors.New("not a regular file"))
	}
	size = info.Size()
	last := make([]byte, min(maxTrailer, size))
	if _, err := f.ReadAt(last, size-int64(len(last))); err != nil && !errors.Is(err, io.EOF) {
		return trailer{}, 0, wrapError("read the end of a document", err)
	}
	t, err = parseTrailer(id, last, size)
	return t, size, err
}

// loadTrailer returns the ticket in a job's document, of which it reads every byte: the power may have failed before
// the file was synced, with its end stored and another part lost. Such an upload was not answered. It returns
// job_not_found for a file without a ticket and for one that differs from what was saved.
func (s *Store) loadTrailer(id job.ID, name string) (job.Ticket, error) {
	f, err := s.root.OpenFile(name, openNow, 0)
	if errors.Is(err, fs.ErrNotExist) {
		return job.Ticket{}, fault.New(fault.JobNotFound)
	}
	if err != nil {
		return job.Ticket{}, wrapError("open a document for its ticket", err)
	}
	defer f.Close()
	t, _, err := readTrailer(id, f)
	if errors.Is(err, errTorn) {
		return job.Ticket{}, fault.Wrap(fault.JobNotFound, err)
	}
	if err != nil {
		return job.Ticket{}, err
	}
	digest := sha256.New()
	if _, err := io.Copy(digest, io.NewSectionReader(f, 0, t.saved.Size)); err != nil {
		return job.Ticket{}, wrapError("read a document", err)
	}
	if !bytes.Equal(digest.Sum(nil), t.saved.SHA256[:]) {
		return job.Ticket{}, fault.Wrap(fault.JobNotFound, errors.New("uploads: the document differs from what was saved"))
	}
	return t.ticket, nil
}
