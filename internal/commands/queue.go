package commands

import (
	"github.com/spf13/cobra"

	"github.com/trackmydegree/trackmydegree/internal/program"
)

func newQueueCommand(p program.Process) *cobra.Command {
	c := &cobra.Command{
		Use:   "queue",
		Short: "Look at the queues and their jobs; retry, delete, pause, drain",
		Long: "Look at the queues and their jobs, run failed ones again, delete, hold queues back, and drain the system.\n" +
			"It works on Redis itself (REDIS_JOB_URL) and, for documents, on the uploads (TMD_UPLOAD_DIR): run it where a worker\n" +
			"runs. A job that failed permanently is dead, and is kept for 7 days.\n\n" + program.ExitCodesHelp,
		GroupID: "tools",
		Args:    cobra.NoArgs,
		RunE:    func(cmd *cobra.Command, _ []string) error { return cmd.Help() },
	}
	c.AddCommand(
		newQueueListCommand(p), newQueueShowCommand(p), newQueueRetryCommand(p), newQueueDeleteCommand(p),
		newQueuePauseCommand(p), newQueueResumeCommand(p), newQueueDrainCommand(p), newQueueStatsCommand(p), newQueueAuditCommand(p),
	)
	return c
}
