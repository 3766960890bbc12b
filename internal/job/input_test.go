package job_test

import (
	"errors"
	"strings"
	"testing"

	"github.com/trackmydegree/trackmydegree/internal/job"
)

func TestInput(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		name  string
		kind  job.Kind
		input job.Input
		want  string
	}{
		{"a document", job.File, job.Input{}, ""},
		{"a document with a degree", job.File, job.Input{Degree: "D1"}, `{"degree":"D1"}`},
		{"a document with an edition", job.File, job.Input{Calendar: "2025-26"}, `{"calendar":"2025-26"}`},
		{"a timeline, as earlier versions wrote it", job.TimelineData, job.Input{TimelineID: "65f0"}, "65f0"},
		{"a timeline with a degree", job.TimelineData, job.Input{TimelineID: "65f0", Degree: "D1"}, `{"timelineId":"65f0","degree":"D1"}`},
		{"a timeline with an edition", job.TimelineData, job.Input{TimelineID: "65f0", Calendar: "2025-26"}, `{"timelineId":"65f0","calendar":"2025-26"}`},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			b, err := tt.input.Encode()
			if err != nil || string(b) != tt.want {
				t.Fatalf("encoded: got %q, %v, want %q", b, err, tt.want)
			}
			if got, err := job.DecodeInput(tt.kind, b); err != nil || got != tt.input {
				t.Errorf("decoded: got %+v, %v, want %+v", got, err, tt.input)
			}
		})
	}
}

func TestDecodeInputRefuses(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		name string
		kind job.Kind
		b    string
	}{
		{"broken JSON", job.File, `{"degree":`},
		{"another type", job.File, `{"degree":7}`},
		{"a timeline for a document", job.File, "65f0"},
		{"a document for a timeline", job.TimelineData, `{"degree":"D1"}`},
		{"nothing for a timeline", job.TimelineData, ""},
		{"a timeline that looks like JSON", job.TimelineData, `{"timelineId":"{"}`},
		{"too much", job.File, `{"degree":"` + strings.Repeat("D", 5000) + `"}`},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			if got, err := job.DecodeInput(tt.kind, []byte(tt.b)); !errors.Is(err, job.ErrInput) {
				t.Errorf("got %+v, %v, want ErrInput", got, err)
			}
		})
	}
}

func FuzzDecodeInput(f *testing.F) {
	f.Add(true, []byte(`{"degree":"D1"}`))
	f.Add(false, []byte(`{"timelineId":"65f0","degree":"D1"}`))
	f.Add(false, []byte("65f0"))
	f.Fuzz(func(t *testing.T, isFile bool, b []byte) {
		kind := job.TimelineData
		if isFile {
			kind = job.File
		}
		i, err := job.DecodeInput(kind, b)
		if err != nil {
			return
		}
		again, err := i.Encode()
		if err != nil {
			t.Fatal(err)
		}
		if len(again) > len(b)+100 { // escapes of JSON; beyond the limit it need not be readable
			return
		}
		if got, err := job.DecodeInput(kind, again); err != nil || got != i {
			t.Fatalf("got %+v, %v, want %+v", got, err, i)
		}
	})
}
