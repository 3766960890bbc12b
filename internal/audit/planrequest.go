package audit

import (
	"fmt"
	"slices"
	"strings"

	"github.com/trackmydegree/trackmydegree/internal/catalogue"
	"github.com/trackmydegree/trackmydegree/internal/fault"
	"github.com/trackmydegree/trackmydegree/internal/term"
)

// PlanRequest is the student's request for a plan.
type PlanRequest struct {
	// MaxCredits is the most credits of a term, 0 for 15.
	MaxCredits Credits `json:"maxCredits,omitempty"`
	// Summers opens the summer terms.
	Summers bool `json:"summers,omitempty"`
	// Coop is a letter for each term from the first: S for study, W for work, - for a term off. Terms after the
	// pattern are study terms. Without a pattern the work terms of the record stay.
	Coop string `json:"coop,omitempty"`
	// From is the first term of the plan, such as "Fall 2027"; empty means the term after the current one.
	From string `json:"from,omitempty"`
	// Keep are courses that stay in their terms.
	Keep []KeptCourse `json:"keep,omitempty"`
	// Prefer are electives that the student wants, most wanted first.
	Prefer []string `json:"prefer,omitempty"`
	// Avoid are courses that the student does not want.
	Avoid []string `json:"avoid,omitempty"`
}

// KeptCourse is a course in its term.
type KeptCourse struct {
	Code string `json:"code"`
	Term string `json:"term"`
}

const (
	defaultPlanLoad Credits = 15 * 4
	leastPlanLoad   Credits = 3 * 4
	mostWishes              = 100
	planTerms               = 36 // twelve years
)

// wishes are a validated request.
type wishes struct {
	load    Credits
	summers bool
	coop    string
	from    slot
	keep    []Attempt
	prefer  []string
	avoid   []string
}

// readWishes validates a request against the record, and returns every fault.
func (p *Program) readWishes(r *Record, q *PlanRequest) (*wishes, []fault.Field) {
	w := &wishes{load: q.MaxCredits, summers: q.Summers, coop: strings.ToUpper(q.Coop), from: slotOf(r.Current.LastSeason()) + 1}
	var faults []fault.Field
	add := func(path, format string, args ...any) {
		faults = append(faults, fault.Field{Path: path, Message: fmt.Sprintf(format, args...)})
	}
	if w.load == 0 {
		w.load = min(defaultPlanLoad, p.book.settings.MaxLoad)
	}
	if w.load < leastPlanLoad || w.load > p.book.settings.MaxLoad {
		add("maxCredits", "Choose between %s and %s credits a term.", leastPlanLoad, p.book.settings.MaxLoad)
		w.load = defaultPlanLoad
	}
	if q.From != "" {
		t, err := term.Parse(q.From)
		switch {
		case err != nil || t.IsFullYear():
			add("from", `A term is Winter, Summer or Fall and a year, such as "Fall 2027".`)
		case slotOf(t) < w.from && !r.Current.IsZero():
			add("from", "The plan begins after the current term.")
		case t.Year > term.LastYear-planTerms/3-1:
			add("from", "The year is too far ahead.")
		default:
			w.from = slotOf(t)
		}
	} else if r.Current.IsZero() {
		add("from", "Choose the first term of the plan.")
	}
	if len(q.Keep) > mostWishes || len(q.Prefer) > mostWishes || len(q.Avoid) > mostWishes {
		add("keep", "At most %d courses in each list.", mostWishes)
		return w, faults
	}
	faults = append(faults, w.readPattern(p, r)...)
	faults = append(faults, w.readKept(p, r, q)...)
	w.prefer, w.avoid = p.readCodes("prefer", q.Prefer, &faults), p.readCodes("avoid", q.Avoid, &faults)
	for i, code := range w.avoid {
		id, ok := p.book.findID(code)
		switch {
		case slices.Contains(w.prefer, code):
			add(fmt.Sprintf("avoid/%d", i), "%s is preferred and avoided.", code)
		case slices.ContainsFunc(w.keep, func(a Attempt) bool { return a.Code == code }):
			add(fmt.Sprintf("avoid/%d", i), "%s is kept and avoided.", code)
		case ok && p.isIndispensable(r, id):
			add(fmt.Sprintf("avoid/%d", i), "%s is required: the degree cannot do without it.", code)
		}
	}
	return w, faults
}

