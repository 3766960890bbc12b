package canary_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"sync"
	"testing"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	appsv1 "k8s.io/api/apps/v1"
	autoscalingv2 "k8s.io/api/autoscaling/v2"
	corev1 "k8s.io/api/core/v1"
	apiextensionsv1 "k8s.io/apiextensions-apiserver/pkg/apis/apiextensions/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/runtime"
	"sigs.k8s.io/controller-runtime/pkg/client"
	"sigs.k8s.io/controller-runtime/pkg/envtest"
	"sigs.k8s.io/controller-runtime/pkg/reconcile"

	"github.com/trackmydegree/trackmydegree/internal/controller/canary"
	"github.com/trackmydegree/trackmydegree/internal/fault"
	"github.com/trackmydegree/trackmydegree/internal/job"
	"github.com/trackmydegree/trackmydegree/internal/testenv"
	"github.com/trackmydegree/trackmydegree/internal/testenv/kube"
)

var (
	server kube.Server
	once   sync.Once // KEDA's kind is installed once for the whole server
)

func TestMain(m *testing.M) { os.Exit(server.RunMain(m)) }

// kedaKind replaces KEDA's own definition, and allows any fields.
func kedaKind() *apiextensionsv1.CustomResourceDefinition {
	open := true
	return &apiextensionsv1.CustomResourceDefinition{
		ObjectMeta: metav1.ObjectMeta{Name: "scaledobjects.keda.sh"},
		Spec: apiextensionsv1.CustomResourceDefinitionSpec{
			Group: "keda.sh", Scope: apiextensionsv1.NamespaceScoped,
			Names: apiextensionsv1.CustomResourceDefinitionNames{Plural: "scaledobjects", Singular: "scaledobject", Kind: "ScaledObject", ListKind: "ScaledObjectList"},
			Versions: []apiextensionsv1.CustomResourceDefinitionVersion{{
				Name: "v1alpha1", Served: true, Storage: true, Subresources: &apiextensionsv1.CustomResourceSubresources{Status: &apiextensionsv1.CustomResourceSubresourceStatus{}},
				Schema: &apiextensionsv1.CustomResourceValidation{OpenAPIV3Schema: &apiextensionsv1.JSONSchemaProps{Type: "object", XPreserveUnknownFields: &open}},
			}},
		},
	}
}

// jobs stores the canary's jobs in the test.
type jobs struct {
	records map[job.ID]job.Record
	dues    map[job.ID]time.Time
	queues  []job.Priority
	err     error
	removed int
}

func (j *jobs) Submit(_ context.Context, id job.ID, p job.Priority, due time.Time) error {
	if j.err != nil {
		return j.err
	}
	j.records[id], j.dues[id] = job.Record{ID: id, State: job.Queued, Priority: p}, due
	j.queues = append(j.queues, p)
	return nil
}

func (j *jobs) Get(_ context.Context, id job.ID) (job.Record, error) {
	if j.err != nil {
		return job.Record{}, j.err
	}
	r, ok := j.records[id]
	if !ok {
		return r, fault.New(fault.JobNotFound)
	}
	return r, nil
}

func (j *jobs) Remove(_ context.Context, id job.ID) error {
	delete(j.records, id)
	j.removed++
	return j.err
}

// set changes the state of the canary's job.
func (j *jobs) set(s job.State, code fault.Code) {
	for id, r := range j.records {
		r.State = s
		if code != "" {
			r.Error = &job.Failure{Code: code}
		}
		j.records[id] = r
	}
}

// metric is the answer of the external metrics API.
type metric struct {
	value float64
	err   error
	asked []string
}

func (m *metric) ReadExternal(_ context.Context, namespace, name, selector string) (float64, error) {
	m.asked = append(m.asked, name+" "+selector)
	return m.value, m.err
}

type recorder struct{ said []string }

func (r *recorder) Eventf(about, _ runtime.Object, kind, reason, _, note string, args ...any) {
	r.said = append(r.said, fmt.Sprintf("%s %s %s", about.(client.Object).GetName(), kind, reason)+": "+fmt.Sprintf(note, args...))
}

