package canary_test

import (
	"io"
	"net/http"
	"net/http/httptest"
	"testing"

	"k8s.io/client-go/rest"

	"github.com/trackmydegree/trackmydegree/internal/controller/canary"
)

// The API server forwards the request to KEDA's metrics server, which answers like this.
func TestExternalMetrics(t *testing.T) {
	t.Parallel()
	const path = "/apis/external.metrics.k8s.io/v1beta1/namespaces/degrees/s0-composite"
	api := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Path != path || r.URL.Query().Get("labelSelector") != "scaledobject.keda.sh/name=worker" {
			w.WriteHeader(http.StatusNotFound)
			return
		}
		w.Header().Set("Content-Type", "application/json")
		_, _ = io.WriteString(w, `{"kind":"ExternalMetricValueList","apiVersion":"external.metrics.k8s.io/v1beta1","metadata":{},"items":[
			{"metricName":"s0-composite","metricLabels":null,"timestamp":"2026-11-25T12:00:00Z","value":"2"},
			{"metricName":"s0-composite","metricLabels":null,"timestamp":"2026-11-25T12:00:00Z","value":"500m"}]}`)
	}))
	t.Cleanup(api.Close)
	m, err := canary.NewExternalMetrics(&rest.Config{Host: api.URL})
	if err != nil {
		t.Fatal(err)
	}
	if got, err := m.ReadExternal(t.Context(), "degrees", "s0-composite", "scaledobject.keda.sh/name=worker"); err != nil || got != 2.5 {
		t.Errorf("%v, %v", got, err)
	}
	if _, err := m.ReadExternal(t.Context(), "degrees", "s0-other", ""); err == nil {
		t.Error("a metric that is not there")
	}
	if _, err := m.ReadExternal(t.Context(), "degrees", "s0-composite", "=="); err == nil {
		t.Error("a selector that is none")
	}
}
