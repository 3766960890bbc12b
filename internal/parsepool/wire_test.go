package parsepool_test

import (
	"bytes"
	"context"
	"errors"
	"io"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/trackmydegree/trackmydegree/internal/document"
	"github.com/trackmydegree/trackmydegree/internal/fault"
	"github.com/trackmydegree/trackmydegree/internal/parsepool"
)

func TestFrames(t *testing.T) {
	t.Parallel()
	var wire bytes.Buffer
	for _, s := range []string{"", "a", strings.Repeat("b", 100)} {
		if err := parsepool.WriteFrame(&wire, []byte(s)); err != nil {
			t.Fatal(err)
		}
	}
	for _, want := range []string{"", "a", strings.Repeat("b", 100)} {
		got, err := parsepool.ReadFrame(&wire, 100)
		if err != nil || string(got) != want {
			t.Fatalf("%q, %v; want %q", got, err, want)
		}
	}
	if _, err := parsepool.ReadFrame(&wire, 100); !errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF) {
		t.Errorf("at the end: %v, want EOF", err)
	}
	for _, s := range []string{"\x00", "\x00\x00\x00\x02a"} {
		if _, err := parsepool.ReadFrame(strings.NewReader(s), 100); !errors.Is(err, io.ErrUnexpectedEOF) {
			t.Errorf("%q: %v, want an unexpected EOF", s, err)
		}
	}
	if _, err := parsepool.ReadFrame(strings.NewReader("\x00\x00\x00\x65"+strings.Repeat("a", 101)), 100); err == nil {
		t.Error("a frame beyond the limit was read")
	}
}

func FuzzReadFrame(f *testing.F) {
	f.Add([]byte("\x00\x00\x00\x02ab\x00"))
	f.Add([]byte("\xff\xff\xff\xff"))
	f.Fuzz(func(t *testing.T, wire []byte) {
		const limit = 1000
		r := bytes.NewReader(wire)
		for {
			b, err := parsepool.ReadFrame(r, limit)
			if err != nil {
				return
			}
			if len(b) > limit {
				t.Fatalf("%d bytes", len(b))
			}
			var again bytes.Buffer
			if err := parsepool.WriteFrame(&again, b); err != nil {
				t.Fatal(err)
			}
			end := len(wire) - r.Len()
			if !bytes.Equal(again.Bytes(), wire[end-again.Len():end]) {
				t.Fatal("a frame changes on its way")
			}
		}
	})
}

func TestAnswers(t *testing.T) {
	t.Parallel()
	gpa, grade := 3.5, "Fall 2026"
	want := document.Document{
		Kind:               document.Transcript,
		ProgramInfo:        &document.ProgramInfo{Degree: "Bachelor", FirstTerm: &grade, IsCoop: true},
		Semesters:          []document.Semester{{Term: grade, Courses: []document.Sitting{{Code: "COMP 248", CreditsAttempted: 3.5, Grade: "A"}}}},
		TransferredCourses: []string{}, ExemptedCourses: nil, CumulativeGPA: &gpa,
	}
	b, err := parsepool.EncodeAnswer(parsepool.Result{Document: want, Reader: parsepool.ReaderPlain}, nil)
	if err != nil {
		t.Fatal(err)
	}
	got, verdict, err := parsepool.DecodeAnswer(b)
	if err != nil || verdict != nil {
		t.Fatal(verdict, err)
	}
	if got.Reader != parsepool.ReaderPlain {
		t.Errorf("reader %q, want plain", got.Reader)
	}
	if diff := cmp.Diff(want, got.Document); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}

	b, err = parsepool.EncodeAnswer(parsepool.Result{}, fault.Wrap(fault.Encrypted, errors.New("password 1234")))
	if err != nil || strings.Contains(string(b), "1234") {
		t.Fatalf("%s, %v", b, err)
	}
	if _, verdict, err := parsepool.DecodeAnswer(b); err != nil || verdict.Code != fault.Encrypted {
		t.Errorf("%v, %v", verdict, err)
	}
	b = []byte(`{"code":"corrupt","detail":"` + strings.Repeat("x", 501) + `"}`)
	if _, verdict, err := parsepool.DecodeAnswer(b); err != nil || verdict.Message() != fault.Corrupt.DefaultMessage() {
		t.Errorf("a sentence without an end: %v, %v", verdict, err)
	}
}

