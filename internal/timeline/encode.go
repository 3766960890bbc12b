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
	"strconv"
	"unicode/utf8"
)

// bytesPerCourse is about what a course takes as JSON, to size the buffer.
const bytesPerCourse = 352

// Encode returns the result as JSON: the same bytes for the same result, courses in the order of codes. It writes what
// encoding/json would, without its reflection: a worker does this for every job, over some hundred kilobytes.
func Encode(r *Result) ([]byte, error) {
	e := &encoder{buf: make([]byte, 0, 16<<10+bytesPerCourse*len(r.Courses))}
	e.result(r)
	if e.err != nil {
		return nil, fmt.Errorf("encode timeline: %w", e.err)
	}
	return e.buf, nil
}

// Decode reads what Encode wrote, and nothing else.
func Decode(b []byte) (*Result, error) {
	d := json.NewDecoder(bytes.NewReader(b))
	d.DisallowUnknownFields()
	var r Result
	if err := d.Decode(&r); err != nil {
		return nil, fmt.Errorf("decode timeline: %w", err)
	}
	if _, err := d.Token(); !errors.Is(err, io.EOF) {
		return nil, errors.New("decode timeline: more than one value")
	}
	if r.Degree.ID == "" || r.Courses == nil || r.Pools == nil || r.Semesters == nil {
		return nil, errors.New("decode timeline: no degree, pools, courses or terms")
	}
	return &r, nil
}

type encoder struct {
	buf []byte
	err error
}

func (e *encoder) result(r *Result) {
	e.raw("{")
	if r.ID != "" {
		e.raw(`"_id":`).text(r.ID).raw(",")
	}
	if r.TimelineName != "" {
		e.raw(`"timelineName":`).text(r.TimelineName).raw(",")
	}
	e.raw(`"degree":`).degree(&r.Degree)
	e.raw(`,"pools":[`)
	for i := range r.Pools {
		e.comma(i).pool(&r.Pools[i])
	}
	e.raw(`],"courses":{`)
	for i, code := range slices.Sorted(maps.Keys(r.Courses)) {
		c := r.Courses[code]
		e.comma(i).text(code).raw(":").course(&c)
	}
	e.raw(`},"semesters":[`)
	for i := range r.Semesters {
		e.comma(i).semester(&r.Semesters[i])
	}
	e.raw(`],"progress":{"overall":{`).credits(&r.Progress.Overall).raw(`},"pools":[`)
	for i := range r.Progress.Pools {
		p := &r.Progress.Pools[i]
		e.comma(i).raw(`{"_id":`).text(p.ID).raw(`,"name":`).text(p.Name).raw(",").credits(&p.Credits).raw("}")
	}
	e.raw(`]},"isCoop":`).flag(r.IsCoop).raw(`,"isExtendedCredit":`).flag(r.IsExtendedCredit).raw("}")
}

func (e *encoder) degree(d *Degree) {
	e.raw(`{"_id":`).text(d.ID).raw(`,"name":`).text(d.Name).raw(`,"degreeType":`).text(string(d.DegreeType))
	e.raw(`,"totalCredits":`).number(d.TotalCredits).raw(`,"coursePools":`).texts(d.CoursePools)
	if d.ECPDegreeID != "" {
		e.raw(`,"ecpDegreeId":`).text(d.ECPDegreeID)
	}
	e.raw("}")
}

func (e *encoder) pool(p *Pool) {
	e.raw(`{"_id":`).text(p.ID).raw(`,"name":`).text(p.Name).raw(`,"creditsRequired":`).number(p.CreditsRequired)
	e.raw(`,"courses":`).texts(p.Courses).raw(`,"rules":`).rules(p.Rules)
	e.raw("}")
}

