package evictionguard_test

import (
	"os"
	"testing"

	"github.com/trackmydegree/trackmydegree/internal/testenv/kube"
)

var server kube.Server

func TestMain(m *testing.M) { os.Exit(server.RunMain(m)) }
