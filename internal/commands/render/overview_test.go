package render_test

import (
	"bytes"
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/trackmydegree/trackmydegree/internal/admin"
	"github.com/trackmydegree/trackmydegree/internal/commands/render"
	"github.com/trackmydegree/trackmydegree/internal/fault"
	"github.com/trackmydegree/trackmydegree/internal/job"
)

var update = flag.Bool("update", false, "write the golden files again")

func TestWriteOverview(t *testing.T) {
	t.Parallel()
	now := time.Date(2026, 11, 29, 7, 0, 0, 0, time.UTC)
	queues := func(pending int64, paused bool) []admin.QueueLoad {
		return []admin.QueueLoad{
			{Name: "courseProcessor-high", Paused: paused}, {Name: "courseProcessor", Pending: pending, Active: 2, Retry: 1, Oldest: float64(3 * pending)},
		}
	}
	var many []admin.Job
	for n := range 17 {
		many = append(many, admin.Job{
			ID: job.ID(fmt.Sprintf("00000000-0000-4000-8000-%012d", n)), State: admin.Active, Kind: job.File, Queue: "courseProcessor",
			Attempt: 1, Since: now.Add(-time.Duration(n) * time.Second), Worker: "worker-7",
		})
	}
	retried := many[0]
	retried.Attempt, retried.Code = 2, fault.ParserUnavailable
	for name, o := range map[string]admin.Overview{
		"idle": {At: now, Stats: admin.Stats{Load: admin.Load{Queues: queues(0, false)}}},
		"busy": {
			At: now, Rates: &admin.Rates{Processed: 93.25, Failed: 1.5}, RunningJobs: []admin.Job{retried},
			Stats: admin.Stats{Dead: 3, Load: admin.Load{
				Queues: queues(40, true), Draining: now.Add(-5 * time.Minute),
				Workers: []admin.Worker{{Host: "worker-7", PID: 1, Started: now.Add(-3 * time.Hour), Draining: true, Running: []job.ID{retried.ID}}},
			}},
		},
		"many": {At: now, Rates: &admin.Rates{}, RunningJobs: many, Stats: admin.Stats{Load: admin.Load{Queues: queues(1, false)}}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			var got bytes.Buffer
			if err := render.WriteOverview(&got, o); err != nil {
				t.Fatal(err)
			}
			path := filepath.Join("testdata", "overview-"+name+".golden")
			if *update {
				if err := os.WriteFile(path, got.Bytes(), 0o600); err != nil {
					t.Fatal(err)
				}
			}
			want, err := os.ReadFile(path)
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(string(want), got.String()); diff != "" {
				t.Errorf("run with -update if it is right (-want +got):\n%s", diff)
			}
		})
	}
}
