// Package wire is the JSON of timelines: it encodes and decodes results, and it decodes and validates forms, patches
// and save requests.
package wire

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"math"
	"slices"
	"strconv"
	"unicode/utf8"

	"github.com/trackmydegree/trackmydegree/internal/timeline"
)

// bytesPerCourse is the approximate size of a course as JSON, to size the buffer.
const bytesPerCourse = 352

// EncodeResult returns the result as JSON: the same bytes for the same result, courses in the order of codes. It
// writes the same as encoding/json without its reflection, because a worker encodes some hundred kilobytes for every
// job. The only error is a number of credits that JSON cannot represent (NaN or infinite).
func EncodeResult(r *timeline.Result) ([]byte, error) {
	return AppendResult(make([]byte, 0, 16<<10+bytesPerCourse*len(r.Courses)), r)
}

// AppendResult appends what EncodeResult returns to a buffer, and returns it as append does.
func AppendResult(buffer []byte, r *timeline.Result) ([]byte, error) {
	e := &encoder{buf: buffer}
	e.writeResult(r)
	if e.err != nil {
		return nil, fmt.Errorf("encode timeline: %w", e.err)
	}
	return e.buf, nil
}

// encoder appends JSON to a buffer and keeps the first error.
type encoder struct {
	buf []byte
	err error
}

func (e *encoder) writeResult(r *timeline.Result) {
	e.writeRaw("{")
	if r.ID != "" {
		e.writeRaw(`"_id":`).writeText(r.ID).writeRaw(",")
	}
	if r.TimelineName != "" {
		e.writeRaw(`"timelineName":`).writeText(r.TimelineName).writeRaw(",")
	}
	e.writeRaw(`"degree":`).writeDegree(&r.Degree)
	if r.Calendar != "" {
		e.writeRaw(`,"calendar":`).writeText(r.Calendar)
	}
	e.writeRaw(`,"pools":[`)
	for i := range r.Pools {
		e.writeComma(i).writePool(&r.Pools[i])
	}
	e.writeRaw(`],"courses":{`)
	for i, code := range slices.Sorted(maps.Keys(r.Courses)) {
		c := r.Courses[code]
		e.writeComma(i).writeText(code).writeRaw(":").writeCourse(&c)
	}
	e.writeRaw(`},"semesters":[`)
	for i := range r.Semesters {
		e.writeComma(i).writeSemester(&r.Semesters[i])
	}
	e.writeRaw(`],"progress":{"overall":{`).writeCredits(&r.Progress.Overall).writeRaw(`},"pools":[`)
	for i := range r.Progress.Pools {
		p := &r.Progress.Pools[i]
		e.writeComma(i).writeRaw(`{"_id":`).writeText(p.ID).writeRaw(`,"name":`).writeText(p.Name).writeRaw(",").writeCredits(&p.Credits).writeRaw("}")
	}
	e.writeRaw(`]},"totals":{"required":`).writeNumber(r.Totals.Required).writeRaw(`,"source":`).writeText(r.Totals.Source)
	e.writeRaw(`},"remarks":[`)
	for i := range r.Remarks {
		e.writeComma(i).writeRemark(&r.Remarks[i])
	}
	e.writeRaw("]")
	e.writeGraduation(r.Graduation)
	e.writeRaw(`,"warnings":[`)
	for i := range r.Warnings {
		e.writeComma(i).writeWarning(&r.Warnings[i])
	}
	e.writeRaw("]")
	e.writeDecisions(r)
	e.writeRaw(`,"isCoop":`).writeFlag(r.IsCoop).writeRaw(`,"isExtendedCredit":`).writeFlag(r.IsExtendedCredit)
	if r.Plan != nil {
		e.writeRaw(`,"plan":`).writeValue(r.Plan)
	}
	e.writeRaw("}")
}

func (e *encoder) writeDegree(d *timeline.Degree) {
	e.writeRaw(`{"_id":`).writeText(d.ID).writeRaw(`,"name":`).writeText(d.Name).writeRaw(`,"degreeType":`).writeText(string(d.DegreeType))
	e.writeRaw(`,"totalCredits":`).writeNumber(d.TotalCredits).writeRaw(`,"coursePools":`).writeTexts(d.CoursePools)
	if d.ECPDegreeID != "" {
		e.writeRaw(`,"ecpDegreeId":`).writeText(d.ECPDegreeID)
	}
	e.writeRaw("}")
}

func (e *encoder) writePool(p *timeline.Pool) {
	e.writeRaw(`{"_id":`).writeText(p.ID).writeRaw(`,"name":`).writeText(p.Name).writeRaw(`,"creditsRequired":`).writeNumber(p.CreditsRequired)
	e.writeRaw(`,"courses":`).writeTexts(p.Courses).writeRaw(`,"rules":`).writeRules(p.Rules)
	e.writeRaw("}")
}

