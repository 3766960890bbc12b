package timeline

import (
	"cmp"
	"math"
	"slices"
	"strings"
	"time"

	"github.com/trackmydegree/trackmydegree/internal/catalogue"
	"github.com/trackmydegree/trackmydegree/internal/document"
	"github.com/trackmydegree/trackmydegree/internal/fault"
	"github.com/trackmydegree/trackmydegree/internal/term"
)

// MaxYears is the largest distance of the first and the last generated term.
const MaxYears = 12

const (
	// writingCourse is the course of which the engineering writing test exempts.
	writingCourse = "ENCS 272"
	// formYears and letterYears are the number of years of terms when no last term is given.
	formYears   = 3
	letterYears = 2
	// maxTotalCredits is above the total of any degree; a larger number was misread.
	maxTotalCredits = 300
)

// FromDocument builds the timeline of a document, as of now. The errors are degree_missing, degree_not_found and
// degree_ambiguous, and corrupt for impossible terms.
func (b *Builder) FromDocument(doc document.Document, now time.Time) (*Result, error) {
	return b.FromDocumentFor(doc, Choice{}, now)
}

// Choice is what takes the place of what a document or a saved timeline says: the id of a degree, and an edition of the
// catalogue such as "2025-26". An empty field chooses nothing.
type Choice struct{ Degree, Calendar string }

// WantedCalendar returns the edition that is chosen, else that of the admission; "" when neither is known.
func WantedCalendar(doc document.Document, chosen Choice) string {
	if t := admitTerm(doc); chosen.Calendar == "" && !t.IsZero() {
		return catalogue.AcademicYear(t)
	}
	return chosen.Calendar
}

// FromDocumentFor is FromDocument with a choice. A degree that the catalogue lacks is degree_not_found. An edition that
// was chosen needs no warning that it is not the admission's.
func (b *Builder) FromDocumentFor(doc document.Document, chosen Choice, now time.Time) (*Result, error) {
	info := cmp.Or(doc.ProgramInfo, &document.ProgramInfo{})
	match, err := b.chooseDegree(info.Degree, chosen.Degree)
	if err != nil {
		return nil, err
	}
	d := &draft{
		cat:         b.cat,
		program:     b.findProgram(match.Degree, info.IsExtendedCreditProgram, info.IsCoop),
		extended:    info.IsExtendedCreditProgram,
		coop:        info.IsCoop,
		states:      map[string]State{},
		transferred: uniqueCodes(doc.TransferredCourses),
		exempt:      uniqueCodes(doc.ExemptedCourses),
		deficient:   uniqueCodes(doc.DeficiencyCourses),
		extra:       map[string]ExtraCourse{},
	}
	d.warnings = append(d.warnings, doc.Warnings...)
	d.warnings = append(d.warnings, ignoredPrograms(match.Ignored)...)
	if wanted, own := WantedCalendar(doc, chosen), b.cat.Calendar(); wanted != "" && own != "" && wanted != own {
		d.warnings = append(d.warnings, otherCalendar(wanted, own))
	}
	d.addTransfers(doc)
	d.warnings = append(d.warnings, replacedDegree(match)...)
	// The printed total is that of the printed degree.
	if length := info.MinimumProgramLength; match.replaced == "" && length != nil && *length > 0 && *length <= maxTotalCredits {
		d.required = math.Round(*length*4) / 4
	}
	if info.EWTSatisfied {
		d.exempt = uniqueCodes(append(d.exempt, writingCourse)) // once, also where it is exempted by name
	}
	if len(doc.Semesters) == 0 && doc.Kind == document.Letter {
		d.slots = letterSlots(info)
		return d.assembleResult(now), nil
	}
	if err := d.addSemesters(doc.Semesters, now); err != nil {
		return nil, err
	}
	return d.assembleResult(now), nil
}

// degreeChoice is the degree of a timeline. Replaced is the name of the degree that the document names, when another
// was given in its place.
type degreeChoice struct {
	catalogue.DegreeMatch
	replaced string
}

// chooseDegree returns the degree of an id or, without one, the degree that a document names.
func (b *Builder) chooseDegree(printed, degreeID string) (degreeChoice, error) {
	match, err := b.cat.MatchDegree(printed)
	if degreeID == "" {
		return degreeChoice{DegreeMatch: match}, err
	}
	given, err2 := b.cat.FindStandalone(degreeID)
	switch {
	case err2 != nil:
		return degreeChoice{}, err2
	case err != nil: // the owner names what the document does not
		return degreeChoice{DegreeMatch: catalogue.DegreeMatch{Degree: given}}, nil
	case match.Degree.ID == given.ID:
		return degreeChoice{DegreeMatch: match}, nil
	}
	return degreeChoice{catalogue.DegreeMatch{Degree: given, Ignored: match.Ignored}, match.Degree.Name}, nil
}

