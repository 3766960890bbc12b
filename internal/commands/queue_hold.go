package commands

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/trackmydegree/trackmydegree/internal/admin"
)

func (p Process) queuePause() *cobra.Command {
	var dryRun bool
	c := &cobra.Command{
		Use:   "pause [QUEUE...]",
		Short: "Keep workers from taking jobs of the queues, all if none is named",
		Long:  "Keep workers from taking jobs of the queues, all if none is named. Jobs that run go on, and work is accepted: it waits.",
		Args:  cobra.ArbitraryArgs,
		RunE: func(cmd *cobra.Command, queues []string) error {
			return p.operators(cmd.Context(), noDocuments, func(ctx context.Context, o *admin.Operator) error {
				return p.hold(ctx, o, "paused", queues, dryRun, o.Pause)
			})
		},
	}
	c.Flags().BoolVar(&dryRun, "dry-run", false, "print what would be done, and do nothing")
	return c
}

func (p Process) queueResume() *cobra.Command {
	var dryRun bool
	c := &cobra.Command{
		Use:   "resume [QUEUE...]",
		Short: "Undo pause; without a queue undo drain as well",
		Args:  cobra.ArbitraryArgs,
		RunE: func(cmd *cobra.Command, queues []string) error {
			return p.operators(cmd.Context(), noDocuments, func(ctx context.Context, o *admin.Operator) error {
				if err := p.hold(ctx, o, "resumed", queues, dryRun, o.Resume); err != nil || len(queues) > 0 {
					return err
				}
				if dryRun {
					fmt.Fprintln(p.Stdout, "would be open again: the intake")
					return nil
				}
				if err := o.Undrain(ctx); err != nil {
					return err
				}
				fmt.Fprintln(p.Stdout, "open: the intake")
				return nil
			})
		},
	}
	c.Flags().BoolVar(&dryRun, "dry-run", false, "print what would be done, and do nothing")
	return c
}

// hold pauses or resumes queues.
func (p Process) hold(ctx context.Context, o *admin.Operator, past string, queues []string, dryRun bool, do func(context.Context, ...string) error) error {
	names, err := o.Named(queues)
	if err != nil {
		return err
	}
	if dryRun {
		past = "would be " + past
	} else if err := do(ctx, names...); err != nil {
		return err
	}
	fmt.Fprintf(p.Stdout, "%s: %s\n", past, strings.Join(names, ", "))
	return nil
}

func (p Process) queueDrain() *cobra.Command {
	var (
		dryRun, asJSON bool
		timeout        time.Duration
	)
	c := &cobra.Command{
		Use:   "drain",
		Short: "Stop the intake, and wait until the queues are empty",
		Long: "Stop the intake, and wait until the queues are empty: the API answers new work with 503 and Retry-After, workers finish\n" +
			"what is there. It stays so until `tmd queue resume`. Exit code 1 when work is left at the end of --timeout.",
		Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			if timeout < 0 {
				return usage(errors.New("--timeout is how long to wait: 10m, or 0 to wait for nothing"))
			}
			return p.operators(cmd.Context(), noDocuments, func(ctx context.Context, o *admin.Operator) error {
				if dryRun {
					return p.wouldDrain(ctx, o, asJSON)
				}
				return p.drain(ctx, o, timeout, asJSON)
			})
		},
	}
	c.Flags().DurationVar(&timeout, "timeout", 10*time.Minute, "how long to wait; 0 stops the intake and waits for nothing")
	c.Flags().BoolVar(&dryRun, "dry-run", false, "print what is left to run, and do nothing")
	c.Flags().BoolVar(&asJSON, "json", false, "print the end as JSON, as stats does")
	return c
}

func (p Process) wouldDrain(ctx context.Context, o *admin.Operator, asJSON bool) error {
	s, err := o.Stats(ctx)
	if err != nil {
		return err
	}
	if asJSON {
		return p.printJSON(s)
	}
	fmt.Fprintf(p.Stdout, "the intake would be stopped; %s\n", left(s))
	return nil
}

func (p Process) drain(ctx context.Context, o *admin.Operator, timeout time.Duration, asJSON bool) error {
	if err := o.Drain(ctx); err != nil {
		return err
	}
	fmt.Fprintln(p.Stderr, "the intake is stopped until `tmd queue resume`")
	if timeout == 0 {
		return nil
	}
	late := fmt.Errorf("work is left after %v", timeout)
	bounded, cancel := context.WithTimeoutCause(ctx, timeout, late)
	defer cancel()
	said := ""
	err := o.Drained(bounded, func(s admin.Stats, err error) {
		now := "Redis does not answer"
		if err == nil {
			now = left(s)
		}
		if now != said {
			fmt.Fprintln(p.Stderr, now)
			said = now
		}
	})
	if ctx.Err() != nil {
		return ctx.Err()
	}
	if errors.Is(err, late) {
		return &exit{exitFailed, fmt.Errorf("%w; the intake stays stopped", late)}
	}
	if err != nil {
		return err
	}
	if asJSON {
		return p.wouldDrain(ctx, o, true)
	}
	fmt.Fprintln(p.Stdout, "the queues are empty")
	return nil
}

// left says what is left to run, and what may keep it from being run.
func left(s admin.Stats) string {
	var sum admin.QueueLoad
	var paused []string
	for _, q := range s.Queues {
		sum.Pending += q.Pending
		sum.Active += q.Active
		sum.Retry += q.Retry + q.Scheduled
		if q.Paused && q.Left() > 0 {
			paused = append(paused, q.Name)
		}
	}
	text := fmt.Sprintf("%s left: %d pending, %d running, %d waiting to be tried again", counted(int(s.Left())), sum.Pending, sum.Active, sum.Retry)
	if s.Left() > 0 && len(s.Workers) == 0 {
		text += "; no worker is there"
	}
	if len(paused) > 0 {
		text += "; paused: " + strings.Join(paused, ", ")
	}
	return text
}
