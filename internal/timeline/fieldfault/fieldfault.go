// Package fieldfault collects the faulty fields of one input into an invalid_form error.
package fieldfault

import (
	"cmp"
	"errors"
	"slices"
	"strconv"
	"strings"

	"github.com/trackmydegree/trackmydegree/internal/fault"
)

// An error names at most maxFaults fields, each by a path of at most maxPathBytes and a message of at most
// maxMessageBytes: the answer to a body full of faults stays small.
const (
	maxFaults       = 100
	maxPathBytes    = 200
	maxMessageBytes = 500
)

// List holds faulty fields in the order in which they were found. Its zero value is empty.
type List []fault.Field

// AddFault adds a fault of the field at path. Faults beyond the hundredth are dropped.
func (l *List) AddFault(path, message string) {
	if len(*l) < maxFaults {
		*l = append(*l, fault.Field{Path: cutText(path, maxPathBytes), Message: cutText(message, maxMessageBytes)})
	}
}

// cutText returns at most most bytes of a text.
func cutText(s string, most int) string { return strings.ToValidUTF8(s[:min(len(s), most)], "") }

// HasPath reports whether the list holds the field at path, a field inside it, or a field around it.
func (l *List) HasPath(path string) bool {
	return slices.ContainsFunc(*l, func(have fault.Field) bool {
		return have.Path == path || strings.HasPrefix(have.Path, path+"/") || strings.HasPrefix(path, have.Path+"/")
	})
}

// ToError returns the list as an invalid_form error with the fields in the order of their paths, nil for an empty list.
func (l *List) ToError() error {
	if len(*l) == 0 {
		return nil
	}
	fields := slices.SortedStableFunc(slices.Values(*l), func(a, b fault.Field) int { return cmp.Compare(a.Path, b.Path) })
	return &fault.Error{Code: fault.InvalidForm, Fields: fields}
}

// Merge returns one invalid_form error with the fields of two checks of the same input, so that a caller learns every
// fault at once. Of a field that both name it keeps the first fault. An error of another kind goes first; nil is none.
func Merge(shape, meaning error) error {
	first, firstOK := invalidForm(shape)
	second, secondOK := invalidForm(meaning)
	switch {
	case shape == nil, meaning != nil && !secondOK:
		return meaning
	case meaning == nil, !firstOK:
		return shape
	}
	all := slices.Clone(List(first.Fields))
	for _, f := range second.Fields {
		if !all.HasPath(f.Path) {
			all.AddFault(f.Path, f.Message)
		}
	}
	err := all.ToError()
	if merged, ok := invalidForm(err); ok {
		merged.Closest = second.Closest
	}
	return err
}

func invalidForm(err error) (*fault.Error, bool) {
	var f *fault.Error
	ok := errors.As(err, &f) && f.Code == fault.InvalidForm
	return f, ok
}

// JoinPath extends a JSON pointer (RFC 6901, without the leading slash) by a name or an index.
func JoinPath[T string | int](path string, step T) string {
	var s string
	switch v := any(step).(type) {
	case string:
		s = strings.NewReplacer("~", "~0", "/", "~1").Replace(v)
	case int:
		s = strconv.Itoa(v)
	}
	if path == "" {
		return s
	}
	return path + "/" + s
}
