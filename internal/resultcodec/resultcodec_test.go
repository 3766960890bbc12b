package resultcodec_test

import (
	"bytes"
	"compress/gzip"
	"errors"
	"io"
	"math/rand/v2"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/trackmydegree/trackmydegree/internal/audit"
	"github.com/trackmydegree/trackmydegree/internal/catalogue"
	"github.com/trackmydegree/trackmydegree/internal/resultcodec"
	"github.com/trackmydegree/trackmydegree/internal/timeline"
	"github.com/trackmydegree/trackmydegree/internal/timeline/wire"
	"github.com/trackmydegree/trackmydegree/internal/timelinetest"
	"github.com/trackmydegree/trackmydegree/internal/warning"
)

func result() *timeline.Result {
	term := "FALL 2024"
	return &timeline.Result{
		Degree: timeline.Degree{ID: "d", Name: "A Degree", DegreeType: catalogue.Standalone, TotalCredits: 120, CoursePools: []string{"core"}},
		Pools:  []timeline.Pool{{ID: "core", Name: "Core", CreditsRequired: 6, Courses: []string{"COMP 248", "COMP 249"}, Rules: []timeline.Rule{}}},
		Courses: map[string]timeline.Course{
			"COMP 248": {ID: "COMP 248", Title: "Programming I", Credits: 3, OfferedIn: []string{"Fall"}, Rules: []timeline.Rule{},
				State: timeline.State{Status: timeline.Completed, Semester: &term}},
			"COMP 249": {ID: "COMP 249", Title: "Programming II", Credits: 3, OfferedIn: []string{"Winter"}, Rules: []timeline.Rule{},
				State: timeline.State{Status: timeline.Incomplete}},
		},
		Semesters: []timeline.Semester{{Term: term, Courses: []timeline.Sitting{{Code: "COMP 248"}}}},
		Remarks:   []audit.Remark{}, Warnings: []warning.Warning{},
		Progress: timeline.Progress{Pools: []timeline.PoolProgress{}},
	}
}

func TestWhatIsPackedComesBack(t *testing.T) {
	t.Parallel()
	want := result()
	s, err := resultcodec.EncodeResult(want)
	if err != nil {
		t.Fatal(err)
	}
	got, err := resultcodec.DecodeResult(s.Full)
	if err != nil {
		t.Fatal(err)
	}
	if d := cmp.Diff(want, got); d != "" {
		t.Errorf("full result (-want +got):\n%s", d)
	}
	slim, err := resultcodec.DecodeResult(s.Slim)
	if err != nil {
		t.Fatal(err)
	}
	if _, ok := slim.Courses["COMP 249"]; ok || len(slim.Courses) != 1 {
		t.Errorf("slim view holds %d courses, want COMP 248 alone", len(slim.Courses))
	}
	again, err := resultcodec.EncodeResult(want)
	if err != nil {
		t.Fatal(err)
	}
	if !bytes.Equal(s.Full, again.Full) || !bytes.Equal(s.Slim, again.Slim) {
		t.Error("packing the same result twice gives different bytes")
	}
	if len(want.Courses) != 2 {
		t.Error("packing changed the result that it was given")
	}
}

// Any gzip reader reads the stored bytes: the API sends them unchanged.
func TestPackedIsPlainGzip(t *testing.T) {
	t.Parallel()
	s, err := resultcodec.EncodeResult(result())
	if err != nil {
		t.Fatal(err)
	}
	z, err := gzip.NewReader(bytes.NewReader(s.Full))
	if err != nil {
		t.Fatal(err)
	}
	got, err := io.ReadAll(z)
	if err != nil {
		t.Fatal(err)
	}
	want, err := wire.EncodeResult(result())
	if err != nil {
		t.Fatal(err)
	}
	if !bytes.Equal(got, want) {
		t.Error("the standard library unpacks something else")
	}
}

