package legacy

import (
	"encoding/json"
	"net/http"
)

// processing is the earlier state of a job that has not ended.
const processing = "processing"

// acceptedJob is the answer to every submission.
type acceptedJob struct {
	JobID   string `json:"jobId"`
	Status  string `json:"status"`
	Message string `json:"message,omitempty"`
}

func (a adapter) submitFile(x *exchange) {
	header := x.r.Header.Clone()
	header.Del("X-Csrf-Token")
	x.writeAccepted(http.StatusOK, "Job accepted", x.forward(http.MethodPost, "/api/timeline/upload", header, x.r.Body))
}

// submitForm takes the form as it is: the present one has the same fields and more.
func (a adapter) submitForm(x *exchange) {
	var form map[string]any
	if x.readBody(&form) {
		x.writeAccepted(http.StatusOK, "Job accepted", x.send(http.MethodPost, "/api/timeline/form", form))
	}
}

func (x *exchange) writeAccepted(status int, message string, out *answer) {
	var accepted acceptedJob
	if !out.isOK() || json.Unmarshal(out.body.Bytes(), &accepted) != nil {
		x.writeRefusal(out)
		return
	}
	x.writeJSON(status, acceptedJob{accepted.JobID, processing, message})
}

// getJob answers with the state of a job, and the result as it is: the present one has the same fields and more.
func (a adapter) getJob(x *exchange) {
	x.w.Header().Set("Cache-Control", "no-store")
	var job struct {
		JobID  string          `json:"jobId"`
		Status string          `json:"status"`
		Data   json.RawMessage `json:"data"`
		Error  struct {
			Message string `json:"message"`
		} `json:"error"`
	}
	if !x.get(http.MethodGet, x.pathOf("/api/timeline/status/", ""), nil, &job) {
		return
	}
	type status struct {
		JobID  string          `json:"jobId"`
		Status string          `json:"status"`
		Result json.RawMessage `json:"result"`
	}
	switch job.Status {
	case "done":
		x.writeJSON(http.StatusOK, status{job.JobID, job.Status, job.Data})
	case "failed":
		x.writeJSON(http.StatusUnprocessableEntity, map[string]string{"jobId": job.JobID, "status": job.Status, "error": job.Error.Message})
	default:
		x.writeJSON(http.StatusOK, status{job.JobID, processing, json.RawMessage("null")})
	}
}

// edit is an earlier edit. The courses are whole, of which an edit changes the state.
type edit struct {
	Exemptions   *[]string               `json:"exemptions,omitempty"`
	Deficiencies *[]string               `json:"deficiencies,omitempty"`
	Courses      map[string]editedCourse `json:"courses,omitempty"`
	Semesters    *[]semester             `json:"semesters,omitempty"`
	TimelineName *string                 `json:"timelineName,omitempty"`
}

type editedCourse struct {
	Status struct {
		Status   string  `json:"status"`
		Semester *string `json:"semester"`
	} `json:"status"`
}

type semester struct {
	Term    string    `json:"term"`
	Courses []sitting `json:"courses"`
}

// sitting leaves the message out, which the present API computes.
type sitting struct {
	Code string `json:"code"`
}

// editJob edits the result of a job. Courses that the result does not have are ignored. A job that is not done had
// nothing to edit: it is 404.
func (a adapter) editJob(x *exchange) {
	var e edit
	if !x.readBody(&e) || len(e.Courses) > 0 && !x.dropUnknown(e.Courses) {
		return
	}
	out := x.send(http.MethodPatch, x.pathOf("/api/timeline/status/", ""), e.toPatch())
	switch {
	case out.status == http.StatusConflict:
		x.writeError(http.StatusNotFound, "NotFoundError", "This job has no result that can be changed.")
	case !out.isOK():
		x.writeRefusal(out)
	default:
		x.writeJSON(http.StatusOK, map[string]string{"message": "The timeline is updated"})
	}
}

// dropUnknown removes the courses that the result of the job does not have; false when the client was answered already.
func (x *exchange) dropUnknown(courses map[string]editedCourse) bool {
	var found struct {
		Data struct {
			Courses map[string]json.RawMessage `json:"courses"`
		} `json:"data"`
	}
	if !x.get(http.MethodGet, x.pathOf("/api/timeline/status/", "?view=slim"), nil, &found) {
		return false
	}
	for code := range courses {
		if _, ok := found.Data.Courses[code]; !ok {
			delete(courses, code)
		}
	}
	return true
}

// toPatch returns the edit in the present form.
func (e edit) toPatch() map[string]any {
	patch := map[string]any{}
	if e.Exemptions != nil {
		patch["exemptions"] = *e.Exemptions
	}
	if e.Deficiencies != nil {
		patch["deficiencies"] = *e.Deficiencies
	}
	if e.Semesters != nil {
		patch["semesters"] = *e.Semesters
	}
	if e.TimelineName != nil {
		patch["timelineName"] = *e.TimelineName
	}
	if len(e.Courses) > 0 {
		states := map[string]any{}
		for code, c := range e.Courses {
			states[code] = c.Status
		}
		patch["courses"] = states
	}
	return patch
}
