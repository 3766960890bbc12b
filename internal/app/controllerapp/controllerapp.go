// Package controllerapp wires the reconcilers of tmd-controller to Kubernetes and to the queue.
package controllerapp

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/redis/go-redis/v9"
	"k8s.io/client-go/rest"
	"k8s.io/client-go/tools/clientcmd"
	"k8s.io/utils/clock"
	ctrl "sigs.k8s.io/controller-runtime"
	"sigs.k8s.io/controller-runtime/pkg/manager"
	ctrlmetrics "sigs.k8s.io/controller-runtime/pkg/metrics"

	"github.com/trackmydegree/trackmydegree/internal/config"
	"github.com/trackmydegree/trackmydegree/internal/controller/deletioncost"
	"github.com/trackmydegree/trackmydegree/internal/controller/evictionguard"
	"github.com/trackmydegree/trackmydegree/internal/controller/fleet"
	"github.com/trackmydegree/trackmydegree/internal/controller/handover"
	"github.com/trackmydegree/trackmydegree/internal/liveness"
	"github.com/trackmydegree/trackmydegree/internal/program"
	"github.com/trackmydegree/trackmydegree/internal/queue"
	"github.com/trackmydegree/trackmydegree/internal/redischeck"
	"github.com/trackmydegree/trackmydegree/internal/redisurl"
	"github.com/trackmydegree/trackmydegree/internal/scaling"
	"github.com/trackmydegree/trackmydegree/internal/telemetry"
)

// roleName names the controller in logs, metrics and error reports.
const roleName = "controller"

// eventRecorder is the name under which Events are written.
const eventRecorder = "tmd-controller"

// part is one task of the controller: a reconciler, a server or a periodic component.
type part interface {
	SetupWithManager(mgr ctrl.Manager) error
}

// wiring holds what the parts are built from.
type wiring struct {
	config     config.Controller
	manager    manager.Manager
	redis      redis.UniversalClient
	queue      *queue.Client
	workers    *liveness.Registry
	depths     *scaling.Reader
	telemetry  *telemetry.Telemetry
	registerer prometheus.Registerer
}

// Run runs the controller until ctx ends. It reports errors of the start and of the operation. dryRun is in addition
// to the setting.
func Run(ctx context.Context, p program.Process, dryRun bool) error {
	var c config.Controller
	return program.RunRole(ctx, p, program.Role{Name: roleName, Settings: &c, Common: &c.Process},
		func(ctx context.Context, tel *telemetry.Telemetry) error {
			c.DryRun = c.DryRun || dryRun
			if err := runManager(ctx, c, tel); err != nil {
				tel.Reporter.ReportProcess("run", err)
				return err
			}
			tel.Log.Info("ended")
			return nil
		})
}

func runManager(ctx context.Context, c config.Controller, tel *telemetry.Telemetry) error {
	began := time.Now()
	cfg, err := loadRESTConfig(c.Cluster)
	if err != nil {
		return err
	}
	jobs, err := redisurl.Open(c.JobURL.Reveal(), redisurl.WithClientName("tmd-"+roleName),
		redisurl.WithClientCertificate(c.RedisCert, c.RedisKey))
	if err != nil {
		return fmt.Errorf("queue: %w", err)
	}
	defer func() { _ = jobs.Close() }()
	if err := checkRedis(ctx, jobs, c.JobURL.Setting(), tel.Log); err != nil {
		return err
	}
	mgr, err := newManager(cfg, c, tel)
	if err != nil {
		return err
	}
	// The manager serves the registry of its library, which holds the library's own metrics.
	ctrlmetrics.Registry.MustRegister(telemetry.BuildInfo(roleName, program.BuildVersion()))
	tasks, err := queue.NewClient(queue.ClientDeps{Redis: jobs})
	if err != nil {
		return err
	}
	w := wiring{
		config: c, manager: mgr, redis: jobs, queue: tasks,
		workers: liveness.NewRegistry(jobs), depths: scaling.NewReader(jobs), telemetry: tel, registerer: ctrlmetrics.Registry,
	}
	parts, err := w.buildParts()
	if err != nil {
		return err
	}
	for _, part := range parts {
		if err := part.SetupWithManager(mgr); err != nil {
			return fmt.Errorf("set up: %w", err)
		}
	}
	tel.Log.Info("started", "version", program.BuildVersion(), "dry_run", c.DryRun, "took", time.Since(began).Round(time.Millisecond).String())
	if err := mgr.Start(ctx); err != nil {
		return fmt.Errorf("manager: %w", err)
	}
	return nil
}

