package timeline

import (
	"cmp"
	"slices"
	"strings"
	"time"

	"github.com/trackmydegree/trackmydegree/internal/catalogue"
	"github.com/trackmydegree/trackmydegree/internal/fault"
	"github.com/trackmydegree/trackmydegree/internal/term"
	"github.com/trackmydegree/trackmydegree/internal/timeline/fieldfault"
)

// Form is the input of a form job.
type Form struct {
	Degree                  string         `json:"degree"` // a degree's id
	FirstTerm               string         `json:"firstTerm"`
	LastTerm                string         `json:"lastTerm,omitempty"`
	IsCoop                  bool           `json:"isCoop,omitempty"`
	IsExtendedCreditProgram bool           `json:"isExtendedCreditProgram,omitempty"`
	MinimumProgramLength    float64        `json:"minimumProgramLength,omitempty"`
	EWTSatisfied            bool           `json:"ewtSatisfied,omitempty"`
	PredefinedSequence      []SequenceTerm `json:"predefinedSequence,omitempty"`
	// Sequence names a published sequence of the catalogue; it excludes PredefinedSequence.
	Sequence string `json:"sequence,omitempty"`
	// Calendar is the edition of the catalogue that the student chose, such as "2026-27"; empty for that of FirstTerm.
	Calendar string `json:"calendar,omitempty"`
}

// SequenceTerm is one term of a form's sequence.
type SequenceTerm struct {
	Type      string   `json:"type"` // Academic or Co-op
	CoopLabel string   `json:"coopLabel,omitempty"`
	Courses   []string `json:"courses,omitempty"`
}

// FromForm builds the timeline of a form, as of now. Its only error is invalid_form. Package wire checks what needs
// no catalogue.
func (b *Builder) FromForm(f Form, now time.Time) (*Result, error) {
	if err := ValidateForm(b.cat, f); err != nil {
		return nil, err
	}
	first, last, err := f.parseTerms()
	if err != nil {
		return nil, err
	}
	degree, _ := b.cat.FindDegree(f.Degree)
	d := &draft{
		cat:      b.cat,
		program:  b.findProgram(degree, f.IsExtendedCreditProgram, f.IsCoop),
		extended: f.IsExtendedCreditProgram,
		coop:     f.IsCoop,
		states:   map[string]State{},
	}
	if f.EWTSatisfied {
		d.exempt = []string{writingCourse}
	}
	if f.Calendar == "" && !b.cat.Covers(first) {
		d.warnings = append(d.warnings, otherCalendar(catalogue.AcademicYear(first), b.cat.Calendar()))
	}
	sequence := f.PredefinedSequence
	if published, ok := b.cat.FindSequence(f.Sequence); ok {
		for _, t := range published.Terms {
			sequence = append(sequence, SequenceTerm{Type: string(t.Type), CoopLabel: t.Label, Courses: t.Courses})
		}
	}
	if len(sequence) > 0 {
		d.layOutSequence(first, sequence, now)
		return d.assembleResult(now), nil
	}
	d.slots = emptySlots(first, last)
	return d.assembleResult(now), nil
}

// parseTerms returns the first and the last counted term of a form without a sequence.
func (f Form) parseTerms() (first, last term.Term, err error) {
	var found fieldfault.List
	first, err = term.Parse(f.FirstTerm)
	if err != nil {
		found.AddFault("firstTerm", termSentence)
	}
	first = first.ToCanonical()
	last = addYears(first, formYears)
	if f.LastTerm != "" {
		if last, err = term.Parse(f.LastTerm); err != nil {
			found.AddFault("lastTerm", termSentence)
		}
	}
	return first, last.ToCanonical(), found.ToError()
}

