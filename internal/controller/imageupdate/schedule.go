package imageupdate

import (
	"time"

	"github.com/robfig/cron/v3"
)

// lateness is how long after its time a check may still begin: a controller that was away then, or that had the other
// components to roll out first, makes up for it; one that is installed in the afternoon waits for the night.
const lateness = 4 * time.Hour

// ParseSchedule reads a cron expression of five fields, or @daily and its like. CRON_TZ=… in front of it names a time
// zone; it is UTC without, as in the image.
func ParseSchedule(expression string) (cron.Schedule, error) { return cron.ParseStandard(expression) }

// dueRun returns the time of the check that should have begun since the last one, and whether there is such.
func dueRun(s cron.Schedule, checked, now time.Time) (time.Time, bool) {
	from := now.Add(-lateness)
	if checked.After(from) {
		from = checked
	}
	next := s.Next(from)
	return next, !next.IsZero() && !next.After(now)
}
