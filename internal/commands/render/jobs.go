package render

import (
	"fmt"
	"io"
	"strings"
	"text/tabwriter"
	"time"

	"github.com/trackmydegree/trackmydegree/internal/admin"
	"github.com/trackmydegree/trackmydegree/internal/job"
)

func newTable(w io.Writer) *tabwriter.Writer { return tabwriter.NewWriter(w, 0, 0, 2, ' ', 0) }

// WriteJobs writes one page of a list of jobs, and the cursor of the next one if there is one.
func WriteJobs(w io.Writer, jobs []admin.Job, next string) error {
	if len(jobs) == 0 {
		fmt.Fprintln(w, "no job fits")
		return nil
	}
	if err := writeJobRows(w, jobs); err != nil {
		return err
	}
	if next != "" {
		fmt.Fprintf(w, "\nThere are more: --cursor %s\n", next)
	}
	return nil
}

func writeJobRows(w io.Writer, jobs []admin.Job) error { return writeJobRowsAt(w, jobs, time.Now()) }

func writeJobRowsAt(w io.Writer, jobs []admin.Job, now time.Time) error {
	t := newTable(w)
	fmt.Fprintln(t, "JOB\tSTATE\tQUEUE\tKIND\tATTEMPT\tAGE\tFAULT\t")
	for _, j := range jobs {
		fmt.Fprintf(t, "%s\t%s\t%s\t%s\t%d\t%s\t%s\t%s\n", j.ID, j.State, j.Queue, orDash(string(j.Kind)), j.Attempt, formatAge(now, j.Since), orDash(string(j.Code)), describeJob(now, j))
	}
	return t.Flush()
}

// describeJob describes what a job of a list waits for or runs on.
func describeJob(now time.Time, j admin.Job) string {
	switch {
	case j.Worker != "":
		return "on " + j.Worker
	case !j.Due.IsZero():
		return "due in " + shortDuration(j.Due.Sub(now))
	case j.Since.IsZero():
		return "without a record"
	}
	return ""
}

// WriteDetail writes everything stored about a job.
func WriteDetail(w io.Writer, d admin.JobDetail) error {
	t := newTable(w)
	row := func(name, value string) {
		if value != "" {
			fmt.Fprintf(t, "%s\t%s\n", name, value)
		}
	}
	row("job", string(d.ID))
	row("state", string(d.State))
	row("record", string(d.Status))
	row("owner", d.Owner)
	row("kind", string(d.Kind))
	row("queue", d.Queue)
	row("attempt", fmt.Sprint(d.Attempt))
	row("worker", d.Worker)
	row("fault", string(d.Code))
	row("", d.Message)
	for _, at := range []struct {
		name string
		time time.Time
	}{{"accepted", d.CreatedAt}, {"changed", d.UpdatedAt}, {"ended", d.FinishedAt}, {"due", d.Due}, {"kept until", d.Expires}} {
		if !at.time.IsZero() {
			row(at.name, at.time.UTC().Format(time.RFC3339))
		}
	}
	if d.Kept != nil {
		row("document", map[bool]string{true: "kept: it can be run again", false: "gone: it cannot be run again"}[*d.Kept])
	}
	if err := t.Flush(); err != nil {
		return err
	}
	if len(d.Life) > 0 {
		return writeLife(w, d.Life)
	}
	if len(d.History) == 0 {
		return nil
	}
	fmt.Fprintln(w)
	t = newTable(w)
	fmt.Fprintln(t, "AT\tATTEMPT\tFAULT\tWORKER")
	for _, e := range d.History {
		fmt.Fprintf(t, "%s\t%d\t%s\t%s\n", e.At.UTC().Format(time.RFC3339), e.Attempt, e.Code, orDash(e.Worker))
	}
	return t.Flush()
}

// writeLife writes the timeline of a job, each event with the time since the one before.
func writeLife(w io.Writer, life []job.LifeEvent) error {
	fmt.Fprintln(w)
	t := newTable(w)
	fmt.Fprintln(t, "AT\tAFTER\tEVENT\tATTEMPT\tFAULT\tWORKER")
	for i, e := range life {
		after, attempt, event := "-", "-", string(e.What)
		if i > 0 {
			after = max(e.At.Sub(life[i-1].At), 0).String()
		}
		if e.Attempt > 0 {
			attempt = fmt.Sprint(e.Attempt)
		}
		if e.Omitted > 0 {
			event = fmt.Sprintf("(%d events are not kept)", e.Omitted)
		}
		fmt.Fprintf(t, "%s\t%s\t%s\t%s\t%s\t%s\n", e.At.UTC().Format("2006-01-02T15:04:05.000Z"), after, event, attempt, orDash(string(e.Code)), orDash(e.Worker))
	}
	return t.Flush()
}

