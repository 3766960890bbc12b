package seeding

import (
	"bytes"
	"encoding/json"
	"fmt"
	"strings"

	"github.com/trackmydegree/trackmydegree/internal/catalogue"
)

// describeDifference says what a seed changed, in one line for each kind of entry.
func describeDifference(before, after catalogue.Data) string {
	var b strings.Builder
	changed := false
	for _, line := range []struct {
		kind string
		n    changeCounts
	}{
		{"degrees", countChanges(before.Degrees, after.Degrees, func(d catalogue.Degree) string { return d.ID })},
		{"pools", countChanges(before.Pools, after.Pools, func(p catalogue.Pool) string { return p.ID })},
		{"courses", countChanges(before.Courses, after.Courses, func(c catalogue.Course) string { return c.Code })},
		{"sequences", countChanges(before.Sequences, after.Sequences, func(s catalogue.Sequence) string { return s.Name })},
	} {
		fmt.Fprintf(&b, "%s: %d, of these %d new, %d changed; %d removed\n", line.kind, line.n.all, line.n.added, line.n.changed, line.n.removed)
		changed = changed || line.n.added+line.n.changed+line.n.removed > 0
	}
	if !changed {
		return "nothing changed\n"
	}
	return b.String()
}

type changeCounts struct{ all, added, changed, removed int }

func countChanges[T any](before, after []T, id func(T) string) changeCounts {
	old := make(map[string][]byte, len(before))
	for _, v := range before {
		old[id(v)] = encodeComparably(v)
	}
	n := changeCounts{all: len(after)}
	for _, v := range after {
		switch encoded, found := old[id(v)]; {
		case !found:
			n.added++
		case !bytes.Equal(encoded, encodeComparably(v)):
			n.changed++
		}
		delete(old, id(v))
	}
	n.removed = len(old)
	return n
}

// encodeComparably encodes an entry so that an empty list and a missing one are the same.
func encodeComparably(v any) []byte {
	b, _ := json.Marshal(v) // structs of strings and numbers always marshal
	return bytes.ReplaceAll(b, []byte("null"), []byte("[]"))
}
