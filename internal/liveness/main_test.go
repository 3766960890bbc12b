package liveness_test

import (
	"os"
	"testing"

	"go.uber.org/goleak"
)

// TestMain makes the test program a worker for the tests that kill one.
func TestMain(m *testing.M) {
	if url := os.Getenv(workerURL); url != "" {
		os.Exit(runWorkerProcess(url))
	}
	goleak.VerifyTestMain(m)
}
