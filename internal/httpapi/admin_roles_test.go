package httpapi_test

import (
	"net/http"
	"strings"
	"testing"

	"github.com/trackmydegree/trackmydegree/internal/fault"
	"github.com/trackmydegree/trackmydegree/internal/httpapi/auth"
)

// A viewer reads all that an operator reads, and changes nothing.
func TestViewersChangeNothing(t *testing.T) {
	t.Parallel()
	s := setup(t)
	id := string(s.accepted("ann"))
	for route, want := range map[string]fault.Code{
		"GET /queues": "", "GET /jobs": "", "GET /jobs/" + id: "", "GET /audit-trail": "",
		"POST /queues/courseProcessor/pause": fault.Forbidden, "POST /queues/courseProcessor/resume": fault.Forbidden,
		"POST /drain": fault.Forbidden, "DELETE /drain": fault.Forbidden, "POST /jobs/retry": fault.Forbidden,
		"POST /jobs/delete": fault.Forbidden, "DELETE /jobs/" + id: fault.Forbidden, "POST /jobs/" + id + "/retry": fault.Forbidden,
	} {
		t.Run(route, func(t *testing.T) {
			method, path, _ := strings.Cut(route, " ")
			a := s.do(request{method: method, path: "/api/admin" + path, owner: "vera", roles: []string{auth.RoleViewer}})
			if want != "" {
				a.wantProblem(t, want)
				return
			}
			a.want(t, http.StatusOK)
		})
	}
	if s.get("ann", "/api/timeline/status/"+id).StatusCode != http.StatusOK || s.tasks.IsIntakePaused(t.Context()) {
		t.Error("a viewer changed something")
	}
}

func TestAuditTrail(t *testing.T) {
	t.Parallel()
	s := setup(t)
	id := string(s.accepted("ann"))
	s.admin(http.MethodPost, "/queues/courseProcessor/pause", "").want(t, http.StatusNoContent)
	s.admin(http.MethodPost, "/jobs/"+id+"/retry", "").wantProblem(t, fault.Conflict)
	s.admin(http.MethodPost, "/jobs/delete", `{"state":["pending"],"kind":"file","dryRun":true}`).want(t, http.StatusOK)
	s.admin(http.MethodPost, "/jobs/delete", `{"state":["pending"],"kind":"file"}`).want(t, http.StatusOK)

	type entry struct {
		Operator, Action, Target, Result string
		Changed                          int
	}
	var trail struct{ Entries []entry }
	s.admin(http.MethodGet, "/audit-trail", "").want(t, http.StatusOK).decode(t, &trail)
	want := []entry{
		{"opal", "delete", "state=pending kind=file", "done", 1},
		{"opal", "retry", id, "conflict", 0},
		{"opal", "pause", "courseProcessor", "done", 0},
	}
	if len(trail.Entries) != len(want) {
		t.Fatalf("entries: got %+v, want %+v", trail.Entries, want)
	}
	for i := range want {
		if trail.Entries[i] != want[i] {
			t.Errorf("entry %d: got %+v, want %+v", i, trail.Entries[i], want[i])
		}
	}
	s.admin(http.MethodGet, "/audit-trail?limit=1", "").want(t, http.StatusOK).decode(t, &trail)
	if len(trail.Entries) != 1 {
		t.Errorf("one entry: got %+v", trail.Entries)
	}
	s.admin(http.MethodGet, "/audit-trail?limit=0", "").wantProblem(t, fault.BadRequest)
}

// The page asks for the role with which its buttons work.
func TestSessionsNameTheRoleOfAnOperator(t *testing.T) {
	t.Parallel()
	s := setup(t)
	for name, c := range map[string]struct {
		roles []string
		want  string
	}{
		"a student": {nil, ""}, "a viewer": {[]string{auth.RoleViewer}, "viewer"}, "both": {[]string{auth.RoleAdmin, auth.RoleViewer}, "admin"},
	} {
		t.Run(name, func(t *testing.T) {
			var session struct{ Operator string }
			s.do(request{method: http.MethodGet, path: "/api/session", owner: "ann", roles: c.roles}).want(t, http.StatusOK).decode(t, &session)
			if session.Operator != c.want {
				t.Errorf("operator: got %q, want %q", session.Operator, c.want)
			}
		})
	}
}
