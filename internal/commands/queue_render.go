package commands

import (
	"fmt"
	"text/tabwriter"
	"time"

	"github.com/trackmydegree/trackmydegree/internal/admin"
)

func (p Process) table() *tabwriter.Writer { return tabwriter.NewWriter(p.Stdout, 0, 0, 2, ' ', 0) }

func (p Process) printJobs(jobs []admin.Job, next string) error {
	if len(jobs) == 0 {
		fmt.Fprintln(p.Stdout, "no job fits")
		return nil
	}
	if err := p.jobRows(jobs); err != nil {
		return err
	}
	if next != "" {
		fmt.Fprintf(p.Stdout, "\nThere are more: --cursor %s\n", next)
	}
	return nil
}

func (p Process) jobRows(jobs []admin.Job) error {
	t := p.table()
	fmt.Fprintln(t, "JOB\tSTATE\tQUEUE\tKIND\tATTEMPT\tAGE\tFAULT\t")
	now := time.Now()
	for _, j := range jobs {
		fmt.Fprintf(t, "%s\t%s\t%s\t%s\t%d\t%s\t%s\t%s\n", j.ID, j.State, j.Queue, dash(string(j.Kind)), j.Attempt, since(now, j.Since), dash(string(j.Code)), remark(now, j))
	}
	return t.Flush()
}

// remark is what else there is to say of a job in a list.
func remark(now time.Time, j admin.Job) string {
	switch {
	case j.Worker != "":
		return "on " + j.Worker
	case !j.Due.IsZero():
		return "due in " + short(j.Due.Sub(now))
	case j.Since.IsZero():
		return "without a record"
	}
	return ""
}

func (p Process) printDetail(d admin.Detail) error {
	t := p.table()
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
	if err := t.Flush(); err != nil || len(d.History) == 0 {
		return err
	}
	fmt.Fprintln(p.Stdout)
	t = p.table()
	fmt.Fprintln(t, "AT\tATTEMPT\tFAULT\tWORKER")
	for _, e := range d.History {
		fmt.Fprintf(t, "%s\t%d\t%s\t%s\n", e.At.UTC().Format(time.RFC3339), e.Attempt, e.Code, dash(e.Worker))
	}
	return t.Flush()
}

func (p Process) printStats(s admin.Stats) error {
	t := p.table()
	fmt.Fprintln(t, "QUEUE\tPENDING\tACTIVE\tRETRY\tSCHEDULED\tOLDEST\t")
	for _, q := range s.Queues {
		oldest, paused := "-", ""
		if q.Pending > 0 {
			oldest = short(time.Duration(q.Oldest * float64(time.Second)))
		}
		if q.Paused {
			paused = "paused"
		}
		fmt.Fprintf(t, "%s\t%d\t%d\t%d\t%d\t%s\t%s\n", q.Name, q.Pending, q.Active, q.Retry, q.Scheduled, oldest, paused)
	}
	if err := t.Flush(); err != nil {
		return err
	}
	now := time.Now()
	fmt.Fprintf(p.Stdout, "\ndead: %d, of the last 7 days\n", s.Dead)
	if s.Draining.IsZero() {
		fmt.Fprintln(p.Stdout, "intake: open")
	} else {
		fmt.Fprintf(p.Stdout, "intake: stopped %s ago; `tmd queue resume` opens it\n", since(now, s.Draining))
	}
	if len(s.Workers) == 0 {
		fmt.Fprintln(p.Stdout, "workers: none")
		return nil
	}
	fmt.Fprintln(p.Stdout)
	t = p.table()
	fmt.Fprintln(t, "WORKER\tPID\tUP\tRUNNING\t")
	for _, w := range s.Workers {
		draining := ""
		if w.Draining {
			draining = "draining"
		}
		fmt.Fprintf(t, "%s\t%d\t%s\t%d\t%s\n", w.Host, w.PID, since(now, w.Started), len(w.Running), draining)
	}
	return t.Flush()
}

func (p Process) printReport(ch *change, r admin.Report) error {
	if ch.json {
		return p.printJSON(r)
	}
	if r.DryRun {
		if len(r.Jobs) > 0 {
			if err := p.jobRows(r.Jobs); err != nil {
				return err
			}
		}
		fmt.Fprintf(p.Stdout, "would be %s: %s\n", ch.past, counted(len(r.Jobs)))
	} else {
		fmt.Fprintf(p.Stdout, "%s: %s\n", ch.past, counted(len(r.Jobs)))
	}
	for _, f := range r.Failed {
		fmt.Fprintf(p.Stderr, "%s: %s\n", f.ID, f.Detail)
	}
	return nil
}

func dash(s string) string {
	if s == "" {
		return "-"
	}
	return s
}

func since(now, at time.Time) string {
	if at.IsZero() {
		return "-"
	}
	return short(now.Sub(at))
}

// short is a duration in the unit that matters: 45s, 12m, 7h, 3d.
func short(d time.Duration) string {
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
