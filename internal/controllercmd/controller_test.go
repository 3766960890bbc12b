package controllercmd_test

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/google/uuid"
	"github.com/prometheus/client_golang/prometheus"
	"github.com/redis/go-redis/v9"
	coordinationv1 "k8s.io/api/coordination/v1"
	corev1 "k8s.io/api/core/v1"
	eventsv1 "k8s.io/api/events/v1"
	rbacv1 "k8s.io/api/rbac/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"
	"sigs.k8s.io/controller-runtime/pkg/client"
	"sigs.k8s.io/yaml"

	"github.com/trackmydegree/trackmydegree/internal/job"
	"github.com/trackmydegree/trackmydegree/internal/queuetest"
	"github.com/trackmydegree/trackmydegree/internal/redisurl"
	"github.com/trackmydegree/trackmydegree/internal/testenv"
)

// release is a namespace with the role that the chart gives to the controller, a Redis and workers.
type release struct {
	t          *testing.T
	client     client.Client
	namespace  string
	kubeconfig string
	redis      *testenv.RedisServer
	queue      *queuetest.Queue
	settings   []string // in addition to those of every test
}

// newRelease creates a release with the controller, and with more values of the chart.
func newRelease(t *testing.T, values ...string) *release {
	t.Helper()
	r := &release{t: t, client: server.NewClient(t), namespace: server.CreateNamespace(t), redis: testenv.StartRedis(t)}
	// The controller's role may not create what is missing, so that a mistake shows.
	r.kubeconfig = server.KubeConfig(t, r.namespace+"-controller")
	role := chartRole(t, values...)
	role.Namespace = r.namespace
	binding := &rbacv1.RoleBinding{
		ObjectMeta: metav1.ObjectMeta{Namespace: r.namespace, Name: role.Name},
		RoleRef:    rbacv1.RoleRef{APIGroup: rbacv1.GroupName, Kind: "Role", Name: role.Name},
		Subjects:   []rbacv1.Subject{{APIGroup: rbacv1.GroupName, Kind: "User", Name: r.namespace + "-controller"}},
	}
	for _, o := range []client.Object{role, binding} {
		if err := r.client.Create(t.Context(), o); err != nil {
			t.Fatal(err)
		}
	}
	r.queue = queuetest.NewQueue(t, r.openRedis())
	return r
}

func (r *release) openRedis() redis.UniversalClient {
	r.t.Helper()
	c, err := redisurl.Open(r.redis.URL(1))
	if err != nil {
		r.t.Fatal(err)
	}
	r.t.Cleanup(func() { c.Close() })
	return c
}

// chartRole is the role of the chart.
func chartRole(t *testing.T, values ...string) *rbacv1.Role {
	t.Helper()
	role := &rbacv1.Role{}
	renderObject(t, "role.yaml", role, values...)
	return role
}

// renderObject renders a template of the controller into an object.
func renderObject(t *testing.T, template string, into client.Object, values ...string) {
	t.Helper()
	helm := filepath.Join(testenv.RepoRoot(), ".bin", "helm")
	if _, err := os.Stat(helm); err != nil {
		testenv.SkipMissing(t, "helm", "run hack/deps.sh chart")
	}
	chart := filepath.Join(testenv.RepoRoot(), "charts", "trackmydegree")
	// `go test` does not see files that other processes read: this read makes its cached result depend on the template.
	if _, err := os.ReadFile(filepath.Join(chart, "templates", "controller", template)); err != nil {
		t.Fatal(err)
	}
	cmd := exec.CommandContext(t.Context(), helm, "template", "tmd", chart,
		"--set", strings.Join(append(values, "controller.enabled=true"), ","), "--show-only", "templates/controller/"+template)
	var faults bytes.Buffer
	cmd.Stderr = &faults
	text, err := cmd.Output()
	if err != nil {
		t.Fatalf("%v: %s", err, &faults)
	}
	if err := yaml.UnmarshalStrict(text, into); err != nil {
		t.Fatal(err)
	}
}

const lease = "tmd-trackmydegree-controller"

// controller is a tmd-controller in its own process.
type controller struct {
	*testenv.Process
	health, metrics string
}

