package timeline

import (
	"maps"
	"slices"

	"github.com/trackmydegree/trackmydegree/internal/audit"
	"github.com/trackmydegree/trackmydegree/internal/warning"
)

// Delta is the difference that an edit made in a result, with which a client can update the result that it shows. A
// field without a value did not change.
type Delta struct {
	TimelineName     *string `json:"timelineName,omitempty"`
	IsCoop           *bool   `json:"isCoop,omitempty"`
	IsExtendedCredit *bool   `json:"isExtendedCredit,omitempty"`
	// Degree is set when the degree is counted in another way: with or without co-op or extended credit. Then courses
	// of which nothing is known came or went as well; they are in the full result.
	Degree *Degree `json:"degree,omitempty"`
	// Semesters are the terms that are new or hold other sittings, whole; RemovedTerms are those that are gone.
	Semesters    []Semester `json:"semesters,omitempty"`
	RemovedTerms []string   `json:"removedTerms,omitempty"`
	// Courses are those whose state, or whose place in the requirements, changed; RemovedCourses are those that the
	// slim view no longer has.
	Courses        map[string]ChangedCourse `json:"courses,omitempty"`
	RemovedCourses []string                 `json:"removedCourses,omitempty"`
	// Pools are the requirements that are new or list other courses, whole; RemovedPools are the ids of those that
	// went.
	Pools        []Pool   `json:"pools,omitempty"`
	RemovedPools []string `json:"removedPools,omitempty"`
	// Credits says what was gained and lost.
	Credits CreditsDelta `json:"credits"`
	// Moved are the courses that counted and count elsewhere now.
	Moved    []MovedCount                `json:"moved,omitempty"`
	Remarks  ListDelta[audit.Remark]     `json:"remarks"`
	Warnings *ListDelta[warning.Warning] `json:"warnings,omitempty"`
	Totals   *Totals                     `json:"totals,omitempty"`
	Pins     *map[string]string          `json:"pins,omitempty"`    // all of them
	Waivers  *[]audit.Waiver             `json:"waivers,omitempty"` // all of them
	// Graduation is set when the earliest graduation is another one.
	Graduation *GraduationDelta `json:"graduation,omitempty"`
}

// ChangedCourse is a course after an edit. The catalogue's part is nil for a course that the slim view had before.
type ChangedCourse struct {
	*CatalogueEntry
	State  State         `json:"status"`
	Counts []audit.Count `json:"counts"`
}

// CatalogueEntry is the part of a Course that no edit changes.
type CatalogueEntry struct {
	ID          string   `json:"id"`
	Title       string   `json:"title"`
	Credits     float64  `json:"credits"`
	OfferedIn   []string `json:"offeredIn"`
	Rules       []Rule   `json:"rules"`
	InCatalogue *bool    `json:"inCatalogue,omitempty"`
}

// CreditsDelta is the credits of the degree after an edit, of each requirement that changed, and the differences.
type CreditsDelta struct {
	Overall CreditsChange       `json:"overall"`
	Pools   []PoolCreditsChange `json:"pools,omitempty"`
}

// CreditsChange is credits after an edit and what was gained; what was lost is below 0.
type CreditsChange struct {
	Credits
	Gained CreditsGained `json:"gained"`
}

// CreditsGained is a difference of credits.
type CreditsGained struct {
	Completed  float64 `json:"completed"`
	InProgress float64 `json:"inProgress"`
	Planned    float64 `json:"planned"`
	Remaining  float64 `json:"remaining"`
}

// PoolCreditsChange is a CreditsChange of one requirement.
type PoolCreditsChange struct {
	ID   string `json:"_id"`
	Name string `json:"name"`
	CreditsChange
}

// MovedCount is a course, and the requirements in which it counted before and counts now.
type MovedCount struct {
	Course string   `json:"course"`
	From   []string `json:"from"`
	To     []string `json:"to"`
}

