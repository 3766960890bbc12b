package commands

import (
	"context"

	"github.com/spf13/cobra"

	"github.com/trackmydegree/trackmydegree/internal/admin"
	"github.com/trackmydegree/trackmydegree/internal/app"
	"github.com/trackmydegree/trackmydegree/internal/commands/render"
	"github.com/trackmydegree/trackmydegree/internal/program"
)

func newQueueListCommand(p program.Process) *cobra.Command {
	var (
		page   admin.Page
		asJSON bool
	)
	c := &cobra.Command{
		Use:   "list",
		Short: "List jobs, those first that were accepted (dead: failed) first",
		Args:  cobra.NoArgs,
	}
	filter := addJobFilterFlags(c)
	c.Flags().IntVar(&page.Limit, "limit", admin.DefaultLimit, "how many at most")
	c.Flags().StringVar(&page.Cursor, "cursor", "", "start of the page: the end of the previous list prints it")
	c.Flags().BoolVar(&asJSON, "json", false, "print JSON: {jobs, next}")
	c.RunE = func(cmd *cobra.Command, _ []string) error {
		return app.RunAdmin(cmd.Context(), p, app.UploadsUnused, func(ctx context.Context, o *admin.Service) error {
			jobs, next, err := o.ListJobs(ctx, filter.toFilter(), page)
			if err != nil {
				return err
			}
			if asJSON {
				return render.WriteJSON(p.Stdout, struct {
					Jobs []admin.Job `json:"jobs"`
					Next string      `json:"next,omitempty"`
				}{jobs, next})
			}
			return render.WriteJobs(p.Stdout, jobs, next)
		})
	}
	return c
}