func (r *release) startController(args ...string) *controller {
	r.t.Helper()
	self, err := os.Executable()
	if err != nil {
		r.t.Fatal(err)
	}
	health, metrics := testenv.FreePort(r.t), testenv.FreePort(r.t)
	c := &controller{health: fmt.Sprintf("http://127.0.0.1:%d", health), metrics: fmt.Sprintf("http://127.0.0.1:%d", metrics)}
	c.Process = testenv.StartProcess(r.t, &exec.Cmd{Path: self, Args: append([]string{programName}, args...), Env: append([]string{
		"KUBECONFIG=" + r.kubeconfig, "TMD_NAMESPACE=" + r.namespace, "REDIS_JOB_URL=" + r.redis.URL(1), "TMD_LEASE_NAME=" + lease,
		fmt.Sprintf("TMD_CONTROLLER_HEALTH_ADDR=127.0.0.1:%d", health), fmt.Sprintf("TMD_METRICS_ADDR=127.0.0.1:%d", metrics),
		"TMD_GUARD_AFTER=1s", "TMD_FLEET_INTERVAL=200ms", "TMD_LOG_LEVEL=debug", "TMD_SHUTDOWN_GRACE=5s",
	}, r.settings...)})
	testenv.Eventually(r.t, "the controller is ready", func() bool { return readPage(c.health+"/readyz") != "" })
	return c
}

// readPage returns the body of a page, empty when it is not 200.
func readPage(url string) string {
	resp, err := http.Get(url)
	if err != nil {
		return ""
	}
	defer resp.Body.Close()
	b, err := io.ReadAll(resp.Body)
	if err != nil || resp.StatusCode != http.StatusOK {
		return ""
	}
	return string(b)
}

