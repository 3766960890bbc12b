package canary

import metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

// Outcome is how a run ended: a condition's reason, and a metric's label.
type Outcome string

// The outcomes.
const (
	Proven            Outcome = "Proven"
	NotSubmitted      Outcome = "NotSubmitted"      // the job could not be handed over: Redis
	WrongKeys         Outcome = "WrongKeys"         // the ScaledObject does not count what the queue keeps
	ScalerNotReady    Outcome = "ScalerNotReady"    // KEDA says so of the ScaledObject
	ScalerInFallback  Outcome = "ScalerInFallback"  // KEDA cannot see the queue, and says a fixed number
	MetricUnavailable Outcome = "MetricUnavailable" // the metric cannot be read
	MetricBlind       Outcome = "MetricBlind"       // the metric is there, and says that there is no work
	NoWorker          Outcome = "NoWorker"          // the metric was right, and no worker came of it
	NotDone           Outcome = "NotDone"           // a worker was there, and the job was not done in time
	JobFailed         Outcome = "JobFailed"         // the job ended with a fault
	Paused            Outcome = "Paused"            // an operator has paused the ScaledObject: nothing to prove
)

// allOutcomes lists them all.
func allOutcomes() []Outcome {
	return []Outcome{Proven, NotSubmitted, WrongKeys, ScalerNotReady, ScalerInFallback, MetricUnavailable, MetricBlind, NoWorker, NotDone, JobFailed, Paused}
}

func (o Outcome) conditionStatus() metav1.ConditionStatus {
	switch o {
	case Proven:
		return metav1.ConditionTrue
	case Paused:
		return metav1.ConditionUnknown
	}
	return metav1.ConditionFalse
}
