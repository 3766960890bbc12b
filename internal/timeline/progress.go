package timeline

import (
	"slices"
	"time"

	"github.com/trackmydegree/trackmydegree/internal/audit"
	"github.com/trackmydegree/trackmydegree/internal/term"
)

// toRecord returns the draft as the record of an audit: one attempt for each sitting, transfer and exemption.
func (d *draft) toRecord(r *Result, touched []string, now time.Time) audit.Record {
	record := audit.Record{
		Attempts: make([]audit.Attempt, 0, len(d.states)+len(d.transfers)), Deficiencies: d.deficient,
		Pins: d.pins, Waivers: d.waivers, IsCoop: d.coop, Required: audit.Quarters(d.required), Current: term.FindCurrent(now),
	}
	sat := map[string]bool{}
	for k := range d.slots {
		s := &d.slots[k]
		last := map[string]int{}
		for i := range s.courses {
			last[s.courses[i].Code] = i
		}
		for i := range s.courses {
			sitting := &s.courses[i]
			switch {
			case sitting.Message == workTerm && !d.hasEntry(sitting.Code):
				record.WorkTerms = append(record.WorkTerms, s.term)
				continue
			case !d.hasEntry(sitting.Code):
				if sitting.Pool != "" && s.term.PositionAt(now) == term.Future {
					record.Attempts = append(record.Attempts, audit.Placeholder(sitting.Code, sitting.Pool, toPrinted(sitting.Credits), s.term))
				}
				continue
			}
			attempt := audit.Attempt{
				Code: sitting.Code, Term: s.term, BelowCMinus: sitting.IsBelowCMinus, Credits: toPrinted(sitting.Credits),
				Status: audit.Status(unstatedStatus(*sitting, s.term.PositionAt(now))),
			}
			course := r.Courses[sitting.Code]
			state := course.State
			if statusRank(Status(attempt.Status)) > statusRank(state.Status) {
				attempt.Status = audit.Status(state.Status) // as its owner set it
			}
			if state.Semester != nil && *state.Semester == s.label && last[sitting.Code] == i {
				sat[sitting.Code] = true
				attempt.Status, attempt.Via = audit.Status(state.Status), state.Via
				if state.Via != "" {
					attempt.Credits, attempt.BelowCMinus = d.creditsWithoutSitting(sitting.Code, state.Via), false
				}
			} else if course.InCatalogue != nil {
				continue // for such a course the audit does not know whether it may count twice
			}
			record.Attempts = append(record.Attempts, attempt)
		}
	}
	for _, code := range touched {
		state := r.Courses[code].State
		if sat[code] || state.Status == Incomplete {
			continue
		}
		record.Attempts = append(record.Attempts, audit.Attempt{
			Code: code, Status: audit.Status(state.Status), Via: state.Via, Term: termOf(state.Semester), Credits: d.creditsWithoutSitting(code, state.Via),
		})
	}
	for _, t := range d.transfers {
		if t.Code != "" {
			continue // its course has a state
		}
		record.Attempts = append(record.Attempts, audit.Attempt{
			Code: t.Title, Status: audit.Completed, Via: t.Via, Credits: toPrinted(t.Credits),
		})
	}
	return record
}

// unstatedStatus returns the status of a sitting that does not decide its course's state. A past sitting completed
// the course only if it earned credits.
func unstatedStatus(s Sitting, at term.Position) Status {
	switch {
	case at == term.Future:
		return Planned
	case s.Message != "" && !isUnusedMessage(s.Message) && s.Message != notFound:
		return Incomplete
	case at == term.Current:
		return InProgress
	case s.Credits != nil && *s.Credits > 0:
		return Completed
	}
	return Incomplete
}

// creditsWithoutSitting returns the credits of a transfer or an exemption, NoCredits where the document has none.
func (d *draft) creditsWithoutSitting(code, via string) audit.Credits {
	if code == writingCourse && via == ViaExemption {
		return 0 // a test was passed, and no credits earned
	}
	for _, t := range d.transfers {
		if t.Code == code && t.Via == via {
			return toPrinted(t.Credits)
		}
	}
	return d.extraCredits(code)
}

// extraCredits returns the credits of a course that the catalogue lacks; for all others the catalogue's apply.
func (d *draft) extraCredits(code string) audit.Credits {
	if x, ok := d.extra[code]; ok && x.Credits > 0 {
		return audit.Quarters(roundToQuarters(x.Credits))
	}
	return audit.NoCredits
}

func toPrinted(credits *float64) audit.Credits {
	if credits == nil {
		return audit.NoCredits
	}
	return audit.Quarters(*credits)
}

// auditRecord audits the draft, and adds totals, remarks, and where each course counts to the result.
func (d *draft) auditRecord(r *Result, touched []string, now time.Time) *audit.Audit {
	out := d.program.audit.Audit(d.toRecord(r, touched, now))
	r.Totals = Totals{Required: out.Totals.Required.Float(), Source: out.Totals.Source}
	r.Remarks = out.Remarks
	for i := range out.Courses {
		if counts := out.Courses[i].Counts; len(counts) > 0 {
			code := out.Courses[i].Code
			if c, ok := r.Courses[code]; ok {
				c.Counts = addCounts(c.Counts, counts)
				r.Courses[code] = c
			}
		}
	}
	return out
}

// measureProgress adds the credits of the degree and of each pool to the result.
func (d *draft) measureProgress(r *Result, out *audit.Audit) {
	r.Progress.Overall = Credits{
		CreditsRequired: out.Totals.Required.Float(), Completed: out.Totals.Completed.Float(),
		InProgress: out.Totals.InProgress.Float(), Planned: out.Totals.Planned.Float(), Remaining: out.Totals.Remaining.Float(),
	}
	requirements := make(map[string]*audit.Requirement, len(out.Requirements))
	for i := range out.Requirements {
		requirements[out.Requirements[i].ID] = &out.Requirements[i]
	}
	if other, ok := requirements[audit.OtherCreditsID]; ok {
		r.Pools = slices.Insert(r.Pools, len(d.program.pools), Pool{
			ID: other.ID, Name: other.Name, CreditsRequired: other.Required.Float(), Courses: codesOf(other.Courses), Rules: []Rule{},
		})
	}
	r.Progress.Pools = make([]PoolProgress, 0, len(r.Pools))
	for i, pool := range r.Pools {
		p := PoolProgress{ID: pool.ID, Name: pool.Name, Credits: Credits{CreditsRequired: pool.CreditsRequired, Remaining: pool.CreditsRequired}}
		if q, ok := requirements[pool.ID]; ok {
			if pool.ID == DeficienciesPoolID {
				r.Pools[i].CreditsRequired = q.Required.Float()
			}
			p.Credits = Credits{
				CreditsRequired: q.Required.Float(), Completed: q.Completed.Float(), InProgress: q.InProgress.Float(),
				Planned: q.Planned.Float(), Remaining: q.Remaining.Float(),
			}
		}
		r.Progress.Pools = append(r.Progress.Pools, p)
	}
}

// addCounts adds counts, one for each pool: a topics course counts once for each of its sittings.
func addCounts(have, counts []audit.Count) []audit.Count {
	for _, c := range counts {
		i := slices.IndexFunc(have, func(x audit.Count) bool { return x.Pool == c.Pool })
		if i < 0 {
			have = append(have, c)
			continue
		}
		have[i].Credits += c.Credits
	}
	return have
}

func codesOf(counted []audit.CountedCourse) []string {
	codes := make([]string, 0, len(counted))
	for _, c := range counted {
		codes = append(codes, c.Code)
	}
	return codes
}
