package imageupdate_test

import (
	"context"
	"fmt"
	"io"
	"log"
	"log/slog"
	"maps"
	"net/http"
	"net/http/httptest"
	"os"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/go-containerregistry/pkg/name"
	"github.com/google/go-containerregistry/pkg/registry"
	"github.com/google/go-containerregistry/pkg/v1/random"
	"github.com/google/go-containerregistry/pkg/v1/remote"
	"github.com/prometheus/client_golang/prometheus"
	appsv1 "k8s.io/api/apps/v1"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/labels"
	"k8s.io/apimachinery/pkg/runtime"
	"sigs.k8s.io/controller-runtime/pkg/client"
	"sigs.k8s.io/controller-runtime/pkg/reconcile"

	"github.com/trackmydegree/trackmydegree/internal/controller/imageupdate"
	"github.com/trackmydegree/trackmydegree/internal/testenv"
	"github.com/trackmydegree/trackmydegree/internal/testenv/kube"
)

var server kube.Server

func TestMain(m *testing.M) { os.Exit(server.RunMain(m)) }

const release = "tmd"

// fleet is a release on a real API server, with a real registry. The test plays the kubelet and the Deployment
// controller.
type fleet struct {
	client.Client
	t         *testing.T
	namespace string
	registry  string
	now       time.Time
	recorder  *recorder
	metrics   *prometheus.Registry
	dryRun    bool
	via       client.Client // the client with which the updater writes
}

// recorder keeps the events.
type recorder struct {
	mu   sync.Mutex
	said []string
}

func (r *recorder) Eventf(about, _ runtime.Object, kind, reason, _, note string, args ...any) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.said = append(r.said, fmt.Sprintf("%s %s %s: %s", about.(client.Object).GetName(), kind, reason, fmt.Sprintf(note, args...)))
}

// has reports whether an event begins with the prefix.
func (r *recorder) has(prefix string) bool {
	r.mu.Lock()
	defer r.mu.Unlock()
	for _, s := range r.said {
		if strings.HasPrefix(s, prefix) {
			return true
		}
	}
	return false
}

// store is a registry, without its log.
func store() http.Handler { return registry.New(registry.Logger(log.New(io.Discard, "", 0))) }

func newFleet(t *testing.T) *fleet {
	t.Helper()
	hub := httptest.NewServer(store())
	t.Cleanup(hub.Close)
	f := &fleet{
		Client: server.NewClient(t), t: t, namespace: server.CreateNamespace(t), registry: strings.TrimPrefix(hub.URL, "http://"),
		now: time.Date(2026, 11, 24, 12, 0, 0, 0, time.UTC), recorder: &recorder{}, metrics: prometheus.NewPedanticRegistry(),
	}
	f.via = f.Client
	return f
}

// image names an image of the registry.
func (f *fleet) image() string { return f.registry + "/trackmydegree:1.0" }

// push makes the tag name a new image and returns its digest.
func (f *fleet) push() string {
	f.t.Helper()
	image, err := random.Image(64, 1)
	if err != nil {
		f.t.Fatal(err)
	}
	tag, err := name.NewTag(f.image())
	if err != nil {
		f.t.Fatal(err)
	}
	if err := remote.Write(tag, image, remote.WithContext(f.t.Context())); err != nil {
		f.t.Fatal(err)
	}
	digest, err := image.Digest()
	if err != nil {
		f.t.Fatal(err)
	}
	return digest.String()
}

// install creates a Deployment as Helm does, by server-side apply. Its containers are named; a "+" marks a sidecar.
func (f *fleet) install(component string, replicas int, image string, names ...string) {
	f.t.Helper()
	if err := f.helm(component, replicas, image, names...); err != nil {
		f.t.Fatal(err)
	}
	f.play(component)
}

