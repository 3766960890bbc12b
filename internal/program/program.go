// Package program holds what both programs, tmd and tmd-controller, share: the process that they run in, their version,
// exit codes, signals, the execution of a command line, and the start and end of telemetry.
package program

import (
	"context"
	"fmt"
	"io"
	"os"
	"os/signal"
	"runtime"
	"syscall"

	"golang.org/x/term"
)

// version is set when a release is linked.
var version = "dev"

// BuildVersion returns the version of the release, "dev" in a build that is none.
func BuildVersion() string { return version }

// VersionLine describes the build of the named program in one line.
func VersionLine(name string) string {
	return fmt.Sprintf("%s %s %s %s/%s", name, version, runtime.Version(), runtime.GOOS, runtime.GOARCH)
}

// Process is the part of the operating system's process that a command may use. Tests pass buffers instead.
type Process struct {
	Name    string   // how the program was called, for examples that can be copied
	Args    []string // without the program's name
	Environ []string // in the form of os.Environ
	Stdin   io.Reader
	Stdout  io.Writer
	Stderr  io.Writer
}

// currentProcess returns the process that this code runs in.
func currentProcess() Process {
	return Process{
		Name: os.Args[0], Args: os.Args[1:], Environ: os.Environ(), Stdin: os.Stdin, Stdout: os.Stdout, Stderr: os.Stderr,
	}
}

// RunUntilSignal runs a program in the current process and returns its exit code. The first SIGINT or SIGTERM cancels
// the context, so that the program drains; the handler is then removed, so that the second ends the process at once.
func RunUntilSignal(run func(context.Context, Process) int) int {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	context.AfterFunc(ctx, stop)
	return run(ctx, currentProcess())
}

// IsTerminal reports whether w is a terminal.
func IsTerminal(w io.Writer) bool {
	f, ok := w.(*os.File)
	return ok && term.IsTerminal(int(f.Fd()))
}
