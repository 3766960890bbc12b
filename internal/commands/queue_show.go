package commands

import (
	"context"

	"github.com/spf13/cobra"

	"github.com/trackmydegree/trackmydegree/internal/admin"
	"github.com/trackmydegree/trackmydegree/internal/app"
	"github.com/trackmydegree/trackmydegree/internal/commands/render"
	"github.com/trackmydegree/trackmydegree/internal/job"
	"github.com/trackmydegree/trackmydegree/internal/program"
)

func newQueueShowCommand(p program.Process) *cobra.Command {
	var asJSON bool
	c := &cobra.Command{
		Use:   "show ID",
		Short: "Print all that is known of a job, its owner and the history of its faults included",
		Args:  cobra.ExactArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			return app.RunAdmin(cmd.Context(), p, app.UploadsOptional, func(ctx context.Context, o *admin.Service) error {
				d, err := o.FindJob(ctx, job.ID(args[0]))
				if err != nil {
					return err
				}
				if asJSON {
					return render.WriteJSON(p.Stdout, d)
				}
				return render.WriteDetail(p.Stdout, d)
			})
		},
	}
	c.Flags().BoolVar(&asJSON, "json", false, "print JSON")
	return c
}
