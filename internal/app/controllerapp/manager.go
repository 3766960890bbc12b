package controllerapp

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
	"github.com/trackmydegree/trackmydegree/internal/program"
	"github.com/trackmydegree/trackmydegree/internal/telemetry"
)

// newManager builds the manager: caches of one namespace, leader election, health and metrics.
func newManager(cfg *rest.Config, c config.Controller, tel *telemetry.Telemetry) (manager.Manager, error) {
	selector, err := labels.Parse(c.WorkerSelector)
	if err != nil {
		return nil, fmt.Errorf("TMD_WORKER_SELECTOR: %w", err)
	}
	log := logr.FromSlogHandler(tel.Log.Handler())
	// Both libraries have one logger for the whole process.
	ctrl.SetLogger(log)
	klog.SetSlogLogger(tel.Log)

	debug := telemetry.DebugHandler(tel.Registry, roleName, program.BuildVersion(), c.Profiling)
	mgr, err := manager.New(cfg, manager.Options{
		Scheme: clientgoscheme.Scheme,
		Logger: log,
		Cache: cache.Options{
			DefaultNamespaces: map[string]cache.Config{c.Namespace: {}},
			DefaultTransform:  cache.TransformStripManagedFields(),
			ByObject:          map[client.Object]cache.ByObject{&corev1.Pod{}: {Label: selector, Transform: pods.StripPod}},
		},
		LeaderElection:          c.LeaderElection,
		LeaderElectionID:        c.LeaseName,
		LeaderElectionNamespace: c.Namespace,
		// The process ends with its manager, so the next leader need not wait until the lease expires.
		LeaderElectionReleaseOnCancel: true,
		Metrics: metricsserver.Options{
			BindAddress:   toBindAddress(c.MetricsAddr),
			ExtraHandlers: map[string]http.Handler{"/version": debug, "/debug/pprof/": debug},
		},
		HealthProbeBindAddress:  toBindAddress(c.HealthAddr),
		LivenessEndpointName:    "/livez",
		ReadinessEndpointName:   "/readyz",
		GracefulShutdownTimeout: &c.ShutdownGrace,
	})
	if err != nil {
		return nil, fmt.Errorf("manager: %w", err)
	}
	if err := errors.Join(
		mgr.AddHealthzCheck("turns", healthz.Ping),
		mgr.AddReadyzCheck("caches", checkCaches(mgr.GetCache())),
	); err != nil {
		return nil, fmt.Errorf("manager: %w", err)
	}
	return mgr, nil
}

// toBindAddress converts an address to the form of the manager, where "0" means off.
func toBindAddress(a config.Addr) string {
	if a == config.Off {
		return "0"
	}
	return string(a)
}

// syncTimeout bounds the wait of a probe for caches that are not synced.
const syncTimeout = 500 * time.Millisecond

// checkCaches returns a check that every cache has been filled once: a controller that has not listed its pods is not
// ready.
func checkCaches(c cache.Cache) healthz.Checker {
	return func(req *http.Request) error {
		ctx, cancel := context.WithTimeout(req.Context(), syncTimeout)
		defer cancel()
		if !c.WaitForCacheSync(ctx) {
			return errors.New("caches are not synced")
		}
		return nil
	}
}
