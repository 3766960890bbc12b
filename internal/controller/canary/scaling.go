package canary

import (
	"context"
	"fmt"
	"slices"
	"strings"

	appsv1 "k8s.io/api/apps/v1"
	autoscalingv2 "k8s.io/api/autoscaling/v2"
	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	"k8s.io/apimachinery/pkg/api/meta"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"sigs.k8s.io/controller-runtime/pkg/client"
)

// finding is an observed outcome, with a sentence for operators; the zero value is none.
type finding struct {
	outcome Outcome
	message string
}

func newFinding(o Outcome, format string, args ...any) finding {
	return finding{o, fmt.Sprintf(format, args...)}
}

// findScaledObject reads KEDA's object.
func (c *Canary) findScaledObject(ctx context.Context) (*unstructured.Unstructured, finding, error) {
	so := &unstructured.Unstructured{}
	so.SetAPIVersion("keda.sh/v1alpha1")
	so.SetKind("ScaledObject")
	err := c.deps.Reader.Get(ctx, client.ObjectKey{Namespace: c.deps.Namespace, Name: c.deps.ScaledObject}, so)
	switch {
	case apierrors.IsNotFound(err), meta.IsNoMatchError(err):
		return nil, newFinding(ScalerNotReady, "There is no ScaledObject %s. Is KEDA installed?", c.deps.ScaledObject), nil
	case err != nil:
		return nil, finding{}, fmt.Errorf("canary: ScaledObject: %w", err)
	}
	return so, finding{}, nil
}

// inspectScaledObject checks a ScaledObject before a job is submitted.
func (c *Canary) inspectScaledObject(so *unstructured.Unstructured) finding {
	for _, key := range []string{"autoscaling.keda.sh/paused", "autoscaling.keda.sh/paused-replicas"} {
		if value, ok := so.GetAnnotations()[key]; ok && value != "false" {
			return newFinding(Paused, "The ScaledObject is paused by its annotation %s.", key)
		}
	}
	triggers, _, _ := unstructured.NestedSlice(so.Object, "spec", "triggers")
	var counted []string
	redis := false
	for _, t := range triggers {
		trigger, _ := t.(map[string]any)
		kind, _, _ := unstructured.NestedString(trigger, "type")
		if !strings.HasPrefix(kind, "redis") {
			continue
		}
		redis = true
		list, _, _ := unstructured.NestedString(trigger, "metadata", "listName")
		counted = append(counted, list)
	}
	missing := slices.DeleteFunc(slices.Clone(c.deps.Keys), func(key string) bool { return slices.Contains(counted, key) })
	if redis && len(missing) > 0 {
		return newFinding(WrongKeys, "No trigger of the ScaledObject counts %s. Set listName of its triggers to the keys of the queue.", strings.Join(missing, ", "))
	}
	return finding{}
}

// checkHealth returns the state that KEDA reports on a ScaledObject. In fallback its metric is a fixed number, which
// proves nothing.
func checkHealth(so *unstructured.Unstructured) finding {
	conditions, _, _ := unstructured.NestedSlice(so.Object, "status", "conditions")
	for _, one := range conditions {
		condition, _ := one.(map[string]any)
		text := func(field string) string { s, _, _ := unstructured.NestedString(condition, field); return s }
		switch {
		case text("type") == "Ready" && text("status") == string(metav1.ConditionFalse):
			return newFinding(ScalerNotReady, "KEDA says that the ScaledObject is not ready: %s.", strings.TrimSuffix(text("message"), "."))
		case text("type") == "Fallback" && text("status") == string(metav1.ConditionTrue):
			return newFinding(ScalerInFallback, "KEDA cannot see the queue and keeps the number of its fallback. Look at the events of the ScaledObject.")
		}
	}
	return finding{}
}

