//go:build chaos

package chaos

import (
	"os"
	"testing"
)

// TestMain runs the tests with mounts of their own.
func TestMain(m *testing.M) {
	code, ran := runWithOwnMounts()
	if !ran {
		code = m.Run()
	}
	os.Exit(code)
}