func (e *encoder) course(c *Course) {
	e.raw(`{"id":`).text(c.ID).raw(`,"title":`).text(c.Title).raw(`,"credits":`).number(c.Credits)
	e.raw(`,"offeredIn":`).texts(c.OfferedIn).raw(`,"rules":`).rules(c.Rules)
	if c.InCatalogue != nil {
		e.raw(`,"inCatalogue":`).flag(*c.InCatalogue)
	}
	e.raw(`,"status":{"status":`).text(string(c.State.Status)).raw(`,"semester":`)
	if c.State.Semester == nil {
		e.raw("null")
	} else {
		e.text(*c.State.Semester)
	}
	if c.State.Via != "" {
		e.raw(`,"via":`).text(c.State.Via)
	}
	e.message(c.State.Message).raw("}}")
}

func (e *encoder) rules(rules []Rule) {
	e.raw("[")
	for i := range rules {
		r := &rules[i]
		e.comma(i).raw(`{"type":`).text(r.Type).raw(`,"level":`).text(r.Level).raw(`,"message":`).text(r.Message)
		e.raw(`,"params":{`)
		n := 0
		field := func(name string) *encoder {
			n++
			return e.comma(n - 1).raw(name)
		}
		if len(r.Params.CourseList) > 0 {
			field(`"courseList":`).texts(r.Params.CourseList)
		}
		if r.Params.MinCourses != 0 {
			field(`"minCourses":`).number(float64(r.Params.MinCourses))
		}
		if r.Params.MaxCourses != nil {
			field(`"maxCourses":`).number(float64(*r.Params.MaxCourses))
		}
		if r.Params.MinCredits != 0 {
			field(`"minCredits":`).number(r.Params.MinCredits)
		}
		if r.Params.MaxCredits != 0 {
			field(`"maxCredits":`).number(r.Params.MaxCredits)
		}
		e.raw("}}")
	}
	e.raw("]")
}

func (e *encoder) semester(s *Semester) {
	e.raw(`{"term":`).text(s.Term).raw(`,"courses":[`)
	for i, c := range s.Courses {
		e.comma(i).raw(`{"code":`).text(c.Code).message(c.Message).raw("}")
	}
	e.raw("]}")
}

func (e *encoder) credits(c *Credits) *encoder {
	return e.raw(`"creditsRequired":`).number(c.CreditsRequired).raw(`,"completed":`).number(c.Completed).
		raw(`,"inProgress":`).number(c.InProgress).raw(`,"planned":`).number(c.Planned).raw(`,"remaining":`).number(c.Remaining)
}

func (e *encoder) message(s string) *encoder {
	if s == "" {
		return e
	}
	return e.raw(`,"message":`).text(s)
}

func (e *encoder) raw(s string) *encoder {
	e.buf = append(e.buf, s...)
	return e
}

// comma separates the i-th element of a list from the one before it.
func (e *encoder) comma(i int) *encoder {
	if i > 0 {
		e.buf = append(e.buf, ',')
	}
	return e
}

func (e *encoder) flag(b bool) *encoder {
	e.buf = strconv.AppendBool(e.buf, b)
	return e
}

func (e *encoder) number(n float64) *encoder {
	if math.IsNaN(n) || math.IsInf(n, 0) {
		e.err = errors.New("a number of credits is no number")
	}
	e.buf = strconv.AppendFloat(e.buf, n, 'f', -1, 64)
	return e
}

func (e *encoder) texts(list []string) *encoder {
	e.buf = append(e.buf, '[')
	for i, s := range list {
		e.comma(i).text(s)
	}
	e.buf = append(e.buf, ']')
	return e
}

func (e *encoder) text(s string) *encoder {
	for i := range len(s) {
		if b := s[i]; b < ' ' || b >= utf8.RuneSelf || b == '"' || b == '\\' {
			return e.quoted(s)
		}
	}
	e.buf = append(append(append(e.buf, '"'), s...), '"')
	return e
}

// quoted writes a text that is more than printable ASCII; few are.
func (e *encoder) quoted(s string) *encoder {
	var out bytes.Buffer
	j := json.NewEncoder(&out)
	j.SetEscapeHTML(false)
	_ = j.Encode(s) // a string always has a JSON form
	e.buf = append(e.buf, bytes.TrimSuffix(out.Bytes(), []byte("\n"))...)
	return e
}
