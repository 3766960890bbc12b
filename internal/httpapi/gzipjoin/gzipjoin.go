// Package gzipjoin embeds a compressed text into a larger one without compressing it again: a job's result is stored as
// gzip and sent inside the JSON of the job's status.
//
// A gzip file may consist of several members, which would be simpler; but browsers read only the first. So the parts
// become one member: the text before and after is in stored (uncompressed) blocks around the compressed blocks, and the
// checksum of the whole is computed from those of the parts. It takes about a microsecond, whatever the size.
package gzipjoin

import (
	"encoding/binary"
	"errors"
	"hash/crc32"
	"io"
	"math/bits"
)

// ErrForm means that the bytes are not in the form that package resultcodec writes: a gzip member without optional
// header fields whose last block is empty and of the fixed kind.
var ErrForm = errors.New("splice: not a gzip member as packed")

// The layout of a gzip member (RFC 1952, 2.3) without optional fields.
const (
	headerSize  = 10
	trailerSize = 8
	maxStored   = 1<<16 - 1 // bytes in one stored block (RFC 1951, 3.2.4)
)

// Member is one gzip member, in parts that are written one after the other. The middle part is the caller's own.
type Member struct {
	parts [3][]byte
	plain uint32
}

// Around returns the gzip of before + the text of packed + after. The result refers to packed and copies none of it.
func Around(before []byte, packed []byte, after []byte) (Member, error) {
	if len(before) > maxStored || len(after) > maxStored {
		return Member{}, errors.New("splice: more than 65,535 bytes around")
	}
	if len(packed) < headerSize+2+trailerSize || packed[0] != 0x1f || packed[1] != 0x8b || packed[2] != 8 || packed[3] != 0 {
		return Member{}, ErrForm
	}
	blocks := packed[headerSize : len(packed)-trailerSize]
	final, end, ok := emptyFinal(blocks)
	if !ok {
		return Member{}, ErrForm
	}
	sum := binary.LittleEndian.Uint32(packed[len(packed)-trailerSize:])
	size := binary.LittleEndian.Uint32(packed[len(packed)-trailerSize+4:])

	head := make([]byte, 0, headerSize+5+len(before))
	head = append(head, packed[:headerSize]...)
	head = append(head, 0) // a stored block, not the last
	head = appendStored(head, before)

	// From the byte of the final mark on, the blocks are ours: the mark is cleared, and after the empty block comes a
	// last one with the text after it.
	cut := final / 8
	tail := make([]byte, 0, len(blocks)-cut+6+len(after)+trailerSize)
	tail = append(tail, blocks[cut:]...)
	tail[0] &^= 1 << (final % 8)
	if next := end - 8*cut; next+3 > 8*len(tail) { // the three bits of a block's header may need one byte more
		tail = append(tail, 0)
	}
	tail[(end-8*cut)/8] |= 1 << (end % 8)
	tail = appendStored(tail, after)

	whole := combine(crc32.ChecksumIEEE(before), sum, size)
	whole = crc32.Update(whole, crc32.IEEETable, after)
	total := uint32(len(before)) + size + uint32(len(after))
	tail = binary.LittleEndian.AppendUint32(tail, whole)
	tail = binary.LittleEndian.AppendUint32(tail, total)
	return Member{parts: [3][]byte{head, blocks[:cut], tail}, plain: total}, nil
}

// Len is the number of bytes that WriteTo writes.
func (m Member) Len() int { return len(m.parts[0]) + len(m.parts[1]) + len(m.parts[2]) }

// WriteTo writes the member.
func (m Member) WriteTo(w io.Writer) (int64, error) {
	var written int64
	for _, p := range m.parts {
		n, err := w.Write(p)
		written += int64(n)
		if err != nil {
			return written, err
		}
	}
	return written, nil
}

// PlainSize is the length of the text of a packed result, in bytes, as its trailer states it.
func PlainSize(packed []byte) (int, error) {
	if len(packed) < headerSize+2+trailerSize {
		return 0, ErrForm
	}
	return int(binary.LittleEndian.Uint32(packed[len(packed)-4:])), nil
}

// emptyFinal finds the last block if it is empty and of the fixed kind: the mark of a final block (1), the kind (1, 0)
// and the end of the block (seven zeros), then zeros up to the end of the byte. The highest bit that is set is then the
// kind's, and the mark is right below it. It returns the positions of the mark and of the first bit after the block.
func emptyFinal(blocks []byte) (final, end int, ok bool) {
	last := len(blocks) - 1
	for last >= 0 && blocks[last] == 0 {
		last--
	}
	if last < 0 {
		return 0, 0, false
	}
	kind := 8*last + bits.Len8(blocks[last]) - 1
	final, end = kind-1, kind+9
	if final < 0 || blocks[final/8]&(1<<(final%8)) == 0 {
		return 0, 0, false
	}
	padding := 8*len(blocks) - end
	return final, end, padding >= 0 && padding < 8
}

func appendStored(b, text []byte) []byte {
	b = binary.LittleEndian.AppendUint16(b, uint16(len(text)))
	b = binary.LittleEndian.AppendUint16(b, ^uint16(len(text)))
	return append(b, text...)
}

// combine returns the CRC-32 of two texts, one after the other, from the CRC of each and the length of the second. A
// CRC is a remainder of polynomials over GF(2); to append n bytes multiplies the first by x^(8n).
func combine(first, second, n uint32) uint32 {
	power := uint32(1 << 31) // x^0; the bits are in reverse order
	for square := uint32(1 << 23); n > 0; n >>= 1 {
		if n&1 != 0 {
			power = multiply(power, square)
		}
		square = multiply(square, square)
	}
	return multiply(power, first) ^ second
}

// multiply returns a·b modulo the polynomial of CRC-32.
func multiply(a, b uint32) uint32 {
	var product uint32
	for ; a != 0; a <<= 1 {
		if a&(1<<31) != 0 {
			product ^= b
		}
		carry := b & 1
		b >>= 1
		if carry != 0 {
			b ^= crc32.IEEE
		}
	}
	return product
}
