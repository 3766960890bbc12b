package handover

import (
	"testing"
	"time"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
)

var noon = time.Date(2026, 11, 25, 12, 0, 0, 0, time.UTC)

func at(seconds int) metav1.Time {
	return metav1.NewTime(noon.Add(time.Duration(seconds) * time.Second))
}

func running(since int) corev1.ContainerState {
	return corev1.ContainerState{Running: &corev1.ContainerStateRunning{StartedAt: at(since)}}
}

func terminated(at metav1.Time, code int32, why string) corev1.ContainerState {
	return corev1.ContainerState{Terminated: &corev1.ContainerStateTerminated{FinishedAt: at, ExitCode: code, Reason: why}}
}

func TestEndingOf(t *testing.T) {
	t.Parallel()
	waiting := corev1.ContainerState{Waiting: &corev1.ContainerStateWaiting{Reason: "CrashLoopBackOff"}}
	deletion := at(90)
	disrupted := []corev1.PodCondition{{Type: corev1.DisruptionTarget, Status: corev1.ConditionTrue, Reason: "EvictionByEvictionAPI"}}
	tests := []struct {
		name   string
		now    corev1.ContainerState
		last   corev1.ContainerState
		change func(*corev1.Pod)
		want   *ending
	}{
		{"it runs", running(0), corev1.ContainerState{}, nil, nil},
		{"it is terminating and still drains", running(0), corev1.ContainerState{},
			func(p *corev1.Pod) { p.DeletionTimestamp = &deletion; p.Status.Conditions = disrupted }, nil},
		{"it has drained", terminated(at(30), 0, "Completed"), corev1.ContainerState{},
			func(p *corev1.Pod) { p.DeletionTimestamp = &deletion }, &ending{reason: deleted, before: at(30).Time, at: at(30).Time}},
		{"it was killed at the end of its grace", terminated(at(90), 137, "Error"), corev1.ContainerState{},
			func(p *corev1.Pod) { p.DeletionTimestamp = &deletion }, &ending{reason: deleted, before: at(90).Time, at: at(90).Time}},
		{"it was evicted", terminated(at(30), 137, "Error"), corev1.ContainerState{},
			func(p *corev1.Pod) { p.Status.Phase = corev1.PodFailed; p.Status.Conditions = disrupted }, &ending{reason: evicted, at: at(30).Time}},
		{"it was evicted by a kubelet that says so in a word", terminated(at(30), 137, "Error"), corev1.ContainerState{},
			func(p *corev1.Pod) { p.Status.Phase = corev1.PodFailed; p.Status.Reason = "Evicted" }, &ending{reason: evicted, at: at(30).Time}},
		{"it was on a node that is lost", running(0), corev1.ContainerState{},
			func(p *corev1.Pod) { p.Status.Phase = corev1.PodFailed }, &ending{reason: evicted}},
		{"it took too much memory", terminated(at(30), 137, "OOMKilled"), corev1.ContainerState{}, nil, &ending{reason: outOfMem, before: at(30).Time, at: at(30).Time}},
		{"it took too much memory and waits for a new start", waiting, terminated(at(30), 137, "OOMKilled"), nil, &ending{reason: outOfMem, before: at(30).Time, at: at(30).Time}},
		{"it took too much memory and runs again", running(40), terminated(at(30), 137, "OOMKilled"), nil, &ending{reason: outOfMem, before: at(40).Time, at: at(30).Time}},
		{"it crashed and runs again", running(31), terminated(at(30), 2, "Error"), nil, &ending{reason: failed, before: at(31).Time, at: at(30).Time}},
		{"it ended without an error and runs again", running(31), terminated(at(30), 0, "Completed"), nil, &ending{reason: completed, before: at(31).Time, at: at(30).Time}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			pod := &corev1.Pod{Status: corev1.PodStatus{Phase: corev1.PodRunning, ContainerStatuses: []corev1.ContainerStatus{
				// The end of another container is not the end of the worker.
				{Name: "sidecar", State: terminated(at(5), 137, "OOMKilled"), RestartCount: 7},
				{Name: "worker", State: tt.now, LastTerminationState: tt.last},
			}}}
			if tt.change != nil {
				tt.change(pod)
			}
			got, ended := endingOf(pod, "worker")
			if ended != (tt.want != nil) || ended && got != *tt.want {
				t.Errorf("%+v (%v), want %+v", got, ended, tt.want)
			}
		})
	}
}

// Only crashes of the worker itself count against its jobs.
func TestCrashed(t *testing.T) {
	t.Parallel()
	for _, r := range allReasons() {
		if got, want := (ending{reason: r}).isCrash(), r == outOfMem || r == failed; got != want {
			t.Errorf("%s: %v", r, got)
		}
	}
}
