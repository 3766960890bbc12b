//go:build !linux

package parsepool

import (
	"errors"
	"os"
	"syscall"
	"time"
)

// errUnsupported is why a pool refuses to run: a child can be confined on Linux only.
var errUnsupported = errors.New("parser children can be confined on Linux only: run the parser in a container")

var executable = os.Args[0]

func childAttributes() *syscall.SysProcAttr { return &syscall.SysProcAttr{} }

func confineThread() error { return errUnsupported }

func limitChild(int, int64, time.Duration) (usage, error) { return usage{}, errUnsupported }

func readUsage(int) (usage, error) { return usage{}, errUnsupported }