// mine is a release under KEDA on a real API server, with its canary.
type mine struct {
	client.Client
	t         *testing.T
	namespace string
	now       time.Time
	jobs      *jobs
	metric    *metric
	events    *recorder
	registry  *prometheus.Registry
	deps      canary.Deps
	ids       int
	canary    *canary.Canary
}

var keys = []string{"asynq:{q}:pending", "asynq:{q}:scheduled"}

func newMine(t *testing.T) *mine {
	t.Helper()
	once.Do(func() {
		if _, err := envtest.InstallCRDs(server.RestConfig(t), envtest.CRDInstallOptions{CRDs: []*apiextensionsv1.CustomResourceDefinition{kedaKind()}}); err != nil {
			t.Error(err)
		}
	})
	m := &mine{
		Client: server.NewClient(t), t: t, namespace: server.CreateNamespace(t), now: time.Date(2026, 11, 25, 12, 0, 0, 0, time.UTC),
		jobs: &jobs{records: map[job.ID]job.Record{}, dues: map[job.ID]time.Time{}}, metric: &metric{}, events: &recorder{},
	}
	labels := map[string]string{"app": "worker"}
	none := int32(0)
	for _, o := range []client.Object{
		&corev1.ConfigMap{ObjectMeta: m.named("tmd-canary")},
		&appsv1.Deployment{ObjectMeta: m.named("tmd-worker"), Spec: appsv1.DeploymentSpec{
			Replicas: &none, Selector: &metav1.LabelSelector{MatchLabels: labels},
			Template: corev1.PodTemplateSpec{ObjectMeta: metav1.ObjectMeta{Labels: labels}, Spec: corev1.PodSpec{Containers: []corev1.Container{{Name: "worker", Image: "app"}}}},
		}},
		&autoscalingv2.HorizontalPodAutoscaler{ObjectMeta: m.named("keda-hpa"), Spec: autoscalingv2.HorizontalPodAutoscalerSpec{
			ScaleTargetRef: autoscalingv2.CrossVersionObjectReference{Kind: "Deployment", Name: "tmd-worker", APIVersion: "apps/v1"}, MaxReplicas: 10,
			Metrics: []autoscalingv2.MetricSpec{{Type: autoscalingv2.ExternalMetricSourceType, External: &autoscalingv2.ExternalMetricSource{
				Metric: autoscalingv2.MetricIdentifier{Name: "s0-composite", Selector: &metav1.LabelSelector{MatchLabels: map[string]string{"scaledobject.keda.sh/name": "tmd-worker"}}},
				Target: autoscalingv2.MetricTarget{Type: autoscalingv2.ValueMetricType, Value: quantity("2")},
			}}},
		}},
	} {
		m.create(o)
	}
	m.scaledObject(keys...)
	m.deps = canary.Deps{
		Client: m.Client, Reader: m.Client, Jobs: m.jobs, Metrics: m.metric, Events: m.events,
		Namespace: m.namespace, ConfigMap: "tmd-canary", Deployment: "tmd-worker", ScaledObject: "tmd-worker", Keys: keys,
		Interval: 15 * time.Minute, Hold: 30 * time.Second, Limit: 3 * time.Minute,
		NewID: func() job.ID { m.ids++; return job.ID(fmt.Sprint("canary-", m.ids)) }, Clock: func() time.Time { return m.now },
		Logger: slog.New(slog.NewTextHandler(t.Output(), nil)),
	}
	m.restart()
	return m
}

func (m *mine) named(name string) metav1.ObjectMeta {
	return metav1.ObjectMeta{Namespace: m.namespace, Name: name}
}

func (m *mine) create(o client.Object) {
	m.t.Helper()
	if err := m.Create(m.t.Context(), o); err != nil {
		m.t.Fatal(err)
	}
}

// scaledObject creates the object with a Redis trigger for each key, in the state in which KEDA manages it.
func (m *mine) scaledObject(keys ...string) {
	m.t.Helper()
	var triggers []any
	for _, key := range keys {
		triggers = append(triggers, map[string]any{"type": "redis-sentinel", "metadata": map[string]any{"listName": key}})
	}
	so := m.newScaledObject()
	if err := unstructured.SetNestedSlice(so.Object, triggers, "spec", "triggers"); err != nil {
		m.t.Fatal(err)
	}
	m.create(so)
	m.kedaSays(map[string]any{"type": "Ready", "status": "True"}, map[string]any{"type": "Fallback", "status": "False"})
}

