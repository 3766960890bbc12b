// Package commands is the command line of tmd, one file for each command. The commands read flags, call the packages
// that do the work, and print; package app holds the wiring.
package commands

import (
	"context"
	"fmt"

	"github.com/spf13/cobra"

	"github.com/trackmydegree/trackmydegree/internal/program"
)

// Run runs the command line of tmd and returns the process's exit code.
func Run(ctx context.Context, p program.Process) int {
	root := &cobra.Command{
		Use:   "tmd",
		Short: "TrackMyDegree: from a transcript to a timeline",
		Long: "TrackMyDegree: from a transcript to a timeline.\n\n`tmd all` runs everything in one process, without a server to install.\n" +
			"Settings are environment variables: see `tmd config`.\n\n" + program.ExitCodesHelp,
		Args: func(cmd *cobra.Command, args []string) error {
			if err := cobra.NoArgs(cmd, args); err != nil {
				return program.UsageError(fmt.Errorf("%w; `tmd help` lists the commands", err))
			}
			return nil
		},
		RunE: func(cmd *cobra.Command, _ []string) error { return cmd.Help() },
	}
	root.CompletionOptions.HiddenDefaultCmd = true
	root.AddGroup(&cobra.Group{ID: "roles", Title: "Roles:"}, &cobra.Group{ID: "tools", Title: "Tools:"})
	root.SetHelpCommandGroupID("tools")
	root.SetFlagErrorFunc(func(_ *cobra.Command, err error) error { return program.UsageError(err) })
	root.AddCommand(
		newAllCommand(p), newAPICommand(p), newWorkerCommand(p), newParserCommand(p),
		newUploadCommand(p), newAnswerCommand(p), newParseCommand(p), newAuditCommand(p), newWhatIfCommand(p), newPlanCommand(p),
		newEditCommand(p), newMeCommand(p),
		newTokenCommand(p), newSeedCommand(p), newCatalogueCommand(p), newQueueCommand(p), newTopCommand(p), newConfigCommand(p), newDoctorCommand(p), newBackupCommand(p), newRestoreCommand(p),
		newVersionCommand(p), newParserChildCommand(p),
	)
	return program.ExecuteCommand(ctx, p, root)
}
