//go:build !linux

package parsepool

import "os"

func newSharedMemory() (*os.File, error) { return nil, errUnsupported }
