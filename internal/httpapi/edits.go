package httpapi

import (
	"bytes"
	"encoding/json"
	"net/http"
	"strconv"
	"time"

	"github.com/trackmydegree/trackmydegree/internal/fault"
	"github.com/trackmydegree/trackmydegree/internal/httpapi/middleware"
	"github.com/trackmydegree/trackmydegree/internal/httpapi/params"
	"github.com/trackmydegree/trackmydegree/internal/httpapi/respond"
	"github.com/trackmydegree/trackmydegree/internal/timeline"
	"github.com/trackmydegree/trackmydegree/internal/timeline/fieldfault"
	"github.com/trackmydegree/trackmydegree/internal/timeline/wire"
)

// maxPatch bounds a patch, in bytes.
const maxPatch = 1 << 20

// patchJob edits the result of a job. It answers with the new result and what changed, or, to a client that prefers the
// minimum, with what changed alone. If-Match makes it conditional.
func (a *API) patchJob(w http.ResponseWriter, r *http.Request) error {
	id, err := pathJobID(r)
	if err != nil {
		return err
	}
	slim, err := parseView(r.URL.Query().Get("view"))
	if err != nil {
		return err
	}
	version, patch, shapeErr, err := a.readPatch(w, r)
	if err != nil {
		return err
	}
	r, cancel := middleware.LimitAnswer(r)
	defer cancel()
	owner := middleware.CallerOf(r).Owner
	if shapeErr != nil {
		return fieldfault.Merge(shapeErr, a.timelines.CheckResultPatch(r.Context(), owner, id, version, patch))
	}
	edited, err := a.timelines.EditResult(r.Context(), owner, id, version, patch)
	if err != nil {
		return err
	}
	w.Header().Set("Cache-Control", "private, no-cache")
	minimal := respond.PrefersMinimal(w, r)
	respond.SetETag(w, r, versionTag(edited.Record), !minimal)
	if minimal {
		return respond.WriteJSON(w, http.StatusOK, struct {
			jobStatus
			Changed *timeline.Delta `json:"changed"`
		}{a.toStatus(r.Context(), edited.Record), edited.Delta})
	}
	before, err := json.Marshal(a.toStatus(r.Context(), edited.Record))
	if err != nil {
		return err
	}
	changed, err := json.Marshal(edited.Delta)
	if err != nil {
		return err
	}
	result := edited.Result.Full
	if slim {
		result = edited.Result.Slim
	}
	before = append(before[:len(before)-1], `,"data":`...)
	after := append(append([]byte(`,"changed":`), changed...), '}')
	return respond.WriteGzip(w, r, http.StatusOK, before, result, after)
}

// editedTimeline is a saved timeline after an edit, without what it holds.
type editedTimeline struct {
	ID        string          `json:"_id"`
	Version   int64           `json:"version"`
	UpdatedAt time.Time       `json:"updatedAt"`
	Changed   *timeline.Delta `json:"changed"`
}

// patchTimeline edits a saved timeline; see patchJob.
func (a *API) patchTimeline(w http.ResponseWriter, r *http.Request) error {
	id, err := pathTimelineID(r)
	if err != nil {
		return err
	}
	version, patch, shapeErr, err := a.readPatch(w, r)
	if err != nil {
		return err
	}
	r, cancel := middleware.LimitAnswer(r)
	defer cancel()
	owner := middleware.CallerOf(r).Owner
	if shapeErr != nil {
		return fieldfault.Merge(shapeErr, a.timelines.CheckTimelinePatch(r.Context(), owner, id, version, patch))
	}
	saved, delta, err := a.timelines.EditTimeline(r.Context(), owner, id, version, patch)
	if err != nil {
		return err
	}
	w.Header().Set("Cache-Control", "private, no-cache")
	w.Header().Set("ETag", `"`+strconv.FormatInt(saved.Version, 10)+`"`)
	if respond.PrefersMinimal(w, r) {
		return respond.WriteJSON(w, http.StatusOK, editedTimeline{saved.ID, saved.Version, saved.UpdatedAt, delta})
	}
	return respond.WriteJSON(w, http.StatusOK, struct {
		timeline.Saved
		Changed *timeline.Delta `json:"changed"`
	}{saved, delta})
}

// readPatch reads the version that a request expects, and its patch. ShapeErr names the faults that need no timeline to
// find; the timeline adds its own, so that one answer names all of them.
func (a *API) readPatch(w http.ResponseWriter, r *http.Request) (version int64, patch timeline.Patch, shapeErr, err error) {
	if version, err = respond.IfMatch(r); err != nil {
		return 0, timeline.Patch{}, nil, err
	}
	body, err := params.ReadJSON(w, r, a.uploadTimeout, maxPatch)
	if err != nil {
		return 0, timeline.Patch{}, nil, err
	}
	patch, shapeErr = wire.DecodePatch(bytes.NewReader(body))
	if shapeErr != nil && fault.CodeOf(shapeErr) != fault.InvalidForm {
		return 0, timeline.Patch{}, nil, shapeErr
	}
	return version, patch, shapeErr, nil
}