func FuzzDecodeAnswer(f *testing.F) {
	f.Add([]byte(`{"document":{"kind":"letter","programInfo":null,"semesters":[{"term":"Fall 2026","courses":[{"code":"COMP 248"}]}]}}`))
	f.Add([]byte(`{"code":"corrupt","detail":"x"}`))
	f.Add([]byte(`{"code":"corrupt","document":{}}`))
	f.Fuzz(func(t *testing.T, b []byte) {
		result, verdict, err := parsepool.DecodeAnswer(b)
		doc := result.Document
		switch {
		case err != nil:
			if verdict != nil {
				t.Fatalf("%v and %v", verdict, err)
			}
		case verdict != nil:
			if !verdict.Code.IsKnown() {
				t.Fatalf("code %q", verdict.Code)
			}
		case doc.Kind != document.Letter && doc.Kind != document.Transcript:
			t.Fatalf("kind %q", doc.Kind)
		default:
			if _, err := parsepool.EncodeAnswer(result, nil); err != nil {
				t.Fatal(err)
			}
		}
	})
}

func TestServe(t *testing.T) {
	t.Parallel()
	read := func(_ context.Context, pdf []byte) (parsepool.Result, error) {
		return parsepool.Result{Document: says(string(pdf))}, nil
	}
	var in, out bytes.Buffer
	for _, s := range []string{"one", "two"} {
		if err := parsepool.WriteFrame(&in, []byte(s)); err != nil {
			t.Fatal(err)
		}
	}
	inR, inW := io.Pipe()
	outR, outW := io.Pipe()
	done := make(chan error, 1)
	go func() { done <- parsepool.Serve(inR, outW, "", read) }()
	if b, err := parsepool.ReadFrame(outR, 0); err != nil || len(b) != 0 {
		t.Fatalf("the first frame: %q, %v", b, err)
	}
	go func() { _, _ = in.WriteTo(inW) }()
	for _, want := range []string{"one", "two"} {
		b, err := parsepool.ReadFrame(outR, parsepool.MaxAnswer)
		if err != nil {
			t.Fatal(err)
		}
		if r, verdict, err := parsepool.DecodeAnswer(b); err != nil || verdict != nil || r.Document.ProgramInfo.Degree != want || r.Reader != parsepool.ReaderPDFium {
			t.Errorf("%+v, %v, %v; want %s", r, verdict, err, want)
		}
	}
	inW.Close()
	if err := <-done; err != nil {
		t.Errorf("at the end of its input: %v", err)
	}

	if err := parsepool.Serve(strings.NewReader("\xff\xff\xff\xff"), &out, "", read); err == nil {
		t.Error("a frame beyond the limit is no error")
	}
	if err := parsepool.Serve(strings.NewReader("\x00\x00\x00\x05ab"), &out, "", read); !errors.Is(err, io.ErrUnexpectedEOF) {
		t.Errorf("half a frame: %v", err)
	}
}

func TestDiagnose(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		name, stderr, kind string
		at                 []string
	}{
		{"nothing", "", "", nil},
		{"chatter", "40012345 something\n", "", nil},
		{"memory", "runtime: out of memory: cannot allocate 58720256-byte block (184156160 in use)\nfatal error: out of memory\n", "out of memory", nil},
		{"threads", "runtime/cgo: pthread_create failed: Resource temporarily unavailable\nSIGABRT: abort\n", "out of memory", nil},
		{"stack", "runtime: goroutine stack exceeds 1000000000-byte limit\nfatal error: stack overflow\n", "stack overflow", nil},
		{
			"panic", "panic: 40012345\n\ngoroutine 1 [running]:\nruntime.throw()\n\t/usr/lib/go/src/runtime/panic.go:1 +0x1\nmain.f(0x40012345)\n" +
				"\t/home/user/src/x/internal/document/read.go:12 +0x1d\n\tgithub.com/a/b@v1.2.3/c/d.go:7 +0x1\n",
			"panic",
			[]string{"document/read.go:12", "c/d.go:7"},
		},
	} {
		kind, at := parsepool.Diagnose([]byte(tt.stderr))
		if diff := cmp.Diff(tt.at, at); kind != tt.kind || diff != "" {
			t.Errorf("%s: %q, want %q (-want +got):\n%s", tt.name, kind, tt.kind, diff)
		}
	}
}

// says returns a document whose degree is s, with which a child reports to a test.
func says(s string) document.Document {
	return document.Document{Kind: document.Transcript, ProgramInfo: &document.ProgramInfo{Degree: s}}
}