// readCodes checks a list of codes.
func (p *Program) readCodes(path string, codes []string, faults *[]fault.Field) []string {
	out := make([]string, 0, len(codes))
	for i, code := range codes {
		if len(code) <= 32 {
			code = catalogue.NormalizeCode(code)
		}
		if id, ok := p.book.findID(code); !ok || !p.book.courses[id].known {
			*faults = append(*faults, fault.Field{Path: fmt.Sprintf("%s/%d", path, i), Message: "The catalogue has no such course."})
			continue
		}
		if !slices.Contains(out, code) {
			out = append(out, code)
		}
	}
	return out
}

// isIndispensable reports whether a requirement needs the course, and the record does not have it.
func (p *Program) isIndispensable(r *Record, id int32) bool {
	code := p.book.courses[id].code
	if slices.ContainsFunc(r.Attempts, func(a Attempt) bool { return a.Code == code && (a.Status == Completed || a.Status == InProgress) }) {
		return false
	}
	return slices.ContainsFunc(p.places[id], func(at place) bool {
		return at.stands < 0 && at.inSet == 0 && p.pools[at.pool].needsAll
	})
}

// readPattern checks the pattern of work terms.
func (w *wishes) readPattern(p *Program, r *Record) []fault.Field {
	if w.coop == "" {
		return nil
	}
	refuse := func(message string) []fault.Field { return []fault.Field{{Path: "coop", Message: message}} }
	switch {
	case !r.IsCoop:
		return refuse("The record is not one of a co-op student.")
	case len(w.coop) > planTerms:
		return refuse("The pattern is longer than twelve years.")
	case strings.Trim(w.coop, "SW-") != "":
		return refuse("Write S for study, W for work and - for a term off.")
	case strings.Contains(w.coop, "WWW"):
		return refuse("At most two work terms follow each other.")
	}
	a := p.newAuditor(&Record{Attempts: r.Attempts, WorkTerms: r.WorkTerms, IsCoop: true})
	study, works, row := 0, 0, 0
	for _, t := range a.listTerms() {
		if t.at >= w.from {
			continue
		}
		if t.works != 0 {
			works++
			row++
		} else {
			study++
			row = 0
		}
	}
	for _, letter := range w.coop {
		switch letter {
		case 'S':
			study++
			row = 0
		case 'W':
			if study < studyTermsFirst && works == 0 {
				return refuse("Two study terms stand before the first work term.")
			}
			works++
			if row++; row > workTermsInARow {
				return refuse("At most two work terms follow each other.")
			}
		}
	}
	if works > workTerms {
		return refuse(fmt.Sprintf("A degree has %d work terms; with those of the record the pattern has %d.", workTerms, works))
	}
	return nil
}

