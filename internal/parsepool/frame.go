package parsepool

import (
	"encoding/binary"
	"fmt"
	"io"
)

// A frame is its length, four bytes big-endian, and as many bytes. Parent to child, a frame is a PDF; child to parent,
// the first frame says that it is ready, with its notice or empty, and every other is an answer. Both ends have a limit
// and read no longer frame.
const frameHeader = 4

// maxAnswer bounds the answer of a child, in bytes. The 200,000 characters that a document may contain, each in its
// longest JSON form and with the names of the fields around it, stay below.
const maxAnswer = 8 << 20

// maxNotice bounds the notice of a child that is ready, in bytes.
const maxNotice = 1 << 10

func writeFrame(w io.Writer, b []byte) error {
	var head [frameHeader]byte
	binary.BigEndian.PutUint32(head[:], uint32(len(b)))
	if _, err := w.Write(head[:]); err != nil {
		return fmt.Errorf("write frame: %w", err)
	}
	if _, err := w.Write(b); err != nil {
		return fmt.Errorf("write frame: %w", err)
	}
	return nil
}

// readFrame returns io.EOF only at the end of a frame.
func readFrame(r io.Reader, limit int) ([]byte, error) {
	var head [frameHeader]byte
	if _, err := io.ReadFull(r, head[:]); err != nil {
		return nil, err
	}
	n := binary.BigEndian.Uint32(head[:])
	if uint64(n) > uint64(limit) {
		return nil, fmt.Errorf("read frame: %d bytes, at most %d are allowed", n, limit)
	}
	b := make([]byte, n)
	if _, err := io.ReadFull(r, b); err != nil {
		return nil, fmt.Errorf("read frame: %w", io.ErrUnexpectedEOF)
	}
	return b, nil
}
