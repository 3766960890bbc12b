package admin_test

import (
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/trackmydegree/trackmydegree/internal/admin"
)

func TestCurrentOverview(t *testing.T) {
	conform(t, func(t *testing.T, e *env) {
		const key = "asynq:{courseProcessor}:"
		must(t, e.redis.MSet(t.Context(), key+"processed", 100, key+"failed", 10).Err())
		first, err := e.CurrentOverview(t.Context(), nil)
		must(t, err)
		if first.Rates != nil || first.RunningJobs == nil {
			t.Errorf("got %+v, want no rates and a list of jobs", first)
		}
		must(t, e.redis.MSet(t.Context(), key+"processed", 130, key+"failed", 11).Err())
		e.clock.Advance(30 * time.Second)
		second, err := e.CurrentOverview(t.Context(), &first)
		must(t, err)
		if diff := cmp.Diff(&admin.Rates{Processed: 60, Failed: 2}, second.Rates); diff != "" {
			t.Errorf("rates (-want +got):\n%s", diff)
		}
		must(t, e.redis.Del(t.Context(), key+"processed", key+"failed").Err()) // Redis lost its data
		e.clock.Advance(30 * time.Second)
		third, err := e.CurrentOverview(t.Context(), &second)
		must(t, err)
		if third.Rates != nil {
			t.Errorf("got the rates %+v, want none", third.Rates)
		}
	})
}
