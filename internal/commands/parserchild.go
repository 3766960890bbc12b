package commands

import (
	"github.com/spf13/cobra"

	"github.com/trackmydegree/trackmydegree/internal/app/parserchild"
	"github.com/trackmydegree/trackmydegree/internal/program"
)

// newParserChildCommand is the command that the parser's pool runs.
func newParserChildCommand(p program.Process) *cobra.Command {
	return &cobra.Command{
		Use:    parserchild.Command,
		Short:  "Read documents for the parser that started this process",
		Hidden: true,
		Args:   cobra.NoArgs,
		RunE:   func(*cobra.Command, []string) error { return parserchild.Serve(p.Environ, p.Stdin, p.Stdout) },
	}
}
