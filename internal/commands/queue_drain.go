package commands

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/spf13/cobra"

	"github.com/trackmydegree/trackmydegree/internal/admin"
	"github.com/trackmydegree/trackmydegree/internal/app"
	"github.com/trackmydegree/trackmydegree/internal/commands/render"
	"github.com/trackmydegree/trackmydegree/internal/program"
)

func newQueueDrainCommand(p program.Process) *cobra.Command {
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
				return program.UsageError(errors.New("--timeout is how long to wait: 10m, or 0 to wait for nothing"))
			}
			return app.RunAdmin(cmd.Context(), p, app.UploadsUnused, func(ctx context.Context, o *admin.Service) error {
				if dryRun {
					return printRemainingWork(ctx, p, o, asJSON)
				}
				return drainQueues(ctx, p, o, timeout, asJSON)
			})
		},
	}
	c.Flags().DurationVar(&timeout, "timeout", 10*time.Minute, "how long to wait; 0 stops the intake and waits for nothing")
	c.Flags().BoolVar(&dryRun, "dry-run", false, "print the remaining jobs, and do nothing")
	c.Flags().BoolVar(&asJSON, "json", false, "print the end as JSON, as stats does")
	return c
}

// printRemainingWork prints the work that a drain would wait for.
func printRemainingWork(ctx context.Context, p program.Process, o *admin.Service, asJSON bool) error {
	s, err := o.CurrentStats(ctx)
	if err != nil {
		return err
	}
	if asJSON {
		return render.WriteJSON(p.Stdout, s)
	}
	fmt.Fprintf(p.Stdout, "the intake would be stopped; %s\n", render.DescribeRemainingWork(s))
	return nil
}

// drainQueues stops the intake and waits until the queues are empty, or for the timeout. 0 waits for nothing.
func drainQueues(ctx context.Context, p program.Process, o *admin.Service, timeout time.Duration, asJSON bool) error {
	if err := o.PauseIntake(ctx); err != nil {
		return err
	}
	fmt.Fprintln(p.Stderr, "the intake is stopped until `tmd queue resume`")
	if timeout == 0 {
		return nil
	}
	errLate := fmt.Errorf("work is left after %v", timeout)
	bounded, cancel := context.WithTimeoutCause(ctx, timeout, errLate)
	defer cancel()
	lastLine := ""
	err := o.WaitUntilDrained(bounded, func(s admin.Stats, err error) {
		line := "Redis does not answer"
		if err == nil {
			line = render.DescribeRemainingWork(s)
		}
		if line != lastLine {
			fmt.Fprintln(p.Stderr, line)
			lastLine = line
		}
	})
	if ctx.Err() != nil {
		return ctx.Err()
	}
	if errors.Is(err, errLate) {
		return &program.ExitError{Code: program.ExitFailed, Err: fmt.Errorf("%w; the intake stays stopped", errLate)}
	}
	if err != nil {
		return err
	}
	if asJSON {
		return printRemainingWork(ctx, p, o, true)
	}
	fmt.Fprintln(p.Stdout, "the queues are empty")
	return nil
}
