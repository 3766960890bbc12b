package httpapi

import (
	"bytes"
	"net/http"
	"strings"

	"github.com/trackmydegree/trackmydegree/internal/advising"
	"github.com/trackmydegree/trackmydegree/internal/audit"
	"github.com/trackmydegree/trackmydegree/internal/fault"
	"github.com/trackmydegree/trackmydegree/internal/httpapi/french"
	"github.com/trackmydegree/trackmydegree/internal/httpapi/middleware"
	"github.com/trackmydegree/trackmydegree/internal/httpapi/params"
	"github.com/trackmydegree/trackmydegree/internal/httpapi/respond"
	"github.com/trackmydegree/trackmydegree/internal/job"
	"github.com/trackmydegree/trackmydegree/internal/timeline/fieldfault"
	"github.com/trackmydegree/trackmydegree/internal/timeline/wire"
)

// maxPlanRequest bounds the wishes of a plan, in bytes.
const maxPlanRequest = 64 << 10

// openCase opens the timeline that a path names: the result of a job, or a saved timeline.
type openCase func(r *http.Request) (*advising.Case, error)

// openJobCase opens the result of the job in the path.
func (a *API) openJobCase(r *http.Request) (*advising.Case, error) {
	id, err := pathJobID(r)
	if err != nil {
		return nil, err
	}
	return a.advisor.OpenJob(r.Context(), middleware.CallerOf(r).Owner, id)
}

// openTimelineCase opens the saved timeline in the path.
func (a *API) openTimelineCase(r *http.Request) (*advising.Case, error) {
	id, err := pathTimelineID(r)
	if err != nil {
		return nil, err
	}
	return a.advisor.OpenTimeline(r.Context(), middleware.CallerOf(r).Owner, id)
}

// getAudit answers with the audit of a timeline by its own degree.
func (a *API) getAudit(open openCase) respond.Endpoint {
	return answerCase(open, func(r *http.Request, c *advising.Case) (any, error) { return c.Audit(r.Context(), "") })
}

// getWhatIf answers with the comparison of every degree or, for one degree, with the whole audit under it.
func (a *API) getWhatIf(open openCase) respond.Endpoint {
	return answerCase(open, func(r *http.Request, c *advising.Case) (any, error) {
		if degree := r.URL.Query().Get("degree"); degree != "" {
			return c.Audit(r.Context(), degree)
		}
		return c.CompareDegrees(r.Context())
	})
}

// answerCase answers a question about a timeline. The tag is known before the answer is computed: a client that has the
// answer costs one read of the timeline.
func answerCase(open openCase, answer func(*http.Request, *advising.Case) (any, error)) respond.Endpoint {
	return middleware.WithTimeout(func(w http.ResponseWriter, r *http.Request) error {
		c, err := open(r)
		if err != nil {
			return err
		}
		w.Header().Set("Cache-Control", "private, no-cache")
		w.Header().Add("Vary", "Accept-Language")
		tag, isFrench := c.AnswerTag(), french.IsPreferred(r)
		if isFrench {
			tag += "-" + french.Tag
		}
		if respond.SetETag(w, r, tag, true) {
			return respond.WriteNotModified(w)
		}
		v, err := answer(r, c)
		if err != nil {
			w.Header().Del("ETag") // it names an answer
			return err
		}
		if isFrench {
			translateAnswer(v)
			w.Header().Set("Content-Language", french.Tag)
		}
		return respond.WriteCompressed(w, r, http.StatusOK, v)
	})
}

// translateAnswer puts the notes and the obstacles of an answer into French. Its remarks keep their codes and their
// English sentences: a client has its own words for them.
func translateAnswer(answer any) {
	switch v := answer.(type) {
	case *audit.Audit:
		for i := range v.Requirements {
			v.Requirements[i].Note = french.TranslateNotes(v.Requirements[i].Note)
		}
		v.Obstacles = translateAll(v.Obstacles)
	case *advising.Comparison:
		for i := range v.Degrees {
			v.Degrees[i].Obstacles = translateAll(v.Degrees[i].Obstacles)
		}
	}
}

func translateAll(sentences []string) []string {
	out := make([]string, len(sentences))
	for i, s := range sentences {
		out[i], _ = french.TranslateSentence(s)
	}
	return out
}

// planTimeline answers with a plan that takes few steps, and queues a job for one that takes more, or for a client that
// prefers a job.
func (a *API) planTimeline(open openCase) respond.Endpoint {
	return func(w http.ResponseWriter, r *http.Request) error {
		request, err := readSubmission(r)
		if err != nil {
			return err
		}
		body, err := params.ReadJSON(w, r, a.uploadTimeout, maxPlanRequest)
		if err != nil {
			return err
		}
		wishes, shapeErr := wire.DecodePlanRequest(bytes.NewReader(body))
		if shapeErr != nil && fault.CodeOf(shapeErr) != fault.InvalidForm {
			return shapeErr
		}
		r, cancel := middleware.LimitAnswer(r)
		defer cancel()
		c, err := open(r)
		if err != nil {
			return err
		}
		if shapeErr != nil {
			// One answer names the faults of both checks. Nothing is planned for it.
			return fieldfault.Merge(shapeErr, c.CheckPlanRequest(r.Context(), wishes))
		}
		plan, input, err := c.PlanInline(r.Context(), wishes)
		if err != nil {
			return err
		}
		if plan != nil && !prefersJob(r) {
			w.Header().Set("Cache-Control", "no-store")
			return respond.WriteCompressed(w, r, http.StatusOK, plan)
		}
		receipt, err := a.submit.SubmitPlan(r.Context(), request, input)
		if err != nil {
			return err
		}
		if prefersJob(r) {
			w.Header().Set("Preference-Applied", "respond-async")
		}
		return a.writeAccepted(w, r, job.Plan, receipt)
	}
}

// prefersJob reports whether the client asks for a job in any case: Prefer: respond-async (RFC 7240, section 4.1).
func prefersJob(r *http.Request) bool {
	for _, list := range r.Header.Values("Prefer") {
		for preference := range strings.SplitSeq(list, ",") {
			name, _, _ := strings.Cut(preference, ";")
			if strings.EqualFold(strings.TrimSpace(name), "respond-async") {
				return true
			}
		}
	}
	return false
}