func (e *encoder) writeCourse(c *timeline.Course) {
	e.writeRaw(`{"id":`).writeText(c.ID).writeRaw(`,"title":`).writeText(c.Title).writeRaw(`,"credits":`).writeNumber(c.Credits)
	e.writeRaw(`,"offeredIn":`).writeTexts(c.OfferedIn).writeRaw(`,"rules":`).writeRules(c.Rules)
	if c.InCatalogue != nil {
		e.writeRaw(`,"inCatalogue":`).writeFlag(*c.InCatalogue)
	}
	e.writeRaw(`,"status":{"status":`).writeText(string(c.State.Status)).writeRaw(`,"semester":`)
	if c.State.Semester == nil {
		e.writeRaw("null")
	} else {
		e.writeText(*c.State.Semester)
	}
	if c.State.Via != "" {
		e.writeRaw(`,"via":`).writeText(c.State.Via)
	}
	e.writeMessage(c.State.Message).writeRaw("}")
	if len(c.Counts) > 0 {
		e.writeRaw(`,"counts":[`)
		for i := range c.Counts {
			e.writeComma(i).writeCount(&c.Counts[i])
		}
		e.writeRaw("]")
	}
	e.writeRaw("}")
}

func (e *encoder) writeRules(rules []timeline.Rule) {
	e.writeRaw("[")
	for i := range rules {
		r := &rules[i]
		e.writeComma(i).writeRaw(`{"type":`).writeText(r.Type).writeRaw(`,"level":`).writeText(r.Level).writeRaw(`,"message":`).writeText(r.Message)
		e.writeRaw(`,"params":{`)
		n := 0
		field := func(name string) *encoder {
			n++
			return e.writeComma(n - 1).writeRaw(name)
		}
		if len(r.Params.CourseList) > 0 {
			field(`"courseList":`).writeTexts(r.Params.CourseList)
		}
		if r.Params.MinCourses != 0 {
			field(`"minCourses":`).writeNumber(float64(r.Params.MinCourses))
		}
		if r.Params.MaxCourses != nil {
			field(`"maxCourses":`).writeNumber(float64(*r.Params.MaxCourses))
		}
		if r.Params.MinCredits != 0 {
			field(`"minCredits":`).writeNumber(r.Params.MinCredits)
		}
		if r.Params.MaxCredits != 0 {
			field(`"maxCredits":`).writeNumber(r.Params.MaxCredits)
		}
		e.writeRaw("}}")
	}
	e.writeRaw("]")
}

func (e *encoder) writeSemester(s *timeline.Semester) {
	e.writeRaw(`{"term":`).writeText(s.Term).writeRaw(`,"courses":[`)
	for i, c := range s.Courses {
		e.writeComma(i).writeRaw(`{"code":`).writeText(c.Code)
		e.writeOptional(`,"pool":`, c.Pool)
		if c.Credits != nil {
			e.writeRaw(`,"credits":`).writeNumber(*c.Credits)
		}
		if c.IsBelowCMinus {
			e.writeRaw(`,"belowCMinus":true`)
		}
		e.writeMessage(c.Message).writeRaw("}")
	}
	e.writeRaw("]}")
}

func (e *encoder) writeCredits(c *timeline.Credits) *encoder {
	return e.writeRaw(`"creditsRequired":`).writeNumber(c.CreditsRequired).writeRaw(`,"completed":`).writeNumber(c.Completed).
		writeRaw(`,"inProgress":`).writeNumber(c.InProgress).writeRaw(`,"planned":`).writeNumber(c.Planned).writeRaw(`,"remaining":`).writeNumber(c.Remaining)
}

func (e *encoder) writeMessage(s string) *encoder {
	if s == "" {
		return e
	}
	return e.writeRaw(`,"message":`).writeText(s)
}

func (e *encoder) writeRaw(s string) *encoder {
	e.buf = append(e.buf, s...)
	return e
}

// writeComma separates the i-th element of a list from the one before it.
func (e *encoder) writeComma(i int) *encoder {
	if i > 0 {
		e.buf = append(e.buf, ',')
	}
	return e
}

func (e *encoder) writeFlag(b bool) *encoder {
	e.buf = strconv.AppendBool(e.buf, b)
	return e
}

func (e *encoder) writeNumber(n float64) *encoder {
	if math.IsNaN(n) || math.IsInf(n, 0) {
		e.err = errors.New("a number of credits is no number")
	}
	e.buf = strconv.AppendFloat(e.buf, n, 'f', -1, 64)
	return e
}

func (e *encoder) writeTexts(list []string) *encoder {
	e.buf = append(e.buf, '[')
	for i, s := range list {
		e.writeComma(i).writeText(s)
	}
	e.buf = append(e.buf, ']')
	return e
}

func (e *encoder) writeText(s string) *encoder {
	for i := range len(s) {
		if b := s[i]; b < ' ' || b >= utf8.RuneSelf || b == '"' || b == '\\' {
			return e.writeQuoted(s)
		}
	}
	e.buf = append(append(append(e.buf, '"'), s...), '"')
	return e
}

// writeQuoted writes a text that is not printable ASCII, which is rare.
func (e *encoder) writeQuoted(s string) *encoder {
	return e.writeValue(s)
}

// writeValue writes what is too rare to be written by hand.
func (e *encoder) writeValue(v any) *encoder {
	var out bytes.Buffer
	j := json.NewEncoder(&out)
	j.SetEscapeHTML(false)
	if err := j.Encode(v); err != nil {
		e.err = err
	}
	e.buf = append(e.buf, bytes.TrimSuffix(out.Bytes(), []byte("\n"))...)
	return e
}
