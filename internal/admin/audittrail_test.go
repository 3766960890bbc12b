package admin_test

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"github.com/trackmydegree/trackmydegree/internal/admin"
	"github.com/trackmydegree/trackmydegree/internal/fault"
	"github.com/trackmydegree/trackmydegree/internal/job"
)

// Each change is in the trail and in the log, with who did it and what came of it; a dry run changes nothing.
func TestActionsAreRecorded(t *testing.T) {
	conform(t, func(t *testing.T, e *env) {
		ctx := admin.WithOperator(t.Context(), "opal")
		id := e.die(job.Form, fault.Internal, false)
		all := admin.BulkRequest{Filter: admin.Filter{States: []admin.State{admin.Dead}, Code: fault.Internal}, DryRun: true}
		_, err := e.RetryAll(ctx, all)
		must(t, err)
		all.DryRun = false
		_, err = e.RetryAll(ctx, all)
		must(t, err)
		must(t, e.PauseQueues(ctx, "courseProcessor"))
		must(t, e.ResumeQueues(ctx, "courseProcessor"))
		must(t, e.PauseIntake(ctx))
		must(t, e.ResumeIntake(ctx))
		wantCode(t, "one that waits", e.RetryJob(ctx, id), fault.Conflict)
		must(t, e.DeleteJob(ctx, id))

		got, err := e.ListAudit(ctx, 100)
		must(t, err)
		want := []admin.AuditEntry{
			{Action: admin.ActionDelete, Target: string(id), Result: "done"},
			{Action: admin.ActionRetry, Target: string(id), Result: "conflict"},
			{Action: admin.ActionOpenIntake, Result: "done"},
			{Action: admin.ActionDrain, Result: "done"},
			{Action: admin.ActionResume, Target: "courseProcessor", Result: "done"},
			{Action: admin.ActionPause, Target: "courseProcessor", Result: "done"},
			{Action: admin.ActionRetry, Target: "state=dead code=internal", Result: "done", Changed: 1},
		}
		for i := range want {
			want[i].Operator = "opal"
		}
		if diff := cmp.Diff(want, got, cmpopts.IgnoreFields(admin.AuditEntry{}, "At")); diff != "" {
			t.Errorf("trail (-want +got):\n%s", diff)
		}
		if n := strings.Count(e.log.String(), "operator=opal"); n != len(want) {
			t.Errorf("lines of the log: got %d, want %d:\n%s", n, len(want), e.log.String())
		}
		if strings.Contains(e.log.String(), "ann") {
			t.Errorf("the log names the owner of a job:\n%s", e.log.String())
		}
	})
}

func TestListAuditChecksItsLimit(t *testing.T) {
	t.Parallel()
	for _, limit := range []int{-1, 0, admin.MaxAuditEntries + 1} {
		_, err := newMemory().operator().ListAudit(t.Context(), limit)
		wantCode(t, "a limit", err, fault.BadRequest)
	}
}