func (m *mine) newScaledObject() *unstructured.Unstructured {
	so := &unstructured.Unstructured{}
	so.SetAPIVersion("keda.sh/v1alpha1")
	so.SetKind("ScaledObject")
	so.SetNamespace(m.namespace)
	so.SetName("tmd-worker")
	return so
}

// kedaSays sets the conditions of the ScaledObject.
func (m *mine) kedaSays(conditions ...any) {
	m.t.Helper()
	so := m.newScaledObject()
	if err := m.Get(m.t.Context(), client.ObjectKeyFromObject(so), so); err != nil {
		m.t.Fatal(err)
	}
	so.Object["status"] = map[string]any{"hpaName": "keda-hpa", "conditions": conditions}
	if err := m.Status().Update(m.t.Context(), so); err != nil {
		m.t.Fatal(err)
	}
}

// workers sets how many workers are ready.
func (m *mine) workers(ready int32) {
	m.t.Helper()
	d := &appsv1.Deployment{}
	if err := m.Get(m.t.Context(), client.ObjectKey{Namespace: m.namespace, Name: "tmd-worker"}, d); err != nil {
		m.t.Fatal(err)
	}
	d.Status.Replicas, d.Status.ReadyReplicas = ready, ready
	if err := m.Status().Update(m.t.Context(), d); err != nil {
		m.t.Fatal(err)
	}
}

// restart replaces the canary by that of a new controller.
func (m *mine) restart() {
	m.registry = prometheus.NewPedanticRegistry()
	m.deps.Registerer = m.registry
	m.canary = testenv.Must(canary.New(m.deps))
}

func (m *mine) step() time.Duration {
	m.t.Helper()
	result, err := m.canary.Reconcile(m.t.Context(), reconcile.Request{})
	if err != nil {
		m.t.Fatal(err)
	}
	return result.RequeueAfter
}

// pass lets time pass, with a reconciliation each second.
func (m *mine) pass(d time.Duration) {
	m.t.Helper()
	for end := m.now.Add(d); m.now.Before(end); {
		m.now = m.now.Add(time.Second)
		m.step()
	}
}

// status reads the status from the ConfigMap.
func (m *mine) status() canary.Status {
	m.t.Helper()
	c := &corev1.ConfigMap{}
	if err := m.Get(m.t.Context(), client.ObjectKey{Namespace: m.namespace, Name: "tmd-canary"}, c); err != nil {
		m.t.Fatal(err)
	}
	var s canary.Status
	if err := json.Unmarshal([]byte(c.Data[canary.StatusKey]), &s); err != nil {
		m.t.Fatal(err)
	}
	return s
}

// ended fails the test unless the last run ended with the outcome and was cleaned up.
func (m *mine) ended(want canary.Outcome) canary.Status {
	m.t.Helper()
	s := m.status()
	if s.Run != nil || s.Last == nil || s.Last.Outcome != want || len(s.Conditions) != 1 || s.Conditions[0].Reason != string(want) {
		m.t.Fatalf("run %+v, last %+v, conditions %+v, want %s", s.Run, s.Last, s.Conditions, want)
	}
	if len(m.jobs.records) > 0 {
		m.t.Errorf("jobs stay: %v", m.jobs.records)
	}
	return s
}

// gauge returns a metric's value; -1 when it is absent.
func (m *mine) gauge(name, label string) float64 {
	m.t.Helper()
	families, err := m.registry.Gather()
	if err != nil {
		m.t.Fatal(err)
	}
	for _, f := range families {
		for _, one := range f.GetMetric() {
			if f.GetName() == name && (label == "" || one.GetLabel()[0].GetValue() == label) {
				return one.GetGauge().GetValue() + one.GetCounter().GetValue()
			}
		}
	}
	return -1
}

var errDown = errors.New("down")
