package commands

import (
	"github.com/spf13/cobra"

	"github.com/trackmydegree/trackmydegree/internal/app"
	"github.com/trackmydegree/trackmydegree/internal/program"
)

func newAPICommand(p program.Process) *cobra.Command {
	return &cobra.Command{
		Use:     "api",
		Short:   "Accept work, answer its status, serve the catalogue, saved timelines and the page",
		GroupID: "roles",
		Args:    cobra.NoArgs,
		RunE:    func(cmd *cobra.Command, _ []string) error { return app.RunAPI(cmd.Context(), p) },
	}
}
