package timeline

import (
	"cmp"
	"slices"
	"strconv"
	"strings"

	"github.com/trackmydegree/trackmydegree/internal/fault"
)

// maxFaults bounds how many fields an error names, maxPath how long the name of one is.
const (
	maxFaults = 100
	maxPath   = 200
)

// faults gathers the faulty fields of one input.
type faults []fault.Field

func (f *faults) add(path, message string) {
	if len(*f) < maxFaults {
		*f = append(*f, fault.Field{Path: strings.ToValidUTF8(path[:min(len(path), maxPath)], ""), Message: message})
	}
}

// has reports whether a field, or something inside it, is faulty.
func (f *faults) has(path string) bool {
	return slices.ContainsFunc(*f, func(have fault.Field) bool {
		return have.Path == path || strings.HasPrefix(have.Path, path+"/") || strings.HasPrefix(path, have.Path+"/")
	})
}

// invalid returns the error for faulty fields, nil for none.
func invalid(f faults) error {
	if len(f) == 0 {
		return nil
	}
	fields := slices.SortedStableFunc(slices.Values(f), func(a, b fault.Field) int { return cmp.Compare(a.Path, b.Path) })
	return &fault.Error{Code: fault.InvalidForm, Fields: fields}
}

// join extends a JSON pointer by a name or a place in a list.
func join[T string | int](path string, step T) string {
	var s string
	switch v := any(step).(type) {
	case string:
		s = strings.NewReplacer("~", "~0", "/", "~1").Replace(v)
	case int:
		s = itoa(v)
	}
	if path == "" {
		return s
	}
	return path + "/" + s
}

func itoa(n int) string { return strconv.Itoa(n) }
