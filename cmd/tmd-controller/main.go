// Command tmd-controller does for the workers of a release what a Deployment cannot do by itself. It alone knows Kubernetes.
package main

import (
	"context"
	"os"
	"os/signal"
	"syscall"

	"github.com/trackmydegree/trackmydegree/internal/controllercmd"
)

func main() { os.Exit(run()) }

func run() int {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	// The first signal ends in order; with the handler gone, the second ends the process at once.
	context.AfterFunc(ctx, stop)
	return controllercmd.Run(ctx, controllercmd.Process{Args: os.Args[1:], Environ: os.Environ(), Stdout: os.Stdout, Stderr: os.Stderr})
}