// readKept checks the courses that stay.
func (w *wishes) readKept(p *Program, r *Record, q *PlanRequest) []fault.Field {
	var kept []keptCourse
	faults := make([][]fault.Field, len(q.Keep)) // of each course
	add := func(i int, format string, args ...any) {
		faults[i] = append(faults[i], fault.Field{Path: fmt.Sprintf("keep/%d", i), Message: fmt.Sprintf(format, args...)})
	}
	for i, k := range q.Keep {
		code := k.Code
		if len(code) <= 32 {
			code = catalogue.NormalizeCode(code)
		}
		id, ok := p.book.findID(code)
		if !ok || !p.book.courses[id].known {
			add(i, "The catalogue has no such course.")
			continue
		}
		t, err := term.Parse(k.Term)
		if err != nil {
			add(i, `A term is a season and a year, such as "Fall 2027".`)
			continue
		}
		t = t.ToCanonical()
		begin := slotOf(t.FirstSeason())
		credits := p.book.courses[id].credits
		switch {
		case begin < w.from:
			add(i, "%s is kept in %s, before the plan begins.", code, t.UpperLabel())
		case begin >= w.from+planTerms-1:
			add(i, "%s is kept more than twelve years ahead.", code)
		case w.isClosed(begin) && !isWorkTerm(code):
			add(i, "%s is kept in %s, in which the plan has no study term.", code, t.UpperLabel())
		case slices.ContainsFunc(kept, func(other keptCourse) bool { return other.id == id }) && !p.book.courses[id].repeatable:
			add(i, "%s is kept twice.", code)
		case slices.ContainsFunc(r.Attempts, func(a Attempt) bool {
			return a.Code == code && (a.Status == Completed && !a.BelowCMinus || a.Status == InProgress) && !p.book.courses[id].repeatable
		}):
			add(i, "%s is in the record already.", code)
		default:
			kept = append(kept, keptCourse{i, id, Attempt{Code: code, Credits: credits, Status: Planned, Term: t}})
		}
	}
	excluders, load := p.findExcluders(r, kept), map[slot]Credits{}
	for _, k := range kept {
		if other, ok := excluders[k.id]; ok {
			add(k.index, "%s and %s exclude each other, and %s is in the record already.", k.attempt.Code, other, other)
			continue
		}
		for _, other := range w.keep {
			if otherID, ok := p.book.findID(other.Code); ok && p.book.excludeEachOther(k.id, otherID) {
				add(k.index, "%s and %s exclude each other.", k.attempt.Code, other.Code)
			}
		}
		at := slotOf(k.attempt.Term.FirstSeason())
		if load[at] += k.attempt.Credits; load[at] > w.load && !k.attempt.Term.IsFullYear() {
			add(k.index, "%s holds more than %s credits by what is kept.", k.attempt.Term.UpperLabel(), w.load)
		}
		w.keep = append(w.keep, k.attempt)
	}
	return slices.Concat(faults...)
}

// isClosed reports whether the plan has no study term in a term.
func (w *wishes) isClosed(at slot) bool {
	if i := int(at - w.from); i >= 0 && i < len(w.coop) {
		return w.coop[i] != 'S'
	}
	return at.season() == term.Summer && !w.summers
}

// keptCourse is a course of the request that stays, and its place in the list.
type keptCourse struct {
	index   int
	id      int32
	attempt Attempt
}

// excludeEachOther reports whether the rules of one of two courses exclude the other.
func (b *Rulebook) excludeEachOther(x, y int32) bool {
	return slices.Contains(b.courses[x].excludes, y) || slices.Contains(b.courses[y].excludes, x)
}

// findExcluders returns for each kept course that is excluded a course of the record, passed or under way, that
// excludes it in its term. A waived exclusion excludes nothing.
func (p *Program) findExcluders(r *Record, kept []keptCourse) map[int32]string {
	if len(kept) == 0 {
		return nil
	}
	attempts := slices.Clone(r.Attempts)
	ids := make(map[int32]bool, len(kept))
	for _, k := range kept {
		attempts = append(attempts, k.attempt)
		ids[k.id] = true
	}
	a := p.newAuditor(&Record{Attempts: attempts, Waivers: r.Waivers})
	out := map[int32]string{}
	for _, pair := range a.excluded {
		for i, x := range pair {
			it, other := &a.items[x], &a.items[pair[1-i]]
			isDone := other.Status == Completed || other.Status == InProgress
			if _, found := out[it.id]; !found && ids[it.id] && it.Status == Planned && isDone && !a.isExclusionWaived(pair) {
				out[it.id] = other.Code
			}
		}
	}
	return out
}
