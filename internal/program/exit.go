package program

import (
	"context"
	"errors"
	"fmt"
	"io"

	"github.com/trackmydegree/trackmydegree/internal/config"
)

// The exit codes of every command. A process that a signal interrupted before its work was done ends with 128 plus the
// number of SIGINT, as shells do. A larger code is a graver failure.
const (
	ExitOK          = 0
	ExitFailed      = 1 // the work failed: a document was refused, a role broke
	ExitUsage       = 2 // the command line or a setting is wrong
	ExitUnreachable = 3 // the server does not answer
	ExitRefused     = 4 // the server does not accept this caller
	ExitInterrupted = 130
)

// ExitCodesHelp describes the exit codes in a command's help.
const ExitCodesHelp = `Exit codes: 0 success; 1 the work failed; 2 wrong usage or settings; 3 the server cannot be reached;
4 the server refuses this caller; 130 interrupted.`

// ExitError ends the process with a code.
type ExitError struct {
	Code int
	Err  error // nil if the command has printed everything itself
}

// Error returns the text of Err, or the code where Err is nil.
func (e *ExitError) Error() string {
	if e.Err == nil {
		return fmt.Sprintf("exit code %d", e.Code)
	}
	return e.Err.Error()
}

// Unwrap returns Err.
func (e *ExitError) Unwrap() error { return e.Err }

// UsageError ends the process with ExitUsage.
func UsageError(err error) error { return &ExitError{ExitUsage, err} }

// reportExit prints an error of the named program to w and returns its exit code.
func reportExit(ctx context.Context, w io.Writer, name string, err error) int {
	var (
		exit   *ExitError
		faults config.Faults
	)
	switch {
	case err == nil:
		return ExitOK
	case errors.As(err, &exit):
		if exit.Err != nil {
			fmt.Fprintf(w, "%s: %v\n", name, exit.Err)
		}
		return exit.Code
	case errors.As(err, &faults):
		fmt.Fprintf(w, "%s: %v\n", name, err)
		return ExitUsage
	case ctx.Err() != nil && errors.Is(err, context.Canceled):
		return ExitInterrupted
	default:
		fmt.Fprintf(w, "%s: %v\n", name, err)
		return ExitFailed
	}
}
