package commands

import (
	"context"

	"github.com/spf13/cobra"

	"github.com/trackmydegree/trackmydegree/internal/admin"
	"github.com/trackmydegree/trackmydegree/internal/app"
	"github.com/trackmydegree/trackmydegree/internal/commands/render"
	"github.com/trackmydegree/trackmydegree/internal/program"
)

func newQueueAuditCommand(p program.Process) *cobra.Command {
	var (
		asJSON bool
		limit  int
	)
	c := &cobra.Command{
		Use:   "audit",
		Short: "Print what operators did, the latest first",
		Args:  cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			return app.RunAdmin(cmd.Context(), p, app.UploadsUnused, func(ctx context.Context, o *admin.Service) error {
				entries, err := o.ListAudit(ctx, limit)
				if err != nil {
					return err
				}
				if asJSON {
					return render.WriteJSON(p.Stdout, entries)
				}
				return render.WriteAuditTrail(p.Stdout, entries)
			})
		},
	}
	c.Flags().IntVar(&limit, "limit", admin.DefaultLimit, "how many, at most 1000")
	c.Flags().BoolVar(&asJSON, "json", false, "print JSON")
	return c
}
