//go:build load

package load

import (
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/trackmydegree/trackmydegree/internal/apiclient"
	"github.com/trackmydegree/trackmydegree/internal/job"
	"github.com/trackmydegree/trackmydegree/internal/testenv"
)

// Many waiting jobs slow neither the uploads nor the first job of a new worker.
func TestLoadBacklog(t *testing.T) {
	const few, many, slice = 1, 20_000, 2_000
	pdf, err := os.ReadFile(filepath.Join(testenv.RepoRoot(), "tests/documents/variants/centred-wide.pdf"))
	if err != nil {
		t.Fatal(err)
	}
	form := apiclient.NewDocumentForm(pdf)
	for _, waiting := range []int{few, many} {
		s := startWithoutWorker(t, builtTMD())
		ids := make([]job.ID, waiting)
		upload := func(from, n int) float64 {
			began := time.Now()
			runConcurrently(t, n, 16, func(i int) (err error) {
				ids[from+i], err = s.upload(t.Context(), form)
				return err
			})
			return float64(n) / time.Since(began).Seconds()
		}
		// The first job is the oldest.
		upload(0, 1)
		if waiting > 1 {
			first := upload(1, slice)
			upload(1+slice, waiting-1-2*slice)
			last := upload(waiting-slice, slice)
			reportFigure(t, "uploads/s with 20,000 waiting ÷ with none", last/first, "1")
		}
		began := time.Now()
		s.startWorker(t)
		if err := s.waitUntilDone(t.Context(), ids[0]); err != nil {
			t.Fatal(err)
		}
		reportFigure(t, "start of a worker to its first job done, waiting: "+map[int]string{few: "1", many: "20,000"}[waiting], time.Since(began), "0.2 s")
		reportFigure(t, "of it to ready", s.worker.ready, "")
	}
}