// startWorker runs the queue in this process under the name of a pod, and sends the ids of the jobs that it has
// begun. They run until the worker is stopped.
func (r *release) startWorker(pod string) (begun <-chan job.ID) {
	r.t.Helper()
	server.CreatePod(r.t, r.namespace, pod, func(*corev1.Pod) {})
	taken := make(chan job.ID, 10)
	s := queuetest.NewServer(r.t, queuetest.Deps{
		Redis: r.openRedis(), Host: pod, Handler: blockingHandler(taken), Concurrency: 1, Grace: time.Second, Clock: time.Now,
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
	return taken
}

type blockingHandler chan<- job.ID

func (h blockingHandler) Process(ctx context.Context, d job.Delivery) error {
	h <- d.ID
	<-ctx.Done()
	return job.ErrInterrupted
}

func (r *release) submitJob() job.ID {
	r.t.Helper()
	task := job.Task{ID: job.ID(uuid.NewString()), Kind: job.File}
	testenv.Eventually(r.t, "the job is taken on", func() bool { return r.queue.Enqueue(r.t.Context(), task) == nil })
	return task.ID
}

func (r *release) loadPod(name string) corev1.Pod {
	r.t.Helper()
	var pod corev1.Pod
	if err := r.client.Get(r.t.Context(), types.NamespacedName{Namespace: r.namespace, Name: name}, &pod); err != nil {
		r.t.Fatal(err)
	}
	return pod
}

func (r *release) requirePod(what string, pod string, is func(corev1.Pod) bool) {
	r.t.Helper()
	testenv.Eventually(r.t, what, func() bool { return is(r.loadPod(pod)) })
}

func hasDeletionCost(pod corev1.Pod) bool { return pod.Annotations[corev1.PodDeletionCost] != "" }

func isGuarded(pod corev1.Pod) bool { return pod.Labels["trackmydegree.io/busy"] == "true" }

// One program, with the permissions that the chart grants it, on a real API server, a real Redis, and the real queue.
func TestController(t *testing.T) {
	t.Parallel()
	r := newRelease(t)
	first := r.startController()
	begun := r.startWorker("w1")
	id := r.submitJob()
	if got := <-begun; got != id {
		t.Fatalf("another job: %s", got)
	}
	elsewhere := r.startWorker("w2")
	r.requirePod("a cost for the busy worker", "w1", hasDeletionCost)
	r.requirePod("a guard for the busy worker", "w1", isGuarded)
	if pod := r.loadPod("w2"); hasDeletionCost(pod) || isGuarded(pod) {
		t.Errorf("the idle worker: %v %v", pod.Labels, pod.Annotations)
	}

	// Its process still runs, as on an unreachable node: only the controller can requeue its job.
	gone := r.loadPod("w1")
	if err := r.client.Delete(t.Context(), &gone, client.GracePeriodSeconds(0)); err != nil {
		t.Fatal(err)
	}
	testenv.Eventually(t, "the job runs elsewhere", func() bool { return len(elsewhere) > 0 })
	if got := <-elsewhere; got != id {
		t.Errorf("another job: %s", got)
	}
	testenv.Eventually(t, "an Event reports it", func() bool {
		var all eventsv1.EventList
		if err := r.client.List(t.Context(), &all, client.InNamespace(r.namespace)); err != nil {
			t.Fatal(err)
		}
		for _, e := range all.Items {
			if e.Reason == "JobsHandedOver" && e.Regarding.Name == "w1" {
				return true
			}
		}
		return false
	})
	for _, want := range []string{
		`tmd_controller_handed_over_jobs_total{reason="gone"} 1`, `tmd_build_info{`, `controller_runtime_reconcile_total{controller="deletioncost"`,
		"tmd_controller_fleet_age_seconds ",
	} {
		if page := readPage(first.metrics + "/metrics"); !strings.Contains(page, want) {
			t.Errorf("no metric %s", want)
		}
	}
	if v := readPage(first.metrics + "/version"); !strings.Contains(v, `"role":"controller"`) {
		t.Errorf("version: %s", v)
	}

	// The next leader starts without any state.
	second := r.startController()
	r.requirePod("a cost for the worker that took over", "w2", hasDeletionCost)
	first.Signal(syscall.SIGTERM)
	if code := first.ExitCode(); code != 0 {
		t.Errorf("exit code %d", code)
	}
	testenv.Eventually(t, "the second replica leads", func() bool {
		return strings.Contains(readPage(second.metrics+"/metrics"), `leader_election_master_status{name="`+lease+`"} 1`)
	})
	server.CreatePod(t, r.namespace, "w3", func(*corev1.Pod) {})
	kept := r.loadPod("w2")
	if err := r.client.Patch(t.Context(), &kept, client.RawPatch(types.MergePatchType, []byte(`{"metadata":{"annotations":null}}`))); err != nil {
		t.Fatal(err)
	}
	r.requirePod("the second replica writes", "w2", hasDeletionCost)
	if page := readPage(second.metrics + "/metrics"); strings.Contains(page, `code="403"`) {
		t.Error("the API server refused a request: the role of the chart lacks a right")
	}
}

func TestDryRun(t *testing.T) {
	t.Parallel()
	r := newRelease(t)
	c := r.startController("--dry-run")
	begun := r.startWorker("w1")
	id := r.submitJob()
	<-begun
	elsewhere := r.startWorker("w2")
	testenv.Eventually(t, "it would write a cost", func() bool {
		return strings.Contains(readPage(c.metrics+"/metrics"), `tmd_controller_deletion_cost_writes_total{outcome="ok"}`) &&
			!strings.Contains(readPage(c.metrics+"/metrics"), `tmd_controller_deletion_cost_writes_total{outcome="ok"} 0`)
	})
	gone := r.loadPod("w1")
	if hasDeletionCost(gone) || isGuarded(gone) {
		t.Errorf("%v %v", gone.Labels, gone.Annotations)
	}
	if err := r.client.Delete(t.Context(), &gone, client.GracePeriodSeconds(0)); err != nil {
		t.Fatal(err)
	}
	// The controller handles events in order: first the deletion of another pod.
	other := server.CreatePod(t, r.namespace, "w3", func(*corev1.Pod) {})
	if err := r.client.Delete(t.Context(), other, client.GracePeriodSeconds(0)); err != nil {
		t.Fatal(err)
	}
	testenv.Eventually(t, "the ends of both pods were looked at", func() bool {
		return strings.Contains(readPage(c.metrics+"/metrics"), `controller_runtime_reconcile_total{controller="handover",result="success"} 2`)
	})
	select {
	case <-elsewhere:
		t.Errorf("job %s was handed over", id)
	default:
	}
	var held coordinationv1.Lease
	if err := r.client.Get(t.Context(), types.NamespacedName{Namespace: r.namespace, Name: lease}, &held); err != nil {
		t.Errorf("a dry run takes no lease: %v", err)
	}
}
