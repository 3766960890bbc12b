// Package documentfile reads the documents that are named on a command line.
package documentfile

import (
	"fmt"
	"io"
	"os"

	"github.com/trackmydegree/trackmydegree/internal/document"
	"github.com/trackmydegree/trackmydegree/internal/fault"
)

// Sizes returns the size of each file in bytes. It fails if one is named twice, is missing, or is no regular file.
func Sizes(paths []string) (map[string]int, error) {
	sizes := map[string]int{}
	for _, path := range paths {
		info, err := os.Stat(path)
		switch {
		case err != nil:
			return nil, err
		case !info.Mode().IsRegular():
			return nil, fmt.Errorf("%s is not a file", path)
		}
		if _, twice := sizes[path]; twice {
			return nil, fmt.Errorf("%s is named twice", path)
		}
		sizes[path] = int(info.Size())
	}
	return sizes, nil
}

// Read reads a document into memory. One above document.MaxBytes is the fault TooLarge.
func Read(path string) ([]byte, error) {
	f, err := os.Open(path)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	b, err := io.ReadAll(io.LimitReader(f, document.MaxBytes+1))
	if err != nil {
		return nil, err
	}
	if len(b) > document.MaxBytes {
		return nil, fault.New(fault.TooLarge)
	}
	return b, nil
}
