package commands

import (
	"github.com/spf13/cobra"

	"github.com/trackmydegree/trackmydegree/internal/app"
	"github.com/trackmydegree/trackmydegree/internal/program"
)

func newAllCommand(p program.Process) *cobra.Command {
	return &cobra.Command{
		Use:     "all",
		Short:   "Run everything in one process, without a server to install",
		Long:    "Run the API, a worker and the parser in one process on loopback. Nothing is to be installed:\\nthe database is a file, the queue is in memory, and no token is asked for.",
		GroupID: "roles",
		Args:    cobra.NoArgs,
		RunE:    func(cmd *cobra.Command, _ []string) error { return app.RunAll(cmd.Context(), p) },
	}
}
