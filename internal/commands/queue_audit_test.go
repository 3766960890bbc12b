package commands_test

import (
	"testing"

	"github.com/trackmydegree/trackmydegree/internal/fault"
	"github.com/trackmydegree/trackmydegree/internal/job"
)

// What was changed on the command line is in the trail, with the host as its operator. `show` prints the timeline.
func TestQueueAudit(t *testing.T) {
	t.Parallel()
	s := newQueueFixture(t)
	s.requireOutput(0, []string{"audit"}, "no operator has changed anything")
	id := string(s.acceptDeadJob(job.Form, fault.Internal))
	s.requireOutput(0, []string{"show", id}, "EVENT", "accepted", "started", "failed", "worker-7", "internal")
	s.requireOutput(0, []string{"retry", "--code", "internal"}, "retried: 1 job")
	s.requireOutput(0, []string{"pause", "courseProcessor-low"}, "paused")
	s.requireOutput(0, []string{"audit"}, "tmd on ", "state=dead code=internal", "courseProcessor-low", "done")
	s.requireOutput(0, []string{"show", id}, "retried", "queued")

	var entries []struct{ Operator, Action string }
	s.decodeOutput(&entries, "audit", "--limit", "1")
	if len(entries) != 1 || entries[0].Action != "pause" {
		t.Errorf("entries: got %+v, want the latest, a pause", entries)
	}
	s.requireOutput(2, []string{"audit", "--limit", "0"}, "from 1 to 1000")
}
