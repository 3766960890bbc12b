package render

import (
	"fmt"
	"io"

	"github.com/trackmydegree/trackmydegree/internal/admin"
)

// maxRunningRows is the number of running jobs of an overview, so that it fits a terminal.
const maxRunningRows = 15

// WriteOverview writes queues, workers, running jobs and rates.
func WriteOverview(w io.Writer, o admin.Overview) error {
	rates := "-"
	if o.Rates != nil {
		rates = fmt.Sprintf("%.1f attempts a minute, %.1f with a fault", o.Rates.Processed, o.Rates.Failed)
	}
	fmt.Fprintf(w, "%s  rate: %s\n\n", o.At.UTC().Format("2006-01-02 15:04:05Z"), rates)
	if err := writeStatsAt(w, o.Stats, o.At); err != nil {
		return err
	}
	if len(o.RunningJobs) == 0 {
		_, err := fmt.Fprintln(w, "\nno job runs")
		return err
	}
	fmt.Fprintln(w)
	shown := o.RunningJobs[:min(len(o.RunningJobs), maxRunningRows)]
	if err := writeJobRowsAt(w, shown, o.At); err != nil {
		return err
	}
	if more := len(o.RunningJobs) - len(shown); more > 0 {
		fmt.Fprintf(w, "and %s more\n", CountJobs(more))
	}
	return nil
}
