package wire

import (
	"maps"
	"slices"

	"github.com/trackmydegree/trackmydegree/internal/audit"
	"github.com/trackmydegree/trackmydegree/internal/timeline"
	"github.com/trackmydegree/trackmydegree/internal/warning"
)

func (e *encoder) writeCount(c *audit.Count) {
	e.writeRaw(`{"pool":`).writeText(c.Pool).writeRaw(`,"credits":`).writeNumber(c.Credits.Float())
	e.writeRaw(`,"because":`).writeText(string(c.Because))
	e.writeOptional(`,"for":`, c.For).writeRaw("}")
}

func (e *encoder) writeRemark(r *audit.Remark) {
	e.writeRaw(`{"code":`).writeText(string(r.Code)).writeRaw(`,"level":`).writeText(string(r.Level))
	e.writeOptional(`,"course":`, r.Course).writeOptional(`,"term":`, r.Term).writeOptional(`,"pool":`, r.Pool)
	e.writeRaw(`,"message":`).writeText(r.Message).writeRaw(`,"remedy":`).writeText(r.Remedy).writeRaw(`,"params":`)
	e.writeParams(&r.Params)
	if r.Waived {
		e.writeRaw(`,"waived":true`)
	}
	e.writeOptional(`,"reason":`, r.Reason).writeRaw("}")
}

func (e *encoder) writeParams(p *audit.Params) {
	e.writeRaw("{")
	n := 0
	field := func(name string) *encoder {
		n++
		return e.writeComma(n - 1).writeRaw(name)
	}
	if len(p.Courses) > 0 {
		field(`"courses":`).writeTexts(p.Courses)
	}
	if p.Needed != 0 {
		field(`"needed":`).writeNumber(float64(p.Needed))
	}
	if p.Credits != 0 {
		field(`"credits":`).writeNumber(p.Credits.Float())
	}
	if p.Missing != 0 {
		field(`"missing":`).writeNumber(p.Missing.Float())
	}
	if p.EarliestTerm != "" {
		field(`"earliestTerm":`).writeText(p.EarliestTerm)
	}
	if len(p.OfferedIn) > 0 {
		field(`"offeredIn":`).writeTexts(p.OfferedIn)
	}
	e.writeRaw("}")
}

// writeGraduation writes the earliest graduation, where it is known.
func (e *encoder) writeGraduation(g *audit.Graduation) {
	if g == nil {
		return
	}
	e.writeRaw(`,"graduation":{"term":`).writeText(g.Term).writeRaw(`,"terms":`).writeNumber(float64(g.Terms))
	e.writeRaw(`,"proven":`).writeFlag(g.Proven).writeRaw(`,"criticalChain":`).writeTexts(g.CriticalChain)
	e.writeRaw(`,"reason":`).writeText(g.Reason).writeRaw("}")
}

func (e *encoder) writeWarning(w *warning.Warning) {
	e.writeRaw(`{"code":`).writeText(string(w.Code)).writeRaw(`,"message":`).writeText(w.Message)
	if w.Page != 0 {
		e.writeRaw(`,"page":`).writeNumber(float64(w.Page))
	}
	e.writeOptional(`,"term":`, w.Term).writeOptional(`,"course":`, w.Course)
	e.writeOptional(`,"expected":`, w.Expected).writeOptional(`,"found":`, w.Found).writeRaw("}")
}

// writeDecisions writes the decisions of the document and the student other than the terms, if there are any.
func (e *encoder) writeDecisions(r *timeline.Result) {
	if len(r.Transfers) > 0 {
		e.writeRaw(`,"transfers":[`)
		for i := range r.Transfers {
			t := &r.Transfers[i]
			e.writeComma(i).writeRaw("{")
			if t.Code != "" {
				e.writeRaw(`"code":`).writeText(t.Code).writeRaw(",")
			}
			if t.Title != "" {
				e.writeRaw(`"title":`).writeText(t.Title).writeRaw(",")
			}
			if t.Credits != nil {
				e.writeRaw(`"credits":`).writeNumber(*t.Credits).writeRaw(",")
			}
			e.writeRaw(`"via":`).writeText(t.Via).writeRaw("}")
		}
		e.writeRaw("]")
	}
	if len(r.Pins) > 0 {
		e.writeRaw(`,"pins":{`)
		for i, code := range slices.Sorted(maps.Keys(r.Pins)) {
			e.writeComma(i).writeText(code).writeRaw(":").writeText(r.Pins[code])
		}
		e.writeRaw("}")
	}
	if len(r.Waivers) > 0 {
		e.writeRaw(`,"waivers":[`)
		for i := range r.Waivers {
			w := &r.Waivers[i]
			e.writeComma(i).writeRaw(`{"code":`).writeText(string(w.Code))
			e.writeOptional(`,"course":`, w.Course).writeOptional(`,"pool":`, w.Pool)
			e.writeOptional(`,"term":`, w.Term).writeOptional(`,"reason":`, w.Reason).writeRaw("}")
		}
		e.writeRaw("]")
	}
}

// writeOptional writes a text after its name, nothing for an empty one.
func (e *encoder) writeOptional(name, s string) *encoder {
	if s == "" {
		return e
	}
	return e.writeRaw(name).writeText(s)
}
