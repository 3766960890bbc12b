package commands

import (
	"context"
	"fmt"
	"strings"

	"github.com/spf13/cobra"

	"github.com/trackmydegree/trackmydegree/internal/admin"
	"github.com/trackmydegree/trackmydegree/internal/app"
	"github.com/trackmydegree/trackmydegree/internal/program"
)

func newQueuePauseCommand(p program.Process) *cobra.Command {
	var dryRun bool
	c := &cobra.Command{
		Use:   "pause [QUEUE...]",
		Short: "Keep workers from taking jobs of the queues, all if none is named",
		Long:  "Keep workers from taking jobs of the queues, all if none is named. Running jobs continue, and new work is accepted and waits.",
		Args:  cobra.ArbitraryArgs,
		RunE: func(cmd *cobra.Command, queues []string) error {
			return app.RunAdmin(cmd.Context(), p, app.UploadsUnused, func(ctx context.Context, o *admin.Service) error {
				return changeQueues(ctx, p, o, queueChange{past: "paused", queues: queues, dryRun: dryRun, apply: o.PauseQueues})
			})
		},
	}
	c.Flags().BoolVar(&dryRun, "dry-run", false, "print what would be done, and do nothing")
	return c
}

// queueChange pauses or resumes queues.
type queueChange struct {
	past   string   // "paused"
	queues []string // none: all
	dryRun bool
	apply  func(ctx context.Context, queues ...string) error
}

func changeQueues(ctx context.Context, p program.Process, o *admin.Service, ch queueChange) error {
	names, err := o.ResolveQueues(ch.queues)
	if err != nil {
		return err
	}
	if ch.dryRun {
		ch.past = "would be " + ch.past
	} else if err := ch.apply(ctx, names...); err != nil {
		return err
	}
	fmt.Fprintf(p.Stdout, "%s: %s\n", ch.past, strings.Join(names, ", "))
	return nil
}
