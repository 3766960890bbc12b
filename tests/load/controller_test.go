//go:build load

package load

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"math/rand/v2"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/redis/go-redis/v9"
	corev1 "k8s.io/api/core/v1"
	rbacv1 "k8s.io/api/rbac/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/trackmydegree/trackmydegree/internal/redisurl"
	"github.com/trackmydegree/trackmydegree/internal/testenv"
)

const (
	manyPods = 1000
	// The limits of processor time while jobs run, and of memory in any case. The cost of jobs that begin and end is
	// only logged: each has its writes, which have a budget, and its marks, which have none.
	controllerCPU    = 0.01
	controllerMemory = 100 << 20
	watched          = time.Minute
)

// A thousand worker pods on a real API server, and as many workers with heartbeats in a real Redis: the resources of
// the controller.
func TestLoadController(t *testing.T) {
	ns, c, server := cluster.CreateNamespace(t), cluster.NewClient(t), testenv.StartRedis(t)
	beats := newBeats(t, server)
	made := time.Now()
	forEach(manyPods, func(n int) {
		cluster.CreatePod(t, ns, podName(n), func(p *corev1.Pod) {
			p.Status.Conditions = []corev1.PodCondition{{Type: corev1.PodReady, Status: corev1.ConditionTrue}}
		})
	})
	t.Logf("%d pods made in %.0f s", manyPods, time.Since(made).Seconds())
	bind := &rbacv1.ClusterRoleBinding{
		ObjectMeta: metav1.ObjectMeta{GenerateName: "load-"},
		RoleRef:    rbacv1.RoleRef{APIGroup: rbacv1.GroupName, Kind: "ClusterRole", Name: "cluster-admin"},
		Subjects:   []rbacv1.Subject{{APIGroup: rbacv1.GroupName, Kind: "User", Name: "load"}},
	}
	if err := c.Create(t.Context(), bind); err != nil {
		t.Fatal(err)
	}
	health, metrics := testenv.FreePort(t), testenv.FreePort(t)
	cmd := exec.Command(filepath.Join(testenv.RepoRoot(), ".bin", "tmd-controller"))
	cmd.Env = []string{
		"KUBECONFIG=" + cluster.KubeConfig(t, "load"), "TMD_NAMESPACE=" + ns, "REDIS_JOB_URL=" + server.URL(1),
		fmt.Sprintf("TMD_CONTROLLER_HEALTH_ADDR=127.0.0.1:%d", health), fmt.Sprintf("TMD_METRICS_ADDR=127.0.0.1:%d", metrics),
		"GOMEMLIMIT=90MiB", "GOMAXPROCS=1", // as the chart derives them from the limits, memory below them
	}
	p := testenv.StartProcess(t, cmd)
	testenv.Eventually(t, "the controller has looked at the fleet", func() bool {
		return readMetric(metrics, `tmd_controller_fleet_looks_total{outcome="seen"}`) > 0
	})
	for _, load := range []struct {
		name string
		busy float64       // share of the workers that run a job
		job  time.Duration // how long one runs, on average
	}{
		{"idle", 0, time.Hour},
		{"a fifth busy with long jobs", 0.2, time.Hour},
		{"a fifth busy with jobs of a minute", 0.2, time.Minute},
		{"half of them busy with jobs of five seconds", 0.5, 5 * time.Second},
	} {
		beats.changeJobs(load.busy, load.job)
		// The transition itself is not part of the steady cost.
		waitForSteadyState(t, 30*time.Second)
		writes, cpu := readMetric(metrics, `tmd_controller_deletion_cost_writes_total{outcome="ok"}`), processorTime(t, p.Pid())
		waitForSteadyState(t, watched)
		used := (processorTime(t, p.Pid()) - cpu).Seconds() / watched.Seconds()
		wrote := (readMetric(metrics, `tmd_controller_deletion_cost_writes_total{outcome="ok"}`) - writes) / watched.Seconds()
		resident, peak := memoryUsage(t, p.Pid(), "VmRSS"), memoryUsage(t, p.Pid(), "VmHWM")
		t.Logf("FIGURE controller, %d workers, %s: %.2f %% of a processor, %.1f writes/s, %d MiB resident, %d MiB at most",
			manyPods, load.name, 100*used, wrote, resident>>20, peak>>20)
		if load.job >= time.Hour && used > controllerCPU {
			t.Errorf("%s: %.2f %% of a processor, want %.0f %% at most", load.name, 100*used, 100*controllerCPU)
		}
		if peak > controllerMemory {
			t.Errorf("%s: %d MiB, want %d at most", load.name, peak>>20, controllerMemory>>20)
		}
	}
}

func podName(n int) string { return fmt.Sprintf("worker-%04d", n) }

func forEach(count int, do func(n int)) {
	const parallel = 8
	var all sync.WaitGroup
	for first := range parallel {
		all.Go(func() {
			for n := first; n < count; n += parallel {
				do(n)
			}
		})
	}
	all.Wait()
}

