package handover

import (
	"time"

	corev1 "k8s.io/api/core/v1"
)

// reason is why processes of a pod have ended; the label of metrics.
type reason string

const (
	gone      reason = "gone"       // the pod was deleted and is no more
	evicted   reason = "evicted"    // by pressure on the node, a drain, a taint
	deleted   reason = "deleted"    // the pod is being deleted, and its worker has ended already
	outOfMem  reason = "oom_killed" // the worker took more memory than it may
	failed    reason = "failed"     // the worker ended by itself with an error
	completed reason = "completed"  // the worker ended by itself
)

func allReasons() []reason { return []reason{gone, evicted, deleted, outOfMem, failed, completed} }

// ending is that processes of a pod have ended.
type ending struct {
	reason reason
	// before bounds whose: the worker may have been started again, under the same host name. Processes that began
	// before this have ended; all have when it is zero.
	before time.Time
	at     time.Time // when, as far as Kubernetes knows, in whole seconds; zero when it does not
	// restarts tells the endings of one pod apart.
	restarts int32
}

// isCrash reports whether the worker took itself down, which its jobs may be the cause of. What happens to a pod from
// outside is no fault of theirs.
func (e ending) isCrash() bool { return e.reason == outOfMem || e.reason == failed }

// endingOf looks for the last ending of the container's processes. A pod that is told to end goes on running jobs: it
// counts when the container has ended, not before.
//
// Times of containers are the beginning of the second. A process is taken for an earlier one when it began before that
// second: one that lived for less than a second is left to its lease, as is better than to take a living one for dead.
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
		// Nothing is started in this pod again. A node that was lost leaves the containers as they were seen last.
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
		return evicted // the node gave the pod up, and knows of no container that ended
	case last.Reason == "OOMKilled":
		return outOfMem
	case last.ExitCode != 0:
		return failed
	default:
		return completed
	}
}