func TestOpenRefusesWhatWasNotPacked(t *testing.T) {
	t.Parallel()
	s, err := resultcodec.EncodeResult(result())
	if err != nil {
		t.Fatal(err)
	}
	zip := func(b []byte) []byte {
		var out bytes.Buffer
		w := gzip.NewWriter(&out)
		if _, err := w.Write(b); err != nil {
			t.Fatal(err)
		}
		if err := w.Close(); err != nil {
			t.Fatal(err)
		}
		return out.Bytes()
	}
	flipped := bytes.Clone(s.Full)
	flipped[len(flipped)-6] ^= 1 // the checksum
	tests := map[string][]byte{
		"nothing":   nil,
		"no gzip":   []byte("{}"),
		"cut":       s.Full[:len(s.Full)/2],
		"flipped":   flipped,
		"no JSON":   zip([]byte("hello")),
		"two parts": zip([]byte("{}{}")),
	}
	for name, in := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			if r, err := resultcodec.DecodeResult(in); err == nil {
				t.Errorf("Open gave %v, want an error", r)
			}
		})
	}
	bomb := zip(make([]byte, resultcodec.MaxJSON+1))
	if _, err := resultcodec.DecodeResult(bomb); !errors.Is(err, resultcodec.ErrTooLarge) {
		t.Errorf("Open of a bomb: %v, want ErrTooLarge", err)
	}
}

func TestPackIsSafeForConcurrentUse(t *testing.T) {
	t.Parallel()
	want, err := resultcodec.EncodeResult(result())
	if err != nil {
		t.Fatal(err)
	}
	for range 8 {
		t.Run("", func(t *testing.T) {
			t.Parallel()
			for range 20 {
				if got, err := resultcodec.EncodeResult(result()); err != nil || !bytes.Equal(got.Full, want.Full) {
					t.Fatalf("packed differently with others: %v", err)
				}
			}
		})
	}
}

func FuzzOpen(f *testing.F) {
	s, err := resultcodec.EncodeResult(result())
	if err != nil {
		f.Fatal(err)
	}
	f.Add(s.Full)
	f.Add(s.Slim[:20])
	f.Fuzz(func(t *testing.T, b []byte) {
		r, err := resultcodec.DecodeResult(b)
		if (r == nil) == (err == nil) {
			t.Fatalf("Open gave %v and %v", r, err)
		}
	})
}

// A stored result is at most 45 kB, because Redis holds each for a day. The exception is the record with the most
// courses, whose result lists the three thousand that may fill its general electives.
func TestSizeOfStoredResults(t *testing.T) {
	t.Parallel()
	const most, mostWithElectives = 45_000, 150_000
	for document, limit := range map[string]int{
		"transcripts/soen-regular": most, "transcripts/soen-coop": most, "transcripts/soen-ecp": most, "transcripts/cs-regular": most,
		"transcripts/indu-regular": most, "transcripts/aero-option": most, "transcripts/very-long": most, "letters/ecp": most,
		"transcripts/cs-ecp": mostWithElectives,
	} {
		s, err := resultcodec.EncodeResult(timelinetest.BuildFromFacts(t, document))
		if err != nil {
			t.Fatal(err)
		}
		t.Logf("%s: %d bytes whole, %d slim", document, len(s.Full), len(s.Slim))
		if len(s.Full) > limit {
			t.Errorf("%s: got %d bytes, want at most %d", document, len(s.Full), limit)
		}
	}
}

func BenchmarkResult(b *testing.B) {
	// The size of a real result: a thousand courses with titles that do not repeat.
	r, rnd := result(), rand.New(rand.NewPCG(1, 2))
	for range 1000 {
		code := make([]byte, 12)
		for i := range code {
			code[i] = byte('A' + rnd.IntN(26))
		}
		c := r.Courses["COMP 249"]
		c.ID, c.Title = string(code[:8]), string(code)
		r.Courses[c.ID] = c
	}
	b.ReportAllocs()
	for b.Loop() {
		if _, err := resultcodec.EncodeResult(r); err != nil {
			b.Fatal(err)
		}
	}
}
