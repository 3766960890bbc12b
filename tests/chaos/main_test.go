//go:build chaos

package chaos

import (
	"os"
	"testing"
)

// TestMain runs the tests in their own mount namespace.
func TestMain(m *testing.M) {
	code, ran := runWithOwnMounts()
	if !ran {
		code = m.Run()
	}
	os.Exit(code)
}
