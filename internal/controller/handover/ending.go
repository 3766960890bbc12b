package handover

import (
	"time"

	corev1 "k8s.io/api/core/v1"
)

// reason is why processes of a pod have ended; the label of metrics.
type reason string

const (
	gone      reason = "gone"       // the pod was deleted
	evicted   reason = "evicted"    // by node pressure, a drain or a taint
	deleted   reason = "deleted"    // the pod is being deleted, and its worker has ended
	outOfMem  reason = "oom_killed" // the worker exceeded its memory limit
	failed    reason = "failed"     // the worker exited with an error
	completed reason = "completed"  // the worker exited without an error
)

func allReasons() []reason { return []reason{gone, evicted, deleted, outOfMem, failed, completed} }

// ending describes processes of a pod that have ended.
type ending struct {
	reason reason
	// before bounds which processes ended, because the worker may have been restarted under the same host name: those
	// that began before it. When it is zero, all have ended.
	before time.Time
	at     time.Time // when, according to Kubernetes, in whole seconds; zero when it does not report a time
	// restarts distinguishes the endings of one pod.
	restarts int32
}

// isCrash reports whether the worker crashed, which its jobs may have caused. The jobs do not cause what happens to a
// pod from outside.
func (e ending) isCrash() bool { return e.reason == outOfMem || e.reason == failed }

// endingOf returns the last ending of the container's processes. A terminating pod still runs jobs: it counts only
// when the container has ended.
//
// Times of containers are rounded down to the second. A process counts as ended when it began before that second. One
// that lived for less than a second is left to its lease, so that a living one is never taken for dead.
func endingOf(pod *corev1.Pod, container string) (ending, bool) {
	var c corev1.ContainerStatus
	for _, status := range pod.Status.ContainerStatuses {
		if status.Name == container {
			c = status
		}
	}
	over := pod.Status.Phase == corev1.PodFailed || pod.Status.Phase == corev1.PodSucceeded
	e := ending{restarts: c.RestartCount}
	var last *corev1.ContainerStateTerminated
	switch {
	case c.State.Terminated != nil:
		last = c.State.Terminated
		e.before = last.FinishedAt.Time
	case c.LastTerminationState.Terminated != nil:
		last = c.LastTerminationState.Terminated
		e.before = last.FinishedAt.Time
		if c.State.Running != nil {
			e.before = c.State.Running.StartedAt.Time
		}
	case !over:
		return ending{}, false
	}
	if over {
		// No container of this pod starts again. The containers of a lost node keep their last known state.
		e.before = time.Time{}
	}
	if last != nil {
		e.at = last.FinishedAt.Time
	}
	e.reason = reasonOf(pod, last)
	return e, true
}

func reasonOf(pod *corev1.Pod, last *corev1.ContainerStateTerminated) reason {
	for _, condition := range pod.Status.Conditions {
		if condition.Type == corev1.DisruptionTarget && condition.Status == corev1.ConditionTrue {
			return evicted
		}
	}
	switch {
	case pod.Status.Reason == "Evicted":
		return evicted
	case pod.DeletionTimestamp != nil:
		return deleted
	case last == nil:
		return evicted // the node evicted the pod, and reports no container that ended
	case last.Reason == "OOMKilled":
		return outOfMem
	case last.ExitCode != 0:
		return failed
	default:
		return completed
	}
}
