package commands_test

import (
	"flag"
	"fmt"
	"net/http"
	"os"
	"path/filepath"
	"testing"

	"go.uber.org/goleak"

	"github.com/trackmydegree/trackmydegree/internal/commands"
	"github.com/trackmydegree/trackmydegree/internal/pdftext"
	"github.com/trackmydegree/trackmydegree/internal/program"
	"github.com/trackmydegree/trackmydegree/internal/testenv"
)

var update = flag.Bool("update", false, "write the golden files again")

// TestMain makes the test program act as tmd when it runs under that name: tests of processes do so, and the parser's
// children keep the name.
func TestMain(m *testing.M) {
	if filepath.Base(os.Args[0]) == "tmd" {
		os.Exit(program.RunUntilSignal(commands.Run))
	}
	os.Exit(leakChecked{m}.Run())
}

// leakChecked fails the tests if one of them leaves a goroutine running.
type leakChecked struct{ *testing.M }

func (m leakChecked) Run() int {
	// PDFium is compiled here, if necessary: with the race detector on a slow machine it can take longer than a child
	// may take to start.
	extractor, err := pdftext.New(pdftext.Config{CacheDir: testenv.WasmCache()})
	if err == nil {
		err = extractor.Close()
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		return 1
	}
	code := m.M.Run()
	http.DefaultClient.CloseIdleConnections()
	if err := goleak.Find(); code == 0 && err != nil {
		fmt.Fprintln(os.Stderr, err)
		return 1
	}
	return code
}
