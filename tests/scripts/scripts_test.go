// Package scripts runs the commands of tmd as a user types them: testdata/script holds one script per command.
package scripts_test

import (
	"context"
	"flag"
	"os"
	"os/signal"
	"path/filepath"
	"syscall"
	"testing"

	"github.com/rogpeppe/go-internal/testscript"

	"github.com/trackmydegree/trackmydegree/internal/commands"
	"github.com/trackmydegree/trackmydegree/internal/testenv"
)

var update = flag.Bool("update", false, "write the expected output of the scripts again")

// TestMain makes the test program act as tmd when it runs under that name.
func TestMain(m *testing.M) {
	testscript.Main(m, map[string]func(){"tmd": func() {
		ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
		context.AfterFunc(ctx, stop)
		code := commands.Run(ctx, commands.Process{
			Args: os.Args[1:], Environ: os.Environ(), Stdin: os.Stdin, Stdout: os.Stdout, Stderr: os.Stderr,
		})
		stop()
		os.Exit(code)
	}})
}

func TestScripts(t *testing.T) {
	t.Parallel()
	testscript.Run(t, testscript.Params{
		Dir:                 filepath.Join("testdata", "script"),
		UpdateScripts:       *update,
		RequireExplicitExec: true,
		RequireUniqueNames:  true,
		Setup: func(env *testscript.Env) error {
			env.Setenv("CACHE", testenv.WasmCache())
			env.Setenv("DOCUMENTS", filepath.Join(testenv.Root(), "tests", "documents"))
			return nil
		},
	})
}
