package jobstore_test

import (
	"bytes"
	"testing"

	"github.com/trackmydegree/trackmydegree/internal/job"
	"github.com/trackmydegree/trackmydegree/internal/testenv"
)

// done returns a store with one done job whose result has the size of a software engineering result.
func done(b *testing.B) (*env, job.ID) {
	b.Helper()
	e := openStore(b, testenv.StartRedis(b).URL(1))
	r := e.createJob(b)
	result := job.Stored{Full: bytes.Repeat([]byte{1}, 130_000), Slim: bytes.Repeat([]byte{1}, 20_000)}
	if err := e.CompleteJob(b.Context(), r.ID, e.mustBegin(b, r.ID, 1), result); err != nil {
		b.Fatal(err)
	}
	b.ReportAllocs()
	b.ResetTimer()
	return e, r.ID
}

// BenchmarkGet measures a status poll without the result.
func BenchmarkGet(b *testing.B) {
	e, id := done(b)
	for b.Loop() {
		e.mustLoad(b, id)
	}
}

// BenchmarkFetch measures a status poll with the result: 130 kB, or 20 kB slim.
func BenchmarkFetch(b *testing.B) {
	for name, slim := range map[string]bool{"full": false, "slim": true} {
		b.Run(name, func(b *testing.B) {
			e, id := done(b)
			for b.Loop() {
				if _, _, err := e.LoadWithResult(b.Context(), id, slim); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}

// BenchmarkAttempt measures the writes of a job that succeeds at once.
func BenchmarkAttempt(b *testing.B) {
	e := openStore(b, testenv.StartRedis(b).URL(1))
	result := job.Stored{Full: bytes.Repeat([]byte{1}, 50_000), Slim: bytes.Repeat([]byte{1}, 10_000)}
	b.ReportAllocs()
	for b.Loop() {
		r := e.createJob(b)
		if err := e.CompleteJob(b.Context(), r.ID, e.mustBegin(b, r.ID, 1), result); err != nil {
			b.Fatal(err)
		}
	}
}
