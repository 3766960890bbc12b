package audit

import (
	"context"
	"fmt"
	"slices"

	"github.com/trackmydegree/trackmydegree/internal/audit/plan"
	"github.com/trackmydegree/trackmydegree/internal/fault"
	"github.com/trackmydegree/trackmydegree/internal/term"
)

// Plan is the terms that complete a degree.
type Plan struct {
	Terms []PlannedTerm `json:"terms"`
	// Graduation is the last of them.
	Graduation string `json:"graduation"`
	// StudyTerms is the number of terms with courses; Bound is a lower bound of it, both counted in calendar terms up
	// to the last one. Optimal means that they are equal.
	StudyTerms int  `json:"studyTerms"`
	Length     int  `json:"length"`
	Bound      int  `json:"bound"`
	Optimal    bool `json:"optimal"`
	// CriticalChain are the courses that no plan can shorten, empty where the number of credits decides.
	CriticalChain []string `json:"criticalChain"`
	Reason        string   `json:"reason"`
	// Attempts are those of the record and of the plan.
	Attempts []Attempt `json:"-"`
	Audit    *Audit    `json:"audit"`
}

// PlannedTerm is one term of a plan.
type PlannedTerm struct {
	Term    string         `json:"term"`
	Work    bool           `json:"work,omitempty"`
	Credits Credits        `json:"credits"`
	Courses []PlacedCourse `json:"courses"`
}

// PlacedCourse is one course, or one placeholder, of a plan, and the reason for its term.
type PlacedCourse struct {
	Code        string  `json:"code"`
	Title       string  `json:"title,omitempty"`
	Credits     Credits `json:"credits"`
	Pool        string  `json:"pool,omitempty"`
	Placeholder bool    `json:"placeholder,omitempty"`
	Because     string  `json:"because"`
	Message     string  `json:"message"`
}

// The reasons for the term of a course.
const (
	PlacedKept     = "kept"      // the student keeps it there
	PlacedWork     = "work_term" // the pattern has a work term there
	PlacedCritical = "critical"  // otherwise the last term would be later
	PlacedEarliest = "earliest"  // it cannot be earlier
	PlacedLevel    = "level"     // the load is even this way
)

// planner plans the missing part of a record.
type planner struct {
	*Program
	record   *Record // with the plan's attempts; unplaced ones have no term
	wishes   *wishes
	tasks    []planTask
	order    []int // the tasks in the order of their items
	faults   []fault.Field
	schedule plan.Schedule
	problem  plan.Problem

	states       []courseState // by course id
	base         []item        // of the record
	merged       []item        // of the record and the tasks
	auditor      *auditor      // of the record and the first tasks, measured of them
	requirements []Requirement
	measured     int

	recordCredits  Credits // of the record before the plan
	starts         [16][]bool
	fullYearStarts []bool
}

// notMeasured is the value of measured while no measurement holds.
const notMeasured = -1

// planTask is one course, or placeholder, to be placed.
type planTask struct {
	attempt Attempt
	id      int32 // -1 for a placeholder
	fixed   slot  // never for a task without a fixed term
	retake  bool
	item    item // of the attempt, for measurements
}

// Plan completes the degree in the fewest terms that the rules and the request allow. A request that contradicts
// itself or the rules is an invalid_form fault with each field. When the context ends it returns the best plan found.
func (p *Program) Plan(ctx context.Context, r Record, q PlanRequest) (*Plan, error) {
	x, err := p.schedulePlan(ctx, &r, &q, p.emptyAuditor(&r))
	if err != nil {
		return nil, err
	}
	out, full := x.describe(), x.fullRecord()
	out.Attempts, out.Audit = full.Attempts, p.Audit(full)
	return out, nil
}

// schedulePlan chooses the courses of a plan and their terms. It measures with an auditor of the program.
func (p *Program) schedulePlan(ctx context.Context, r *Record, q *PlanRequest, a *auditor) (*planner, error) {
	w, faults := p.readWishes(r, q)
	if err := invalidForm(faults); err != nil {
		return nil, err
	}
	x := &planner{Program: p, wishes: w, measured: notMeasured}
	x.begin(r, a)
	x.selectCourses()
	if len(x.faults) == 0 {
		x.layOut(ctx)
	}
	if err := invalidForm(x.faults); err != nil {
		return nil, err
	}
	return x, nil
}

// CheckPlanRequest returns what Plan refuses before it plans: an invalid_form fault with each field of a request that
// contradicts itself or the record.
func (p *Program) CheckPlanRequest(r Record, q PlanRequest) error {
	_, faults := p.readWishes(&r, &q)
	return invalidForm(faults)
}