// layOutSequence lays a sequence out from the first term on. Everything in it is planned, and incomplete where the
// term is over.
func (d *draft) layOutSequence(first term.Term, sequence []SequenceTerm, now time.Time) {
	t := first
	for _, st := range sequence {
		s := newSlot(t)
		if catalogue.TermKind(st.Type) == catalogue.WorkTerm && len(st.Courses) == 0 {
			label := cmp.Or(strings.TrimSpace(st.CoopLabel), "Co-op Work Term")
			s.courses = append(s.courses, Sitting{Code: label, Message: workTerm})
		}
		for _, name := range st.Courses {
			s.courses = append(s.courses, d.toPlannedSitting(name))
		}
		d.slots = append(d.slots, s)
		t = t.NextTerm()
	}
	d.slots = mergeCapstones(d.slots)
	for k := range d.slots {
		s := &d.slots[k]
		status, message := Planned, ""
		if s.term.PositionAt(now) == term.Past {
			status, message = Incomplete, notPosted
		}
		for i := range s.courses {
			sitting := &s.courses[i]
			if !d.hasEntry(sitting.Code) {
				continue
			}
			sitting.Message = cmp.Or(sitting.Message, message)
			state := State{Status: status, Semester: &s.label, Message: message}
			if before, ok := d.states[sitting.Code]; ok {
				state = betterState(before, state)
			}
			d.states[sitting.Code] = state
		}
	}
}

// toPlannedSitting converts one name of a sequence: a course, a placeholder, or an unknown course.
func (d *draft) toPlannedSitting(name string) Sitting {
	name = strings.TrimSpace(name)
	code := catalogue.NormalizeCode(name)
	if _, ok := d.cat.CourseIndex(code); ok {
		return Sitting{Code: code}
	}
	if isPlaceholder(name) {
		return Sitting{Code: name, Message: placeholder}
	}
	if catalogue.IsCode(code) {
		return Sitting{Code: code, Message: notFound}
	}
	return Sitting{Code: name, Message: notFound}
}

// isPlaceholder reports whether a name of a sequence represents a course that is still to be chosen.
func isPlaceholder(name string) bool {
	name = strings.ToLower(name)
	return slices.ContainsFunc([]string{"elective", "general", "technical", "gen ed", "natural science"}, func(word string) bool {
		return strings.Contains(name, word)
	})
}

// mergeCapstones joins a capstone that is listed in a fall and in the winter after it into the full-year term between
// them, and drops terms that become empty. A capstone's number is 490.
func mergeCapstones(slots []slot) []slot {
	var out []slot
	for k := 0; k < len(slots); k++ {
		if k+1 == len(slots) || slots[k].term.Season != term.Fall {
			out = append(out, slots[k])
			continue
		}
		fall, winter := &slots[k], &slots[k+1]
		capstone := slices.IndexFunc(fall.courses, func(s Sitting) bool {
			return strings.HasSuffix(s.Code, " 490") && slices.ContainsFunc(winter.courses, hasCode(s.Code))
		})
		if capstone < 0 {
			out = append(out, *fall)
			continue
		}
		sitting := fall.courses[capstone]
		fall.courses = slices.DeleteFunc(fall.courses, hasCode(sitting.Code))
		winter.courses = slices.DeleteFunc(winter.courses, hasCode(sitting.Code))
		full := newSlot(term.Term{Year: fall.term.Year, Season: term.FallWinter})
		full.courses = append(full.courses, sitting)
		for _, s := range []slot{*fall, full, *winter} {
			if len(s.courses) > 0 {
				out = append(out, s)
			}
		}
		k++ // the winter is done
	}
	return out
}

func hasCode(code string) func(Sitting) bool {
	return func(s Sitting) bool { return s.Code == code }
}

// ValidateForm checks the parts of a form that need the catalogue; its error is invalid_form, with the closest names
// for an unknown degree.
func ValidateForm(cat *catalogue.Catalogue, f Form) error {
	var found fieldfault.List
	var closest []string
	if d, ok := cat.FindDegree(f.Degree); !ok || d.DegreeType != catalogue.Standalone {
		found.AddFault("degree", "There is no such degree. Choose one of the list of degrees.")
		closest = cat.ClosestNames(f.Degree)
	}
	if _, ok := cat.FindSequence(f.Sequence); f.Sequence != "" && !ok {
		found.AddFault("sequence", "There is no such published sequence.")
	}
	if len(found) == 0 {
		return nil
	}
	return &fault.Error{Code: fault.InvalidForm, Fields: found, Closest: closest}
}
