package gzipjoin_test

import (
	"bytes"
	stdgzip "compress/gzip"
	"errors"
	"io"
	"testing"

	"github.com/klauspost/compress/gzip"
	"pgregory.net/rapid"

	"github.com/trackmydegree/trackmydegree/internal/httpapi/gzipjoin"
)

func packed(tb testing.TB, level int, text []byte) []byte {
	tb.Helper()
	var b bytes.Buffer
	w, err := gzip.NewWriterLevel(&b, level)
	if err != nil {
		tb.Fatal(err)
	}
	if _, err := w.Write(text); err != nil {
		tb.Fatal(err)
	}
	if err := w.Close(); err != nil {
		tb.Fatal(err)
	}
	return b.Bytes()
}

// The standard library's reader decides: it checks lengths and checksum, and refuses a second member here.
func unpacked(tb interface{ Fatalf(string, ...any) }, member []byte) []byte {
	r, err := stdgzip.NewReader(bytes.NewReader(member))
	if err != nil {
		tb.Fatalf("open: %v", err)
	}
	r.Multistream(false)
	text, err := io.ReadAll(r)
	if err != nil {
		tb.Fatalf("read: %v", err)
	}
	return text
}

func TestAround(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(rt *rapid.T) {
		// Repeated pieces, so that there is something to compress.
		piece := rapid.SliceOf(rapid.Byte()).Draw(rt, "piece")
		text := bytes.Repeat(piece, rapid.IntRange(0, 500).Draw(rt, "times"))
		before := rapid.SliceOf(rapid.Byte()).Draw(rt, "before")
		after := rapid.SliceOf(rapid.Byte()).Draw(rt, "after")
		kept := packed(t, rapid.IntRange(0, 9).Draw(rt, "level"), text)
		original := bytes.Clone(kept)

		m, err := gzipjoin.Around(before, kept, after)
		if err != nil {
			rt.Fatal(err)
		}
		var out bytes.Buffer
		if n, err := m.WriteTo(&out); err != nil || int(n) != m.Len() || out.Len() != m.Len() {
			rt.Fatalf("wrote %d of %d: %v", n, m.Len(), err)
		}
		want := bytes.Join([][]byte{before, text, after}, nil)
		if got := unpacked(rt, out.Bytes()); !bytes.Equal(got, want) {
			rt.Fatalf("got %d bytes, want %d", len(got), len(want))
		}
		if !bytes.Equal(kept, original) {
			rt.Fatal("the stored bytes were changed")
		}
		if n, err := gzipjoin.PlainSize(kept); err != nil || n != len(text) {
			rt.Fatalf("plain size %d, want %d: %v", n, len(text), err)
		}
	})
}

func TestAroundRefusesWhatItDoesNotKnow(t *testing.T) {
	t.Parallel()
	var other bytes.Buffer
	w := stdgzip.NewWriter(&other)
	w.Name = "a name in the header"
	_, _ = io.WriteString(w, "text")
	_ = w.Close()
	for name, b := range map[string][]byte{
		"nothing":           nil,
		"not gzip":          bytes.Repeat([]byte("x"), 100),
		"a field too many":  other.Bytes(),
		"no blocks":         append([]byte{0x1f, 0x8b, 8, 0, 0, 0, 0, 0, 0, 255}, make([]byte, 16)...),
		"another last kind": stored(t),
	} {
		if _, err := gzipjoin.Around([]byte("{"), b, []byte("}")); !errors.Is(err, gzipjoin.ErrForm) {
			t.Errorf("%s: %v", name, err)
		}
	}
	if _, err := gzipjoin.Around(make([]byte, 1<<16), packed(t, 1, nil), nil); err == nil {
		t.Error("a text before that is too long")
	}
}

// stored ends in a stored block, as the standard library's writer does.
func stored(t *testing.T) []byte {
	t.Helper()
	var b bytes.Buffer
	w := stdgzip.NewWriter(&b)
	_, _ = io.WriteString(w, "text")
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

func FuzzAround(f *testing.F) {
	f.Add(packed(f, 1, []byte(`{"degree":{}}`)))
	f.Add([]byte{0x1f, 0x8b, 8, 0})
	f.Fuzz(func(t *testing.T, kept []byte) {
		m, err := gzipjoin.Around([]byte("{"), kept, []byte("}"))
		if err != nil {
			return
		}
		if _, err := m.WriteTo(io.Discard); err != nil {
			t.Fatal(err)
		}
	})
}

func BenchmarkAround(b *testing.B) {
	kept := packed(b, 1, bytes.Repeat([]byte("COMP 248 Object-Oriented Programming I, 3.5 credits; "), 20_000))
	before := bytes.Repeat([]byte("x"), 300)
	b.ReportAllocs()
	for b.Loop() {
		m, err := gzipjoin.Around(before, kept, []byte("}"))
		if err != nil {
			b.Fatal(err)
		}
		if _, err := m.WriteTo(io.Discard); err != nil {
			b.Fatal(err)
		}
	}
}
