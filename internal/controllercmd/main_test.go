package controllercmd_test

import (
	"context"
	"os"
	"os/signal"
	"path/filepath"
	"syscall"
	"testing"

	"github.com/trackmydegree/trackmydegree/internal/controllercmd"
	"github.com/trackmydegree/trackmydegree/internal/testenv/kube"
)

const program = "tmd-controller"

var server kube.Server

// The test program is tmd-controller as well, when it is run by that name.
func TestMain(m *testing.M) {
	if filepath.Base(os.Args[0]) == program {
		os.Exit(play())
	}
	os.Exit(server.Main(m))
}

func play() int {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	return controllercmd.Run(ctx, controllercmd.Process{Args: os.Args[1:], Environ: os.Environ(), Stdout: os.Stdout, Stderr: os.Stderr})
}
