//go:build load

package load

import (
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"sync/atomic"
	"testing"
)

// quietBuild is this build without traces and without lines about requests and jobs. Metrics are always counted.
func quietBuild(t *testing.T) string {
	t.Helper()
	return wrapBuild(t, "TMD_LOG_LEVEL=error")
}

// instrumentedBuild is this build with all of its instrumentation: each trace, to a collector on loopback that reads
// and drops it, and the log of the default level.
func instrumentedBuild(t *testing.T) string {
	t.Helper()
	var batches atomic.Int64
	collector := httptest.NewServer(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
		batches.Add(1)
		_, _ = io.Copy(io.Discard, r.Body)
	}))
	t.Cleanup(func() {
		collector.Close()
		if batches.Load() == 0 {
			t.Error("no trace reached the collector")
		}
	})
	return wrapBuild(t, "OTEL_EXPORTER_OTLP_ENDPOINT="+collector.URL)
}

// wrapBuild returns a program that runs this build with more settings.
func wrapBuild(t *testing.T, settings ...string) string {
	t.Helper()
	script := fmt.Sprintf("#!/bin/sh\nexport %s\nexec %s \"$@\"\n", strings.Join(settings, " "), builtTMD())
	path := filepath.Join(t.TempDir(), "tmd")
	if err := os.WriteFile(path, []byte(script), 0o755); err != nil {
		t.Fatal(err)
	}
	return path
}
