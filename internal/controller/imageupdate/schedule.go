package imageupdate

import (
	"time"

	"github.com/robfig/cron/v3"
)

// lateness is how long after its time a check may still start: a controller that was not running, or had other
// components to roll out first, catches up. One that is installed in the afternoon waits for the night.
const lateness = 4 * time.Hour

// ParseSchedule parses a cron expression of five fields, or @daily and its like. CRON_TZ=… in front of it names a
// time zone; without it the zone is UTC, as in the image.
func ParseSchedule(expression string) (cron.Schedule, error) { return cron.ParseStandard(expression) }

// dueRun returns the time of the run that should have started since the last one, and whether there is one.
func dueRun(s cron.Schedule, checked, now time.Time) (time.Time, bool) {
	from := now.Add(-lateness)
	if checked.After(from) {
		from = checked
	}
	next := s.Next(from)
	return next, !next.IsZero() && !next.After(now)
}
