//go:build !linux

package pdftext

import (
	"errors"
	"os"
)

// ShareCode is available on Linux only.
func (e *Extractor) ShareCode(*os.File) error { return errors.ErrUnsupported }
