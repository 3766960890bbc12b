// Command tmd-controller automates the operation of a release's workers beyond what a Deployment does. Only this
// program depends on Kubernetes libraries.
package main

import (
	"os"

	"github.com/trackmydegree/trackmydegree/internal/controllercmd"
	"github.com/trackmydegree/trackmydegree/internal/program"
)

func main() { os.Exit(program.RunUntilSignal(controllercmd.Run)) }
