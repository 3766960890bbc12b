package commands

import (
	"github.com/spf13/cobra"

	"github.com/trackmydegree/trackmydegree/internal/commands/bulkchange"
	"github.com/trackmydegree/trackmydegree/internal/program"
)

func newQueueDeleteCommand(p program.Process) *cobra.Command {
	ch := &changeCommand{Change: bulkchange.Delete}
	c := &cobra.Command{
		Use:   "delete [ID...]",
		Short: "Forget jobs: their documents, records, results and tasks",
		Long: "Forget jobs: those that are named, or those that fit the flags (--state is dead if it is not said).\n" +
			"A worker that runs one of them can write nothing more of it.",
		RunE: func(cmd *cobra.Command, ids []string) error { return ch.run(cmd.Context(), p, ids) },
	}
	ch.addFlags(c)
	c.Flags().BoolVar(&ch.unconfirmed, "yes", false, "do not ask before many are deleted")
	return c
}