// addSemesters adds the sittings of a document: each in its term, with its message.
func (d *draft) addSemesters(semesters []document.Semester, now time.Time) error {
	type printed struct {
		term term.Term
		document.Semester
	}
	terms := make([]printed, 0, len(semesters))
	for _, s := range semesters {
		t, err := term.Parse(s.Term)
		if err != nil {
			// The printed text may be personal data, so it is not part of the error.
			return fault.WithDetail(fault.Corrupt, "The document names a term that does not exist. Print it to PDF again from the browser.")
		}
		terms = append(terms, printed{t, s})
	}
	slices.SortStableFunc(terms, func(a, b printed) int { return term.Compare(a.term, b.term) })
	for _, t := range terms {
		s := newSlot(t.term)
		at := s.term.PositionAt(now)
		for _, row := range t.Courses {
			code := catalogue.NormalizeCode(row.Code)
			if code == "" {
				continue
			}
			if _, known := d.cat.CourseIndex(code); !known {
				d.extra[code] = mergeExtra(d.extra[code], row, code)
			}
			v := classifySitting(row, at)
			if v.IsUnknown && !d.hasGradeWarning(code, s.label) {
				d.warnings = append(d.warnings, unknownGrade(code, s.label))
			}
			state := State{Status: v.Status, Semester: &s.label, Message: v.Message}
			if before, ok := d.states[code]; ok {
				state = betterState(before, state)
			}
			d.states[code] = state
			s.courses = append(s.courses, Sitting{
				Code: code, Message: v.Message, Credits: countedCredits(row, v), IsBelowCMinus: v.IsBelowCMinus && v.Status == Completed,
			})
		}
		d.slots = append(d.slots, s)
	}
	d.slots = mergeSlots(d.slots)
	return nil
}

// addTransfers adds the printed rows of transfers and exemptions, also those without a course. A transcript prints
// the credits of every row, so an exemption without any earned 0.00; a letter prints credits for some.
func (d *draft) addTransfers(doc document.Document) {
	for _, row := range doc.Transfers {
		t := Transfer{Via: ViaTransfer, Title: strings.TrimSpace(row.Title)}
		if toCapitals(row.Grade) == "EX" {
			t.Via = ViaExemption
		}
		if credits := roundToQuarters(row.Credits); credits > 0 || doc.Kind == document.Transcript {
			t.Credits = &credits
		}
		if code := catalogue.NormalizeCode(row.Code); !row.Unassigned && catalogue.IsCode(code) {
			t.Code = code
			if t.Via == ViaExemption {
				d.exempt = uniqueCodes(append(d.exempt, code))
			} else {
				d.transferred = uniqueCodes(append(d.transferred, code))
			}
			if _, known := d.cat.CourseIndex(code); !known {
				d.extra[code] = ExtraCourse{Code: code, Title: t.Title, Credits: roundToQuarters(row.Credits)}
			}
		} else {
			t.Title = strings.TrimSpace(row.Code + " " + t.Title)
		}
		d.transfers = append(d.transfers, t)
	}
}

// mergeExtra keeps the title and credits of a course that the catalogue lacks, from the latest row that has them.
func mergeExtra(x ExtraCourse, row document.Sitting, code string) ExtraCourse {
	return ExtraCourse{
		Code: code, Title: cmp.Or(row.Title, x.Title),
		Credits: cmp.Or(roundToQuarters(row.CreditsAttempted), roundToQuarters(row.CreditsEarned), x.Credits),
	}
}

// letterSlots returns the empty terms of a letter. Impossible terms are left out: the student can add them.
func letterSlots(info *document.ProgramInfo) []slot {
	first := parsePrintedTerm(info.FirstTerm)
	if first.IsZero() {
		return nil
	}
	first = first.FirstSeason()
	last := parsePrintedTerm(info.LastTerm)
	if !last.IsZero() {
		last = last.LastSeason()
	}
	if last.IsZero() || term.Compare(last, first) < 0 || term.Compare(last, addYears(first, MaxYears)) > 0 {
		last = addYears(first, letterYears)
	}
	return emptySlots(first, last)
}

func parsePrintedTerm(s *string) term.Term {
	if s == nil {
		return term.Term{}
	}
	t, _ := term.Parse(*s)
	return t
}

func addYears(t term.Term, years int) term.Term {
	t.Year = min(t.Year+years, term.LastYear)
	return t
}

// emptySlots returns the terms from first to last.
func emptySlots(first, last term.Term) []slot {
	var out []slot
	for t := first; term.Compare(t, last) <= 0; t = t.NextTerm() {
		out = append(out, newSlot(t))
	}
	return out
}
