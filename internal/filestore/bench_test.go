package filestore_test

import (
	"bytes"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	"github.com/trackmydegree/trackmydegree/internal/job"
)

// BenchmarkSave saves documents of 60 kB, 16 at a time, and deletes each after 64 others, as workers do.
func BenchmarkSave(b *testing.B) {
	s := open(b, b.TempDir())
	document := pdf(60_000)
	var kept [64]atomic.Value
	var at atomic.Int64
	b.SetBytes(int64(len(document)))
	b.SetParallelism(16)
	b.ReportAllocs()
	before := cpuTime(b)
	b.RunParallel(func(pb *testing.PB) {
		for pb.Next() {
			id := newID()
			if _, err := s.Save(b.Context(), ticket(id), bytes.NewReader(document), mib); err != nil {
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
	}) // this figure is comparable on a machine with other load
	b.ReportMetric(float64((cpuTime(b)-before).Microseconds())/float64(b.N), "cpu-µs/op")
}

// cpuTime is the processor time of the process so far.
func cpuTime(b *testing.B) time.Duration {
	var u syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &u); err != nil {
		b.Fatal(err)
	}
	return time.Duration(u.Utime.Nano() + u.Stime.Nano())
}