func (f *fleet) helm(component string, replicas int, image string, names ...string) error {
	labels := map[string]any{"app.kubernetes.io/instance": release, "app.kubernetes.io/component": component}
	var own, sidecars []any
	for _, n := range names {
		c := map[string]any{"name": strings.TrimPrefix(n, "+"), "image": image}
		if strings.HasPrefix(n, "+") {
			c["restartPolicy"] = "Always"
			sidecars = append(sidecars, c)
		} else {
			own = append(own, c)
		}
	}
	d := &unstructured.Unstructured{Object: map[string]any{
		"apiVersion": "apps/v1", "kind": "Deployment",
		"metadata": map[string]any{"namespace": f.namespace, "name": "tmd-" + component, "labels": labels},
		"spec": map[string]any{
			"replicas": int64(replicas), "selector": map[string]any{"matchLabels": labels},
			"template": map[string]any{
				"metadata": map[string]any{"labels": labels},
				"spec": map[string]any{
					"imagePullSecrets": []any{map[string]any{"name": "pull"}},
					"containers":       own, "initContainers": sidecars,
				},
			},
		},
	}}
	return f.Apply(f.t.Context(), client.ApplyConfigurationFromUnstructured(d), client.FieldOwner("helm"))
}

func (f *fleet) get(component string) *appsv1.Deployment {
	f.t.Helper()
	d := &appsv1.Deployment{}
	if err := f.Get(f.t.Context(), client.ObjectKey{Namespace: f.namespace, Name: "tmd-" + component}, d); err != nil {
		f.t.Fatal(err)
	}
	return d
}

// runs returns the image of the component's own container in the template.
func (f *fleet) runs(component string) string {
	f.t.Helper()
	return f.get(component).Spec.Template.Spec.Containers[0].Image
}

// play simulates a cluster in which a rollout succeeds: new pods, ready at once, and no old ones. A pod runs the
// digest of its image, or the digest of its tag when it began.
func (f *fleet) play(component string, tagged ...string) {
	f.t.Helper()
	f.playWith(component, corev1.ContainerState{Running: &corev1.ContainerStateRunning{}}, 0, tagged...)
}

func (f *fleet) playWith(component string, state corev1.ContainerState, restarts int32, tagged ...string) {
	f.t.Helper()
	ctx := f.t.Context()
	d := f.get(component)
	if err := f.DeleteAllOf(ctx, &corev1.Pod{}, client.InNamespace(f.namespace),
		client.MatchingLabels(d.Spec.Selector.MatchLabels), client.GracePeriodSeconds(0)); err != nil {
		f.t.Fatal(err)
	}
	well := state.Running != nil
	for range *d.Spec.Replicas {
		p := &corev1.Pod{
			ObjectMeta: metav1.ObjectMeta{Namespace: f.namespace, GenerateName: d.Name + "-", Labels: d.Spec.Template.Labels},
			Spec:       *d.Spec.Template.Spec.DeepCopy(),
		}
		if err := f.Create(ctx, p); err != nil {
			f.t.Fatal(err)
		}
		p.Status.StartTime = &metav1.Time{Time: f.now}
		ready := corev1.PodCondition{Type: corev1.PodReady, Status: corev1.ConditionFalse, LastTransitionTime: metav1.NewTime(f.now)}
		if well {
			ready.Status = corev1.ConditionTrue
		}
		p.Status.Conditions = []corev1.PodCondition{ready}
		status := func(list []corev1.Container) (all []corev1.ContainerStatus) {
			for _, c := range list {
				digest := strings.Join(tagged, "")
				if at := strings.Index(c.Image, "@"); at >= 0 {
					digest = c.Image[at+1:]
				}
				s := corev1.ContainerStatus{Name: c.Name, Image: c.Image, Ready: well, State: state, RestartCount: restarts}
				if digest != "" {
					s.ImageID = f.registry + "/trackmydegree@" + digest
				}
				all = append(all, s)
			}
			return all
		}
		p.Status.InitContainerStatuses, p.Status.ContainerStatuses = status(p.Spec.InitContainers), status(p.Spec.Containers)
		if err := f.Status().Update(ctx, p); err != nil {
			f.t.Fatal(err)
		}
	}
	d.Status = appsv1.DeploymentStatus{ObservedGeneration: d.Generation, Replicas: *d.Spec.Replicas, UpdatedReplicas: *d.Spec.Replicas}
	if well {
		d.Status.ReadyReplicas, d.Status.AvailableReplicas = *d.Spec.Replicas, *d.Spec.Replicas
	} else {
		d.Status.UnavailableReplicas = *d.Spec.Replicas
	}
	if err := f.Status().Update(ctx, d); err != nil {
		f.t.Fatal(err)
	}
}

