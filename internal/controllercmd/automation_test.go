package controllercmd_test

import (
	"context"
	"fmt"
	"io"
	"log"
	"log/slog"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/google/go-containerregistry/pkg/name"
	"github.com/google/go-containerregistry/pkg/registry"
	"github.com/google/go-containerregistry/pkg/v1/random"
	"github.com/google/go-containerregistry/pkg/v1/remote"
	"github.com/prometheus/client_golang/prometheus"
	"google.golang.org/grpc"
	"google.golang.org/grpc/credentials/insecure"
	appsv1 "k8s.io/api/apps/v1"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"

	"github.com/trackmydegree/trackmydegree/internal/controller/scaler/externalscaler"
	"github.com/trackmydegree/trackmydegree/internal/job"
	"github.com/trackmydegree/trackmydegree/internal/jobstore"
	"github.com/trackmydegree/trackmydegree/internal/queuetest"
	"github.com/trackmydegree/trackmydegree/internal/testenv"
)

// createDeployment creates a Deployment of the release, with the status of a finished rollout.
func (r *release) createDeployment(component, image string) {
	r.t.Helper()
	one := int32(1)
	labels := map[string]string{"app.kubernetes.io/instance": "tmd", "app.kubernetes.io/component": component}
	d := &appsv1.Deployment{
		ObjectMeta: metav1.ObjectMeta{Namespace: r.namespace, Name: "tmd-trackmydegree-" + component, Labels: labels},
		Spec: appsv1.DeploymentSpec{Replicas: &one, Selector: &metav1.LabelSelector{MatchLabels: labels}, Template: corev1.PodTemplateSpec{
			ObjectMeta: metav1.ObjectMeta{Labels: labels}, Spec: corev1.PodSpec{Containers: []corev1.Container{{Name: component, Image: image}}},
		}},
	}
	if err := r.client.Create(r.t.Context(), d); err != nil {
		r.t.Fatal(err)
	}
	d.Status = appsv1.DeploymentStatus{ObservedGeneration: d.Generation, Replicas: 1, UpdatedReplicas: 1, ReadyReplicas: 1, AvailableReplicas: 1}
	if err := r.client.Status().Update(r.t.Context(), d); err != nil {
		r.t.Fatal(err)
	}
}

// finishingHandler ends each job at once.
type finishingHandler struct{ *jobstore.Store }

func (f finishingHandler) Process(ctx context.Context, d job.Delivery) error {
	record, _, err := f.BeginAttempt(ctx, d.ID, d.Attempt)
	if err != nil {
		return err
	}
	return f.CompleteJob(ctx, d.ID, record.Fence, job.Stored{Full: []byte("result"), Slim: []byte("result")})
}

// startFinishingWorker runs a worker whose jobs are done at once.
func (r *release) startFinishingWorker(pod string) {
	r.t.Helper()
	store := testenv.Must(jobstore.New(jobstore.Deps{Redis: r.openRedis(), Clock: time.Now, Logger: slog.New(slog.DiscardHandler)}))
	s := queuetest.NewServer(r.t, queuetest.Deps{
		Redis: r.openRedis(), Host: pod, Handler: finishingHandler{store}, Concurrency: 1, Grace: time.Second, Clock: time.Now,
		Logger: slog.New(slog.DiscardHandler), Registerer: prometheus.NewRegistry(),
	})
	ctx, stop := context.WithCancel(context.Background())
	ended := make(chan error, 1)
	go func() { ended <- s.Run(ctx) }()
	r.t.Cleanup(func() {
		stop()
		if err := <-ended; err != nil {
			r.t.Error(err)
		}
	})
}

