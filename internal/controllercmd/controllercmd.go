// Package controllercmd is the command line of tmd-controller. Package controllerapp holds the wiring.
package controllercmd

import (
	"context"
	"errors"
	"fmt"
	"strings"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"github.com/trackmydegree/trackmydegree/internal/app/controllerapp"
	"github.com/trackmydegree/trackmydegree/internal/program"
)

const usage = `tmd-controller spares busy workers when Kubernetes scales down, and hands over what the dead left.
Settings are environment variables: see ` + "`tmd config controller`" + `.

Usage: tmd-controller [--dry-run] [--version]

  --dry-run   log what it would do, and do nothing
  --version   print what this is
`

// Run runs the command line of tmd-controller and returns the process's exit code.
func Run(ctx context.Context, p program.Process) int {
	var dryRun, printVersion bool
	root := &cobra.Command{
		Use: "tmd-controller",
		Args: func(_ *cobra.Command, args []string) error {
			if len(args) > 0 {
				return printUsageError(p, fmt.Sprintf("tmd-controller: unexpected argument %q", args[0]))
			}
			return nil
		},
		RunE: func(cmd *cobra.Command, _ []string) error {
			if printVersion {
				fmt.Fprintln(p.Stdout, program.VersionLine("tmd-controller"))
				return nil
			}
			return controllerapp.Run(cmd.Context(), p, dryRun)
		},
	}
	root.Flags().BoolVar(&dryRun, "dry-run", false, "log what it would do, and do nothing")
	root.Flags().BoolVar(&printVersion, "version", false, "print what this is")
	root.SetHelpFunc(func(*cobra.Command, []string) { fmt.Fprint(p.Stderr, usage) })
	root.SetFlagErrorFunc(func(_ *cobra.Command, err error) error {
		var unknown *pflag.NotExistError
		if errors.As(err, &unknown) {
			return printUsageError(p, "flag provided but not defined: -"+unknown.GetSpecifiedName())
		}
		return printUsageError(p, err.Error())
	})
	p.Args = toLongFlags(p.Args)
	return program.ExecuteCommand(ctx, p, root)
}

// printUsageError prints what is wrong with the command line, and the usage.
func printUsageError(p program.Process, message string) error {
	fmt.Fprintf(p.Stderr, "%s\n%s", message, usage)
	return &program.ExitError{Code: program.ExitUsage}
}

// toLongFlags accepts flags with one dash, as in -dry-run, which manifests of earlier releases may have.
func toLongFlags(args []string) []string {
	long := make([]string, len(args))
	for i, arg := range args {
		if name, ok := strings.CutPrefix(arg, "-"); ok && len(name) > 1 && !strings.HasPrefix(name, "-") {
			arg = "--" + name
		}
		long[i] = arg
	}
	return long
}
