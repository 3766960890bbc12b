package controllercmd_test

import (
	"os"
	"path/filepath"
	"testing"

	"github.com/trackmydegree/trackmydegree/internal/controllercmd"
	"github.com/trackmydegree/trackmydegree/internal/program"
	"github.com/trackmydegree/trackmydegree/internal/testenv/kube"
)

const programName = "tmd-controller"

var server kube.Server

// The test binary is tmd-controller as well, when it runs under that name.
func TestMain(m *testing.M) {
	if filepath.Base(os.Args[0]) == programName {
		os.Exit(program.RunUntilSignal(controllercmd.Run))
	}
	os.Exit(server.RunMain(m))
}
