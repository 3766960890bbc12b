package batchupload

import (
	"encoding/json"
	"fmt"
	"slices"

	"github.com/trackmydegree/trackmydegree/internal/timeline"
)

// expectCourses fails an outcome whose timeline lacks one of the courses in its terms.
func (out Outcome) expectCourses(codes []string) Outcome {
	if out.Err != nil || len(codes) == 0 {
		return out
	}
	var result timeline.Result
	if err := json.Unmarshal(out.Data, &result); err != nil {
		return out.fail(err)
	}
	for _, code := range codes {
		if !hasCourse(&result, code) {
			return out.fail(fmt.Errorf("the timeline has %s in none of its terms, and --expect names it", code))
		}
	}
	return out
}

func hasCourse(r *timeline.Result, code string) bool {
	return slices.ContainsFunc(r.Semesters, func(s timeline.Semester) bool {
		return slices.ContainsFunc(s.Courses, func(sitting timeline.Sitting) bool { return sitting.Code == code })
	})
}
