//go:build load

package load

import (
	"os"
	"testing"

	"github.com/trackmydegree/trackmydegree/internal/testenv/kube"
)

var cluster kube.Server

func TestMain(m *testing.M) { os.Exit(cluster.RunMain(m)) }
