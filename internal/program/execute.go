package program

import (
	"context"
	"fmt"

	"github.com/spf13/cobra"
)

// ExecuteCommand runs the command line of a program, prints its error, if any, and returns the exit code.
func ExecuteCommand(ctx context.Context, p Process, root *cobra.Command) int {
	root.SilenceErrors, root.SilenceUsage = true, true
	root.SetArgs(append([]string{}, p.Args...)) // cobra reads those of the operating system in place of nil
	root.SetIn(p.Stdin)
	root.SetOut(p.Stdout)
	root.SetErr(p.Stderr)
	for _, c := range root.Commands() {
		addUsageToErrors(c)
	}
	return reportExit(ctx, p.Stderr, root.Name(), root.ExecuteContext(ctx))
}

// addUsageToErrors makes wrong arguments of a command and of its subcommands usage errors that show the usage line.
func addUsageToErrors(c *cobra.Command) {
	if validate := c.Args; validate != nil {
		c.Args = func(cmd *cobra.Command, args []string) error {
			if err := validate(cmd, args); err != nil {
				return UsageError(fmt.Errorf("%w; usage: %s", err, cmd.UseLine()))
			}
			return nil
		}
	}
	for _, sub := range c.Commands() {
		addUsageToErrors(sub)
	}
}
