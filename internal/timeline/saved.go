package timeline

import (
	"cmp"
	"maps"
	"slices"
	"time"

	"github.com/trackmydegree/trackmydegree/internal/audit"
	"github.com/trackmydegree/trackmydegree/internal/term"
	"github.com/trackmydegree/trackmydegree/internal/timeline/fieldfault"
	"github.com/trackmydegree/trackmydegree/internal/warning"
)

// termSentence explains the spelling of a term.
const termSentence = `A term is a season and a year, such as "FALL 2026" or "FALL/WINTER 2028-29".`

// Saved is the stored form of a timeline: the owner's decisions, without the catalogue's data.
type Saved struct {
	ID               string           `json:"_id"`
	Owner            string           `json:"-"`
	Name             string           `json:"timelineName"`
	DegreeID         string           `json:"degreeId"`
	Calendar         string           `json:"calendar,omitempty"` // of the edition that it was built from
	IsCoop           bool             `json:"isCoop"`
	IsExtendedCredit bool             `json:"isExtendedCredit"`
	Semesters        []Semester       `json:"semesters"`
	States           map[string]State `json:"courseStatusMap"` // of courses with a state, and of every course sat
	Exemptions       []string         `json:"exemptions"`
	Deficiencies     []string         `json:"deficiencies"`
	Extra            []ExtraCourse    `json:"extraCourses,omitempty"`
	// Required is the printed total of the degree, in credits; 0 where none is printed.
	Required  float64           `json:"creditsRequired,omitempty"`
	Transfers []Transfer        `json:"transfers,omitempty"`
	Warnings  []warning.Warning `json:"warnings,omitempty"` // of the document
	// Pins and Waivers are the student's decisions for the audit.
	Pins      map[string]string `json:"pins,omitempty"`
	Waivers   []audit.Waiver    `json:"waivers,omitempty"`
	Version   int64             `json:"version"`
	CreatedAt time.Time         `json:"createdAt"` // UTC, whole milliseconds
	UpdatedAt time.Time         `json:"updatedAt"` // UTC, whole milliseconds
}

// ExtraCourse keeps title and credits of a course that the catalogue lacks.
type ExtraCourse struct {
	Code    string  `json:"code"`
	Title   string  `json:"title"`
	Credits float64 `json:"credits"`
}

// ForDegree returns the timeline for another degree: what was taken and planned, without what holds for the former
// degree alone, which is its printed total, the pools that courses were pinned to and the remarks on pools that were
// waived.
func (s Saved) ForDegree(id string) Saved {
	if id != "" && id != s.DegreeID {
		s.DegreeID, s.Required, s.Pins = id, 0, nil
		s.Waivers = slices.DeleteFunc(slices.Clone(s.Waivers), func(w audit.Waiver) bool { return w.Pool != "" })
	}
	return s
}

// ForCalendar returns the timeline measured by another edition of the catalogue, which the caller has validated. An
// edition that was chosen needs no warning that it is not the admission's.
func (s Saved) ForCalendar(calendar string) Saved {
	if calendar != "" {
		s.Calendar, s.Warnings = calendar, withoutCode(s.Warnings, warning.OtherCalendar)
	}
	return s
}

// FromSaved rebuilds a saved timeline, as of now: a plan for a term that is over is incomplete. The errors are
// degree_not_found, for a degree that the catalogue no longer has, and invalid_form.
func (b *Builder) FromSaved(s Saved, now time.Time) (*Result, error) {
	d, err := b.draftSaved(s, now)
	if err != nil {
		return nil, err
	}
	return d.assembleResult(now), nil
}

// draftSaved returns the draft of a saved timeline.
func (b *Builder) draftSaved(s Saved, now time.Time) (*draft, error) {
	degree, err := b.cat.FindStandalone(s.DegreeID)
	if err != nil {
		return nil, err
	}
	d := &draft{
		id: s.ID, name: s.Name, cat: b.cat,
		program:   b.findProgram(degree, s.IsExtendedCredit, s.IsCoop),
		extended:  s.IsExtendedCredit,
		coop:      s.IsCoop,
		states:    make(map[string]State, len(s.States)),
		exempt:    uniqueCodes(s.Exemptions),
		deficient: uniqueCodes(s.Deficiencies),
		required:  s.Required,
		transfers: slices.Clone(s.Transfers),
		warnings:  s.Warnings,
		pins:      s.Pins,
		waivers:   s.Waivers,
		extra:     make(map[string]ExtraCourse, len(s.Extra)),
	}
	if own := b.cat.Calendar(); s.Calendar != "" && own != "" && s.Calendar != own {
		// Its own edition is no longer loaded.
		d.warnings = append(withoutCode(s.Warnings, warning.OtherCalendar), otherCalendar(s.Calendar, own))
	}
	for _, x := range s.Extra {
		if _, known := b.cat.CourseIndex(x.Code); !known {
			d.extra[x.Code] = x
		}
	}
	var found fieldfault.List
	for i, semester := range s.Semesters {
		t, err := term.Parse(semester.Term)
		if err != nil {
			found.AddFault(fieldfault.JoinPath(fieldfault.JoinPath("semesters", i), "term"), termSentence)
			continue
		}
		slot := newSlot(t)
		slot.courses = append(slot.courses, semester.Courses...)
		d.slots = append(d.slots, slot)
	}
	d.slots = mergeSlots(d.slots)
	sat := findSittings(s.Semesters)
	for _, code := range slices.Sorted(maps.Keys(s.States)) {
		// Without a sitting, an incomplete state is the default; with one, the owner has set it.
		if state := s.States[code]; state != (State{Status: Incomplete}) || len(sat[code]) > 0 {
			d.loadState(code, state, &found)
		}
	}
	if err := found.ToError(); err != nil {
		return nil, err
	}
	d.settleStates(now)
	return d, nil
}

