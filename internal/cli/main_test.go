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

// The test program is tmd as well: scripts and process tests run it under that name, and so do the parser's children.
func TestMain(m *testing.M) {
	if os.Getenv(asTmd) == "1" || filepath.Base(os.Args[0]) == "tmd" {
		os.Exit(tmd())
	}
	testscript.Main(m, map[string]func(){"tmd": func() { os.Exit(tmd()) }})
}

// asTmd makes a child of the test program be tmd.
const asTmd = "TEST_AS_TMD"

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
