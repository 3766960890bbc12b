// Package scripts runs the commands of tmd as a user types them: testdata/script holds one script per command.
package scripts_test

import (
	"flag"
	"os"
	"path/filepath"
	"testing"

	"github.com/rogpeppe/go-internal/testscript"

	"github.com/trackmydegree/trackmydegree/internal/commands"
	"github.com/trackmydegree/trackmydegree/internal/program"
	"github.com/trackmydegree/trackmydegree/internal/testenv"
)

var update = flag.Bool("update", false, "write the expected output of the scripts again")

// TestMain makes the test program act as tmd when it runs under that name.
func TestMain(m *testing.M) {
	testscript.Main(m, map[string]func(){"tmd": func() {
		os.Exit(program.RunUntilSignal(commands.Run))
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
			env.Setenv("DOCUMENTS", filepath.Join(testenv.RepoRoot(), "tests", "documents"))
			return nil
		},
	})
}
