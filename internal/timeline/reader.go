package timeline

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"maps"
	"math"
	"slices"

	"github.com/trackmydegree/trackmydegree/internal/fault"
)

// The limits of the JSON that clients send.
const (
	maxBody  = 1 << 20 // bytes
	maxDepth = 8       // objects and lists inside each other; the deepest legal body has 5
)

// readObject reads one JSON object and nothing after it. What is no JSON object is bad_request; an error of r comes back
// as it is.
func readObject(r io.Reader, faults *faults) (map[string]any, error) {
	b, err := io.ReadAll(io.LimitReader(r, maxBody+1))
	if err != nil {
		return nil, fmt.Errorf("read the body: %w", err)
	}
	if len(b) > maxBody {
		return nil, fault.Detailed(fault.BadRequest, "The body is larger than 1 MiB. Send less.")
	}
	t := &treeReader{dec: json.NewDecoder(bytes.NewReader(b)), faults: faults}
	t.dec.UseNumber()
	v, err := t.value("", 0)
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
		return nil, fault.Detailed(fault.BadRequest, "The body is JSON, but no object. Send one JSON object.")
	}
	return object, nil
}

// treeReader reads JSON into maps, lists, strings, json.Numbers and bools, and notes names that are given twice: which
// of the two values is meant, nobody can tell.
type treeReader struct {
	dec    *json.Decoder
	faults *faults
}

