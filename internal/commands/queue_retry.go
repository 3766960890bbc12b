package commands

import (
	"github.com/spf13/cobra"

	"github.com/trackmydegree/trackmydegree/internal/commands/bulkchange"
	"github.com/trackmydegree/trackmydegree/internal/program"
)

func newQueueRetryCommand(p program.Process) *cobra.Command {
	ch := &changeCommand{Change: bulkchange.Retry, unconfirmed: true} // a retry does no harm
	c := &cobra.Command{
		Use:   "retry [ID...]",
		Short: "Run dead jobs again; let waiting ones wait no longer",
		Long: "Run jobs again: those that are named, or those that fit the flags (--state is dead if it is not said).\n" +
			"A dead job starts again with its id and its owner. The job of a document needs the document, which is kept where the\n" +
			"workers have TMD_KEEP_FAILED_UPLOADS=true. A job that waits for its next attempt waits no longer.",
		RunE: func(cmd *cobra.Command, ids []string) error { return ch.run(cmd.Context(), p, ids) },
	}
	ch.addFlags(c)
	return c
}