// checkMetric checks that the autoscaler counts the canary: at least one task while it is in the queue. so is nil
// without KEDA.
func (c *Canary) checkMetric(ctx context.Context, so *unstructured.Unstructured, hpa *autoscalingv2.HorizontalPodAutoscaler) finding {
	server, triggers := "KEDA's metrics server and at the events of the ScaledObject", "address, database and keys of the triggers"
	if so == nil {
		server, triggers = "the APIService v1beta1.external.metrics.k8s.io and at the log of the controller", "REDIS_JOB_URL of the controller"
	} else if f := checkHealth(so); f.outcome != "" {
		return f
	}
	asked := 0
	for _, m := range hpa.Spec.Metrics {
		if m.External == nil {
			continue
		}
		asked++
		selector := metav1.FormatLabelSelector(m.External.Metric.Selector)
		value, err := c.deps.Metrics.ReadExternal(ctx, c.deps.Namespace, m.External.Metric.Name, selector)
		if err != nil {
			c.deps.Logger.Warn("the external metric cannot be read", "metric", m.External.Metric.Name, "error", err)
			return newFinding(MetricUnavailable, "The external metric %s cannot be read. Look at %s.", m.External.Metric.Name, server)
		}
		if value >= 1 {
			return finding{}
		}
	}
	if asked == 0 {
		return newFinding(MetricUnavailable, "The HorizontalPodAutoscaler %s has no external metric.", hpa.Name)
	}
	return newFinding(MetricBlind, "A job is in the queue, and the external metric of %s says that there is none. Look at %s.", hpa.Name, triggers)
}

// findHPA reads the HorizontalPodAutoscaler that KEDA created of a ScaledObject, or that of the settings without one.
func (c *Canary) findHPA(ctx context.Context, so *unstructured.Unstructured) (*autoscalingv2.HorizontalPodAutoscaler, finding, error) {
	name, gone := c.deps.HPA, "Upgrade the release."
	if so != nil {
		name, _, _ = unstructured.NestedString(so.Object, "status", "hpaName")
		gone = "Is KEDA's operator there?"
		if name == "" {
			if f := checkHealth(so); f.outcome != "" {
				return nil, f, nil
			}
			return nil, newFinding(ScalerNotReady, "KEDA has made no HorizontalPodAutoscaler of the ScaledObject. Is its operator there?"), nil
		}
	}
	h := &autoscalingv2.HorizontalPodAutoscaler{}
	err := c.deps.Reader.Get(ctx, client.ObjectKey{Namespace: c.deps.Namespace, Name: name}, h)
	switch {
	case apierrors.IsNotFound(err):
		return nil, newFinding(ScalerNotReady, "The HorizontalPodAutoscaler %s is gone. %s", name, gone), nil
	case err != nil:
		return nil, finding{}, fmt.Errorf("canary: HorizontalPodAutoscaler: %w", err)
	}
	return h, finding{}, nil
}

// checkWorkers checks that a worker is ready to run the canary, and that the autoscaler uses the metric. hpa may be
// nil.
func (c *Canary) checkWorkers(ctx context.Context, hpa *autoscalingv2.HorizontalPodAutoscaler) (finding, error) {
	d := &appsv1.Deployment{}
	err := c.deps.Reader.Get(ctx, client.ObjectKey{Namespace: c.deps.Namespace, Name: c.deps.Deployment}, d)
	if client.IgnoreNotFound(err) != nil {
		return finding{}, fmt.Errorf("canary: Deployment: %w", err)
	}
	if d.Status.ReadyReplicas == 0 {
		return newFinding(NoWorker, "A job waits and the metric says so, but no worker of %s is ready.", c.deps.Deployment), nil
	}
	if hpa == nil {
		return finding{}, nil
	}
	for _, condition := range hpa.Status.Conditions {
		// The reason of a fleet at zero, and for some seconds after it, is ScalingDisabled.
		if condition.Type == autoscalingv2.ScalingActive && condition.Status == corev1.ConditionFalse && condition.Reason != "ScalingDisabled" {
			return newFinding(NoWorker, "The HorizontalPodAutoscaler %s does not scale: %s.", hpa.Name, condition.Reason), nil
		}
	}
	return finding{}, nil
}
