package controllercmd

import (
	"context"
	"fmt"
	"log/slog"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/redis/go-redis/v9"
	"k8s.io/utils/clock"
	ctrl "sigs.k8s.io/controller-runtime"
	"sigs.k8s.io/controller-runtime/pkg/manager"
	ctrlmetrics "sigs.k8s.io/controller-runtime/pkg/metrics"

	"github.com/trackmydegree/trackmydegree/internal/config"
	"github.com/trackmydegree/trackmydegree/internal/controller/deletioncost"
	"github.com/trackmydegree/trackmydegree/internal/controller/evictionguard"
	"github.com/trackmydegree/trackmydegree/internal/controller/fleet"
	"github.com/trackmydegree/trackmydegree/internal/controller/handover"
	"github.com/trackmydegree/trackmydegree/internal/queue"
	"github.com/trackmydegree/trackmydegree/internal/redisurl"
	"github.com/trackmydegree/trackmydegree/internal/telemetry"
)

// recorder is the name under which Events are written.
const recorder = "tmd-controller"

// part is something that the controller does.
type part interface {
	SetupWithManager(mgr ctrl.Manager) error
}

// parts is what the parts are made of.
type parts struct {
	config     config.Controller
	manager    manager.Manager
	redis      redis.UniversalClient
	queue      *queue.Client
	telemetry  *telemetry.Telemetry
	registerer prometheus.Registerer
}

// run runs the controller until ctx ends.
func run(ctx context.Context, c config.Controller, tel *telemetry.Telemetry) error {
	began := time.Now()
	cfg, err := restConfig(c.Cluster)
	if err != nil {
		return err
	}
	redis.SetLogger(redisLog{tel.Log}) // the library has one for the whole process
	jobs, err := redisurl.Open(c.JobURL.Reveal(), redisurl.Name("tmd-"+role))
	if err != nil {
		return fmt.Errorf("queue: %w", err)
	}
	defer func() { _ = jobs.Close() }()
	mgr, err := newManager(cfg, c, tel)
	if err != nil {
		return err
	}
	// The manager serves the registry of its library, where its own measures are.
	ctrlmetrics.Registry.MustRegister(telemetry.BuildInfo(role, version))
	p := parts{
		config: c, manager: mgr, redis: jobs, queue: queue.NewClient(queue.ClientDeps{Redis: jobs}), telemetry: tel, registerer: ctrlmetrics.Registry,
	}
	all, err := p.all()
	if err != nil {
		return err
	}
	for _, part := range all {
		if err := part.SetupWithManager(mgr); err != nil {
			return fmt.Errorf("set up: %w", err)
		}
	}
	tel.Log.Info("started", "version", version, "dry_run", c.DryRun, "took", time.Since(began).Round(time.Millisecond).String())
	if err := mgr.Start(ctx); err != nil {
		return fmt.Errorf("manager: %w", err)
	}
	return nil
}

// all makes the parts that the settings ask for. Each is a package of internal/controller and knows none of the others.
func (p parts) all() ([]part, error) {
	of := workers{p.queue}
	watch := fleet.New(fleet.Deps{
		Workers: of, Clock: clock.RealClock{}, Interval: p.config.FleetInterval, Expiry: p.config.FleetExpiry,
		Logger: p.telemetry.Log, Registerer: p.registerer,
	})
	var all []part
	if p.config.DeletionCost {
		all = append(all, p.deletionCost(watch))
	}
	if p.config.HandOver {
		all = append(all, p.handOver(of))
	}
	if p.config.DrainGuard {
		all = append(all, p.drainGuard(watch))
	}
	if p.config.DeletionCost || p.config.DrainGuard {
		if err := p.manager.Add(watch); err != nil {
			return nil, fmt.Errorf("fleet: %w", err)
		}
	}
	if p.config.ScalerAddr != config.Off {
		all = append(all, p.pushScaler())
	}
	for _, optional := range []struct {
		on   bool
		make func() (part, error)
	}{{p.config.Images, p.imageUpdates}, {p.config.Canary, p.canary}} {
		if !optional.on {
			continue
		}
		made, err := optional.make()
		if err != nil {
			return nil, err
		}
		all = append(all, made)
	}
	return all, nil
}

func (p parts) deletionCost(watch *fleet.Watch) part {
	return deletioncost.New(deletioncost.Deps{
		Client: p.manager.GetClient(), Fleet: watch, Namespace: p.config.Namespace, DryRun: p.config.DryRun,
		Clock: clock.RealClock{}, Logger: p.telemetry.Log, Registerer: p.registerer,
	})
}

func (p parts) handOver(of workers) part {
	return handover.New(handover.Deps{
		Client: p.manager.GetClient(), Reader: p.manager.GetAPIReader(), Queue: of, Container: p.config.WorkerContainer,
		DryRun: p.config.DryRun, Clock: clock.RealClock{}, Events: p.manager.GetEventRecorder(recorder),
		Logger: p.telemetry.Log, Registerer: p.registerer,
	})
}

func (p parts) drainGuard(watch *fleet.Watch) part {
	return evictionguard.New(evictionguard.Deps{
		Client: p.manager.GetClient(), Fleet: watch, Namespace: p.config.Namespace,
		After: p.config.GuardAfter, Max: p.config.GuardMax, DryRun: p.config.DryRun,
		Clock: clock.RealClock{}, Events: p.manager.GetEventRecorder(recorder),
		Logger: p.telemetry.Log, Registerer: p.registerer,
	})
}

// redisLog takes what go-redis has to say by itself. Whoever uses Redis logs what matters of it.
type redisLog struct{ log *slog.Logger }

// Printf writes one line.
func (l redisLog) Printf(ctx context.Context, format string, v ...any) {
	l.log.DebugContext(ctx, "go-redis", "message", fmt.Sprintf(format, v...))
}
