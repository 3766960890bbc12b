package commands

import (
	"context"
	"fmt"

	"github.com/spf13/cobra"

	"github.com/trackmydegree/trackmydegree/internal/admin"
	"github.com/trackmydegree/trackmydegree/internal/app"
	"github.com/trackmydegree/trackmydegree/internal/program"
)

func newQueueResumeCommand(p program.Process) *cobra.Command {
	var dryRun bool
	c := &cobra.Command{
		Use:   "resume [QUEUE...]",
		Short: "Undo pause; without a queue undo drain as well",
		Args:  cobra.ArbitraryArgs,
		RunE: func(cmd *cobra.Command, queues []string) error {
			return app.RunAdmin(cmd.Context(), p, app.UploadsUnused, func(ctx context.Context, o *admin.Service) error {
				ch := queueChange{past: "resumed", queues: queues, dryRun: dryRun, apply: o.ResumeQueues}
				if err := changeQueues(ctx, p, o, ch); err != nil || len(queues) > 0 {
					return err
				}
				return openIntake(ctx, p, o, dryRun)
			})
		},
	}
	c.Flags().BoolVar(&dryRun, "dry-run", false, "print what would be done, and do nothing")
	return c
}

func openIntake(ctx context.Context, p program.Process, o *admin.Service, dryRun bool) error {
	if dryRun {
		fmt.Fprintln(p.Stdout, "would be open again: the intake")
		return nil
	}
	if err := o.ResumeIntake(ctx); err != nil {
		return err
	}
	fmt.Fprintln(p.Stdout, "open: the intake")
	return nil
}
