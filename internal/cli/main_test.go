package cli_test

import (
	"context"
	"flag"
	"os"
	"os/signal"
	"path/filepath"
	"syscall"
	"testing"

	"github.com/rogpeppe/go-internal/testscript"

	"github.com/trackmydegree/trackmydegree/internal/cli"
	"github.com/trackmydegree/trackmydegree/internal/testenv"
)

var update = flag.Bool("update", false, "write the golden files again")

// The test program is tmd as well, whenever it is run by that name: scripts and tests of processes do so, and the
// parser's children keep the name.
func TestMain(m *testing.M) {
	testscript.Main(m, map[string]func(){"tmd": func() { os.Exit(tmd()) }})
}

func tmd() int {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	context.AfterFunc(ctx, stop)
	return cli.Run(ctx, cli.Process{Args: os.Args[1:], Environ: os.Environ(), Stdin: os.Stdin, Stdout: os.Stdout, Stderr: os.Stderr})
}

func TestScripts(t *testing.T) {
	t.Parallel()
	testscript.Run(t, testscript.Params{
		Dir:                 filepath.Join("testdata", "script"),
		UpdateScripts:       *update,
		RequireExplicitExec: true,
		RequireUniqueNames:  true,
		Setup: func(env *testscript.Env) error {
			// Compiled WebAssembly is kept between runs: compiling takes 3 s of a whole core.
			env.Setenv("CACHE", filepath.Join(testenv.Root(), ".cache", "wasm"))
			env.Setenv("DOCUMENTS", filepath.Join(testenv.Root(), "tests", "documents"))
			return nil
		},
	})
}
