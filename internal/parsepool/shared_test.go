package parsepool_test

import (
	"testing"

	"github.com/trackmydegree/trackmydegree/internal/parsepool"
)

func TestOpenSharedMemoryWithoutOne(t *testing.T) {
	t.Parallel()
	for _, environ := range [][]string{nil, {"TMD_SHARED_MEMORY="}, {"TMD_SHARED_MEMORY=0"}, {"TMD_SHARED_MEMORY=4", "HOME=3"}} {
		if f := parsepool.OpenSharedMemory(environ); f != nil {
			t.Errorf("%q: descriptor %d, want none", environ, f.Fd())
		}
	}
}