// loadState applies a saved state. Exemptions have their own list, transfers are only here.
func (d *draft) loadState(code string, s State, found *fieldfault.List) {
	if !d.hasEntry(code) {
		d.extra[code] = ExtraCourse{Code: code}
	}
	if s.Semester != nil {
		t, err := term.Parse(*s.Semester)
		if err != nil {
			found.AddFault(fieldfault.JoinPath(fieldfault.JoinPath("courses", code), "semester"), termSentence)
			return
		}
		label := t.UpperLabel()
		s.Semester = &label
	}
	switch s.Via {
	case ViaTransfer:
		d.transferred = append(d.transferred, code)
	case ViaExemption:
		if s.Semester == nil && !slices.Contains(d.exempt, code) {
			return // no longer exempted, and never sat
		}
	}
	s.Via = ""
	d.states[code] = s
}

// settleStates gives each sat course a state and ends the plans of terms that are over.
func (d *draft) settleStates(now time.Time) {
	derived := map[string]State{}
	for k := range d.slots {
		s := &d.slots[k]
		for i := range s.courses {
			sitting := &s.courses[i]
			if !d.hasEntry(sitting.Code) {
				continue
			}
			if _, ok := d.states[sitting.Code]; ok {
				continue
			}
			state := unjudgedState(s.term.PositionAt(now), &s.label, sitting.Message)
			if before, again := derived[sitting.Code]; again {
				state = betterState(before, state)
			}
			derived[sitting.Code] = state
		}
	}
	maps.Copy(d.states, derived)
	for code, s := range d.states {
		if s.Semester == nil || s.Status != Planned && s.Status != InProgress {
			continue
		}
		if termOf(s.Semester).PositionAt(now) == term.Past {
			s.Status, s.Message = Incomplete, cmp.Or(s.Message, notPosted)
			d.states[code] = s
			d.setSittingMessage(code, *s.Semester, s.Message)
		}
	}
}

// unjudgedState returns the state of a course of which only the sitting is known.
func unjudgedState(at term.Position, label *string, message string) State {
	if isUnusedMessage(message) || message == notFound {
		message = ""
	}
	switch at {
	case term.Future:
		return State{Status: Planned, Semester: label}
	case term.Current:
		return State{Status: InProgress, Semester: label}
	}
	return State{Status: Incomplete, Semester: label, Message: cmp.Or(message, notPosted)}
}

// setSittingMessage puts a message on the last sitting of a course in a term.
func (d *draft) setSittingMessage(code, label, message string) {
	for k := range d.slots {
		if d.slots[k].label != label {
			continue
		}
		for i, s := range slices.Backward(d.slots[k].courses) {
			if s.Code == code {
				d.slots[k].courses[i].Message = message
				return
			}
		}
	}
}

// ToSaved returns the stored form of a timeline: the owner's decisions, without the catalogue's data. The store sets
// owner, version and times.
func (r *Result) ToSaved() Saved {
	s := Saved{
		ID: r.ID, Name: r.TimelineName, DegreeID: r.Degree.ID, Calendar: r.Calendar,
		IsCoop: r.IsCoop, IsExtendedCredit: r.IsExtendedCredit,
		Semesters: make([]Semester, 0, len(r.Semesters)), States: map[string]State{},
		Exemptions: []string{}, Deficiencies: []string{},
	}
	sat := map[string]bool{}
	for _, semester := range r.Semesters {
		s.Semesters = append(s.Semesters, Semester{Term: semester.Term, Courses: orEmpty(slices.Clone(semester.Courses))})
		for _, sitting := range semester.Courses {
			sat[sitting.Code] = true
		}
	}
	for _, pool := range r.Pools {
		switch pool.ID {
		case ExemptionsPoolID:
			s.Exemptions = orEmpty(slices.Clone(pool.Courses))
		case DeficienciesPoolID:
			s.Deficiencies = orEmpty(slices.Clone(pool.Courses))
		}
	}
	for code, c := range r.Courses {
		if c.State != (State{Status: Incomplete}) || sat[code] {
			s.States[code] = c.State
		}
		if c.InCatalogue != nil {
			s.Extra = append(s.Extra, ExtraCourse{Code: code, Title: c.Title, Credits: c.Credits})
		}
	}
	if r.Totals.Source == audit.FromDocument {
		s.Required = r.Totals.Required
	}
	s.Transfers, s.Pins, s.Waivers = slices.Clone(r.Transfers), maps.Clone(r.Pins), slices.Clone(r.Waivers)
	for _, w := range r.Warnings {
		if !isComputed(w) {
			s.Warnings = append(s.Warnings, w)
		}
	}
	slices.SortFunc(s.Extra, func(a, b ExtraCourse) int { return cmp.Compare(a.Code, b.Code) })
	return s
}

// SlimView returns r without the courses that have no state: neither sat, exempted, transferred, deficient nor
// planned. It shares the rest with r.
func (r *Result) SlimView() *Result {
	slim := *r
	slim.Courses = map[string]Course{}
	keep := func(code string) {
		if c, ok := r.Courses[code]; ok {
			slim.Courses[code] = c
		}
	}
	for code, c := range r.Courses {
		if c.State != (State{Status: Incomplete}) {
			keep(code)
		}
	}
	for _, semester := range r.Semesters {
		for _, sitting := range semester.Courses {
			keep(sitting.Code)
		}
	}
	for _, pool := range r.Pools {
		if pool.ID == ExemptionsPoolID || pool.ID == DeficienciesPoolID {
			for _, code := range pool.Courses {
				keep(code)
			}
		}
	}
	return &slim
}