// One program rolls out new images, answers KEDA and runs canaries, with the permissions that the chart grants it.
func TestAutomation(t *testing.T) {
	t.Parallel()
	r := newRelease(t, "controller.images.enabled=true", "controller.canary.enabled=true", "imagePullSecrets[0]=pull")
	hub := httptest.NewServer(registry.New(registry.Logger(log.New(io.Discard, "", 0))))
	t.Cleanup(hub.Close)
	image := strings.TrimPrefix(hub.URL, "http://") + "/trackmydegree:1.0"
	made, err := random.Image(64, 1)
	if err != nil {
		t.Fatal(err)
	}
	tag, err := name.NewTag(image)
	if err != nil {
		t.Fatal(err)
	}
	if err := remote.Write(tag, made); err != nil {
		t.Fatal(err)
	}
	digest, err := made.Digest()
	if err != nil {
		t.Fatal(err)
	}
	status := &corev1.ConfigMap{ObjectMeta: metav1.ObjectMeta{Namespace: r.namespace, Name: "tmd-trackmydegree-canary"}}
	secret := &corev1.Secret{
		ObjectMeta: metav1.ObjectMeta{Namespace: r.namespace, Name: "pull"}, Type: corev1.SecretTypeDockerConfigJson,
		Data: map[string][]byte{corev1.DockerConfigJsonKey: []byte(`{"auths":{}}`)},
	}
	if err := r.client.Create(t.Context(), status); err != nil {
		t.Fatal(err)
	}
	if err := r.client.Create(t.Context(), secret); err != nil {
		t.Fatal(err)
	}
	r.createDeployment("worker", image)
	port := testenv.FreePort(t)
	r.settings = []string{
		"TMD_IMAGES=true", "TMD_IMAGES_SCHEDULE=* * * * *", "TMD_RELEASE_SELECTOR=app.kubernetes.io/instance=tmd",
		fmt.Sprintf("TMD_SCALER_ADDR=127.0.0.1:%d", port),
		"TMD_CANARY=true", "TMD_CANARY_INTERVAL=1h", "TMD_CANARY_HOLD=5s", "TMD_CANARY_CONFIGMAP=" + status.Name,
		"TMD_CANARY_DEPLOYMENT=tmd-trackmydegree-worker",
	}
	c := r.startController()
	conn, err := grpc.NewClient(fmt.Sprintf("127.0.0.1:%d", port), grpc.WithTransportCredentials(insecure.NewCredentials()))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { conn.Close() })
	stream, err := externalscaler.NewExternalScalerClient(conn).StreamIsActive(
		t.Context(), &externalscaler.ScaledObjectRef{Name: "worker"}, grpc.WaitForReady(true)) // it may not listen yet
	if err != nil {
		t.Fatal(err)
	}
	for active := false; !active; { // the canary counts as work
		said, err := stream.Recv()
		if err != nil {
			t.Fatal(err)
		}
		active = said.GetResult()
	}
	testenv.Eventually(t, "the image is pinned", func() bool {
		var d appsv1.Deployment
		if err := r.client.Get(t.Context(), types.NamespacedName{Namespace: r.namespace, Name: "tmd-trackmydegree-worker"}, &d); err != nil {
			t.Fatal(err)
		}
		return d.Spec.Template.Spec.Containers[0].Image == image+"@"+digest.String()
	})
	r.startFinishingWorker("w1")
	testenv.Eventually(t, "the canary reports success", func() bool {
		var m corev1.ConfigMap
		if err := r.client.Get(t.Context(), types.NamespacedName{Namespace: r.namespace, Name: status.Name}, &m); err != nil {
			t.Fatal(err)
		}
		return strings.Contains(m.Data["status"], `"reason":"Proven"`)
	})
	depths, err := r.queue.ReadDepths(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	for _, d := range depths {
		if d.Backlog() > 0 || d.Archived > 0 {
			t.Errorf("the canary left %+v", d)
		}
	}
	if left := r.openRedis().Keys(t.Context(), "job:timeline:*").Val(); len(left) > 0 {
		t.Errorf("the canary left %v", left)
	}
	var page string
	for _, want := range []string{
		`tmd_canary_verified 1`, `tmd_canary_runs_total{outcome="Proven"} 1`, `tmd_scaler_streams 1`,
		`tmd_images_checks_total{component="worker",outcome="updating"} 1`,
	} {
		// The metric follows the answer after a moment.
		testenv.Eventually(t, "the metric "+want, func() bool {
			page = readPage(c.metrics + "/metrics")
			return strings.Contains(page, want)
		})
	}
	if strings.Contains(page, `code="403"`) {
		t.Error("the API server refused a request: the role of the chart lacks a right")
	}
}