// step reconciles once, with a controller that has just started: all its state is in the cluster.
func (f *fleet) step() reconcile.Result {
	f.t.Helper()
	result, err := f.tryStep()
	if err != nil {
		f.t.Fatal(err)
	}
	return result
}

func (f *fleet) tryStep() (reconcile.Result, error) {
	return f.updater().Reconcile(f.t.Context(), reconcile.Request{})
}

func (f *fleet) updater() *imageupdate.Updater {
	f.t.Helper()
	schedule, err := imageupdate.ParseSchedule("0 4 * * *")
	if err != nil {
		f.t.Fatal(err)
	}
	f.metrics = prometheus.NewPedanticRegistry()
	return testenv.Must(imageupdate.New(imageupdate.Deps{
		Client: f.via, Reader: f.Client, Registry: &imageupdate.Remote{}, Events: f.recorder, Schedule: schedule,
		Namespace: f.namespace, Selector: labels.SelectorFromSet(labels.Set{"app.kubernetes.io/instance": release}),
		Deadline: 10 * time.Minute, DryRun: f.dryRun, Clock: func() time.Time { return f.now },
		Logger: slog.New(slog.NewTextHandler(f.t.Output(), nil)), Registerer: f.metrics,
	}))
}

// sync simulates Kubernetes after a change: new pods for new images; of other changes it only observes the
// generation.
func (f *fleet) sync(component string) {
	f.t.Helper()
	d := &appsv1.Deployment{}
	err := f.Get(f.t.Context(), client.ObjectKey{Namespace: f.namespace, Name: "tmd-" + component}, d)
	if client.IgnoreNotFound(err) != nil {
		f.t.Fatal(err)
	}
	if err != nil || d.Status.ObservedGeneration == d.Generation {
		return
	}
	var pods corev1.PodList
	if err := f.List(f.t.Context(), &pods, client.InNamespace(f.namespace), client.MatchingLabels(d.Spec.Selector.MatchLabels)); err != nil {
		f.t.Fatal(err)
	}
	if len(pods.Items) > 0 && pods.Items[0].Spec.Containers[0].Image != d.Spec.Template.Spec.Containers[0].Image {
		f.play(component)
		return
	}
	d.Status.ObservedGeneration = d.Generation
	if err := f.Status().Update(f.t.Context(), d); err != nil {
		f.t.Fatal(err)
	}
}

// night sets the clock to some minutes after the schedule's time of the next day.
func (f *fleet) night() {
	f.now = time.Date(f.now.Year(), f.now.Month(), f.now.Day()+1, 4, 2, 0, 0, time.UTC)
}

func (f *fleet) pass(d time.Duration) { f.now = f.now.Add(d) }

// steps reconciles until nothing changes. The new pods of all components succeed.
func (f *fleet) steps() {
	f.t.Helper()
	for range 40 {
		before := f.pictures()
		f.step()
		if f.pictures() == before {
			return
		}
		for _, component := range []string{"parser", "worker", "api"} {
			f.sync(component)
		}
		f.pass(15 * time.Second)
	}
	f.t.Fatal("no end of it")
}

// pictures returns the images that the updater has written.
func (f *fleet) pictures() string {
	f.t.Helper()
	var list appsv1.DeploymentList
	if err := f.List(context.WithoutCancel(f.t.Context()), &list, client.InNamespace(f.namespace)); err != nil {
		f.t.Fatal(err)
	}
	var b strings.Builder
	for _, d := range list.Items {
		fmt.Fprint(&b, d.Name, d.Annotations, d.Spec.Template.Spec.Containers[0].Image)
	}
	return b.String()
}

// annotation returns one of a component's.
func (f *fleet) annotation(component, key string) string {
	f.t.Helper()
	return maps.Clone(f.get(component).Annotations)[key]
}
