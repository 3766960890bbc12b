// Command tmd is TrackMyDegree: its roles and its tools, one subcommand each.
package main

import (
	"context"
	"os"
	"os/signal"
	"syscall"

	"github.com/trackmydegree/trackmydegree/internal/commands"
)

func main() { os.Exit(run()) }

func run() int {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	// The first signal drains; with the handler gone, the second ends the process at once.
	context.AfterFunc(ctx, stop)
	return commands.Run(ctx, commands.Process{
		Name: os.Args[0], Args: os.Args[1:], Environ: os.Environ(), Stdin: os.Stdin, Stdout: os.Stdout, Stderr: os.Stderr,
	})
}
