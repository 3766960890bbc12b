package canary

import metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

// Outcome is the result of a run: the reason of the condition, and a metric's label.
type Outcome string

// The outcomes.
const (
	Proven            Outcome = "Proven"
	NotSubmitted      Outcome = "NotSubmitted"      // the job could not be submitted: Redis
	WrongKeys         Outcome = "WrongKeys"         // the ScaledObject does not count the queue's keys
	ScalerNotReady    Outcome = "ScalerNotReady"    // KEDA reports it on the ScaledObject
	ScalerInFallback  Outcome = "ScalerInFallback"  // KEDA cannot read the queue, and reports a fixed number
	MetricUnavailable Outcome = "MetricUnavailable" // the metric cannot be read
	MetricBlind       Outcome = "MetricBlind"       // the metric reports no work
	NoWorker          Outcome = "NoWorker"          // the metric was right, but no worker became ready
	NotDone           Outcome = "NotDone"           // a worker was ready, but the job did not end in time
	JobFailed         Outcome = "JobFailed"         // the job ended with a fault
	Paused            Outcome = "Paused"            // an operator has paused the ScaledObject: nothing is tested
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
