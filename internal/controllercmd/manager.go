package controllercmd

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"time"

	"github.com/go-logr/logr"
	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/labels"
	clientgoscheme "k8s.io/client-go/kubernetes/scheme"
	"k8s.io/client-go/rest"
	"k8s.io/klog/v2"
	ctrl "sigs.k8s.io/controller-runtime"
	"sigs.k8s.io/controller-runtime/pkg/cache"
	"sigs.k8s.io/controller-runtime/pkg/client"
	"sigs.k8s.io/controller-runtime/pkg/healthz"
	"sigs.k8s.io/controller-runtime/pkg/manager"
	metricsserver "sigs.k8s.io/controller-runtime/pkg/metrics/server"

	"github.com/trackmydegree/trackmydegree/internal/config"
	"github.com/trackmydegree/trackmydegree/internal/controller/pods"
	"github.com/trackmydegree/trackmydegree/internal/telemetry"
)

// newManager makes the manager: caches of one namespace, the election of a leader, health and metrics.
func newManager(cfg *rest.Config, c config.Controller, tel *telemetry.Telemetry) (manager.Manager, error) {
	selector, err := labels.Parse(c.WorkerSelector)
	if err != nil {
		return nil, fmt.Errorf("TMD_WORKER_SELECTOR: %w", err)
	}
	log := logr.FromSlogHandler(tel.Log.Handler())
	// Both libraries have one logger for the whole process.
	ctrl.SetLogger(log)
	klog.SetSlogLogger(tel.Log)

	debug := telemetry.DebugHandler(tel.Registry, role, version, c.Profiling)
	mgr, err := manager.New(cfg, manager.Options{
		Scheme: clientgoscheme.Scheme,
		Logger: log,
		Cache: cache.Options{
			DefaultNamespaces: map[string]cache.Config{c.Namespace: {}},
			DefaultTransform:  cache.TransformStripManagedFields(),
			ByObject:          map[client.Object]cache.ByObject{&corev1.Pod{}: {Label: selector, Transform: pods.Strip}},
		},
		LeaderElection:          c.LeaderElection,
		LeaderElectionID:        c.LeaseName,
		LeaderElectionNamespace: c.Namespace,
		// The process ends with its manager: the next leader need not wait for the lease to run out.
		LeaderElectionReleaseOnCancel: true,
		Metrics: metricsserver.Options{
			BindAddress:   bind(c.MetricsAddr),
			ExtraHandlers: map[string]http.Handler{"/version": debug, "/debug/pprof/": debug},
		},
		HealthProbeBindAddress:  bind(c.HealthAddr),
		LivenessEndpointName:    "/livez",
		ReadinessEndpointName:   "/readyz",
		GracefulShutdownTimeout: &c.ShutdownGrace,
	})
	if err != nil {
		return nil, fmt.Errorf("manager: %w", err)
	}
	if err := errors.Join(
		mgr.AddHealthzCheck("turns", healthz.Ping),
		mgr.AddReadyzCheck("caches", synced(mgr.GetCache())),
	); err != nil {
		return nil, fmt.Errorf("manager: %w", err)
	}
	return mgr, nil
}

// bind is an address in the manager's words.
func bind(a config.Addr) string {
	if a == config.Off {
		return "0"
	}
	return string(a)
}

// syncPatience is how long a probe waits for caches that are not synced.
const syncPatience = 500 * time.Millisecond

// synced answers whether every cache has been filled once: a controller without its pods must not count as one that works.
func synced(c cache.Cache) healthz.Checker {
	return func(req *http.Request) error {
		ctx, cancel := context.WithTimeout(req.Context(), syncPatience)
		defer cancel()
		if !c.WaitForCacheSync(ctx) {
			return errors.New("caches are not synced")
		}
		return nil
	}
}
