package admin

import (
	"context"
	"time"
)

// Overview is the system at one moment: its figures, the jobs that run, and the rates since an earlier moment.
type Overview struct {
	At time.Time `json:"at"`
	Stats
	RunningJobs []Job  `json:"runningJobs"` // the oldest first, at most MaxLimit
	Rates       *Rates `json:"rates,omitempty"`
}

// Rates are attempts a minute over all queues.
type Rates struct {
	Processed float64 `json:"processedPerMinute"`
	Failed    float64 `json:"failedPerMinute"`
}

// CurrentOverview returns the current overview. Its rates are those since previous; it has none when previous is nil or
// the counters are lower than before, as they are after Redis lost its data.
func (o *Service) CurrentOverview(ctx context.Context, previous *Overview) (Overview, error) {
	stats, err := o.CurrentStats(ctx)
	if err != nil {
		return Overview{}, err
	}
	running, _, err := o.ListJobs(ctx, Filter{States: []State{Active}}, Page{Limit: MaxLimit})
	if err != nil {
		return Overview{}, err
	}
	now := Overview{At: o.deps.Clock().UTC(), Stats: stats, RunningJobs: running}
	if previous != nil {
		now.Rates = ratesBetween(*previous, now)
	}
	return now, nil
}

func ratesBetween(earlier, later Overview) *Rates {
	minutes := later.At.Sub(earlier.At).Minutes()
	processed, failed := later.countAttempts()
	processedBefore, failedBefore := earlier.countAttempts()
	if minutes <= 0 || processed < processedBefore || failed < failedBefore {
		return nil
	}
	return &Rates{Processed: float64(processed-processedBefore) / minutes, Failed: float64(failed-failedBefore) / minutes}
}

func (s Stats) countAttempts() (processed, failed int64) {
	for _, q := range s.Queues {
		processed += q.Processed
		failed += q.Failed
	}
	return processed, failed
}
