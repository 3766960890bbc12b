// Package kube starts a real Kubernetes API server and its etcd for tests. There is no kubelet and no other controller:
// pods are objects whose status the tests write. The programs are those of hack/cluster/build.sh, or of
// KUBEBUILDER_ASSETS.
package kube

import (
	"os"
	"path/filepath"
	"sync"
	"testing"

	"github.com/go-logr/logr"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/client-go/rest"
	"sigs.k8s.io/controller-runtime/pkg/client"
	"sigs.k8s.io/controller-runtime/pkg/envtest"
	"sigs.k8s.io/controller-runtime/pkg/log"

	"github.com/trackmydegree/trackmydegree/internal/testenv"
)

// Server is an API server that the tests of a package share: declare one as a package variable and run the tests with
// RunMain.
type Server struct {
	once sync.Once
	env  *envtest.Environment
	cfg  *rest.Config
	err  error

	folder string // of the aggregator's certificate

	users sync.Mutex // held while a user is added: the library counts its certificates without a lock
}

// RunMain runs the tests and stops the server if one has started it. It returns the exit code.
func (s *Server) RunMain(m *testing.M) int {
	code := m.Run()
	if s.env != nil {
		_ = s.env.Stop() // what does not end is killed
		_ = os.RemoveAll(s.folder)
	}
	return code
}

// RestConfig returns how to reach the server as its administrator. The first call starts it, which takes some seconds.
func (s *Server) RestConfig(tb testing.TB) *rest.Config {
	tb.Helper()
	folder := programFolder()
	for _, name := range []string{"kube-apiserver", "etcd"} {
		if _, err := os.Stat(filepath.Join(folder, name)); err != nil {
			testenv.SkipMissing(tb, "the Kubernetes API server", "run hack/cluster/build.sh kubectl etcd")
		}
	}
	s.once.Do(func() {
		log.SetLogger(logr.Discard()) // the library requires it; tests report themselves
		s.env = &envtest.Environment{BinaryAssetsDirectory: folder}
		if s.folder, s.err = os.MkdirTemp("", "kube"); s.err != nil {
			return
		}
		if s.err = writeAggregator(s.folder, s.env.ControlPlane.GetAPIServer().Configure()); s.err != nil {
			return
		}
		s.cfg, s.err = s.env.Start()
	})
	if s.err != nil {
		tb.Fatalf("start the Kubernetes API server: %v", s.err)
	}
	cfg := rest.CopyConfig(s.cfg)
	cfg.QPS = -1 // tests are in a hurry
	return cfg
}

// NewClient returns a client of the server without a cache.
func (s *Server) NewClient(tb testing.TB) client.Client {
	tb.Helper()
	c, err := client.New(s.RestConfig(tb), client.Options{})
	if err != nil {
		tb.Fatal(err)
	}
	return c
}

// CreateNamespace creates a namespace for the test. Without the controllers of Kubernetes it is never emptied.
func (s *Server) CreateNamespace(tb testing.TB) string {
	tb.Helper()
	n := &corev1.Namespace{ObjectMeta: metav1.ObjectMeta{GenerateName: "test-"}}
	if err := s.NewClient(tb).Create(tb.Context(), n); err != nil {
		tb.Fatal(err)
	}
	return n.Name
}

// KubeConfig creates a user without any permission and returns the path of its kubeconfig.
func (s *Server) KubeConfig(tb testing.TB, user string) string {
	tb.Helper()
	s.RestConfig(tb)
	s.users.Lock()
	defer s.users.Unlock()
	added, err := s.env.AddUser(envtest.User{Name: user}, nil)
	if err != nil {
		tb.Fatal(err)
	}
	text, err := added.KubeConfig()
	if err != nil {
		tb.Fatal(err)
	}
	path := filepath.Join(tb.TempDir(), "kubeconfig")
	if err := os.WriteFile(path, text, 0o600); err != nil {
		tb.Fatal(err)
	}
	return path
}

func programFolder() string {
	if folder := os.Getenv("KUBEBUILDER_ASSETS"); folder != "" {
		return folder
	}
	if folder := os.Getenv("CLUSTER_BIN"); folder != "" {
		return folder
	}
	cache, err := os.UserCacheDir()
	if err != nil {
		return ""
	}
	return filepath.Join(cache, "tmd-cluster", "bin")
}

// CreatePod creates a worker pod with one container, worker. Its status is written when change is not nil: a running
// container on a ready pod, modified by change.
func (s *Server) CreatePod(tb testing.TB, namespace, name string, change func(*corev1.Pod)) *corev1.Pod {
	tb.Helper()
	c := s.NewClient(tb)
	pod := &corev1.Pod{
		ObjectMeta: metav1.ObjectMeta{Namespace: namespace, Name: name, Labels: map[string]string{"app.kubernetes.io/component": "worker"}},
		Spec:       corev1.PodSpec{Containers: []corev1.Container{{Name: "worker", Image: "tmd"}}},
	}
	if err := c.Create(tb.Context(), pod); err != nil {
		tb.Fatal(err)
	}
	if change != nil {
		pod.Status.Phase = corev1.PodRunning
		pod.Status.ContainerStatuses = []corev1.ContainerStatus{{
			Name: "worker", Image: "tmd", Ready: true,
			State: corev1.ContainerState{Running: &corev1.ContainerStateRunning{StartedAt: metav1.Now()}},
		}}
		change(pod)
		if err := c.Status().Update(tb.Context(), pod); err != nil {
			tb.Fatal(err)
		}
	}
	return pod
}
