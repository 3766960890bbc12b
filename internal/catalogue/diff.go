package catalogue

import (
	"bytes"
	"encoding/json"
	"maps"
	"slices"
)

// ChangeKind is the kind of a change of an entry.
type ChangeKind string

// The kinds of changes.
const (
	Added   ChangeKind = "added"
	Removed ChangeKind = "removed"
	Changed ChangeKind = "changed"
)

// Change is the difference of one entry between two catalogues.
type Change struct {
	File  string     `json:"file"`
	Entry string     `json:"entry"`
	Kind  ChangeKind `json:"kind"`
	// Fields are the names of the fields that differ, of a changed entry.
	Fields []string `json:"fields,omitempty"`
}

// DiffData returns the changes from one catalogue to another, by file and entry. The order of entries does not
// matter.
func DiffData(before, after Data) []Change {
	var out []Change
	if was, is := (edition{before.Calendar, before.Equivalents}), (edition{after.Calendar, after.Equivalents}); !equalJSON(was, is) {
		out = append(out, Change{File: editionFile, Entry: after.Calendar, Kind: Changed, Fields: changedFields(was, is)})
	}
	out = append(out, diffEntries(degreesFile, before.Degrees, after.Degrees, func(g Degree) string { return g.ID })...)
	out = append(out, diffEntries(poolsFile, before.Pools, after.Pools, func(p Pool) string { return p.ID })...)
	out = append(out, diffEntries(coursesFile, before.Courses, after.Courses, func(c Course) string { return c.Code })...)
	return append(out, diffEntries(sequencesFile, before.Sequences, after.Sequences, func(s Sequence) string { return s.Name })...)
}

func diffEntries[T any](file string, before, after []T, key func(T) string) []Change {
	was, is := indexBy(before, key), indexBy(after, key)
	keys := slices.Collect(maps.Keys(was))
	for id := range is {
		if _, ok := was[id]; !ok {
			keys = append(keys, id)
		}
	}
	slices.Sort(keys)
	var out []Change
	for _, id := range keys {
		i, old := was[id]
		j, there := is[id]
		switch {
		case !old:
			out = append(out, Change{File: file, Entry: id, Kind: Added})
		case !there:
			out = append(out, Change{File: file, Entry: id, Kind: Removed})
		default:
			if fields := changedFields(before[i], after[j]); len(fields) > 0 {
				out = append(out, Change{File: file, Entry: id, Kind: Changed, Fields: fields})
			}
		}
	}
	return out
}

// changedFields returns the JSON names of the fields in which two entries differ. An empty list and null are equal.
func changedFields(a, b any) []string {
	was, is := fieldsOf(a), fieldsOf(b)
	names := maps.Clone(was)
	maps.Copy(names, is)
	return slices.Sorted(func(yield func(string) bool) {
		for name := range names {
			if !bytes.Equal(was[name], is[name]) && !yield(name) {
				return
			}
		}
	})
}

func fieldsOf(v any) map[string]json.RawMessage {
	fields := map[string]json.RawMessage{}
	_ = json.Unmarshal(encodeEntry(v), &fields) // an entry is an object
	for name, raw := range fields {
		if string(raw) == "[]" {
			delete(fields, name)
		}
	}
	return fields
}

func equalJSON(a, b any) bool { return bytes.Equal(encodeEntry(a), encodeEntry(b)) }

// encodeEntry returns an entry as JSON; null becomes an empty list.
func encodeEntry(v any) []byte {
	b, _ := json.Marshal(v) // structs of strings and numbers always marshal
	return bytes.ReplaceAll(b, []byte(":null"), []byte(":[]"))
}
