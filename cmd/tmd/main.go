// Command tmd is TrackMyDegree: its roles and its tools, one subcommand each.
package main

import (
	"os"

	"github.com/trackmydegree/trackmydegree/internal/commands"
	"github.com/trackmydegree/trackmydegree/internal/program"
)

func main() { os.Exit(program.RunUntilSignal(commands.Run)) }
