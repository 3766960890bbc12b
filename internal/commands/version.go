package commands

import (
	"fmt"

	"github.com/spf13/cobra"

	"github.com/trackmydegree/trackmydegree/internal/program"
)

func newVersionCommand(p program.Process) *cobra.Command {
	return &cobra.Command{
		Use:     "version",
		Short:   "Print what this is",
		GroupID: "tools",
		Args:    cobra.NoArgs,
		RunE: func(*cobra.Command, []string) error {
			fmt.Fprintln(p.Stdout, program.VersionLine("tmd"))
			return nil
		},
	}
}
