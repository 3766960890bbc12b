package factcodec

import (
	"bytes"
	"compress/gzip"
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/trackmydegree/trackmydegree/internal/document"
	"github.com/trackmydegree/trackmydegree/internal/job"
)

const (
	jobA job.ID = "1b9d6bcd-bbfd-4b2d-9b5d-ab8dfbbd4bed"
	jobB job.ID = "2c0e7cde-ccfe-4c3e-8c6e-bc9e0cce5cfe"
)

var (
	until = time.Date(2026, 11, 23, 13, 0, 0, 0, time.UTC)
	doc   = document.Document{
		Kind: document.Transcript, ProgramInfo: &document.ProgramInfo{Degree: "Bachelor of Commerce"},
		Semesters: []document.Semester{{Term: "Fall 2024", Courses: []document.Sitting{{Code: "COMP 248", Grade: "B+", CreditsEarned: 3.5}}}},
		Rows:      []document.RowPlace{{Code: "COMP 248", Term: "Fall 2024", Page: 1, X0: 72.5}},
	}
)

func newCodec(t testing.TB, secret string) *Codec {
	t.Helper()
	c, err := New([]byte(secret))
	if err != nil {
		t.Fatal(err)
	}
	return c
}

func TestSealAndOpen(t *testing.T) {
	t.Parallel()
	sealed, err := newCodec(t, "secret").Seal(jobA, doc, until)
	if err != nil {
		t.Fatal(err)
	}
	// Another process with the same secret opens it.
	got, at, err := newCodec(t, "secret").Open(jobA, sealed)
	if err != nil || !at.Equal(until) {
		t.Fatalf("got %v, %v, want %v", at, err, until)
	}
	if diff := cmp.Diff(doc, got); diff != "" {
		t.Errorf("facts (-want +got):\n%s", diff)
	}
	for _, text := range []string{"COMP", "B+", "Commerce", "1b9d6bcd"} {
		if strings.Contains(string(sealed), text) {
			t.Errorf("the encrypted facts show %q", text)
		}
	}
	if again, err := newCodec(t, "secret").Seal(jobA, doc, until); err != nil || bytes.Equal(again, sealed) {
		t.Errorf("two encryptions are the same, %v", err)
	}
}

func TestOpenRefuses(t *testing.T) {
	t.Parallel()
	c := newCodec(t, "secret")
	sealed, err := c.Seal(jobA, doc, until)
	if err != nil {
		t.Fatal(err)
	}
	changed := bytes.Clone(sealed)
	changed[len(changed)/2] ^= 1
	newer := bytes.Clone(sealed)
	newer[0] = 2
	for name, open := range map[string]func() error{
		"another job":     func() error { _, _, err := c.Open(jobB, sealed); return err },
		"another secret":  func() error { _, _, err := newCodec(t, "other").Open(jobA, sealed); return err },
		"nothing":         func() error { _, _, err := c.Open(jobA, nil); return err },
		"a changed byte":  func() error { _, _, err := c.Open(jobA, changed); return err },
		"a part":          func() error { _, _, err := c.Open(jobA, sealed[:20]); return err },
		"another version": func() error { _, _, err := c.Open(jobA, newer); return err },
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			if err := open(); !errors.Is(err, ErrSealed) {
				t.Errorf("got %v, want ErrSealed", err)
			}
		})
	}
}

func TestNoSecret(t *testing.T) {
	t.Parallel()
	if _, err := New(nil); err == nil {
		t.Error("got a codec without a secret, want an error")
	}
}

func FuzzOpen(f *testing.F) {
	c := newCodec(f, "secret")
	sealed, err := c.Seal(jobA, doc, until)
	if err != nil {
		f.Fatal(err)
	}
	// Each process of a fuzz run seals again, so that its inputs are changes of the sealed bytes: a flipped byte, a
	// cut, bytes that follow.
	f.Add(uint16(0), byte(1), uint16(0), []byte(nil))
	f.Add(uint16(len(sealed)-1), byte(0), uint16(1), []byte("x"))
	f.Fuzz(func(t *testing.T, at uint16, flip byte, cut uint16, more []byte) {
		b := bytes.Clone(sealed)
		b[int(at)%len(b)] ^= flip
		b = append(b[:len(b)-int(cut)%(len(b)+1)], more...)
		for _, given := range [][]byte{b, more} {
			if _, _, err := c.Open(jobA, given); err == nil && !bytes.Equal(given, sealed) {
				t.Fatalf("%d bytes that were not sealed are accepted", len(given))
			} else if err != nil && !errors.Is(err, ErrSealed) {
				t.Fatalf("got %v, want %v", err, ErrSealed)
			}
		}
	})
}

// What is decrypted is bounded, whatever it is.
func FuzzDecodeFacts(f *testing.F) {
	var b bytes.Buffer
	z := gzip.NewWriter(&b)
	_, _ = z.Write([]byte(`{"until":"2026-11-23T13:00:00Z","document":{"kind":"transcript"}}`))
	_ = z.Close()
	f.Add(b.Bytes())
	f.Fuzz(func(t *testing.T, b []byte) {
		if _, _, err := decodeFacts(b); err != nil && !errors.Is(err, ErrSealed) {
			t.Fatal(err)
		}
	})
}