// ListDelta holds the added and the removed elements of a list. A changed element is in both.
type ListDelta[T any] struct {
	Appeared []T `json:"appeared"`
	Gone     []T `json:"gone"`
}

// GraduationDelta is the earliest graduation before and after an edit, nil for none within twelve years.
type GraduationDelta struct {
	Before *audit.Graduation `json:"before"`
	After  *audit.Graduation `json:"after"`
}

// CompareResults returns what changed from one result to another of the same timeline. Either may be a slim view.
func CompareResults(before, after *Result) *Delta {
	d := &Delta{
		TimelineName: changedValue(before.TimelineName, after.TimelineName), IsCoop: changedValue(before.IsCoop, after.IsCoop),
		IsExtendedCredit: changedValue(before.IsExtendedCredit, after.IsExtendedCredit), Totals: changedValue(before.Totals, after.Totals),
	}
	if !slices.Equal(before.Degree.CoursePools, after.Degree.CoursePools) || before.Degree.TotalCredits != after.Degree.TotalCredits {
		d.Degree = &after.Degree
	}
	d.compareSemesters(before, after)
	d.compareCourses(before.SlimView(), after.SlimView())
	d.comparePools(before, after)
	d.compareCredits(&before.Progress, &after.Progress)
	d.Remarks = compareLists(before.Remarks, after.Remarks, identifyRemark)
	if w := compareLists(before.Warnings, after.Warnings, func(w warning.Warning) warning.Warning { return w }); len(w.Appeared)+len(w.Gone) > 0 {
		d.Warnings = &w
	}
	if !maps.Equal(before.Pins, after.Pins) {
		pins := orEmptyMap(after.Pins)
		d.Pins = &pins
	}
	if !slices.Equal(before.Waivers, after.Waivers) {
		waivers := orEmpty(after.Waivers)
		d.Waivers = &waivers
	}
	if !equalGraduations(before.Graduation, after.Graduation) {
		d.Graduation = &GraduationDelta{before.Graduation, after.Graduation}
	}
	return d
}

// changedValue returns the value after an edit, nil when it is as before.
func changedValue[T comparable](before, after T) *T {
	if before == after {
		return nil
	}
	return &after
}

func orEmptyMap(m map[string]string) map[string]string {
	if m == nil {
		return map[string]string{}
	}
	return m
}

func (d *Delta) compareSemesters(before, after *Result) {
	had := make(map[string][]Sitting, len(before.Semesters))
	for _, s := range before.Semesters {
		had[s.Term] = s.Courses
	}
	for _, s := range after.Semesters {
		if courses, ok := had[s.Term]; !ok || !slices.EqualFunc(courses, s.Courses, equalSittings) {
			d.Semesters = append(d.Semesters, s)
		}
		delete(had, s.Term)
	}
	for _, s := range before.Semesters {
		if _, gone := had[s.Term]; gone {
			d.RemovedTerms = append(d.RemovedTerms, s.Term)
		}
	}
}

func equalSittings(a, b Sitting) bool {
	same := (a.Credits == nil) == (b.Credits == nil) && (a.Credits == nil || *a.Credits == *b.Credits)
	a.Credits, b.Credits = nil, nil
	return same && a == b
}

func equalStates(a, b State) bool {
	same := (a.Semester == nil) == (b.Semester == nil) && (a.Semester == nil || *a.Semester == *b.Semester)
	a.Semester, b.Semester = nil, nil
	return same && a == b
}

