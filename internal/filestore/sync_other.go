//go:build !linux

package filestore

import "os"

// syncAll is available on Linux only; elsewhere each file is synced.
func syncAll(*os.File) func() error { return nil }
