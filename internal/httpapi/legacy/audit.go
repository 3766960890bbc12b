package legacy

import (
	"fmt"
	"net/http"

	"github.com/trackmydegree/trackmydegree/internal/audit"
	"github.com/trackmydegree/trackmydegree/internal/term"
)

// auditData is an audit in the earlier form.
type auditData struct {
	Student      auditStudent       `json:"student"`
	Progress     auditProgress      `json:"progress"`
	Notices      []auditNotice      `json:"notices"`
	Requirements []auditRequirement `json:"requirements"`
}

// auditStudent has no name: none is stored.
type auditStudent struct {
	Name               string `json:"name"`
	Program            string `json:"program"`
	AdmissionTerm      string `json:"admissionTerm"`
	ExpectedGraduation string `json:"expectedGraduation"`
}

type auditProgress struct {
	Completed  audit.Credits `json:"completed"`
	InProgress audit.Credits `json:"inProgress"`
	Remaining  audit.Credits `json:"remaining"`
	Total      audit.Credits `json:"total"`
	Percentage int           `json:"percentage"`
}

type auditNotice struct {
	ID      string `json:"id"`
	Type    string `json:"type"` // warning, info or success
	Message string `json:"message"`
}

type auditRequirement struct {
	ID               string        `json:"id"`
	Title            string        `json:"title"`
	Status           string        `json:"status"`
	CreditsCompleted audit.Credits `json:"creditsCompleted"`
	CreditsTotal     audit.Credits `json:"creditsTotal"`
	Courses          []auditCourse `json:"courses"`
}

type auditCourse struct {
	ID      string        `json:"id"`
	Code    string        `json:"code"`
	Title   string        `json:"title"`
	Credits audit.Credits `json:"credits"`
	Status  string        `json:"status"`
	Term    string        `json:"term,omitempty"`
}

// The earlier statuses, of courses and of requirements.
const (
	statusCompleted  = "Completed"
	statusComplete   = "Complete"
	statusInProgress = "In Progress" // under way or planned
	statusIncomplete = "Incomplete"
	statusNotStarted = "Not Started"
	statusMissing    = "Missing"
)

func (a adapter) auditJob(x *exchange) {
	x.writeAudit(x.pathOf("/api/timeline/status/", "/audit"))
}

func (a adapter) auditTimeline(x *exchange) {
	if x.hasID() {
		x.writeAudit(x.pathOf("/api/timelines/", "/audit"))
	}
}

// auditLatest audits the caller's latest timeline, whatever user the path names.
func (a adapter) auditLatest(x *exchange) {
	all, ok := x.listOwn()
	switch {
	case !ok:
	case len(all) == 0:
		x.writeError(http.StatusNotFound, "NotFoundError", "There are no timelines.")
	default:
		x.writeAudit("/api/timelines/" + all[0].ID + "/audit")
	}
}

func (x *exchange) writeAudit(path string) {
	var found audit.Audit
	if x.get(http.MethodGet, path, nil, &found) {
		x.writeJSON(http.StatusOK, toAuditData(&found))
	}
}

// toAuditData returns an audit in the earlier form, in which planned courses are in progress.
func toAuditData(found *audit.Audit) auditData {
	t := found.Totals
	data := auditData{
		Student:      auditStudent{Program: found.Degree.Name, AdmissionTerm: firstTerm(found.Courses)},
		Progress:     auditProgress{Completed: t.Completed, InProgress: t.InProgress + t.Planned, Remaining: t.Remaining, Total: t.Required},
		Notices:      []auditNotice{},
		Requirements: []auditRequirement{},
	}
	if found.Graduation != nil {
		data.Student.ExpectedGraduation = found.Graduation.Term
	}
	if t.Required > 0 {
		data.Progress.Percentage = int(min(100, 100*float64(t.Completed)/float64(t.Required)))
	}
	for i, r := range found.Remarks {
		kind := "warning"
		if string(r.Level) == "info" {
			kind = "info"
		}
		data.Notices = append(data.Notices, auditNotice{ID: fmt.Sprintf("%s-%d", r.Code, i+1), Type: kind, Message: r.Message})
	}
	courses := map[string]audit.Course{}
	for _, c := range found.Courses {
		courses[c.Code] = c
	}
	for _, r := range found.Requirements {
		data.Requirements = append(data.Requirements, toAuditRequirement(r, courses))
	}
	return data
}

func toAuditRequirement(r audit.Requirement, courses map[string]audit.Course) auditRequirement {
	out := auditRequirement{
		ID: r.ID, Title: r.Name, CreditsCompleted: r.Completed, CreditsTotal: r.Required, Status: statusIncomplete,
		Courses: []auditCourse{},
	}
	underWay := r.InProgress + r.Planned
	switch {
	case r.Completed >= r.Required:
		out.Status = statusComplete
	case r.Completed+underWay >= r.Required:
		out.Status = statusInProgress
	case r.Completed+underWay == 0:
		out.Status = statusNotStarted
	}
	for _, counted := range r.Courses {
		c := auditCourse{ID: counted.Code, Code: counted.Code, Title: courses[counted.Code].Title, Credits: counted.Credits,
			Status: statusInProgress, Term: courses[counted.Code].Term}
		if counted.Status == audit.Completed {
			c.Status = statusCompleted
		}
		out.Courses = append(out.Courses, c)
	}
	for _, choice := range r.Choices {
		out.Courses = append(out.Courses, auditCourse{ID: choice.Code, Code: choice.Code, Title: choice.Title, Credits: choice.Credits, Status: statusMissing})
	}
	return out
}

// firstTerm returns the earliest term of the courses, "" for none.
func firstTerm(courses []audit.Course) string {
	var first term.Term
	for _, c := range courses {
		if t, err := term.Parse(c.Term); err == nil && (first.IsZero() || term.Compare(t, first) < 0) {
			first = t
		}
	}
	if first.IsZero() {
		return ""
	}
	return first.UpperLabel()
}
