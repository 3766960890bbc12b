package commands

import (
	"github.com/spf13/cobra"

	"github.com/trackmydegree/trackmydegree/internal/app"
	"github.com/trackmydegree/trackmydegree/internal/program"
)

func newWorkerCommand(p program.Process) *cobra.Command {
	return &cobra.Command{
		Use:     "worker",
		Short:   "Run the jobs of the queue",
		GroupID: "roles",
		Args:    cobra.NoArgs,
		RunE:    func(cmd *cobra.Command, _ []string) error { return app.RunWorker(cmd.Context(), p) },
	}
}
