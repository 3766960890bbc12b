package commands

import (
	"github.com/spf13/cobra"

	"github.com/trackmydegree/trackmydegree/internal/app"
	"github.com/trackmydegree/trackmydegree/internal/program"
)

func newParserCommand(p program.Process) *cobra.Command {
	return &cobra.Command{
		Use:     "parser",
		Short:   "Read documents: PDF bytes in, facts out",
		GroupID: "roles",
		Args:    cobra.NoArgs,
		RunE:    func(cmd *cobra.Command, _ []string) error { return app.RunParser(cmd.Context(), p) },
	}
}
