// Command tmd-controller does for the workers of a release what a Deployment cannot do by itself. Only this program
// depends on Kubernetes libraries.
package main

import (
	"os"

	"github.com/trackmydegree/trackmydegree/internal/controllercmd"
	"github.com/trackmydegree/trackmydegree/internal/program"
)

func main() { os.Exit(program.RunUntilSignal(controllercmd.Run)) }