func (t *treeReader) value(path string, depth int) (any, error) {
	if depth > maxDepth {
		return nil, errors.New("nested too deeply")
	}
	token, err := t.dec.Token()
	if err != nil {
		return nil, err
	}
	switch token {
	case json.Delim('{'):
		return t.object(path, depth)
	case json.Delim('['):
		list := []any{}
		for t.dec.More() {
			v, err := t.value(join(path, len(list)), depth+1)
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

func (t *treeReader) object(path string, depth int) (any, error) {
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
		at := join(path, name)
		if _, twice := object[name]; twice {
			t.faults.add(at, "The field is given twice.")
		}
		if object[name], err = t.value(at, depth+1); err != nil {
			return nil, err
		}
	}
	_, err := t.dec.Token()
	return object, err
}

// field takes one JSON value over, and notes a fault when it is of the wrong type. Null is as if it were not there.
type field func(f *faults, path string, v any)

// object reads an object with these fields and no others.
func object(fields map[string]field) field {
	return func(f *faults, path string, v any) {
		o, ok := v.(map[string]any)
		if !ok {
			f.add(path, "An object is expected.")
			return
		}
		for _, name := range slices.Sorted(maps.Keys(o)) {
			read, known := fields[name]
			switch {
			case !known:
				f.add(join(path, name), "There is no such field.")
			case o[name] != nil:
				read(f, join(path, name), o[name])
			}
		}
	}
}

// list reads a list of at most most elements; each reads one element into a value of its own.
func list[T any](into *[]T, most int, each func(*T) field) field {
	return func(f *faults, path string, v any) {
		values, ok := v.([]any)
		if !ok {
			f.add(path, "A list is expected.")
			return
		}
		if len(values) > most {
			f.add(path, "At most "+itoa(most)+" entries.")
			return
		}
		*into = make([]T, len(values))
		for i, v := range values {
			each(&(*into)[i])(f, join(path, i), v)
		}
	}
}

// dictionary reads an object whose names are data, of at most most entries.
func dictionary[T any](into *map[string]T, most int, each func(*T) field) field {
	return func(f *faults, path string, v any) {
		o, ok := v.(map[string]any)
		if !ok {
			f.add(path, "An object is expected.")
			return
		}
		if len(o) > most {
			f.add(path, "At most "+itoa(most)+" entries.")
			return
		}
		*into = make(map[string]T, len(o))
		for _, name := range slices.Sorted(maps.Keys(o)) {
			var value T
			each(&value)(f, join(path, name), o[name])
			(*into)[name] = value
		}
	}
}

// optional reads a value that may be left as it is.
func optional[T any](into **T, each func(*T) field) field {
	return func(f *faults, path string, v any) {
		*into = new(T)
		each(*into)(f, path, v)
	}
}

func text[T ~string](into *T) field {
	return func(f *faults, path string, v any) {
		s, ok := v.(string)
		if !ok {
			f.add(path, "A text is expected.")
			return
		}
		*into = T(s)
	}
}

func flag(into *bool) field {
	return func(f *faults, path string, v any) {
		b, ok := v.(bool)
		if !ok {
			f.add(path, "True or false is expected.")
			return
		}
		*into = b
	}
}

func number(into *float64) field {
	return func(f *faults, path string, v any) {
		n, ok := v.(json.Number)
		x, err := n.Float64()
		if !ok || err != nil || math.IsInf(x, 0) {
			f.add(path, "A number is expected.")
			return
		}
		*into = x
	}
}

// DecodeForm reads a form from JSON and checks all of it that needs no catalogue. The errors are bad_request for what is
// no JSON object, and invalid_form with every faulty field.
func DecodeForm(r io.Reader) (Form, error) {
	var form Form
	err := decode(r, map[string]field{
		"degree":                  text(&form.Degree),
		"firstTerm":               text(&form.FirstTerm),
		"lastTerm":                text(&form.LastTerm),
		"isCoop":                  flag(&form.IsCoop),
		"isExtendedCreditProgram": flag(&form.IsExtendedCreditProgram),
		"minimumProgramLength":    number(&form.MinimumProgramLength),
		"ewtSatisfied":            flag(&form.EWTSatisfied),
		"sequence":                text(&form.Sequence),
		"predefinedSequence": list(&form.PredefinedSequence, maxSequence, func(t *SequenceTerm) field {
			return object(map[string]field{
				"type":      text(&t.Type),
				"coopLabel": text(&t.CoopLabel),
				"courses":   list(&t.Courses, maxTermCourses, text[string]),
			})
		}),
	}, func() faults { return form.check() })
	if err != nil {
		return Form{}, err
	}
	return form, nil
}

// DecodePatch reads an edit from JSON and checks all of it that needs no timeline. The errors are those of DecodeForm.
func DecodePatch(r io.Reader) (Patch, error) {
	var p Patch
	codes := func(into *[]string) field { return list(into, maxList, text[string]) }
	err := decode(r, map[string]field{
		"exemptions":       optional(&p.Exemptions, codes),
		"deficiencies":     optional(&p.Deficiencies, codes),
		"timelineName":     optional(&p.TimelineName, text[string]),
		"isCoop":           optional(&p.IsCoop, flag),
		"isExtendedCredit": optional(&p.IsExtendedCredit, flag),
		"courses": dictionary(&p.Courses, maxStates, func(s *State) field {
			return object(map[string]field{
				"status":   text(&s.Status),
				"semester": optional(&s.Semester, text[string]),
				"via":      text(&s.Via),
				"message":  text(&s.Message),
			})
		}),
		"semesters": optional(&p.Semesters, func(into *[]Semester) field {
			return list(into, maxSemesters, func(s *Semester) field {
				return object(map[string]field{
					"term": text(&s.Term),
					"courses": list(&s.Courses, maxTermCourses, func(c *Sitting) field {
						return object(map[string]field{"code": text(&c.Code), "message": text(&c.Message)})
					}),
				})
			})
		}),
	}, func() faults { return p.check() })
	if err != nil {
		return Patch{}, err
	}
	return p, nil
}

// Keeping is what a client says of a timeline that it keeps: the name, and the job whose result it is. Nil says nothing.
type Keeping struct{ Name, JobID *string }

// DecodeKeeping reads a Keeping from JSON. The errors are those of DecodeForm; the name is checked where it is kept.
func DecodeKeeping(r io.Reader) (Keeping, error) {
	var k Keeping
	err := decode(r, map[string]field{
		"timelineName": optional(&k.Name, text[string]),
		"jobId":        optional(&k.JobID, text[string]),
	}, func() faults { return nil })
	if err != nil {
		return Keeping{}, err
	}
	return k, nil
}

// decode reads an object with these fields, and then checks what was read. A field that is not even of its type is not
// checked further: one fault says enough.
func decode(r io.Reader, fields map[string]field, check func() faults) error {
	var found faults
	o, err := readObject(r, &found)
	if err != nil {
		return err
	}
	object(fields)(&found, "", o)
	typed := slices.Clone(found)
	for _, f := range check() {
		if !typed.has(f.Path) {
			found.add(f.Path, f.Message)
		}
	}
	return invalid(found)
}
