package queuemodel_test

import (
	"slices"
	"strings"
	"testing"

	"github.com/trackmydegree/trackmydegree/internal/job"
	"github.com/trackmydegree/trackmydegree/internal/queuemodel"
)

func TestEachPriorityHasAQueue(t *testing.T) {
	t.Parallel()
	for _, p := range []job.Priority{job.High, job.Normal, job.Low} {
		name := queuemodel.QueueOf(job.File, p)
		if !slices.Contains(queuemodel.QueueNames(), name) {
			t.Errorf("QueueOf(%q) = %q, want one of %v", p, name, queuemodel.QueueNames())
		}
		if got := queuemodel.PriorityOf(name); got != p {
			t.Errorf("PriorityOf(%q) = %q, want %q", name, got, p)
		}
	}
	for _, k := range []job.Kind{job.File, job.Plan} {
		if got := queuemodel.QueueOf(k, "urgent"); got != "" {
			t.Errorf(`QueueOf(%q, "urgent") = %q, want ""`, k, got)
		}
	}
}

func TestPlansHaveAQueueOfTheirOwn(t *testing.T) {
	t.Parallel()
	for _, p := range []job.Priority{job.High, job.Normal, job.Low} {
		if got := queuemodel.QueueOf(job.Plan, p); got != queuemodel.Plans || !slices.Contains(queuemodel.QueueNames(), got) {
			t.Errorf("QueueOf(plan, %q) = %q, want %q, one of the names", p, got, queuemodel.Plans)
		}
	}
}

func TestLuaAndGoSpellNamesAlike(t *testing.T) {
	t.Parallel()
	for name, value := range map[string]string{
		"WORKER_PREFIX": queuemodel.WorkerPrefix, "TASK_FIELD": queuemodel.TaskField, "CRASHES_FIELD": queuemodel.CrashesField,
		"WAITING_FIELD": queuemodel.WaitingField, "RECORD_PREFIX": queuemodel.RecordPrefix, "LIFE_SUFFIX": queuemodel.LifeSuffix,
	} {
		if want := "local " + name + " = '" + value + "'\n"; !strings.Contains(queuemodel.NamesLua, want) {
			t.Errorf("names.lua has no line %q", want)
		}
	}
}

func TestBacklogCountsWhatIsLeftToRun(t *testing.T) {
	t.Parallel()
	d := queuemodel.Depth{Pending: 1, Active: 2, Retry: 4, Scheduled: 8, Archived: 16}
	if got, want := d.Backlog(), int64(15); got != want {
		t.Errorf("Backlog() = %d, want %d", got, want)
	}
}
