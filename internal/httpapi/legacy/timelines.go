package legacy

import (
	"encoding/json"
	"fmt"
	"net/http"

	"github.com/trackmydegree/trackmydegree/internal/timelines"
)

// savedTimeline is a saved timeline of the present API.
type savedTimeline struct {
	ID               string          `json:"_id"`
	Name             string          `json:"timelineName"`
	DegreeID         string          `json:"degreeId"`
	IsExtendedCredit bool            `json:"isExtendedCredit"`
	IsCoop           bool            `json:"isCoop"`
	Semesters        json.RawMessage `json:"semesters"`
	States           json.RawMessage `json:"courseStatusMap"`
	Exemptions       []string        `json:"exemptions"`
	Deficiencies     []string        `json:"deficiencies"`
	CreatedAt        string          `json:"createdAt"`
	UpdatedAt        string          `json:"updatedAt"`
}

// timelineDocument is the same in the earlier form, that of its database.
type timelineDocument struct {
	ID               string          `json:"_id"`
	UserID           string          `json:"userId"`
	DegreeID         string          `json:"degreeId"`
	Name             string          `json:"name"`
	IsExtendedCredit bool            `json:"isExtendedCredit"`
	IsCoop           bool            `json:"isCoop"`
	Semesters        json.RawMessage `json:"semesters"`
	States           json.RawMessage `json:"courseStatusMap"`
	Exemptions       []string        `json:"exemptions"`
	Deficiencies     []string        `json:"deficiencies"`
	CreatedAt        string          `json:"createdAt"`
	UpdatedAt        string          `json:"updatedAt"`
}

// toDocument returns the earlier form. userID is what the client calls its user; the owner is the caller.
func (s savedTimeline) toDocument(userID string) timelineDocument {
	return timelineDocument{
		s.ID, userID, s.DegreeID, s.Name, s.IsExtendedCredit, s.IsCoop, s.Semesters, s.States, s.Exemptions, s.Deficiencies,
		s.CreatedAt, s.UpdatedAt,
	}
}

func (a adapter) saveTimeline(x *exchange) {
	var body struct{ UserID, TimelineName, JobID string }
	if !x.readBody(&body) {
		return
	}
	if body.UserID == "" || body.TimelineName == "" || body.JobID == "" {
		x.writeError(http.StatusBadRequest, "BadRequestError", "userId, timelineName and jobId are required.")
		return
	}
	var saved savedTimeline
	if x.get(http.MethodPost, "/api/timelines", map[string]string{"jobId": body.JobID, "timelineName": body.TimelineName}, &saved) {
		x.writeJSON(http.StatusCreated, saved.toDocument(body.UserID))
	}
}

// loadTimeline starts a job, as the earlier route did.
func (a adapter) loadTimeline(x *exchange) {
	if x.hasID() {
		x.writeAccepted(http.StatusAccepted, "", x.send(http.MethodPost, x.pathOf("/api/timeline/", "/load"), nil))
	}
}

// hasID answers 400 for an id that no timeline can have.
func (x *exchange) hasID() bool {
	if timelines.ValidID(x.r.PathValue("id")) {
		return true
	}
	x.writeError(http.StatusBadRequest, "BadRequestError", "This is not the id of a timeline.")
	return false
}

// updateTimeline changes the fields that the earlier database had. Others are ignored, as they were.
func (a adapter) updateTimeline(x *exchange) {
	var body struct {
		Name *string `json:"name"`
		edit
		States map[string]struct {
			Status   string  `json:"status"`
			Semester *string `json:"semester"`
		} `json:"courseStatusMap"`
		IsCoop           *bool `json:"isCoop"`
		IsExtendedCredit *bool `json:"isExtendedCredit"`
	}
	if !x.hasID() || !x.readBody(&body) {
		return
	}
	body.TimelineName = body.Name // the earlier field; timelineName was ignored
	body.Courses = nil
	patch := body.toPatch()
	if len(body.States) > 0 {
		patch["courses"] = body.States
	}
	if body.IsCoop != nil {
		patch["isCoop"] = *body.IsCoop
	}
	if body.IsExtendedCredit != nil {
		patch["isExtendedCredit"] = *body.IsExtendedCredit
	}
	path, saved := x.pathOf("/api/timelines/", ""), savedTimeline{}
	if len(patch) > 0 && !x.get(http.MethodPatch, path, patch, nil) || !x.get(http.MethodGet, path, nil, &saved) {
		return
	}
	x.writeJSON(http.StatusOK, saved.toDocument(""))
}

func (a adapter) deleteTimeline(x *exchange) {
	if x.hasID() && x.get(http.MethodDelete, x.pathOf("/api/timelines/", ""), nil, nil) {
		x.writeJSON(http.StatusOK, fmt.Sprintf("Timeline with id %s deleted", x.r.PathValue("id")))
	}
}

// listOwn returns the caller's timelines.
func (x *exchange) listOwn() (all []savedTimeline, ok bool) {
	for path := "/api/timelines"; ; {
		var page struct {
			Timelines []savedTimeline `json:"timelines"`
			Next      string          `json:"next"`
		}
		if !x.get(http.MethodGet, path, nil, &page) {
			return nil, false
		}
		all = append(all, page.Timelines...)
		if page.Next == "" {
			return all, true
		}
		path = "/api/timelines?cursor=" + page.Next
	}
}

// deleteTimelines deletes the caller's timelines, whatever user the path names.
func (a adapter) deleteTimelines(x *exchange) {
	all, ok := x.listOwn()
	if !ok {
		return
	}
	if len(all) == 0 {
		x.writeError(http.StatusNotFound, "NotFoundError", "There are no timelines.")
		return
	}
	for _, saved := range all {
		if !x.get(http.MethodDelete, "/api/timelines/"+saved.ID, nil, nil) {
			return
		}
	}
	x.writeJSON(http.StatusOK, map[string]string{"message": fmt.Sprintf("%d timelines deleted", len(all))})
}
