package wire

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"maps"
	"math"
	"slices"
	"strconv"

	"github.com/trackmydegree/trackmydegree/internal/fault"
	"github.com/trackmydegree/trackmydegree/internal/timeline/fieldfault"
)

// The limits of the JSON that clients send.
const (
	maxBody  = 1 << 20 // bytes
	maxDepth = 8       // objects and lists inside each other; the deepest legal body has 5
)

// readObject reads one JSON object and nothing after it. Anything else is bad_request; an error of r is returned
// unchanged.
func readObject(r io.Reader, faults *fieldfault.List) (map[string]any, error) {
	b, err := io.ReadAll(io.LimitReader(r, maxBody+1))
	if err != nil {
		return nil, fmt.Errorf("read the body: %w", err)
	}
	if len(b) > maxBody {
		return nil, fault.WithDetail(fault.BadRequest, "The body is larger than 1 MiB. Send less.")
	}
	t := &treeReader{dec: json.NewDecoder(bytes.NewReader(b)), faults: faults}
	t.dec.UseNumber()
	v, err := t.readValue("", 0)
	if err == nil {
		if _, end := t.dec.Token(); !errors.Is(end, io.EOF) {
			err = errors.New("more than one value")
		}
	}
	if err != nil {
		return nil, &fault.Error{Code: fault.BadRequest, Cause: err, Detail: "The body is not valid JSON. Send one JSON object."}
	}
	object, ok := v.(map[string]any)
	if !ok {
		return nil, fault.WithDetail(fault.BadRequest, "The body is JSON, but no object. Send one JSON object.")
	}
	return object, nil
}

// treeReader reads JSON into maps, lists, strings, json.Numbers and bools, and adds a fault for a repeated name, of
// which it is unclear which value counts.
type treeReader struct {
	dec    *json.Decoder
	faults *fieldfault.List
}

func (t *treeReader) readValue(path string, depth int) (any, error) {
	if depth > maxDepth {
		return nil, errors.New("nested too deeply")
	}
	token, err := t.dec.Token()
	if err != nil {
		return nil, err
	}
	switch token {
	case json.Delim('{'):
		return t.readObject(path, depth)
	case json.Delim('['):
		list := []any{}
		for t.dec.More() {
			v, err := t.readValue(fieldfault.JoinPath(path, len(list)), depth+1)
			if err != nil {
				return nil, err
			}
			list = append(list, v)
		}
		_, err := t.dec.Token()
		return list, err
	}
	return token, nil
}

func (t *treeReader) readObject(path string, depth int) (any, error) {
	object := map[string]any{}
	for t.dec.More() {
		token, err := t.dec.Token()
		if err != nil {
			return nil, err
		}
		name, ok := token.(string)
		if !ok {
			return nil, errors.New("a name is no text")
		}
		at := fieldfault.JoinPath(path, name)
		if _, twice := object[name]; twice {
			t.faults.AddFault(at, "The field is given twice.")
		}
		if object[name], err = t.readValue(at, depth+1); err != nil {
			return nil, err
		}
	}
	_, err := t.dec.Token()
	return object, err
}

// field stores one JSON value, and adds a fault when it has the wrong type. Null counts as absent.
type field func(f *fieldfault.List, path string, v any)

// objectField reads an object with these fields and no others.
func objectField(fields map[string]field) field {
	return func(f *fieldfault.List, path string, v any) {
		o, ok := v.(map[string]any)
		if !ok {
			f.AddFault(path, "An object is expected.")
			return
		}
		for _, name := range slices.Sorted(maps.Keys(o)) {
			read, known := fields[name]
			switch {
			case !known:
				f.AddFault(fieldfault.JoinPath(path, name), "There is no such field.")
			case o[name] != nil:
				read(f, fieldfault.JoinPath(path, name), o[name])
			}
		}
	}
}

// listField reads a list of at most most elements; each reads one element into a value of its own.
func listField[T any](into *[]T, most int, each func(*T) field) field {
	return func(f *fieldfault.List, path string, v any) {
		values, ok := v.([]any)
		if !ok {
			f.AddFault(path, "A list is expected.")
			return
		}
		if len(values) > most {
			f.AddFault(path, "At most "+strconv.Itoa(most)+" entries.")
			return
		}
		*into = make([]T, len(values))
		for i, v := range values {
			each(&(*into)[i])(f, fieldfault.JoinPath(path, i), v)
		}
	}
}

// dictionaryField reads an object whose names are data, of at most most entries.
func dictionaryField[T any](into *map[string]T, most int, each func(*T) field) field {
	return func(f *fieldfault.List, path string, v any) {
		o, ok := v.(map[string]any)
		if !ok {
			f.AddFault(path, "An object is expected.")
			return
		}
		if len(o) > most {
			f.AddFault(path, "At most "+strconv.Itoa(most)+" entries.")
			return
		}
		*into = make(map[string]T, len(o))
		for _, name := range slices.Sorted(maps.Keys(o)) {
			var value T
			each(&value)(f, fieldfault.JoinPath(path, name), o[name])
			(*into)[name] = value
		}
	}
}

// optionalField reads a value that may be absent.
func optionalField[T any](into **T, each func(*T) field) field {
	return func(f *fieldfault.List, path string, v any) {
		*into = new(T)
		each(*into)(f, path, v)
	}
}

func textField[T ~string](into *T) field {
	return func(f *fieldfault.List, path string, v any) {
		s, ok := v.(string)
		if !ok {
			f.AddFault(path, "A text is expected.")
			return
		}
		*into = T(s)
	}
}

func flagField(into *bool) field {
	return func(f *fieldfault.List, path string, v any) {
		b, ok := v.(bool)
		if !ok {
			f.AddFault(path, "True or false is expected.")
			return
		}
		*into = b
	}
}

func numberField(into *float64) field {
	return func(f *fieldfault.List, path string, v any) {
		n, ok := v.(json.Number)
		x, err := n.Float64()
		if !ok || err != nil || math.IsInf(x, 0) {
			f.AddFault(path, "A number is expected.")
			return
		}
		*into = x
	}
}

// decodeObject reads an object with these fields, and then validates it. A field of the wrong type is not checked
// further: one fault is enough.
func decodeObject(r io.Reader, fields map[string]field, check func() fieldfault.List) error {
	var found fieldfault.List
	o, err := readObject(r, &found)
	if err != nil {
		return err
	}
	objectField(fields)(&found, "", o)
	typed := slices.Clone(found)
	for _, f := range check() {
		if !typed.HasPath(f.Path) {
			found.AddFault(f.Path, f.Message)
		}
	}
	return found.ToError()
}