func invalidForm(faults []fault.Field) error {
	if len(faults) == 0 {
		return nil
	}
	return &fault.Error{Code: fault.InvalidForm, Fields: faults}
}

// begin takes from the record what is completed, in progress or planned before the plan begins.
func (x *planner) begin(r *Record, a *auditor) {
	record := *r
	record.Attempts = make([]Attempt, 0, len(r.Attempts))
	x.states = make([]courseState, len(x.places))
	for _, attempt := range r.Attempts {
		begin := slotOf(attempt.Term.FirstSeason())
		switch {
		case attempt.Status != Planned, begin < x.wishes.from && begin != never:
			record.Attempts = append(record.Attempts, attempt)
		case isWorkTerm(attempt.Code) && x.wishes.coop == "":
			x.addTask(attempt, begin)
		case !attempt.IsPlaceholder && begin >= x.wishes.from && !slices.Contains(x.wishes.avoid, attempt.Code):
			x.wishes.prefer = append(x.wishes.prefer, attempt.Code) // after the preferred courses of the request
		}
	}
	x.record = &record
	x.readRecord(a)
	x.readStates()
	for _, kept := range x.wishes.keep {
		x.addTask(kept, slotOf(kept.Term.FirstSeason()))
	}
	x.addWorkTerms()
}

// addWorkTerms fixes the work terms of the pattern, in the order of their numbers.
func (x *planner) addWorkTerms() {
	number := 1
	for i, letter := range x.wishes.coop {
		if letter != 'W' {
			continue
		}
		for number <= workTerms && x.hasCode(fmt.Sprintf("CWT %d00", number)) {
			number++
		}
		for _, code := range []string{fmt.Sprintf("CWT %d00", number), fmt.Sprintf("CWT %d01", number)} {
			id, ok := x.book.findID(code)
			if !ok || x.hasCourse(id) {
				continue
			}
			x.addTask(Attempt{Code: code, Credits: x.book.courses[id].credits, Status: Planned}, x.wishes.from+slot(i))
		}
	}
}

// fullRecord returns the record with every task of the plan.
func (x *planner) fullRecord() Record {
	r := *x.record
	r.Attempts = slices.Clone(r.Attempts)
	for i := range x.tasks {
		r.Attempts = append(r.Attempts, x.tasks[i].attempt)
	}
	return r
}

// layOut assigns a term to every task.
func (x *planner) layOut(ctx context.Context) {
	x.buildProblem()
	schedule, ok := plan.Solve(ctx, &x.problem)
	if !ok {
		x.explainFailure()
		return
	}
	x.schedule = schedule
	for i := range x.tasks {
		x.tasks[i].attempt.Term = x.termAt(i, schedule.Start[i])
	}
}

// termAt returns the term of a task that begins in a term of the problem.
func (x *planner) termAt(i, t int) term.Term {
	at := (x.wishes.from + slot(t)).toTerm()
	if x.problem.Tasks[i].FullYear {
		at.Season = term.FallWinter
	}
	return at
}

// explainFailure names the parts of the request, or the courses, for which there is no layout.
func (x *planner) explainFailure() {
	early := plan.FindEarliest(&x.problem)
	for i := range x.tasks {
		task, t := &x.tasks[i], x.problem.Tasks[i].Fixed
		kept := slices.IndexFunc(x.wishes.keep, func(a Attempt) bool { return a.Code == task.attempt.Code })
		switch {
		case early[i] < 0:
			continue
		case t >= 0 && early[i] > t && kept >= 0:
			x.faults = append(x.faults, fault.Field{Path: fmt.Sprintf("keep/%d", kept), Message: fmt.Sprintf(
				"%s cannot stand before %s: what it asks for comes first.", task.attempt.Code, (x.wishes.from + slot(early[i])).label())})
		case t >= 0 && early[i] > t:
			x.faults = append(x.faults, fault.Field{Path: "coop", Message: fmt.Sprintf(
				"%s cannot stand before %s: what it asks for comes first.", task.attempt.Code, (x.wishes.from + slot(early[i])).label())})
		case !isWorkTerm(task.attempt.Code) && x.problem.Tasks[i].Credits > int(x.wishes.load):
			x.faults = append(x.faults, fault.Field{Path: "maxCredits", Message: fmt.Sprintf("%s alone has %s credits.", task.attempt.Code, task.attempt.Credits)})
		}
	}
	if len(x.faults) == 0 && len(x.wishes.keep) > 0 {
		x.faults = append(x.faults, fault.Field{Path: "keep", Message: "The degree cannot be finished with these courses in these terms. Keep fewer of them."})
	}
	if len(x.faults) == 0 {
		x.faults = append(x.faults, fault.Field{Path: "maxCredits", Message: "The degree cannot be finished within twelve years this way. Allow more credits a term, or summers."})
	}
}
