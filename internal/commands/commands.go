// Package commands is the command line of tmd: it wires the packages into roles and tools, one file for each command.
//
// A role is built bottom-up: telemetry, clients, stores, use cases, adapters; then its components run until a signal.
package commands

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"

	"github.com/spf13/cobra"
	"golang.org/x/term"

	"github.com/trackmydegree/trackmydegree/internal/config"
)

// version is set when a release is linked.
var version = "dev"

// Process is what a command may touch of the process that it runs in.
type Process struct {
	Name    string   // how the program was called, for samples that can be copied; "tmd" when it is empty
	Args    []string // without the program's name
	Environ []string // in the form of os.Environ
	Stdin   io.Reader
	Stdout  io.Writer
	Stderr  io.Writer
}

// The exit codes, the same for every command. A process that a signal interrupted before its work was done ends with
// 128 and the signal's number, as shells expect.
const (
	exitOK          = 0
	exitFailed      = 1 // the work failed: a document was refused, a role broke
	exitUsage       = 2 // the command line or a setting is wrong
	exitUnreachable = 3 // the server is not there
	exitRefused     = 4 // the server does not accept this caller
	exitInterrupted = 130
)

const exitCodes = `Exit codes: 0 success; 1 the work failed; 2 wrong usage or settings; 3 the server cannot be reached;
4 the server refuses this caller; 130 interrupted.`

// exit is an error that ends the process with a code.
type exit struct {
	code int
	err  error // nil when everything has been said already
}

func (e *exit) Error() string {
	if e.err == nil {
		return fmt.Sprintf("exit code %d", e.code)
	}
	return e.err.Error()
}

func (e *exit) Unwrap() error { return e.err }

func usage(err error) error { return &exit{exitUsage, err} }

// Run runs the command line and returns the process's exit code.
func Run(ctx context.Context, p Process) int {
	root := &cobra.Command{
		Use:   "tmd",
		Short: "TrackMyDegree: from a transcript to a timeline",
		Long: "TrackMyDegree: from a transcript to a timeline.\n\n`tmd all` runs everything in one process, without a server to install.\n" +
			"Settings are environment variables: see `tmd config`.\n\n" + exitCodes,
		Args: func(cmd *cobra.Command, args []string) error {
			if err := cobra.NoArgs(cmd, args); err != nil {
				return usage(fmt.Errorf("%w; `tmd help` lists the commands", err))
			}
			return nil
		},
		SilenceErrors: true,
		SilenceUsage:  true,
		RunE:          func(cmd *cobra.Command, _ []string) error { return cmd.Help() },
	}
	root.SetArgs(p.Args)
	root.SetIn(p.Stdin)
	root.SetOut(p.Stdout)
	root.SetErr(p.Stderr)
	root.CompletionOptions.HiddenDefaultCmd = true
	root.AddGroup(&cobra.Group{ID: "roles", Title: "Roles:"}, &cobra.Group{ID: "tools", Title: "Tools:"})
	root.SetHelpCommandGroupID("tools")
	root.AddCommand(p.commands()...)
	root.SetFlagErrorFunc(func(_ *cobra.Command, err error) error { return usage(err) })
	for _, c := range root.Commands() {
		explainUsage(c)
	}
	return p.code(ctx, root.ExecuteContext(ctx))
}

// explainUsage makes wrong arguments of a command, and of those below it, end with how it is used.
func explainUsage(c *cobra.Command) {
	if args := c.Args; args != nil {
		c.Args = func(cmd *cobra.Command, a []string) error {
			if err := args(cmd, a); err != nil {
				return usage(fmt.Errorf("%w; usage: %s", err, cmd.UseLine()))
			}
			return nil
		}
	}
	for _, below := range c.Commands() {
		explainUsage(below)
	}
}

func (p Process) commands() []*cobra.Command {
	return []*cobra.Command{
		p.allCommand(), p.apiCommand(), p.workerCommand(), p.parserCommand(),
		p.uploadCommand(), p.parseCommand(), p.tokenCommand(), p.seedCommand(), p.queueCommand(), p.configCommand(), p.versionCommand(),
		p.childCommand(),
	}
}

// code tells a failure and returns its exit code.
func (p Process) code(ctx context.Context, err error) int {
	var (
		end    *exit
		faults config.Faults
	)
	switch {
	case err == nil:
		return exitOK
	case errors.As(err, &end):
		if end.err != nil {
			fmt.Fprintln(p.Stderr, "tmd:", end.err)
		}
		return end.code
	case errors.As(err, &faults):
		fmt.Fprintln(p.Stderr, "tmd:", err)
		return exitUsage
	case ctx.Err() != nil && errors.Is(err, context.Canceled):
		return exitInterrupted
	default:
		fmt.Fprintln(p.Stderr, "tmd:", err)
		return exitFailed
	}
}

// terminal reports whether w is one.
func terminal(w io.Writer) bool {
	f, ok := w.(*os.File)
	return ok && term.IsTerminal(int(f.Fd()))
}