// redisCheckLimit bounds the check of Redis at the start.
const redisCheckLimit = 4 * time.Second

// checkRedis stops the start with a Redis that is unfit for the queue. With one that is unavailable the controller
// starts, and its parts wait.
func checkRedis(ctx context.Context, client redis.UniversalClient, setting string, log *slog.Logger) error {
	limited, cancel := context.WithTimeout(ctx, redisCheckLimit)
	defer cancel()
	err := redischeck.CheckJobs(limited, client, log)
	switch {
	case redischeck.IsUnfit(err):
		return fmt.Errorf("%s: %w", setting, err)
	case err != nil:
		log.Error("Redis is unavailable: the controller waits for it", "setting", setting, "error", err)
	}
	return nil
}

// loadRESTConfig returns the configuration of the API server's client: from the service account of the pod, or from a
// kubeconfig.
func loadRESTConfig(c config.Cluster) (*rest.Config, error) {
	cfg, err := rest.InClusterConfig()
	if c.KubeConfig != "" {
		cfg, err = clientcmd.BuildConfigFromFlags("", c.KubeConfig)
	}
	if errors.Is(err, rest.ErrNotInCluster) {
		return nil, fmt.Errorf("this is no pod: set KUBECONFIG")
	}
	if err != nil {
		return nil, fmt.Errorf("kubeconfig: %w", err)
	}
	cfg.UserAgent = "tmd-controller/" + program.BuildVersion()
	cfg.QPS, cfg.Burst = float32(c.KubeQPS), 2*c.KubeQPS
	return cfg, nil
}

// buildParts builds the parts that the settings enable. Each is a package of internal/controller and imports no other.
func (w wiring) buildParts() ([]part, error) {
	workers := workerSource{w.workers}
	workerFleet, err := fleet.New(fleet.Deps{
		Workers: workers, Clock: clock.RealClock{}, Interval: w.config.FleetInterval, Expiry: w.config.FleetExpiry,
		Logger: w.telemetry.Log, Registerer: w.registerer,
	})
	if err != nil {
		return nil, err
	}
	if w.config.DeletionCost || w.config.DrainGuard {
		if err := w.manager.Add(workerFleet); err != nil {
			return nil, fmt.Errorf("fleet: %w", err)
		}
	}
	var parts []part
	for _, optional := range []struct {
		enabled bool
		build   func() (part, error)
	}{
		{w.config.DeletionCost, func() (part, error) { return w.newDeletionCost(workerFleet) }},
		{w.config.HandOver, func() (part, error) { return w.newHandover(workers) }},
		{w.config.DrainGuard, func() (part, error) { return w.newEvictionGuard(workerFleet) }},
		{w.config.ScalerAddr != config.Off, w.newPushScaler},
		{w.config.ExternalMetricsAddr != config.Off, w.newExternalMetrics},
		{w.config.Images, w.newImageUpdater},
		{w.config.Canary, w.newCanary},
	} {
		if !optional.enabled {
			continue
		}
		part, err := optional.build()
		if err != nil {
			return nil, err
		}
		parts = append(parts, part)
	}
	return parts, nil
}

func (w wiring) newDeletionCost(workerFleet *fleet.Watch) (part, error) {
	return deletioncost.New(deletioncost.Deps{
		Client: w.manager.GetClient(), Fleet: workerFleet, Namespace: w.config.Namespace, DryRun: w.config.DryRun,
		Clock: clock.RealClock{}, Logger: w.telemetry.Log, Registerer: w.registerer,
	})
}

func (w wiring) newHandover(workers workerSource) (part, error) {
	return handover.New(handover.Deps{
		Client: w.manager.GetClient(), Reader: w.manager.GetAPIReader(), Queue: workers, Container: w.config.WorkerContainer,
		DryRun: w.config.DryRun, Clock: clock.RealClock{}, Events: w.manager.GetEventRecorder(eventRecorder),
		Logger: w.telemetry.Log, Registerer: w.registerer,
	})
}

func (w wiring) newEvictionGuard(workerFleet *fleet.Watch) (part, error) {
	return evictionguard.New(evictionguard.Deps{
		Client: w.manager.GetClient(), Fleet: workerFleet, Namespace: w.config.Namespace,
		After: w.config.GuardAfter, Max: w.config.GuardMax, DryRun: w.config.DryRun,
		Clock: clock.RealClock{}, Events: w.manager.GetEventRecorder(eventRecorder),
		Logger: w.telemetry.Log, Registerer: w.registerer,
	})
}
