package wire

import (
	"encoding/json"
	"io"
	"strings"

	"github.com/trackmydegree/trackmydegree/internal/audit"
	"github.com/trackmydegree/trackmydegree/internal/catalogue"
	"github.com/trackmydegree/trackmydegree/internal/fault"
	"github.com/trackmydegree/trackmydegree/internal/timeline"
	"github.com/trackmydegree/trackmydegree/internal/timeline/fieldfault"
)

// The limits of plan requests.
const (
	maxWishes = 100 // courses of each list
	maxCoop   = 36  // terms of a co-op pattern
)

// DecodePlanRequest reads the wishes of a plan from JSON and checks all of it that needs no record. The errors are
// those of DecodeForm.
func DecodePlanRequest(r io.Reader) (audit.PlanRequest, error) {
	var q audit.PlanRequest
	var load float64
	hasLoad := false
	codes := func(into *[]string) field { return listField(into, maxWishes, textField[string]) }
	err := decodeObject(r, map[string]field{
		"maxCredits": func(f *fieldfault.List, path string, v any) { hasLoad = true; numberField(&load)(f, path, v) },
		"summers":    flagField(&q.Summers),
		"coop":       textField(&q.Coop),
		"from":       textField(&q.From),
		"keep": listField(&q.Keep, maxWishes, func(k *audit.KeptCourse) field {
			return objectField(map[string]field{"code": textField(&k.Code), "term": textField(&k.Term)})
		}),
		"prefer": codes(&q.Prefer),
		"avoid":  codes(&q.Avoid),
	}, func() fieldfault.List {
		var found checker
		if hasLoad && !(load > 0 && load <= maxCredits) {
			found.AddFault("maxCredits", "Credits of a term are more than 0.")
		}
		found.checkPlanRequest(q)
		return found.List
	})
	q.MaxCredits = audit.Quarters(load)
	return q, err
}

func (c *checker) checkPlanRequest(q audit.PlanRequest) {
	c.checkText("coop", q.Coop, maxCoop)
	c.checkText("from", q.From, maxText)
	for i, kept := range q.Keep {
		path := fieldfault.JoinPath("keep", i)
		c.checkCode(fieldfault.JoinPath(path, "code"), kept.Code)
		if c.checkText(fieldfault.JoinPath(path, "term"), kept.Term, maxText) && strings.TrimSpace(kept.Term) == "" {
			c.AddFault(fieldfault.JoinPath(path, "term"), termSentence)
		}
	}
	for i, code := range q.Prefer {
		c.checkCode(fieldfault.JoinPath("prefer", i), code)
	}
	for i, code := range q.Avoid {
		c.checkCode(fieldfault.JoinPath("avoid", i), code)
	}
}

// checkCode checks that a text can be a course code.
func (c *checker) checkCode(path, code string) {
	if c.checkText(path, code, maxText) && !catalogue.IsCode(catalogue.NormalizeCode(code)) {
		c.AddFault(path, codeSentence)
	}
}

// DecodePlanInput reads the input of a plan's job. Fields that it does not know are a newer version's and are left out.
func DecodePlanInput(b []byte) (timeline.PlanInput, error) {
	var in timeline.PlanInput
	if err := json.Unmarshal(b, &in); err != nil {
		return timeline.PlanInput{}, fault.Wrap(fault.Internal, err)
	}
	return in, nil
}
