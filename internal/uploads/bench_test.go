package uploads_test

import (
	"bytes"
	"sync/atomic"
	"testing"

	"github.com/trackmydegree/trackmydegree/internal/job"
)

// BenchmarkSave saves documents of 60 kB, 16 at a time, and deletes each when 64 others came after it, as workers do.
func BenchmarkSave(b *testing.B) {
	s := open(b, b.TempDir())
	document := pdf(60_000)
	var kept [64]atomic.Value
	var at atomic.Int64
	b.SetBytes(int64(len(document)))
	b.SetParallelism(16)
	b.ReportAllocs()
	b.RunParallel(func(pb *testing.PB) {
		for pb.Next() {
			id := newID()
			if _, err := s.Save(b.Context(), id, bytes.NewReader(document), mib); err != nil {
				b.Error(err)
				return
			}
			if old, ok := kept[at.Add(1)%int64(len(kept))].Swap(id).(job.ID); ok {
				if err := s.Delete(b.Context(), old); err != nil {
					b.Error(err)
					return
				}
			}
		}
	})
}
