package canary

import (
	"context"
	"fmt"

	"k8s.io/apimachinery/pkg/labels"
	"k8s.io/client-go/rest"
	external "k8s.io/metrics/pkg/client/external_metrics"
)

var _ Metrics = (*ExternalMetrics)(nil)

// ExternalMetrics asks the API server, which asks KEDA, as a HorizontalPodAutoscaler does.
type ExternalMetrics struct {
	client external.ExternalMetricsClient
}

// NewExternalMetrics returns a client.
func NewExternalMetrics(config *rest.Config) (*ExternalMetrics, error) {
	client, err := external.NewForConfig(config)
	if err != nil {
		return nil, fmt.Errorf("canary: %w", err)
	}
	return &ExternalMetrics{client}, nil
}

// ReadExternal implements Metrics. The client takes no context: the timeout of its config bounds the call.
func (m *ExternalMetrics) ReadExternal(_ context.Context, namespace, name, selector string) (float64, error) {
	parsed, err := labels.Parse(selector)
	if err != nil {
		return 0, fmt.Errorf("canary: %w", err)
	}
	list, err := m.client.NamespacedMetrics(namespace).List(name, parsed)
	if err != nil {
		return 0, fmt.Errorf("canary: %w", err)
	}
	var sum float64
	for _, v := range list.Items {
		sum += v.Value.AsApproximateFloat64()
	}
	return sum, nil
}