// WriteStats writes the state of the queues and of the workers.
func WriteStats(out io.Writer, s admin.Stats) error { return writeStatsAt(out, s, time.Now()) }

func writeStatsAt(out io.Writer, s admin.Stats, now time.Time) error {
	t := newTable(out)
	fmt.Fprintln(t, "QUEUE\tPENDING\tACTIVE\tRETRY\tSCHEDULED\tOLDEST\t")
	for _, q := range s.Queues {
		oldest, paused := "-", ""
		if q.Pending > 0 {
			oldest = shortDuration(time.Duration(q.Oldest * float64(time.Second)))
		}
		if q.Paused {
			paused = "paused"
		}
		fmt.Fprintf(t, "%s\t%d\t%d\t%d\t%d\t%s\t%s\n", q.Name, q.Pending, q.Active, q.Retry, q.Scheduled, oldest, paused)
	}
	if err := t.Flush(); err != nil {
		return err
	}
	fmt.Fprintf(out, "\ndead: %d, of the last 7 days\n", s.Dead)
	if s.Draining.IsZero() {
		fmt.Fprintln(out, "intake: open")
	} else {
		fmt.Fprintf(out, "intake: stopped %s ago; `tmd queue resume` opens it\n", formatAge(now, s.Draining))
	}
	if len(s.Workers) == 0 {
		fmt.Fprintln(out, "workers: none")
		return nil
	}
	fmt.Fprintln(out)
	t = newTable(out)
	fmt.Fprintln(t, "WORKER\tPID\tUP\tRUNNING\t")
	for _, w := range s.Workers {
		draining := ""
		if w.Draining {
			draining = "draining"
		}
		fmt.Fprintf(t, "%s\t%d\t%s\t%d\t%s\n", w.Host, w.PID, formatAge(now, w.Started), len(w.Running), draining)
	}
	return t.Flush()
}

// WriteReport writes the jobs that were changed, and to refused those that were not. past is the change in the past
// tense, as in "deleted".
func WriteReport(w, refused io.Writer, past string, r admin.BulkReport) error {
	if r.DryRun {
		if len(r.Jobs) > 0 {
			if err := writeJobRows(w, r.Jobs); err != nil {
				return err
			}
		}
		fmt.Fprintf(w, "would be %s: %s\n", past, CountJobs(len(r.Jobs)))
	} else {
		fmt.Fprintf(w, "%s: %s\n", past, CountJobs(len(r.Jobs)))
	}
	for _, f := range r.Failed {
		fmt.Fprintf(refused, "%s: %s\n", f.ID, f.Detail)
	}
	return nil
}

func orDash(s string) string {
	if s == "" {
		return "-"
	}
	return s
}

func formatAge(now, at time.Time) string {
	if at.IsZero() {
		return "-"
	}
	return shortDuration(now.Sub(at))
}

// shortDuration formats a duration in its largest suitable unit: 45s, 12m, 7h, 3d.
func shortDuration(d time.Duration) string {
	switch {
	case d < time.Second:
		return "0s"
	case d < time.Minute:
		return fmt.Sprintf("%ds", int(d.Seconds()))
	case d < time.Hour:
		return fmt.Sprintf("%dm", int(d.Minutes()))
	case d < 48*time.Hour:
		return fmt.Sprintf("%dh", int(d.Hours()))
	}
	return fmt.Sprintf("%dd", int(d.Hours()/24))
}

// CountJobs returns a number of jobs in words.
func CountJobs(n int) string {
	if n == 1 {
		return "1 job"
	}
	return fmt.Sprintf("%d jobs", n)
}

// DescribeRemainingWork returns how many jobs remain, and what may keep them from running.
func DescribeRemainingWork(s admin.Stats) string {
	var sum admin.QueueLoad
	var paused []string
	for _, q := range s.Queues {
		sum.Pending += q.Pending
		sum.Active += q.Active
		sum.Retry += q.Retry + q.Scheduled
		if q.Paused && q.RemainingTasks() > 0 {
			paused = append(paused, q.Name)
		}
	}
	text := fmt.Sprintf("%s left: %d pending, %d running, %d waiting to be tried again", CountJobs(int(s.RemainingJobs())), sum.Pending, sum.Active, sum.Retry)
	if s.RemainingJobs() > 0 && len(s.Workers) == 0 {
		text += "; no worker is there"
	}
	if len(paused) > 0 {
		text += "; paused: " + strings.Join(paused, ", ")
	}
	return text
}