func (d *Delta) compareCourses(before, after *Result) {
	for _, code := range slices.Sorted(maps.Keys(after.Courses)) {
		c := after.Courses[code]
		old, known := before.Courses[code]
		if known && equalStates(old.State, c.State) && slices.Equal(old.Counts, c.Counts) {
			continue
		}
		changed := ChangedCourse{State: c.State, Counts: orEmpty(c.Counts)}
		if !known {
			changed.CatalogueEntry = &CatalogueEntry{c.ID, c.Title, c.Credits, c.OfferedIn, c.Rules, c.InCatalogue}
		}
		if d.Courses == nil {
			d.Courses = map[string]ChangedCourse{}
		}
		d.Courses[code] = changed
		if from, to := poolsOf(old.Counts), poolsOf(c.Counts); len(from) > 0 && len(to) > 0 && !slices.Equal(from, to) {
			d.Moved = append(d.Moved, MovedCount{code, from, to})
		}
	}
	for _, code := range slices.Sorted(maps.Keys(before.Courses)) {
		if _, ok := after.Courses[code]; !ok {
			d.RemovedCourses = append(d.RemovedCourses, code)
		}
	}
}

func poolsOf(counts []audit.Count) []string {
	out := make([]string, 0, len(counts))
	for _, c := range counts {
		out = append(out, c.Pool)
	}
	return out
}

func (d *Delta) comparePools(before, after *Result) {
	had := make(map[string]*Pool, len(before.Pools))
	for i := range before.Pools {
		had[before.Pools[i].ID] = &before.Pools[i]
	}
	for i := range after.Pools {
		p := &after.Pools[i]
		old, ok := had[p.ID]
		if !ok || old.CreditsRequired != p.CreditsRequired || !slices.Equal(old.Courses, p.Courses) {
			d.Pools = append(d.Pools, *p)
		}
		delete(had, p.ID)
	}
	for _, p := range before.Pools {
		if _, gone := had[p.ID]; gone {
			d.RemovedPools = append(d.RemovedPools, p.ID)
		}
	}
}

func (d *Delta) compareCredits(before, after *Progress) {
	d.Credits.Overall = CreditsChange{after.Overall, gainedCredits(before.Overall, after.Overall)}
	had := make(map[string]Credits, len(before.Pools))
	for _, p := range before.Pools {
		had[p.ID] = p.Credits
	}
	for _, p := range after.Pools {
		if old, ok := had[p.ID]; !ok || old != p.Credits {
			d.Credits.Pools = append(d.Credits.Pools, PoolCreditsChange{p.ID, p.Name, CreditsChange{p.Credits, gainedCredits(old, p.Credits)}})
		}
	}
}

func gainedCredits(before, after Credits) CreditsGained {
	return CreditsGained{
		Completed: after.Completed - before.Completed, InProgress: after.InProgress - before.InProgress,
		Planned: after.Planned - before.Planned, Remaining: after.Remaining - before.Remaining,
	}
}

// compareLists returns the added and the removed elements of a list, by their identity.
func compareLists[T any, K comparable](before, after []T, identify func(T) K) ListDelta[T] {
	had := make(map[K]int, len(before))
	for _, x := range before {
		had[identify(x)]++
	}
	out := ListDelta[T]{Appeared: []T{}, Gone: []T{}}
	for _, x := range after {
		if k := identify(x); had[k] > 0 {
			had[k]--
		} else {
			out.Appeared = append(out.Appeared, x)
		}
	}
	for _, x := range before {
		if k := identify(x); had[k] > 0 {
			had[k]--
			out.Gone = append(out.Gone, x)
		}
	}
	return out
}

// remarkIdentity is the visible part of a remark.
type remarkIdentity struct {
	code                                        audit.RemarkCode
	level                                       audit.Level
	course, term, pool, message, remedy, reason string
	waived                                      bool
}

func identifyRemark(r audit.Remark) remarkIdentity {
	return remarkIdentity{r.Code, r.Level, r.Course, r.Term, r.Pool, r.Message, r.Remedy, r.Reason, r.Waived}
}

func equalGraduations(a, b *audit.Graduation) bool {
	if a == nil || b == nil {
		return a == b
	}
	return a.Term == b.Term && a.Terms == b.Terms && a.Proven == b.Proven && a.Reason == b.Reason &&
		slices.Equal(a.CriticalChain, b.CriticalChain)
}
