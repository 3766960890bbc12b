package timeline

import (
	"cmp"
	"slices"
	"time"

	"github.com/trackmydegree/trackmydegree/internal/audit"
	"github.com/trackmydegree/trackmydegree/internal/catalogue"
	"github.com/trackmydegree/trackmydegree/internal/fault"
	"github.com/trackmydegree/trackmydegree/internal/term"
)

// AuditSubject is the input of an audit of a timeline: the student's record and the program. It is immutable.
type AuditSubject struct {
	Record  audit.Record
	Program *audit.Program

	builder        *Builder
	degree         string
	extended, coop bool
}

// NewAuditSubject returns the audit input of a saved timeline, or of a result through Result.ToSaved, as of now. The
// errors are those of FromSaved.
func (b *Builder) NewAuditSubject(s Saved, now time.Time) (*AuditSubject, error) {
	d, err := b.draftSaved(s, now)
	if err != nil {
		return nil, err
	}
	r, touched := d.layOutResult()
	return &AuditSubject{
		Record: d.toRecord(r, touched, now), Program: d.program.audit,
		builder: b, degree: r.Degree.ID, extended: d.extended, coop: d.coop,
	}, nil
}

// UnderDegree returns the same record with another standalone degree. Pins, waivers and the document's total belong
// to the record's own degree, so they do not apply there. The error is degree_not_found.
func (s *AuditSubject) UnderDegree(id string) (*AuditSubject, error) {
	if id == s.degree {
		return s, nil
	}
	degree, ok := s.builder.cat.FindDegree(id)
	if !ok || degree.DegreeType != catalogue.Standalone {
		return nil, &fault.Error{
			Code: fault.DegreeNotFound, Closest: s.builder.cat.ClosestNames(id),
			Detail: "There is no such degree. Choose one of the list of degrees.",
		}
	}
	other := *s
	other.degree, other.Program = degree.ID, s.builder.findProgram(degree, s.extended, s.coop).audit
	other.Record.Pins, other.Record.Waivers, other.Record.Required = nil, nil, 0
	return &other, nil
}

// ComparePrograms returns the programs of all standalone degrees, with the record's own choice of extended credit and
// work terms.
func (s *AuditSubject) ComparePrograms() []*audit.Program {
	degrees := s.builder.cat.StandaloneDegrees()
	programs := make([]*audit.Program, 0, len(degrees))
	for _, degree := range degrees {
		programs = append(programs, s.builder.findProgram(degree, s.extended, s.coop).audit)
	}
	return programs
}

// ToPatch returns the edit that puts a plan of this record into its timeline. Semesters are those of the timeline;
// from is the first term of the plan, the term after the current one when it is empty. The plan replaces planned
// courses from that term on; everything else stays.
func (s *AuditSubject) ToPatch(semesters []Semester, plan *audit.Plan, from string) Patch {
	first := s.Record.Current.LastSeason().NextTerm()
	if t, err := term.Parse(from); err == nil {
		first = t
	}
	planned := func(a audit.Attempt) bool {
		return a.Status == audit.Planned && !a.Term.IsZero() && term.Compare(a.Term.FirstSeason(), first) >= 0
	}
	replaced := map[sittingKey]bool{}
	for _, a := range s.Record.Attempts {
		if planned(a) {
			replaced[sittingKey{a.Code, a.Term.UpperLabel()}] = true
		}
	}
	terms := map[string][]Sitting{}
	for _, a := range plan.Attempts {
		if !planned(a) {
			continue
		}
		sitting := Sitting{Code: a.Code}
		if a.IsPlaceholder {
			credits := a.Credits.Float()
			sitting.Pool, sitting.Credits, sitting.Message = cmp.Or(a.Pool, audit.OtherCreditsID), &credits, placeholder
		}
		terms[a.Term.UpperLabel()] = append(terms[a.Term.UpperLabel()], sitting)
	}
	out := []Semester{}
	for _, semester := range semesters {
		kept := Semester{Term: semester.Term, Courses: []Sitting{}}
		t, err := term.Parse(semester.Term)
		ahead := err == nil && term.Compare(t.FirstSeason(), first) >= 0
		for _, sitting := range semester.Courses {
			gone := replaced[sittingKey{sitting.Code, semester.Term}] || ahead && isOpenPlaceholder(sitting)
			if !gone {
				kept.Courses = append(kept.Courses, sitting)
			}
		}
		kept.Courses = append(kept.Courses, sortPlanned(terms[semester.Term])...)
		delete(terms, semester.Term)
		if len(kept.Courses) > 0 || !ahead {
			out = append(out, kept)
		}
	}
	for label, courses := range terms {
		out = append(out, Semester{Term: label, Courses: sortPlanned(courses)})
	}
	slices.SortStableFunc(out, func(a, b Semester) int { return term.Compare(termOf(&a.Term), termOf(&b.Term)) })
	return Patch{Semesters: &out}
}

// isOpenPlaceholder reports whether a sitting represents a course still to be chosen, other than a work term.
func isOpenPlaceholder(s Sitting) bool {
	return !catalogue.IsCode(s.Code) && (s.Pool != "" || s.Message == placeholder)
}

// sortPlanned sorts the sittings of one planned term: courses by code, then placeholders.
func sortPlanned(sittings []Sitting) []Sitting {
	slices.SortStableFunc(sittings, func(a, b Sitting) int {
		if (a.Pool == "") != (b.Pool == "") {
			if a.Pool == "" {
				return -1
			}
			return 1
		}
		return cmp.Compare(a.Code, b.Code)
	})
	return sittings
}