// waitForSteadyState lets time pass for the measurement.
func waitForSteadyState(t *testing.T, d time.Duration) {
	t.Helper()
	select {
	case <-t.Context().Done():
	case <-time.After(d):
	}
}

// beats writes the heartbeats of workers, in the format of package liveness.
type beats struct {
	redis redis.UniversalClient

	mu      sync.Mutex
	busy    float64
	job     time.Duration
	changed bool        // since the last heartbeat
	since   []time.Time // of each worker's job; zero for an idle one
}

func newBeats(t *testing.T, server *testenv.RedisServer) *beats {
	t.Helper()
	client, err := redisurl.Open(server.URL(1), redisurl.WithTimeout(20*time.Second))
	if err != nil {
		t.Fatal(err)
	}
	b := &beats{redis: client, since: make([]time.Time, manyPods), job: time.Minute}
	ctx, stop := context.WithCancel(context.Background())
	ended := make(chan struct{})
	go func() {
		defer close(ended)
		tick := time.NewTicker(time.Second)
		defer tick.Stop()
		for {
			b.writeHeartbeats(ctx)
			select {
			case <-ctx.Done():
				return
			case <-tick.C:
			}
		}
	}()
	t.Cleanup(func() { stop(); <-ended; client.Close() })
	return b
}

func (b *beats) changeJobs(busy float64, job time.Duration) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.busy, b.job, b.changed = busy, job, true
}

// writeHeartbeats ends jobs and begins others, so that the wanted number runs, and reports them.
func (b *beats) writeHeartbeats(ctx context.Context) {
	b.mu.Lock()
	defer b.mu.Unlock()
	running := 0
	for n, since := range b.since {
		if !since.IsZero() && (b.busy == 0 || rand.Float64() < time.Second.Seconds()/b.job.Seconds()) {
			b.since[n] = time.Time{}
		}
		if !b.since[n].IsZero() {
			running++
		}
	}
	for running < int(b.busy*manyPods) {
		if n := rand.IntN(manyPods); b.since[n].IsZero() {
			b.since[n] = time.Now()
			if b.changed { // as if this load had lasted for long
				b.since[n] = time.Now().Add(-time.Duration(rand.Float64() * float64(b.job)))
			}
			running++
		}
	}
	b.changed = false
	_, _ = b.redis.Pipelined(ctx, func(p redis.Pipeliner) error {
		for n, since := range b.since {
			id := podName(n) + ":1:load"
			fields := []any{"host", podName(n), "pid", 1, "started", 1, "draining", 0}
			if !since.IsZero() {
				fields = append(fields, "task:3f0c9c1e-1f5b-4f0e-8a54-6a3c7f1d"+fmt.Sprintf("%04d", n), "courseProcessor "+strconv.FormatInt(since.UnixMilli(), 10))
			}
			p.Del(ctx, "queue:worker:"+id)
			p.HSet(ctx, "queue:worker:"+id, fields...)
			p.PExpire(ctx, "queue:worker:"+id, 4*time.Second)
			p.SAdd(ctx, "queue:workers", id)
		}
		return nil
	})
}

// readMetric returns a value of the controller's metrics; 0 when it is absent.
func readMetric(port int, name string) float64 {
	resp, err := http.Get(fmt.Sprintf("http://127.0.0.1:%d/metrics", port))
	if err != nil {
		return 0
	}
	defer resp.Body.Close()
	b, err := io.ReadAll(resp.Body)
	if err != nil {
		return 0
	}
	for line := range bytes.Lines(b) {
		if value, ok := strings.CutPrefix(string(line), name+" "); ok {
			n, _ := strconv.ParseFloat(strings.TrimSpace(value), 64)
			return n
		}
	}
	return 0
}

// processorTime is the time that a process has used (proc(5), stat: utime and stime, in hundredths of a second).
func processorTime(t *testing.T, pid int) time.Duration {
	t.Helper()
	b, err := os.ReadFile(fmt.Sprintf("/proc/%d/stat", pid))
	if err != nil {
		t.Fatal(err)
	}
	_, rest, _ := strings.Cut(string(b), ") ")
	fields := strings.Fields(rest)
	var ticks int
	for _, field := range fields[11:13] {
		n, err := strconv.Atoi(field)
		if err != nil {
			t.Fatal(err)
		}
		ticks += n
	}
	return time.Duration(ticks) * 10 * time.Millisecond
}

// memoryUsage is a line of a process's status, in bytes.
func memoryUsage(t *testing.T, pid int, name string) int {
	t.Helper()
	b, err := os.ReadFile(fmt.Sprintf("/proc/%d/status", pid))
	if err != nil {
		t.Fatal(err)
	}
	for line := range bytes.Lines(b) {
		if value, ok := strings.CutPrefix(string(line), name+":"); ok {
			n, err := strconv.Atoi(strings.Fields(value)[0])
			if err != nil {
				t.Fatal(err)
			}
			return n << 10
		}
	}
	t.Fatalf("no %s", name)
	return 0
}
