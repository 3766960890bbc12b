package controllercmd_test

import (
	"context"
	"fmt"
	"strings"
	"testing"

	corev1 "k8s.io/api/core/v1"
	rbacv1 "k8s.io/api/rbac/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/labels"
	external "k8s.io/metrics/pkg/client/external_metrics"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/trackmydegree/trackmydegree/internal/testenv"
)

// createClusterRights creates what the chart grants outside of the namespace for the external metric.
func (r *release) createClusterRights(values ...string) {
	r.t.Helper()
	user := []rbacv1.Subject{{APIGroup: rbacv1.GroupName, Kind: "User", Name: r.namespace + "-controller"}}
	role, clusterBinding, binding := &rbacv1.ClusterRole{}, &rbacv1.ClusterRoleBinding{}, &rbacv1.RoleBinding{}
	renderObject(r.t, "external-metrics-clusterrole.yaml", role, values...)
	renderObject(r.t, "external-metrics-clusterrolebinding.yaml", clusterBinding, values...)
	renderObject(r.t, "external-metrics-rolebinding.yaml", binding, values...)
	clusterBinding.Subjects, binding.Subjects = user, user
	for _, o := range []client.Object{role, clusterBinding, binding} {
		if err := r.client.Create(r.t.Context(), o); err != nil {
			r.t.Fatal(err)
		}
	}
}

// The program serves the number of jobs through the API server, with the permissions that the chart grants it.
func TestExternalMetric(t *testing.T) {
	t.Parallel()
	values := []string{"worker.autoscaling.enabled=true", "worker.autoscaling.scaler=hpa"}
	r := newRelease(t, values...)
	r.createClusterRights(values...)
	const service, secret = "tmd-trackmydegree-external-metrics", "tmd-trackmydegree-external-metrics"
	port := testenv.FreePort(t)
	apiService := &unstructured.Unstructured{Object: map[string]any{"spec": map[string]any{
		"group": "external.metrics.k8s.io", "version": "v1beta1", "groupPriorityMinimum": int64(100), "versionPriority": int64(100),
		"service": map[string]any{"name": service, "namespace": r.namespace, "port": int64(port)},
	}}}
	apiService.SetAPIVersion("apiregistration.k8s.io/v1")
	apiService.SetKind("APIService")
	apiService.SetName("v1beta1.external.metrics.k8s.io")
	for _, o := range []client.Object{
		&corev1.Secret{ObjectMeta: metav1.ObjectMeta{Namespace: r.namespace, Name: secret}},
		// Without kubelets a Service reaches this machine by name only.
		&corev1.Service{ObjectMeta: metav1.ObjectMeta{Namespace: r.namespace, Name: service}, Spec: corev1.ServiceSpec{
			Type: corev1.ServiceTypeExternalName, ExternalName: "localhost",
		}},
		apiService,
	} {
		if err := r.client.Create(t.Context(), o); err != nil {
			t.Fatal(err)
		}
	}
	t.Cleanup(func() { _ = r.client.Delete(context.Background(), apiService) })
	r.settings = []string{
		fmt.Sprintf("TMD_EXTERNAL_METRICS_ADDR=127.0.0.1:%d", port), "TMD_EXTERNAL_METRICS_SECRET=" + secret,
		"TMD_EXTERNAL_METRICS_HOST=" + service + "." + r.namespace + ".svc",
	}
	c := r.startController()
	metrics, err := external.NewForConfig(server.RestConfig(t))
	if err != nil {
		t.Fatal(err)
	}
	read := func() int64 {
		list, err := metrics.NamespacedMetrics(r.namespace).List("tmd-backlog", labels.Everything())
		if err != nil || len(list.Items) != 1 {
			return -1
		}
		return list.Items[0].Value.Value()
	}
	testenv.Eventually(t, "the metric is 0", func() bool { return read() == 0 })
	r.submitJob()
	testenv.Eventually(t, "the metric is 1", func() bool { return read() == 1 })
	r.redis.Kill()
	testenv.Eventually(t, "the metric is an error", func() bool { return read() == -1 })
	page := readPage(c.metrics + "/metrics")
	for _, want := range []string{`tmd_external_metrics_requests_total{code="200"}`, `tmd_external_metrics_requests_total{code="503"}`} {
		if !strings.Contains(page, want) {
			t.Errorf("no metric %s", want)
		}
	}
	if strings.Contains(page, `code="403"`) {
		t.Error("the API server refused a request: the roles of the chart lack a right")
	}
}
