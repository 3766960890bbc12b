package controllerapp

import (
	"log/slog"
	"testing"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/robfig/cron/v3"
	"k8s.io/apimachinery/pkg/labels"
	"k8s.io/client-go/tools/events"
	"k8s.io/utils/clock"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/trackmydegree/trackmydegree/internal/controller/canary"
	"github.com/trackmydegree/trackmydegree/internal/controller/deletioncost"
	"github.com/trackmydegree/trackmydegree/internal/controller/evictionguard"
	"github.com/trackmydegree/trackmydegree/internal/controller/externalmetrics"
	"github.com/trackmydegree/trackmydegree/internal/controller/fleet"
	"github.com/trackmydegree/trackmydegree/internal/controller/handover"
	"github.com/trackmydegree/trackmydegree/internal/controller/imageupdate"
	"github.com/trackmydegree/trackmydegree/internal/controller/scaler"
	"github.com/trackmydegree/trackmydegree/internal/job"
	"github.com/trackmydegree/trackmydegree/internal/testenv"
)

// Every constructor refuses each missing dependency by name. The embedded interfaces are nil: no constructor calls
// them.
func TestConstructorsRefuseMissingDependencies(t *testing.T) {
	t.Parallel()
	logger, registry := slog.New(slog.DiscardHandler), prometheus.NewRegistry()
	cluster, recorder := struct{ client.Client }{}, events.NewFakeRecorder(1)
	t.Run("fleet", func(t *testing.T) {
		testenv.CheckDependencies(t, fleet.Deps{
			Workers: workerSource{}, Clock: clock.RealClock{}, Logger: logger, Registerer: registry,
		}, fleet.New)
	})
	t.Run("deletioncost", func(t *testing.T) {
		testenv.CheckDependencies(t, deletioncost.Deps{
			Client: cluster, Fleet: struct{ deletioncost.Fleet }{}, Namespace: "tmd", Clock: clock.RealClock{}, Logger: logger,
			Registerer: registry,
		}, deletioncost.New)
	})
	t.Run("evictionguard", func(t *testing.T) {
		testenv.CheckDependencies(t, evictionguard.Deps{
			Client: cluster, Fleet: struct{ evictionguard.Fleet }{}, Namespace: "tmd", Clock: clock.RealClock{}, Events: recorder,
			Logger: logger, Registerer: registry,
		}, evictionguard.New)
	})
	t.Run("handover", func(t *testing.T) {
		testenv.CheckDependencies(t, handover.Deps{
			Client: cluster, Reader: cluster, Queue: struct{ handover.Queue }{}, Container: "worker", Clock: clock.RealClock{},
			Events: recorder, Logger: logger, Registerer: registry,
		}, handover.New)
	})
	t.Run("imageupdate", func(t *testing.T) {
		testenv.CheckDependencies(t, imageupdate.Deps{
			Client: cluster, Reader: cluster, Registry: struct{ imageupdate.Registry }{}, Events: recorder,
			Schedule: struct{ cron.Schedule }{}, Namespace: "tmd", Selector: labels.Everything(), Clock: time.Now, Logger: logger,
			Registerer: registry,
		}, imageupdate.New)
	})
	t.Run("scaler", func(t *testing.T) {
		testenv.CheckDependencies(t, scaler.Deps{Queue: struct{ scaler.Queue }{}, Logger: logger, Registerer: registry}, scaler.New)
	})
	t.Run("externalmetrics", func(t *testing.T) {
		testenv.CheckDependencies(t, externalmetrics.Deps{
			Backlog: struct{ externalmetrics.Backlog }{}, Client: cluster, Reader: cluster, Namespace: "tmd", Addr: ":6443",
			Host: "tmd.tmd.svc", Secret: "tls", Clock: time.Now, Logger: logger, Registerer: registry,
		}, externalmetrics.New)
	})
	t.Run("canary", func(t *testing.T) {
		testenv.CheckDependencies(t, canary.Deps{
			Client: cluster, Reader: cluster, Jobs: struct{ canary.Jobs }{}, Metrics: struct{ canary.Metrics }{}, Events: recorder,
			Namespace: "tmd", ConfigMap: "canary", Deployment: "worker", NewID: func() job.ID { return "" }, Clock: time.Now,
			Logger: logger, Registerer: registry,
		}, canary.New, "ScaledObject", "HPA", "Keys")
	})
}
